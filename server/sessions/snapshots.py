"""The packed states of one branch, from which each of its steps can be reached again, and which of them to forget."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import pairwise
from math import sqrt
from typing import NamedTuple


class Snapshots:
    """Packed states by their steps; each is the state after all that was changed at its step."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._packed: list[bytes] = []

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that have a snapshot, ascending."""
        return tuple(self._steps)

    @property
    def packed(self) -> tuple[bytes, ...]:
        """The snapshots, in the order of their steps."""
        return tuple(self._packed)

    def put(self, step: int, packed: bytes) -> None:
        """Keep the state at `step`, in place of one that was kept there before."""
        place = bisect_left(self._steps, step)
        if place < len(self._steps) and self._steps[place] == step:
            self._packed[place] = packed
        else:
            self._steps.insert(place, step)
            self._packed.insert(place, packed)

    def find(self, step: int) -> tuple[int, bytes] | None:
        """Give the newest snapshot at or before `step`, with its step; none where there is none."""
        place = bisect_right(self._steps, step) - 1
        return None if place < 0 else (self._steps[place], self._packed[place])

    def cut(self, step: int) -> Snapshots:
        """Give the snapshots up to `step`, for a branch that leaves there; their bytes are shared."""
        cut, end = Snapshots(), bisect_right(self._steps, step)
        cut._steps, cut._packed = self._steps[:end], self._packed[:end]
        return cut

    def drop(self, lost: Collection[int]) -> None:
        """Forget the states of these identities."""
        kept = [place for place, packed in enumerate(self._packed) if id(packed) not in lost]
        self._steps = [self._steps[place] for place in kept]
        self._packed = [self._packed[place] for place in kept]


class Past(NamedTuple):
    """The snapshots of a branch from step `first` to step `head`."""

    snapshots: Snapshots
    first: int
    head: int
    is_deleted: bool

    def weigh(self) -> Iterable[tuple[bytes, float]]:
        """Give each state, and what it is worth: how far apart its neighbours are, by the root of its age.

        So the gaps between those that stay grow with the root of their age: of 100,000 steps with 240 states, the
        widest is some 1,000 steps. The states of a deleted branch are worth nothing.
        """
        edges = (self.first, *self.snapshots.steps, self.head + 1)
        for before, step, after, packed in zip(edges, edges[1:], edges[2:], self.snapshots.packed, strict=False):
            yield packed, 0.0 if self.is_deleted else (after - before) / sqrt(self.head - step + 1)


def choose_lost(pasts: Iterable[Past], spared: Collection[int], surplus: int) -> set[int]:
    """Choose states that are worth least, by identity, until they take `surplus` bytes, or leave no neighbours alone.

    One that branches share is worth what it is to the one that needs it most. Of two neighbours one stays, because
    it is worth more without the other; so where they are not enough, choose again. `spared` ones have to be kept.
    """
    worth: dict[int, float] = defaultdict(float)
    sizes: dict[int, int] = {}
    neighbours: dict[int, set[int]] = defaultdict(set)
    for past in pasts:
        identities = [id(packed) for packed in past.snapshots.packed]
        for packed, value in past.weigh():
            worth[id(packed)] = max(worth[id(packed)], value)
            sizes[id(packed)] = len(packed)
        for one, other in pairwise(identities):
            neighbours[one].add(other)
            neighbours[other].add(one)
    lost: set[int] = set()
    blocked = set(spared)
    for identity in sorted(worth, key=lambda one: worth[one]):
        if surplus <= 0:
            break
        if identity not in blocked:
            lost.add(identity)
            surplus -= sizes[identity]
            blocked |= neighbours[identity] if worth[identity] else set()
    return lost
