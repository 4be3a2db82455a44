"""Who looks at a run: makes a frame where one is wanted and there is something new to see."""

from __future__ import annotations

import time
from collections.abc import Iterator

from server.engine import orders, reports
from server.gan.config import RunConfig
from server.gan.probes import probe_box, probe_layers
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.protocol.frames import encode_frame

COST_SHARE = 4
"""While a run trains, frames for a reader take at most one part in so many of the worker's time."""
NEVER = float("inf")

Shown = tuple[RunState, RunConfig, tuple[str, ...]]


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
        state, config, layers = self.shown
        return state is not trainer.state or config is not trainer.config or layers != self.want.layers


class Readers:
    """All readers of one run, by their numbers."""

    def __init__(self, run: str, frame_seconds: float) -> None:
        self.run = run
        self.frame_seconds = frame_seconds
        self._readers: dict[int, Reader] = {}

    def add(self, want: orders.Want) -> None:
        """Take in what a reader wants; its last wish is the one that counts."""
        self._readers.setdefault(want.reader, Reader()).want = want

    def remove(self, reader: int) -> None:
        """Forget a reader."""
        self._readers.pop(reader, None)

    def find_due(self, trainer: Trainer, playing: bool) -> float:
        """The time at which the next frame is to be made; at once where the run stands still."""
        waiting = [reader.next_at for reader in self._readers.values() if reader.wants_frame(trainer)]
        return min(waiting, default=NEVER) if playing else (0.0 if waiting else NEVER)

    def make_frames(
        self, trainer: Trainer, revision: int, playing: bool, phase: str
    ) -> Iterator[tuple[reports.Frame, bytes]]:
        """Make the frames that are due; `phase` is the one that a run inside a step has just passed, or empty."""
        for reader in self._readers.values():
            began = time.monotonic()
            if reader.wants_frame(trainer) and not (playing and reader.next_at > began):
                yield self._make_frame(trainer, revision, reader, phase)
                cost = time.monotonic() - began
                reader.next_at = began + max(self.frame_seconds, COST_SHARE * cost)

    def _make_frame(self, trainer: Trainer, revision: int, reader: Reader, phase: str) -> tuple[reports.Frame, bytes]:
        want, reader.want = reader.want, None
        assert want, "a frame is made where one is wanted"
        reader.shown = trainer.state, trainer.config, want.layers
        metadata = {
            "session": self.run,
            "step": str(trainer.state.step),
            "phase": phase,
            "revision": str(revision),
            "box": " ".join(repr(edge) for edge in probe_box(trainer.config)),
            "made": repr(time.time()),
        }
        frame = encode_frame(probe_layers(trainer, want.layers, fixed=want.fixed), metadata)
        report = reports.Frame(
            run=self.run, revision=revision, reader=want.reader, layers=want.layers, fixed=want.fixed
        )
        return report, frame
