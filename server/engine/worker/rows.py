"""What a run has to tell since its last report: rows of scalars, and how fast it is."""

from __future__ import annotations

from collections import deque
from math import isfinite

from server.engine.course import EAGERLY
from server.gan.phases import Numbers, Player
from server.protocol.events import MetricRow, Noticed

WINDOW_SECONDS = 1.0


class Rows:
    """Losses and scores in the order of their steps."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.d_loss: list[float | None] = []
        self.g_loss: list[float | None] = []
        self.metrics: list[MetricRow] = []
        self.verdicts: list[Noticed] = []
        self.alone: list[tuple[int, Player]] = []
        self.moved = 0
        self.made = EAGERLY

    def __bool__(self) -> bool:
        return bool(self.moved or self.metrics or self.verdicts)

    def add(self, step: int, losses: Numbers | None, player: Player) -> None:
        """Add the losses of one step; without any it was made, but is no news."""
        self.moved += 1
        if losses is None:
            return
        self.steps.append(step)
        if player != "both":
            self.alone.append((step, player))
        self.d_loss.append(tell_number(losses.discriminator))
        self.g_loss.append(tell_number(losses.generator))


def tell_number(number: float | None) -> float | None:
    """Give a number that can be told; none where there is none, or it is not finite."""
    return number if number is not None and isfinite(number) else None


class Pace:
    """Steps a second over the last second of play."""

    def __init__(self) -> None:
        self._passed: deque[tuple[float, int]] = deque()

    def note(self, now: float, step: int) -> float:
        """Take in that `step` was reached at `now` seconds; returns steps a second."""
        while len(self._passed) > 1 and self._passed[1][0] <= now - WINDOW_SECONDS:
            self._passed.popleft()
        self._passed.append((now, step))
        began, first = self._passed[0]
        return (step - first) / (now - began) if now > began else 0.0

    def stop(self) -> None:
        """Forget the play before a pause."""
        self._passed.clear()
