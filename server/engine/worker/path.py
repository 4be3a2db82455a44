"""What was recorded ahead of a run that went back: followed, it trains the same steps again, bit for bit."""

from __future__ import annotations

from collections import deque
from typing import Any

from server.engine.course import Course
from server.protocol.messages import Player

NOTHING = -1


class Path:
    """The way along a course from `step` on; the steps up to `known_to` were reported before."""

    def __init__(self, course: Course, step: int, known_to: int = NOTHING) -> None:
        self.known_to = known_to
        self._player = course.find_player(step)
        self._legs = deque(course.list_after(step))

    def knows(self, step: int) -> bool:
        """Whether step number `step` was reported before."""
        return step <= self.known_to

    def find_player(self, step: int) -> Player:
        """Who learned in the step after `step`; both where nothing is recorded."""
        return self._player if step < self.known_to else "both"

    def follow(self, step: int) -> dict[str, Any] | None:
        """Take in that the run has reached `step`; returns the config that it was given there, if it was."""
        config = None
        while self._legs and self._legs[0].step <= step:
            leg = self._legs.popleft()
            self._player, config = leg.player, leg.config or config
        return config
