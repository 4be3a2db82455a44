"""Whether playing runs are to change places, so that each has about the same share of the machine as the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

TOLERANCE = 10
"""A worker may have one playing run more than another, or a tenth of its own."""
MOST_MOVES = 4
"""So many change places at once; each is packed, sent and unpacked, and stands still meanwhile."""
BEATS = 4
"""Who pauses most often plays on soon: runs change places where there are too many somewhere so often in a row."""


class Move(NamedTuple):
    """So many runs go from the worker of one number to that of another."""

    runs: int
    here: int
    there: int


class Evenness:
    """How often in a row there were too many playing runs somewhere."""

    def __init__(self) -> None:
        self._uneven = 0

    def watch(self, playing: Sequence[int]) -> Move | None:
        """Take in how many runs play at each worker; tells who is to move."""
        move = find_move(playing)
        self._uneven = self._uneven + 1 if move else 0
        if self._uneven < BEATS:
            return None
        self._uneven = 0
        return move


def find_move(playing: Sequence[int]) -> Move | None:
    """Tell which worker has too many of the runs that play, by how many play at each."""
    most, least = max(playing, default=0), min(playing, default=0)
    if most - least <= max(1, most // TOLERANCE):
        return None
    return Move(min(MOST_MOVES, (most - least) // 2), playing.index(most), playing.index(least))
