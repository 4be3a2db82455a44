"""The captured graphs of this process: made where somebody plays, proved, and dropped when they were used long ago.

A graph cannot be kept on disk. Where a step is to be made again that one made in another process, or before it was
dropped, it is captured anew: the same operations, chosen by the same library for the same kind of device, in the same
order. No more than that is known of its last digits.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor

from server.gan.compiled.graphs import Capture, Captured, Replay, capture_graph, find_depth
from server.gan.compiled.keys import Unfit, find_graph_key
from server.gan.compiled.programs import Program
from server.gan.compiled.proof import compare, compare_places, compare_slots
from server.gan.compiled.tracing import trace_step
from server.gan.config import RunConfig
from server.gan.trainer import Trainer

logger = logging.getLogger(__name__)

MOST_GRAPHS, MOST_REFUSALS = 16, 256
"""So many are kept in memory; a graph that has to make room is the one that was used longest ago."""
IDLE_SECONDS = 10.0
"""A graph that was used since does not make room for what plays: the two would take turns at being captured."""
MOST_SLOTS = 256
"""A wider stack is left to the eager trainer."""
Configs = RunConfig | Sequence[RunConfig]
"""Of a single run, or of those of a stack."""


class Captures:
    """The graphs that were captured by `capture`, `most` of them at a time.

    `note_risk` is told before something is captured or tried, which may take the process down, and after that; not
    after a capture has failed.
    """

    def __init__(
        self,
        capture: Capture = capture_graph,
        most: int = MOST_GRAPHS,
        clock: Callable[[], float] = time.monotonic,
        note_risk: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._capture, self._most, self._clock, self._note_risk = capture, most, clock, note_risk
        self._found: dict[str, Captured] = {}
        self._refused: deque[str] = deque(maxlen=MOST_REFUSALS)
        self._failed = False
        """Whether a capture failed on the way: this process then makes no more of them."""
        self._underway: tuple[str, Iterator[None]] | None = None

    def find(self, trainer: Trainer, build: bool = True) -> Program | None:
        """Give the proved program of a trainer's runs; none for now, or for good.

        With `build`, each call does a part of what is to be done for one: all at once would be a long time for those
        who train beside.
        """
        slots = find_slots(trainer.width)
        key = self._find_key(trainer, slots)
        program = self._found.get(key)
        if program and program.is_proved:
            return program
        if build and self._underway is None and self._may_make(key):
            self._underway = key, self._make(list_configs(trainer, slots), trainer.device, key)
        if build and self._underway:
            self._go_on(*self._underway)
        return None

    def find_key(self, trainer: Trainer) -> str:
        """Give the key of the program of a trainer's runs; empty where there can be none here."""
        return self._find_key(trainer, find_slots(trainer.width))

    def recall(self, trainer: Trainer, key: str) -> Program | None:
        """Give the program of that key, which may be a wider stack's; one that is not here is captured anew.

        It was proved before it made any step, where its key was given.
        """
        slots = find_slots(trainer.width)
        while self._find_key(trainer, slots) not in ("", key) and not trainer.single:
            slots *= 2
        if self._find_key(trainer, slots) != key:
            return None
        if key not in self._found and self._may_make(key, idle=0.0):
            with self._refusing(key):
                self._capture_now(list_configs(trainer, slots), trainer.device, key)
        return self._found.get(key)

    def note_use(self, key: str) -> None:
        """Leave it: a graph knows itself when it was used last."""

    def close(self) -> None:
        """Let go of all."""
        self._underway = None
        for key in list(self._found):
            self._drop(key)

    def _find_key(self, trainer: Trainer, slots: int) -> str:
        try:
            return find_graph_key(trainer, slots) if slots <= MOST_SLOTS else ""
        except Unfit:
            return ""

    def _may_make(self, key: str, idle: float = IDLE_SECONDS) -> bool:
        """Whether one more may be made, if need be in the room of one that was not used for so many seconds."""
        if not key or self._failed or key in self._refused:
            return False
        if key in self._found or len(self._found) < self._most:
            return True
        oldest = min(self._found, key=lambda key: self._found[key].used_at)
        if self._clock() - self._found[oldest].used_at < idle:
            return False
        self._drop(oldest)
        return True

    def _drop(self, key: str) -> None:
        if self._underway and self._underway[0] == key:
            self._underway = None
        if program := self._found.pop(key, None):
            program.close()

    def _go_on(self, key: str, parts: Iterator[None]) -> None:
        """Do the next part of what is under way, whoever asked for it."""
        with self._refusing(key):
            if next(parts, "done") == "done":
                self._underway = None

    def _make(self, configs: Configs, device: torch.device, key: str) -> Iterator[None]:
        """Capture a program, where that was not done to make a step again, and prove it, part by part."""
        program = self._found.get(key) or self._capture_now(configs, device, key)
        for prove in (compare, compare_places, compare_slots):
            yield
            prove(configs, program, device)
        program.is_proved = True
        logger.info("steps are captured, %d at a time", program.depth)

    def _capture_now(self, configs: Configs, device: torch.device, key: str) -> Captured:
        self._found[key] = capture_program(configs, device, self._capture, key, self._clock)
        return self._found[key]

    @contextmanager
    def _refusing(self, key: str) -> Iterator[None]:
        """Refuse the program of that key, and say why, where it cannot be made; no run has to stop for it."""
        self._note_risk(True)
        try:
            yield
        except Unfit as why:
            logger.warning("a step is not captured: %s", describe_error(why))
            self._refuse(key)
        except Exception as why:
            logger.warning("no more steps are captured: %s", describe_error(why), exc_info=True)
            self._failed = True
            self._refuse(key)
        if not self._failed:
            self._note_risk(False)

    def _refuse(self, key: str) -> None:
        self._refused.append(key)
        self._drop(key)


def describe_error(error: Exception) -> str:
    """Give the first line of what an error says, or what it is where it says nothing."""
    return str(error).partition("\n")[0] or type(error).__name__


def find_slots(width: int) -> int:
    """Give how many runs the graph of a stack is for: a power of two, so that who comes and goes finds one there."""
    return 1 << (width - 1).bit_length()


def list_configs(trainer: Trainer, slots: int) -> Configs:
    """Give the config of a single run, or those of a stack so wide with these runs in it."""
    return trainer.config if trainer.single else [*trainer.configs, *trainer.configs[-1:] * (slots - trainer.runs)]


def capture_program(
    configs: Configs,
    device: torch.device,
    capture: Capture,
    key: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> Captured:
    """Capture steps of such runs; whoever uses them proves them first.

    Raises:
        Unfit: they cannot be traced, or not be captured.
        RuntimeError: their capture failed.
    """
    graph, examples, signature = trace_step(configs, device, fuses=False)
    trainer = Trainer(configs, device)
    made = trainer.config.count_updates()
    replay = Replay(
        lambda given: cast(tuple[Tensor, ...], graph(*given)),
        examples,
        signature,
        (made["discriminator"], made["generator"]),
        find_depth(trainer, signature),
        capture,
    )
    return Captured(signature, replay, trainer.width, key, clock)
