"""Who has the next turn: of those that have something to do, the one that has had the least.

Who had nothing to do for a while has saved nothing up by that, and owes what it had too much.
This is start-time fair queuing (Goyal, Vin and Cheng, SIGCOMM 1996), with turns of any length.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Generic, TypeVar

Key = TypeVar("Key")


class Turns(Generic[Key]):
    """What each has had, beyond what those have had that wait."""

    def __init__(self) -> None:
        self._had: dict[Key, float] = {}
        self._clock = 0.0

    def choose(self, waiting: Collection[Key]) -> Key:
        """Give the one of those `waiting` that is to have the next turn; of several the first."""
        chosen = min(waiting, key=self._find_start)
        self._clock = self._find_start(chosen)
        self._had = {key: had for key, had in self._had.items() if had > self._clock}
        return chosen

    def charge(self, key: Key, cost: float) -> None:
        """Take in what a turn has cost: its time, divided by the share that is due."""
        self._had[key] = self._find_start(key) + cost

    def _find_start(self, key: Key) -> float:
        return max(self._clock, self._had.get(key, 0.0))
