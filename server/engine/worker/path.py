"""What was recorded ahead of a run that went back: followed, it trains the same steps again, bit for bit."""

from __future__ import annotations

from collections import deque

from server.engine.configs import Plain
from server.engine.course import Course
from server.engine.orders import NOTHING
from server.protocol.messages import Player


class Path:
    """The way along a course from `step` on; the steps up to `known_to` were reported before.

    It begins after all that was changed at its first step; or, `at_start` of the course, before that.
    `made`: how the next step was made, where it is recorded.
    """

    def __init__(self, course: Course, step: int, known_to: int = NOTHING, at_start: bool = False) -> None:
        self.known_to = known_to
        self._player, self.made = course.find_player(step), course.find_made(step)
        self._legs = deque(course.legs[1:] if at_start else course.list_after(step))

    def knows(self, step: int) -> bool:
        """Whether step number `step` was reported before."""
        return step <= self.known_to

    def find_player(self, step: int) -> Player:
        """Who learned in the step after `step`; both where nothing is recorded."""
        return self._player if step < self.known_to else "both"

    def follow(self, step: int) -> list[Plain]:
        """Take in that the run has reached `step`; returns the configs that it was given there, in order.

        None may be left out: a change to another optimizer and back leaves an empty memory.
        """
        configs = []
        while self._legs and self._legs[0].step <= step:
            leg = self._legs.popleft()
            self._player, self.made = leg.player, leg.made
            if leg.config:
                configs.append(leg.config)
        return configs
