"""Which packed states of a tree of branches are kept in a file, so that it stays small and every step can be reached.

Those that nothing can be computed without come first, then those at which branches stand and end, then, while there is
room, as many of the others as fit, from all along the way.
Chosen again from what was chosen, they are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from server.sessions.branches import Branch
from server.sessions.snapshots import Snapshots

PLENTY_BYTES = 8 << 20
"""States that only make going back quicker fill a file up to this."""
ENOUGH_BYTES = 20 << 20
"""States at which a branch stands or ends fill a file up to this; those beyond are trained again from earlier ones."""

Chosen = Mapping[int, Snapshots]
"""The states that are kept, by the branch's number; the start of a branch is kept besides."""


def choose_states(branches: Sequence[Branch], current: int) -> Chosen:
    """Choose the states to keep of branches, one of which is the present one."""
    needed = _choose_needed(branches, current)
    states = dict.fromkeys(packed for branch in branches for packed in branch.snapshots.packed)
    rest = [packed for packed in states if packed not in needed]
    kept = needed.union(_thin_evenly(rest, PLENTY_BYTES - sum(map(len, needed))))
    chosen = {branch.number: Snapshots() for branch in branches}
    for branch in branches:
        for step, packed in zip(branch.snapshots.steps, branch.snapshots.packed, strict=True):
            if packed in kept:
                chosen[branch.number].put(step, packed)
    return chosen


def _choose_needed(branches: Sequence[Branch], current: int) -> set[bytes]:
    """Give the starts, and the states at which branches stand or end, those of the present branch first."""
    needed = {branch.start.packed for branch in branches if branch.start.packed}
    size = sum(map(len, needed))
    for packed in _list_wanted(sorted(branches, key=lambda branch: branch.number != current)):
        if packed not in needed and size + len(packed) <= ENOUGH_BYTES:
            needed.add(packed)
            size += len(packed)
    return needed


def _list_wanted(branches: Sequence[Branch]) -> Iterator[bytes]:
    for branch in branches:
        for step in (branch.position.step, branch.head):
            if found := branch.snapshots.find(step):
                yield found[1]


def _thin_evenly(states: Sequence[bytes], room: int) -> Iterator[bytes]:
    """Give states from all along the way that take `room` bytes together; all of them where they do."""
    total = sum(map(len, states))
    if total <= room:
        yield from states
        return
    seen = kept = 0
    for packed in states:
        seen += len(packed)
        if (kept + len(packed)) * total <= room * seen:
            kept += len(packed)
            yield packed
