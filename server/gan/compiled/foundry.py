"""Programs for whatever trains: used as soon as they are there, and asked for after a while of play.

A run, or a stack, trains eagerly until its program is ready; nobody waits for a compiler, and a device captures steps
in the midst of play, never before a first step. What trains the same structure shares a program.
Each kind of device has its maker of programs: the CPU a workshop of machine code, a CUDA device its captured graphs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

import torch

from server.gan.compiled.captures import Captures
from server.gan.compiled.keys import Unfit
from server.gan.compiled.machine import describe_machine
from server.gan.compiled.programs import Program
from server.gan.compiled.tracing import trace_step
from server.gan.compiled.workshop import USED_SECONDS, Workshop
from server.gan.config import RunConfig
from server.gan.phases import Losses
from server.gan.trainer import Trainer

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
"""How often a trainer that waits for its program looks whether it is there."""
NOTE_SECONDS = USED_SECONDS / 6
"""How often a trainer that has its program has it noted that this is in use."""
PATIENCE_SECONDS = 5.0
"""What has been played for so long is worth a compiler's time."""
GAP_SECONDS = 1.0
"""Who plays again after such a pause has only begun to play."""


class Maker(Protocol):
    """Where the programs of one kind of device come from."""

    def find(self, trainer: Trainer, build: bool = True) -> Program | None:
        """Give the program of a trainer's runs; without one, with `build`, have it made."""

    def find_key(self, trainer: Trainer) -> str:
        """Give its key; empty where there can be none."""

    def recall(self, trainer: Trainer, key: str) -> Program | None:
        """Give the program of that key, which has made steps of such runs."""

    def note_use(self, key: str) -> None:
        """Take in that a program is in use; asked now and then."""

    def close(self) -> None:
        """Let go of all."""


class Known:
    """What is known of a trainer's program: it, once it is there, and when to look for it again."""

    def __init__(self, maker: Maker, trainer: Trainer) -> None:
        self.maker, self.configs, self.key = maker, trainer.configs, maker.find_key(trainer)
        self.program: Program | None = None
        self.recalled: dict[str, Program | None] = {}
        self.look_at = 0.0


class Foundry:
    """The programs of a process; the CPU's are in the folder `cache`, and without one there are none for it.

    `builds`: those that are not there are built; else programs make only those steps again that they have made before,
    where they are on disk: nothing is captured.
    `patience`: what has played for so many seconds has its program built.
    `makers` makes other makers of programs than these, by the kind of device.
    """

    def __init__(
        self,
        cache: Path | None = None,
        builds: bool = True,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        makers: Mapping[str, Callable[[], Maker]] | None = None,
    ) -> None:
        self._cache, self._builds, self._patience, self._clock = cache, builds, patience, clock
        own: dict[str, Callable[[], Maker]] = {"cpu": partial(Workshop, cache)} if cache else {}
        if builds:
            own["cuda"] = lambda: Captures(note_risk=self.note_risk)
        self._makers = {**own, **(makers or {})}
        self.note_risk: Callable[[bool], None] = lambda _: None
        """Called before and after what may take this process down: see `Captures`."""
        self._opened: dict[str, Maker] = {}
        self._known: WeakKeyDictionary[Trainer, Known] = WeakKeyDictionary()
        self._played: dict[str, tuple[float, float]] = {}
        self._missed: set[str] = set()

    def prepare(self, config: RunConfig, device: torch.device) -> None:
        """Do what takes its time the first time, before anybody waits: ask the compiler who it is, or trace a step."""
        if device.type == "cuda" and self._builds:
            with suppress(Unfit, RuntimeError):  # it is said when somebody plays
                trace_step(config, device, fuses=False)
        elif device.type == "cpu" and self._cache:
            describe_machine()

    def find(self, trainer: Trainer) -> Program | None:
        """Give the program that the next step of a playing trainer is made by; none for now, or for good."""
        known = self._look_up(trainer) if self._builds else None
        if known is None:
            return None
        now = self._clock()
        if known.program and known.program.closed:
            known.program, known.look_at = None, now
        if not known.key or now < known.look_at:
            return known.program
        if known.program:
            known.look_at = now + NOTE_SECONDS
            known.maker.note_use(known.key)
        else:
            known.look_at = now + LOOK_SECONDS
            known.program = known.maker.find(trainer, build=self._note_play(known.key, now))
        return known.program

    def recall(self, trainer: Trainer, key: str) -> Program | None:
        """Give the program of that key, by which a step was made that is now made again; none where it is not here."""
        known = self._look_up(trainer)
        if known:
            program = known.recalled.get(key)
            if key not in known.recalled or (program and program.closed):
                program = known.recalled[key] = known.maker.recall(trainer, key)
            if program:
                return program
        if key not in self._missed:
            self._missed.add(key)
            logger.warning("the program that made a step is not here; it is made again eagerly, but for last digits")
        return None

    def close(self) -> None:
        """End what is being built."""
        for maker in self._opened.values():
            maker.close()

    def _open(self, kind: str) -> Maker:
        """Give the maker for a kind of device, opened when somebody plays: one says once why nothing can be made."""
        if kind not in self._opened:
            self._opened[kind] = self._makers[kind]()
        return self._opened[kind]

    def _look_up(self, trainer: Trainer) -> Known | None:
        if trainer.device.type not in self._makers:
            return None
        known = self._known.get(trainer)
        if known is None or known.configs is not trainer.configs:
            known = self._known[trainer] = Known(self._open(trainer.device.type), trainer)
        return known

    def _note_play(self, key: str, now: float) -> bool:
        """Take in that such runs play; tells whether they have for a while."""
        self._played = {of: times for of, times in self._played.items() if now - times[1] <= GAP_SECONDS}
        since, _ = self._played.get(key, (now, now))
        self._played[key] = since, now
        return now - since >= self._patience


class Stepper:
    """Makes a trainer's steps: by its program as soon as there is one, and by the eager trainer until then."""

    def __init__(self, trainer: Trainer, foundry: Foundry) -> None:
        self.trainer, self._foundry = trainer, foundry
        self.compiled_steps = 0
        """How many steps a program has made."""

    def step(self) -> Losses:
        """Train one step of both players.

        Raises:
            Diverged: as `Trainer.step`.
        """
        program = None if any(self.trainer.failures) else self._foundry.find(self.trainer)
        losses = program.step(self.trainer) if program else None
        if losses is None:
            return self.trainer.step()
        self.compiled_steps += 1
        return losses
