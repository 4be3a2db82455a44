"""A worker without its process, turn by turn."""

import socket
from typing import Any

from server.engine import orders, reports
from server.engine.course import Course
from server.engine.wire import pack_envelope
from server.engine.worker.loop import Worker
from server.engine.worker.plan import Plan
from server.engine.worker.runs import Run
from server.gan.compiled.foundry import Foundry
from server.gan.config import check_config
from server.gan.state import RunState
from server.protocol.messages import Layer

SMALL: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 8},
    "discriminator": {"hidden_layers": 1, "width": 8},
    "batch_size": 16,
}


class Shop:
    """A worker without its process: its runs, what they report, and the far end of its socket."""

    def __init__(self, foundry: Foundry | None = None) -> None:
        near, self.far = socket.socketpair()
        self.worker = Worker(near, "cpu", 30.0, foundry)
        self.told: list[reports.Report] = []
        self.frames: list[tuple[reports.Frame, bytes]] = []
        self.worker.report = self._take  # type: ignore[method-assign]  # nobody reads the far end
        self._number = 0

    def _take(self, report: reports.Report, body: bytes = b"") -> None:
        self.told.append(report)
        if isinstance(report, reports.Frame):
            self.frames.append((report, body))

    def run(self, key: str) -> Run:
        return self.worker.runs[key]

    def open(self, key: str, seed: int = 0, plays: bool = True, **settings: Any) -> None:
        config = check_config(SMALL | {"seed": seed} | settings, self.worker.catalog).to_json()
        legs, configs = Course.begin(0, config).tell()
        self.give(orders.Open, key, revision=1, legs=legs, configs=configs, measure=False)
        if plays:
            self.give(orders.Play, key)

    def give(self, order: Any, key: str, **fields: Any) -> None:
        self._number += 1
        self.worker._obey(order(run=key, number=self._number, **fields), b"")

    def send(self, *given: orders.Order) -> None:
        """Give orders as the web process does."""
        for order in given:
            self.far.sendall(pack_envelope(order.model_dump_json().encode(), b""))

    def want(self, key: str, layers: tuple[Layer, ...] = ("generated",), fixed: bool = False) -> None:
        self.worker._obey(orders.Want(run=key, readers=(1,), layers=layers, fixed=fixed), b"")

    def plan(self) -> Plan:
        """Who has something to do at this very moment; the worker itself looks less often."""
        self.worker._plan.make(self.worker.runs.values())
        return self.worker._plan

    def work(self, turns: int = 1) -> None:
        for _ in range(turns):
            plan = self.worker.plan()
            if plan.kinds:
                self.worker.take_turn(plan)

    def play_together(self, *keys: str) -> None:
        """Let runs begin at once, as soon as all of them are open."""
        while any(self.run(key).is_waited_for and self.run(key).find_due() == 0.0 for key in keys):
            self.work()
        for key in keys:
            self.give(orders.Play, key)

    def work_until(self, key: str, step: int) -> RunState:
        """Let the run come to a step exactly: no turn makes two."""
        while (state := self.run(key).trainer.state).step < step:
            self.work()
        assert state.step == step
        return state

    def close(self) -> None:
        self.far.close()
        self.worker.connection.close()
