"""Who looks at a run: makes a frame where one is wanted and there is something new to see."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import numpy as np

from server.engine import orders, reports
from server.gan.config import RunConfig
from server.gan.probes import LADDER, probe_box, probe_layers
from server.gan.state import Mark
from server.gan.trainer import Trainer
from server.protocol.frames import encode_frame
from server.protocol.messages import Layer

COST_SHARE = 4
"""While a run trains, the frames for one reader take at most one part in so many of the worker's time."""
MOST_LATE = 0.5
"""A frame that is late by less than this part of the time between two frames does not make the next ones late."""
NEVER = float("inf")

Shown = tuple[Mark, RunConfig, tuple[str, ...], int]
Look = tuple[tuple[Layer, ...], bool, int]
"""The layers of a frame, whether with their fixed arrays, and the level of its sizes."""


class Reader:
    """What one reader wants, what its last frame showed, and when it may have the next while the run trains."""

    def __init__(self) -> None:
        self.want: orders.Want | None = None
        self.shown: Shown | None = None
        self.next_at = 0.0

    def wants_frame(self, trainer: Trainer) -> bool:
        """Tell whether a frame is wanted that would show something new."""
        if self.want is None:
            return False
        if self.want.fixed or self.shown is None:
            return True
        mark, config, *look = self.shown
        same = config is trainer.config and look == [self.want.layers, self.want.level] and mark.is_of(trainer.state)
        return not same


class Readers:
    """All readers of one run, by their numbers; those that look at the same get the same frame, made once."""

    def __init__(self, run: str, frame_seconds: float) -> None:
        self.run = run
        self.frame_seconds = frame_seconds
        self._readers: dict[int, Reader] = {}
        self._next_at: dict[Look, float] = {}
        self._due: float | None = None
        """When the next frame of a run that plays is due, once that is known: what is new to see stays so."""

    def add(self, want: orders.Want) -> None:
        """Take in what readers want; the last wish of each is the one that counts."""
        for number in want.readers:
            self._readers.setdefault(number, Reader()).want = want
        self._due = None

    def remove(self, reader: int) -> None:
        """Forget a reader."""
        self._readers.pop(reader, None)
        self._due = None

    def find_due(self, trainer: Trainer, playing: bool) -> float:
        """The time at which the next frame is to be made; at once where the run stands still."""
        if playing and self._due is not None:
            return self._due
        looks = self._group(trainer)
        if not playing:
            return 0.0 if looks else NEVER
        self._due = min((self._find_time(look, numbers) for look, numbers in looks.items()), default=None)
        return NEVER if self._due is None else self._due

    def make_frames(
        self, trainer: Trainer, revision: int, playing: bool, phase: str
    ) -> Iterator[tuple[reports.Frame, bytes]]:
        """Make the frames that are due; `phase` is the one that a run inside a step has just passed, or empty."""
        for look, numbers in self._group(trainer).items():
            began = time.monotonic()
            if not (playing and self._find_time(look, numbers) > began):
                layers, fixed, level = look
                arrays = probe_layers(trainer, layers, LADDER[level], fixed)
                yield self.make_frame(trainer, revision, look, arrays, phase, began)

    def list_due(self, trainer: Trainer) -> list[Look]:
        """Give the looks of which a run that trains is to make a frame now."""
        now = time.monotonic()
        looks = [look for look, numbers in self._group(trainer).items() if self._find_time(look, numbers) <= now]
        if not looks:
            self._due = None
        return looks

    def make_frame(
        self,
        trainer: Trainer,
        revision: int,
        look: Look,
        arrays: Mapping[str, np.ndarray],
        phase: str,
        began: float,
    ) -> tuple[reports.Frame, bytes]:
        """Make the frame of a look for all who want it, of its arrays; the next one's time is counted from `began`.

        What the frame has cost is the time since then.
        """
        numbers = self._group(trainer)[look]
        kept_time = max(self._find_time(look, numbers), began - MOST_LATE * self.frame_seconds)
        made = self._tell_frame(trainer, revision, look, arrays, numbers, phase)
        now = time.monotonic()
        self._next_at = {kept: due for kept, due in self._next_at.items() if due > now}
        self._next_at[look] = max(kept_time + self.frame_seconds, began + COST_SHARE * (now - began))
        for number in numbers:
            self._readers[number].next_at = self._next_at[look]
        self._due = None
        return made

    def _find_time(self, look: Look, numbers: list[int]) -> float:
        """Find when the next frame of a look may be made: at its time, once one of those who want it may have a frame.

        Else a reader that looks at something else each time would have frames without a pause.
        """
        return max(self._next_at.get(look, 0.0), min(self._readers[number].next_at for number in numbers))

    def _group(self, trainer: Trainer) -> dict[Look, list[int]]:
        """Give the readers that want a frame, by what they look at."""
        looks: dict[Look, list[int]] = {}
        for number, reader in self._readers.items():
            if reader.want and reader.wants_frame(trainer):
                looks.setdefault((reader.want.layers, reader.want.fixed, reader.want.level), []).append(number)
        return looks

    def _tell_frame(
        self,
        trainer: Trainer,
        revision: int,
        look: Look,
        arrays: Mapping[str, np.ndarray],
        numbers: list[int],
        phase: str,
    ) -> tuple[reports.Frame, bytes]:
        layers, fixed, level = look
        shown = Mark(trainer.state), trainer.config, layers, level
        for number in numbers:
            reader = self._readers[number]
            reader.want, reader.shown = None, shown
        metadata = {
            "session": self.run,
            "step": str(trainer.state.step),
            "phase": phase,
            "revision": str(revision),
            "box": " ".join(repr(edge) for edge in probe_box(trainer.config)),
            "samples": str(LADDER[0].generated),
            "made": repr(time.time()),
        }
        report = reports.Frame(
            run=self.run, revision=revision, readers=tuple(numbers), layers=layers, fixed=fixed, level=level
        )
        return report, encode_frame(arrays, metadata)
