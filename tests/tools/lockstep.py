"""A lab in one process, whose wire a test works by hand: what is under way arrives when the test says so.

The session, its side of the run, and the worker's side are the real ones; only the socket between them is a queue.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

import torch

from server.engine import orders, reports
from server.engine.pool import Pool
from server.engine.remote import Receive, RemoteRun
from server.engine.wire import pack_envelope
from server.engine.worker.journal import NEVER
from server.engine.worker.loop import SLICE_SECONDS
from server.engine.worker.runs import Run
from server.gan.compiled.foundry import Foundry
from server.gan.config import Catalog, check_config
from server.protocol import messages
from server.protocol.messages import Status
from server.sessions.session import Session
from server.settings import Settings
from server.telemetry import Telemetry
from tests.tools.runs import catalog

LONG = 10_000


class Wire(Pool):
    """The pool of one run: orders go down to its worker, and reports up, when they are let."""

    def __init__(self) -> None:
        self.settings, self.telemetry = Settings(), Telemetry()
        self.down: deque[tuple[orders.Order, bytes]] = deque()
        self.up: deque[tuple[reports.Report, bytes]] = deque()
        self.remote: RemoteRun
        self.run: Run | None = None

    @property
    def catalog(self) -> Catalog:
        return catalog()

    def open_run(self, key: str, receive: Receive, show: Any) -> RemoteRun:
        self.remote = RemoteRun(key, receive, show)
        self.remote.send = self.send
        return self.remote

    def close_run(self, run: RemoteRun) -> None:
        run.close()

    def send(self, order: orders.Order, body: bytes) -> None:
        header = order.model_dump_json().encode()
        pack_envelope(header, body)
        self.down.append((orders.read_order(header), body))

    def take_orders(self, most: int = LONG) -> None:
        """Let the worker have so many orders."""
        while self.down and most > 0:
            order, body = self.down.popleft()
            most -= 1
            if isinstance(order, orders.Open):
                if self.run:
                    self.run.end()
                self.run = Run(order, body, self.catalog, torch.device("cpu"), 1 / 30, self._report, Foundry())
            elif self.run:
                self.run.obey(order, body)

    def _report(self, report: reports.Report, body: bytes) -> None:
        self.up.append((reports.read_report(report.model_dump_json().encode()), body))

    def work(self, slices: int = 1) -> None:
        """Let the worker work for so many slices."""
        for _ in range(slices):
            if self.run and self.run.find_due() <= time.monotonic():
                self.run.work(_begin_slice())

    def take_reports(self, most: int = LONG) -> None:
        """Let the session have so many reports."""
        while self.up and most > 0:
            report, body = self.up.popleft()
            most -= 1
            assert isinstance(report, reports.RunReport)
            self.remote.receive(report, body)

    def lose_worker(self) -> None:
        """Lose the worker and all that is under way; the next one is told what this one knew."""
        self.down.clear()
        self.up.clear()
        self.run = None
        self.remote.resume()

    def settle(self) -> None:
        """Let everything arrive and be done."""
        for _ in range(LONG):
            self.take_orders()
            self.work()
            self.take_reports()
            if not self.down and not self.up and self.run and self.run.find_due() > time.monotonic():
                if self.run.find_due() == NEVER:
                    return
                time.sleep(0.001)
        raise AssertionError("the run does not come to rest")


def _begin_slice() -> Callable[[], bool]:
    until = time.monotonic() + SLICE_SECONDS
    return lambda: time.monotonic() < until


class LockstepDesk:
    """One page of a session in lockstep."""

    def __init__(self, config: dict[str, Any], most_bytes: int = 1 << 25) -> None:
        self.wire = Wire()
        plain = check_config(config, catalog())
        self.session = Session("lockstep", plain, self.wire, most_bytes=most_bytes)
        self._outbox = self.session.attach(0, lambda: None)
        self._numbers = count(1)
        self.answers: dict[int, dict[str, Any]] = {}
        self.wire.settle()

    @property
    def status(self) -> Status:
        """Where the run is."""
        return self.session.describe_status()

    @property
    def state(self) -> bytes:
        """The packed state after the run's last whole step."""
        return self.session.read_saved()[1]

    @property
    def rows(self) -> list[int]:
        """The steps that the present branch has rows of."""
        return self.session.timeline.columns[0].tolist()

    @property
    def tree(self) -> list[tuple[int, int | None, int, int]]:
        """Each branch: its number, its parent, where it left that, its newest step."""
        return [(one.number, one.parent, one.forked_at, one.head) for one in self.session.branches]

    def begin(self, kind: str, **fields: Any) -> int:
        """Give a command; returns its id."""
        number = next(self._numbers)
        self.session.handle(self._outbox, getattr(messages, kind)(id=number, **fields))
        return number

    def do(self, kind: str, **fields: Any) -> None:
        """Give a command and let everything be done."""
        assert self.end(self.begin(kind, **fields)) == "done", self.answers

    def end(self, number: int) -> str:
        """Let everything be done; returns how a command was answered: done, or why not."""
        self.wire.settle()
        return self.find_answer(number)

    def find_answer(self, number: int) -> str:
        """How a command was answered so far."""
        for text in self.session.take(self._outbox):
            said: dict[str, Any] = json.loads(text) if isinstance(text, str) else {"type": "frame"}
            if said["type"] in ("done", "failure"):
                self.answers[said["id"]] = said
        told = self.answers.get(number, {"type": "unanswered"})
        return str(told.get("message", told["type"]))
