"""The worker's loop: takes orders between slices of training, and lets its runs take turns."""

from __future__ import annotations

import logging
import select
import socket
import time
from collections import OrderedDict, deque
from collections.abc import Callable

import torch

from server.engine import orders, reports
from server.engine.wire import Unpacker, pack_envelope
from server.engine.worker.runs import Run
from server.engine.worker.scores import METRIC_KEYS
from server.errors import EngineError
from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config
from server.gan.metrics import evaluate_metrics, metric_floors
from server.gan.probes import probe_layers
from server.gan.trainer import Trainer
from server.logs import speak_of
from server.protocol.frames import LAYER_ARRAYS
from server.protocol.messages import Divergence

logger = logging.getLogger(__name__)

RECEIVE_BYTES = 1 << 16
MOST_SLICES = 1_000
"""So many turns at most are told with a sign of life."""
BROKEN = (
    "the run stopped because of a mistake in the lab itself, not in your settings; the server's log has the details"
)


class Worker:
    """All runs of this process, in the order of their next turns."""

    def __init__(self, connection: socket.socket, device: str, frames_per_second: float) -> None:
        self.connection = connection
        self.device = choose_device(device)
        self.frames_per_second = frames_per_second
        self.catalog = build_catalog()
        self.runs: OrderedDict[str, Run] = OrderedDict()
        self._unpacker = Unpacker()
        self._in_turn: str | None = None
        self._slices: deque[float] = deque(maxlen=MOST_SLICES)

    def serve(self) -> None:
        """Work until the other end of the socket is closed."""
        self.connection.setblocking(True)
        try:
            warm_up(check_config({}, self.catalog), self.device)
            self.report(reports.Ready(catalog=self.catalog))
            while self._receive(self._find_pause()):
                self._take_turn()
        except (BrokenPipeError, ConnectionResetError):
            logger.info("the web process is gone")

    def report(self, report: reports.Report, body: bytes = b"") -> None:
        """Send a report; waits where the web process is slow to read."""
        self.connection.sendall(pack_envelope(report.model_dump_json().encode(), body))

    def _find_pause(self) -> float | None:
        """Seconds until a run has something to do; none: for ever."""
        due = min((run.find_due() for run in self.runs.values()), default=float("inf"))
        return None if due == float("inf") else max(0.0, due - time.monotonic())

    def _receive(self, pause: float | None) -> bool:
        """Carry out what has arrived, waiting for it up to `pause` seconds; False when the other end is closed."""
        readable, _, _ = select.select([self.connection], [], [], pause)
        if not readable:
            return True
        piece = self.connection.recv(RECEIVE_BYTES)
        for header, body in self._unpacker.feed(piece):
            self._obey(orders.read_order(header), body)
        return bool(piece)

    def _take_turn(self) -> None:
        """Let the run that has waited longest, of those that have something to do, work for one slice."""
        now = time.monotonic()
        for key, run in self.runs.items():
            if run.find_due() <= now:
                self.runs.move_to_end(key)
                self._note_turn(key)
                self._guard(key, run.revision, run.work)
                self._slices.append(time.monotonic() - now)
                return

    def _obey(self, order: orders.Order, body: bytes) -> None:
        if isinstance(order, orders.Ping):
            self.report(reports.Pong(slices=tuple(self._slices)))
            self._slices.clear()
        elif isinstance(order, orders.Open):
            self._guard(order.run, order.revision, lambda: self._open(order, body))
        elif run := self.runs.get(order.run):
            if isinstance(order, orders.Close):
                del self.runs[order.run]
            else:
                self._guard(order.run, run.revision, lambda: run.obey(order, body))
        elif isinstance(order, orders.Numbered):
            self.report(reports.Refused(run=order.run, number=order.number, message=BROKEN))

    def _open(self, order: orders.Open, body: bytes) -> None:
        self._note_turn(order.run)
        if before := self.runs.pop(order.run, None):
            before.end()
        self.runs[order.run] = Run(order, body, self.catalog, self.device, 1 / self.frames_per_second, self.report)

    def _note_turn(self, key: str) -> None:
        """Say whose turn it is, before it can take the worker down."""
        if key != self._in_turn:
            self._in_turn = key
            self.report(reports.Working(run=key))

    def _guard(self, key: str, revision: int, work: Callable[[], None]) -> None:
        """Do one run's work; whatever goes wrong in it stops that run alone."""
        try:
            work()
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception:  # the worker's border: a mistake in one run must not stop the others
            with speak_of(key):
                logger.exception("the run was stopped by an unexpected error")
            run = self.runs.pop(key, None)
            position = run.position if run else reports.Position()
            failure = Divergence(step=position.step, player="", quantity="", message=BROKEN)
            self.report(reports.Failed(run=key, revision=revision, position=position, failure=failure))


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
