"""The worker's loop: takes orders between slices of training, and lets its runs take turns."""

from __future__ import annotations

import logging
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence

import torch

from server.engine import orders, reports
from server.engine.wire import Unpacker, pack_envelope
from server.engine.worker.group import Group
from server.engine.worker.looks import look_together
from server.engine.worker.plan import SHARES, Plan
from server.engine.worker.runs import Run
from server.engine.worker.scores import METRIC_KEYS
from server.engine.worker.turns import Turns
from server.errors import EngineError
from server.gan.catalog import build_catalog
from server.gan.compiled.foundry import Foundry
from server.gan.config import RunConfig, check_config
from server.gan.metrics import evaluate_metrics, metric_floors
from server.gan.probes import probe_layers
from server.gan.trainer import Trainer
from server.logs import speak_of
from server.protocol.frames import LAYER_ARRAYS
from server.protocol.messages import Divergence

logger = logging.getLogger(__name__)

RECEIVE_BYTES = 1 << 16
MOST_HELD = 1 << 18
"""So many bytes of reports are sent without waiting for more."""
HELD_SECONDS = 0.1
"""So long one waits at most while orders are carried out: each is a sign of life as well."""
SLICE_SECONDS = 0.01
"""How long a turn goes on where a single step is not longer; it ends sooner when somebody waits for an answer."""
PATIENT = orders.Want | orders.Leave | orders.Ping
"""Orders that can wait until a turn is over: of many frames that are wanted by then, each costs less."""
MOST_SLICES = 1_000
"""So many turns at most are told with a sign of life."""
BROKEN = (
    "the run stopped because of a mistake in the lab itself, not in your settings; the server's log has the details"
)
NO_MEMORY = "the run stopped: this computer has too little memory for it; expected smaller networks or a smaller batch"


MOST_DEBT = 0.02
"""A long turn, whose cost nobody could know before, keeps a kind of work waiting for so long a run in it at most."""


class Worker:
    """All runs of this process, and what they have had of its time."""

    def __init__(
        self, connection: socket.socket, device: str, frames_per_second: float, foundry: Foundry | None = None
    ) -> None:
        self.connection = connection
        self.device = choose_device(device)
        self.frames_per_second = frames_per_second
        self.foundry = foundry or Foundry()
        self.foundry.note_risk = self._note_risk
        self.catalog = build_catalog()
        self.runs: dict[str, Run] = {}
        self._unpacker = Unpacker()
        self._heard: deque[tuple[orders.Order, bytes]] = deque()
        self._is_left = False
        self._outgoing: list[bytes] = []
        self._outgoing_bytes, self._held_since = 0, 0.0
        self._in_turn: str | None = ""
        self._groups: dict[str, Group] = {}
        self._plan = Plan()
        self._kinds, self._waited, self._looks, self._trained = (Turns[str]() for _ in range(4))
        self._slices: deque[float] = deque(maxlen=MOST_SLICES)

    def serve(self) -> None:
        """Work until the other end of the socket is closed."""
        self.connection.setblocking(True)
        try:
            first = check_config({}, self.catalog)
            warm_up(first, self.device)
            self.foundry.prepare(first, self.device)
            self.report(reports.Ready(catalog=self.catalog))
            while self._receive(0.0 if self._plan.kinds else self._find_pause()):
                plan = self.plan()
                if plan.kinds:
                    self.take_turn(plan)
        except (BrokenPipeError, ConnectionResetError):
            logger.info("the web process is gone")
        finally:
            self.foundry.close()

    def report(self, report: reports.Report, body: bytes = b"") -> None:
        """Have a report sent, with others: before the worker waits, before the next turn begins, or after a while."""
        envelope = pack_envelope(report.model_dump_json().encode(), body)
        now = time.monotonic()
        if not self._outgoing:
            self._held_since = now
        self._outgoing.append(envelope)
        self._outgoing_bytes += len(envelope)
        if self._outgoing_bytes >= MOST_HELD or now >= self._held_since + HELD_SECONDS:
            self._send_reports()

    def _send_reports(self) -> None:
        """Send what was reported; waits where the web process is slow to read."""
        if self._outgoing:
            self.connection.sendall(b"".join(self._outgoing))
            self._outgoing.clear()
            self._outgoing_bytes = 0

    def _find_pause(self) -> float | None:
        """Seconds until a run has something to do; none: for ever."""
        due = min((run.find_due() for run in self.runs.values()), default=float("inf"))
        return None if due == float("inf") else max(0.0, due - time.monotonic())

    def _receive(self, pause: float | None) -> bool:
        """Carry out what has arrived, waiting for it up to `pause` seconds; False when the other end is closed."""
        if pause != 0.0:
            self._send_reports()
        self._listen(0.0 if self._heard else pause)
        while self._heard:
            self._obey(*self._heard.popleft())
        return not self._is_left

    def _listen(self, pause: float | None) -> None:
        """Take in what has arrived, waiting for it up to `pause` seconds; it is carried out between two turns."""
        readable, _, _ = select.select([self.connection], [], [], pause)
        if readable:
            piece = self.connection.recv(RECEIVE_BYTES)
            self._is_left = not piece
            self._heard.extend((orders.read_order(header), body) for header, body in self._unpacker.feed(piece))

    def plan(self) -> Plan:
        """Give who has something to do; the stacks of those who play no more, or are closed, are let go."""
        if self._plan.is_old:
            self._plan.make(self.runs.values())
            self._groups = {name: group for name, group in self._groups.items() if name in self._plan.training}
        return self._plan

    def take_turn(self, plan: Plan) -> None:
        """Let a run, or a group of them, that has had the least of what is due to it, work for one slice."""
        began = time.monotonic()
        kind = self._kinds.choose(plan.kinds)
        turns, share = self._trained, 1
        if kind == "waited for":
            turns, chosen = self._waited, self._waited.choose(plan.waited)
            run = plan.waited[chosen]
            self._work(run, lambda: run.work(self._make_slice(began)))
        elif kind == "looks":
            turns, chosen = self._looks, self._looks.choose(plan.looks)
            share = self._look(waiting := plan.looks[chosen], self._make_slice(began))
            if not waiting:
                plan.looks.pop(chosen, None)
        else:
            chosen = self._trained.choose(plan.training)
            runs = list(plan.training[chosen].values())
            share = len(runs)
            self._train(chosen, runs, self._make_slice(began))
        seconds = time.monotonic() - began
        turns.charge(chosen, seconds / share)
        self._kinds.charge(kind, min(seconds, MOST_DEBT * share) / SHARES[kind])
        self._slices.append(seconds)

    def _make_slice(self, began: float) -> Callable[[], bool]:
        """Give what tells whether a turn may go on: it is not over, and nobody has asked for anything but frames."""

        def goes_on() -> bool:
            if time.monotonic() >= began + SLICE_SECONDS:
                return False
            self._listen(0.0)
            return not self._is_left and all(isinstance(order, PATIENT) for order, _ in self._heard)

        return goes_on

    def _work(self, run: Run, work: Callable[[], None]) -> None:
        self._note_turn(run.key)
        self._guard(run.key, run.revision, work)
        if run.key in self.runs:
            self._plan.note(run)

    def _train(self, name: str, runs: Sequence[Run], goes_on: Callable[[], bool]) -> None:
        """Let a group of playing runs make steps."""
        self._note_turn(runs[0].key if len(runs) == 1 else None)
        group = self._groups.setdefault(name, Group(self._guard_member, self.foundry))
        for run in group.play(runs, goes_on):
            if run.key in self.runs:
                self._plan.note_look(run)

    def _look(self, waiting: dict[str, Run], goes_on: Callable[[], bool]) -> int:
        """Make frames and rows of a group of playing runs, and take these from those that wait; tells of how many."""
        self._note_turn(next(iter(waiting)) if len(waiting) == 1 else None)
        return look_together(waiting, goes_on, self._guard_member)

    def _guard_member(self, run: Run, work: Callable[[], None]) -> None:
        if run.key in self.runs:
            self._guard(run.key, run.revision, work)

    def _obey(self, order: orders.Order, body: bytes) -> None:
        if isinstance(order, orders.Ping):
            self.report(reports.Pong(slices=tuple(self._slices)))
            self._slices.clear()
        elif isinstance(order, orders.Open):
            self._guard(order.run, order.revision, lambda: self._open(order, body))
        elif isinstance(order, orders.Close):
            self._close(order)
        elif run := self.runs.get(order.run):
            self._guard(order.run, run.revision, lambda: run.obey(order, body))
            if order.run in self.runs:
                note = self._plan.note_look if isinstance(order, orders.Want) else self._plan.note
                note(run)
        elif isinstance(order, orders.Numbered):
            self.report(reports.Refused(run=order.run, number=order.number, message=BROKEN))

    def _open(self, order: orders.Open, body: bytes) -> None:
        self._note_turn(order.run)
        if before := self.runs.pop(order.run, None):
            before.end()
        seconds = 1 / self.frames_per_second
        run = self.runs[order.run] = Run(order, body, self.catalog, self.device, seconds, self.report, self.foundry)
        self._plan.note(run)

    def _close(self, order: orders.Close) -> None:
        if order.hands_over and (run := self.runs.get(order.run)):
            self._guard(order.run, run.revision, run.hand_over)
        self.runs.pop(order.run, None)
        self._plan.forget(order.run)
        self.report(reports.Closed(run=order.run))

    def _note_turn(self, key: str | None) -> None:
        """Say whose turn it is, before it can take the worker down."""
        if key != self._in_turn:
            self._in_turn = key
            self.report(reports.Working(run=key))
        self._send_reports()

    def _note_risk(self, underway: bool) -> None:
        """Say that what comes now may take the worker down, or that it went well."""
        self.report(reports.Risking(underway=underway))
        self._send_reports()

    def _guard(self, key: str, revision: int, work: Callable[[], None]) -> None:
        """Do one run's work; whatever goes wrong in it stops that run alone."""
        try:
            work()
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:  # the worker's border: a mistake in one run must not stop the others
            if not does_answer(self.device):
                logger.error("the device does nothing more for this process, which ends; another one goes on")
                raise
            message = NO_MEMORY if lacks_memory(error) else BROKEN
            with speak_of(key):
                logger.error("%s: %s", message, error, exc_info=message == BROKEN)
            if run := self.runs.pop(key, None):
                run.stand_still()
            self._plan.forget(key)
            position = run.position if run else reports.Position()
            failure = Divergence(step=position.step, player="", quantity="", message=message)
            self.report(reports.Failed(run=key, revision=revision, position=position, failure=failure))


def does_answer(device: torch.device) -> bool:
    """Tell whether a device still computes: some errors of a CUDA device are for good, but only for their process."""
    try:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
    except (RuntimeError, AssertionError):  # the latter where torch has no such device at all
        return False
    return True


def lacks_memory(error: Exception) -> bool:
    """Tell whether the system, or a device, gave no more memory; on the CPU torch says so in words alone."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def warm_up(config: RunConfig, device: torch.device) -> None:
    """Do everything once: torch prepares itself at a first use, for longer than a worker at work may be silent."""
    trainer = Trainer(config, device)
    trainer.step()
    probe_layers(trainer, LAYER_ARRAYS)
    evaluate_metrics(trainer, METRIC_KEYS)
    metric_floors(config, METRIC_KEYS)


def choose_device(name: str) -> torch.device:
    """Give the device of that name; `auto` is the first CUDA device where there is one, and else the CPU.

    Raises:
        EngineError: this machine has no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    has = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not has[name]:
        raise EngineError(f"device: expected one that this machine has, got {name}")
    return torch.device(name)
