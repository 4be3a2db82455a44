"""The packed states of one branch, from which each of its steps can be reached again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


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

    def thin(self) -> None:
        """Forget every second snapshot of the older three quarters; the first stays, and the newest do."""
        older = len(self._steps) * 3 // 4
        kept = [*range(0, older, 2), *range(older, len(self._steps))]
        self._steps = [self._steps[i] for i in kept]
        self._packed = [self._packed[i] for i in kept]
