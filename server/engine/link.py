"""The web process's end of one worker: a protocol on its socket, and the check that it is alive."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, cast

from server.engine import orders, reports
from server.engine.remote import RemoteRun
from server.engine.silence import Cause, Silence
from server.engine.wire import Unpacker, pack_envelope
from server.gan.config import Catalog
from server.telemetry import Telemetry

logger = logging.getLogger(__name__)

LAST = 15
"""The niceness of a process that gives way to the other workers, whose own is 10, and yet is not at a stand."""
START_SECONDS = 120.0
"""A worker that has not reported by then will not: importing torch takes seconds, on a busy machine tens of them."""


PROMPT_SECONDS = 1.0
"""A worker that owes a sign of life for longer may be lost soon: nothing is moved to it, or from it, without need."""


class Leaver(NamedTuple):
    """A run that is being handed over, and what is done when all that it had to tell has come."""

    run: RemoteRun
    then: Callable[[], None]


class WorkerLink(asyncio.Protocol):
    """One worker and the runs that are with it.

    `is_apart`: it has heavy runs only, and gives way to all others (`set_apart`).
    `trouble` says why it cannot start, where it said so. `in_turn` is the key of the run that it worked for last: none
    where they were several, and empty before there was one. `ended_for` says what it was ended for, if it was.
    `is_risking`: it captures a step at the moment, or has failed to. `has_captured`: it has tried to at least once.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        on_ready: Callable[[Catalog], None],
        on_lost: Callable[[WorkerLink], None],
        telemetry: Telemetry,
    ) -> None:
        self.process = process
        self.runs: dict[str, RemoteRun] = {}
        self.is_ready = self.is_apart = self.is_risking = self.has_captured = False
        self.trouble = ""
        self.in_turn: str | None = ""
        self.ended_for: Cause | None = None
        self._on_ready, self._on_lost, self._telemetry = on_ready, on_lost, telemetry
        self._transport: asyncio.WriteTransport | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outgoing: list[tuple[orders.Order, bytes]] = []
        self._unpacker = Unpacker()
        self._silence: Silence | None = None
        """Since it owes a sign of life."""
        self._is_ended = False
        self._leaving: dict[str, deque[Leaver | None]] = {}
        """By their keys, the runs that it was told to forget and has not yet; of some nothing is heard any more."""

    @property
    def is_prompt(self) -> bool:
        """Whether it is ready and, as far as is known, well."""
        is_late = self._silence is not None and self._silence.lasts > PROMPT_SECONDS
        return self.is_ready and not self._is_ended and not is_late

    @property
    def hands_over(self) -> bool:
        """Whether a run is on its way from here to another worker."""
        return any(leaver for leavers in self._leaving.values() for leaver in leavers)

    def set_apart(self) -> None:
        """Make this the worker of heavy runs, which has what time the others leave."""
        self.is_apart = True
        if hasattr(os, "setpriority"):
            with suppress(ProcessLookupError):  # whoever is gone is replaced soon
                os.setpriority(os.PRIO_PROCESS, self.process.pid, LAST)

    def adopt(self, run: RemoteRun) -> None:
        """Make this the worker of a run."""
        self.runs[run.key] = run
        run.send = self.send

    def hand_over(self, run: RemoteRun, then: Callable[[], None]) -> None:
        """Have a run tell all that it has done, and call `then` when it has and is with nobody; its orders wait."""
        self.send(orders.Close(run=run.key, hands_over=True), b"")
        self._leaving[run.key][-1] = Leaver(run, then)
        run.stand_by()

    def dismiss(self, run: RemoteRun) -> None:
        """Let go of a run at once; what is still under way of it is not heard."""
        del self.runs[run.key]
        leavers = self._leaving.get(run.key)
        if leavers and leavers[-1] and leavers[-1].run is run:
            leavers[-1] = None
        else:
            self.send(orders.Close(run=run.key), b"")

    def send(self, order: orders.Order, body: bytes) -> None:
        """Have an order sent, with all others of this turn of the event loop, once there is a connection."""
        if not self._outgoing and self._loop:
            self._loop.call_soon(self._send_orders)
        self._outgoing.append((order, body))
        if isinstance(order, orders.Close):
            self._leaving.setdefault(order.run, deque()).append(None)

    def _send_orders(self) -> None:
        given, self._outgoing = self._outgoing, []
        if given and self._transport and not self._transport.is_closing():
            joined = orders.join_wants(given)
            self._transport.writelines(
                [pack_envelope(order.model_dump_json().encode(), body) for order, body in joined]
            )

    def check_life(self, seconds: float, heartbeat: float, patience: float = 1.0) -> Cause | None:
        """Ask for a sign of life, or end a worker that has owed one for too long; tells what it was ended for.

        `patience` is a factor on the seconds of `heartbeat`; one that was stopped has none of it.
        Called every `seconds`: a clock that counts these calls does not run while this process itself is held up.
        """
        if self._is_ended:
            return None
        if self._silence is None:
            self._silence = Silence(self.process.pid)
            self.send(orders.Ping(), b"")
            return None
        allowed = max((run.allowance for run in self.runs.values()), default=0.0) + heartbeat * patience
        self._silence.go_on(seconds)
        self.ended_for = self._silence.find_cause(allowed if self.is_ready else START_SECONDS, heartbeat)
        if self.ended_for:
            lasts, had = self._silence.lasts, self._silence.computed
            told = "worker %d: no sign of life for %.1f s, of which it had %.1f s of a core: %s"
            logger.warning(told, self.process.pid, lasts, had, self.ended_for)
            self.end()
        elif allowed <= self._silence.lasts < allowed + seconds and self.is_ready:
            logger.warning("worker %d: no sign of life, as this machine gives it hardly any time", self.process.pid)
        return self.ended_for

    def end(self) -> None:
        """End the process at once."""
        self._is_ended = True
        self.process.kill()

    def close(self) -> None:
        """Close the socket, which ends the process when its present slice is over."""
        if self._transport is not None:
            self._send_orders()
            self._transport.close()

    # asyncio.Protocol -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what was waiting."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._loop = asyncio.get_running_loop()
        self._send_orders()

    def data_received(self, data: bytes) -> None:
        """Hand the reports to their runs."""
        for header, body in self._unpacker.feed(data):
            report = reports.read_report(header)
            self._silence = None
            if isinstance(report, reports.Frame):
                self._telemetry.frames.count += 1
                self._pass_on(report, body)
            elif isinstance(report, reports.Ready):
                self.is_ready = True
                self._on_ready(report.catalog)
            elif isinstance(report, reports.Unable):
                self.trouble = report.message
            elif isinstance(report, reports.Working):
                self.in_turn = report.run
            elif isinstance(report, reports.Closed):
                self._note_closed(report.run)
            elif isinstance(report, reports.Risking):
                self.is_risking, self.has_captured = report.underway, True
            elif isinstance(report, reports.Pong):
                for seconds in report.slices:
                    self._telemetry.slices.observe(seconds)
            else:
                if isinstance(report, reports.Progress):
                    self._telemetry.steps.count += len(report.steps)
                self._pass_on(report, body)

    def _pass_on(self, report: reports.RunReport, body: bytes) -> None:
        leavers = self._leaving.get(report.run)
        run = (leavers[0].run if leavers[0] else None) if leavers else self.runs.get(report.run)
        if run:
            run.receive(report, body)

    def _note_closed(self, key: str) -> None:
        leaver = self._leaving[key].popleft()
        if not self._leaving[key]:
            del self._leaving[key]
        if leaver and self.runs.get(key) is leaver.run:
            del self.runs[key]
            leaver.then()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that the worker is gone."""
        self.end()
        self._on_lost(self)
