"""Compiled steps for whatever trains: used as soon as they are there, and asked for after a while of play.

A run, or a stack, trains eagerly until its program is ready; nobody waits for a compiler. What trains the same
structure shares a program.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from weakref import WeakKeyDictionary

from server.gan.compiled.machine import describe_machine
from server.gan.compiled.programs import Program
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


class Known:
    """What is known of a trainer's program: it, once it is there, and when to look for it again."""

    def __init__(self, configs: tuple[RunConfig, ...], key: str) -> None:
        self.configs, self.key = configs, key
        self.program: Program | None = None
        self.look_at = 0.0


class Foundry:
    """The programs in the folder `cache`; without one there are none.

    `builds`: those that are not there are built; else programs make only those steps again that they have made before.
    `patience`: what has played for so many seconds has its program built.
    """

    def __init__(
        self,
        cache: Path | None = None,
        builds: bool = True,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache, self._builds, self._patience, self._clock = cache, builds, patience, clock
        self._workshop: Workshop | None = None
        self._known: WeakKeyDictionary[Trainer, Known] = WeakKeyDictionary()
        self._played: dict[str, tuple[float, float]] = {}
        self._missed: set[str] = set()

    def prepare(self) -> None:
        """Ask the compiler who it is, before anybody waits: it may take its time."""
        if self._cache:
            describe_machine()

    def find(self, trainer: Trainer) -> Program | None:
        """Give the program that the next step of a playing trainer is made by; none for now, or for good."""
        known = self._look_up(trainer) if self._builds else None
        if known is None:
            return None
        now = self._clock()
        if not known.key or now < known.look_at:
            return known.program
        if known.program:
            known.look_at = now + NOTE_SECONDS
            self._open().note_use(known.key)
        else:
            known.look_at = now + LOOK_SECONDS
            known.program = self._open().find(trainer, build=self._note_play(known.key, now))
        return known.program

    def recall(self, trainer: Trainer, key: str) -> Program | None:
        """Give the program of that key, by which a step was made that is now made again; none where it is not here."""
        known = self._look_up(trainer)
        if known and known.key == key:
            known.program = known.program or self._open().find(trainer, build=False)
            if known.program:
                return known.program
        if key not in self._missed:
            self._missed.add(key)
            logger.warning("the program that made a step is not here; it is made again eagerly, but for last digits")
        return None

    def close(self) -> None:
        """End what is being built."""
        if self._workshop:
            self._workshop.close()

    def _open(self) -> Workshop:
        """Give the workshop, which is opened when somebody plays: it says once why nothing can be compiled."""
        assert self._cache, "there is a folder for programs"
        self._workshop = self._workshop or Workshop(self._cache)
        return self._workshop

    def _look_up(self, trainer: Trainer) -> Known | None:
        if self._cache is None:
            return None
        known = self._known.get(trainer)
        if known is None or known.configs is not trainer.configs:
            known = self._known[trainer] = Known(trainer.configs, self._open().find_key(trainer))
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
