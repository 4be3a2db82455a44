"""The branches of a session: what its run was, and what else it might have become. Each has its own history.

A branch leaves another one where something was changed in the past, or begins at step 0 (or at a model) by itself.
It has the history of its parent up to there as its own, so that either can be forgotten without the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from server.engine.course import Course
from server.engine.remote import Place
from server.engine.reports import Position
from server.errors import CommandError
from server.protocol.messages import BranchFacts, Floors
from server.sessions.snapshots import Snapshots
from server.sessions.timeline import Timeline

MOST_BRANCHES = 24
SHARES = 64
"""Memory is looked at after each so many-th part of what is allowed."""


@dataclass
class Branch:
    """One history of a run, from step `first` to step `head`, and where it was left."""

    number: int
    name: str
    parent: int | None
    forked_at: int
    start: Place
    course: Course
    position: Position
    head: int
    timeline: Timeline = field(default_factory=Timeline)
    snapshots: Snapshots = field(default_factory=Snapshots)
    is_deleted: bool = False

    @property
    def first(self) -> int:
        """The earliest step that can be gone back to."""
        return self.start.step

    def move(self, position: Position) -> None:
        """Take in where the run stands."""
        self.position = position
        self.head = max(self.head, position.step)

    def find_place(self, position: Position) -> Place:
        """Give the newest snapshot from which a position can be reached."""
        step, packed = self.snapshots.find(position.step) or (self.start.step, self.start.packed)
        return Place(packed, step, position)

    def has_floors(self) -> bool:
        """Whether the scores of a perfect generator are known here."""
        return any(isinstance(event, Floors) for event in self.timeline.list_after(0))

    def describe(self) -> BranchFacts:
        """Give what a page shows of it in the tree."""
        return BranchFacts(
            number=self.number,
            name=self.name,
            parent=self.parent,
            forked_at=self.forked_at,
            first=self.first,
            head=self.head,
            deleted=self.is_deleted,
        )


class Branches:
    """All branches of a session by their numbers, one of which is the present one."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._added_bytes = 0
        self._numbers = count(1)
        self._known: dict[int, Branch] = {}
        self.current: Branch

    def begin(self, course: Course, start: Place) -> Branch:
        """Begin a run by itself; one that was never trained makes way for it."""
        before = self._known.get(self.current.number) if self._known else None
        number = next(self._numbers)
        branch = Branch(number, f"Run {number}", None, start.step, start, course, start.position, start.step)
        if start.packed:
            branch.snapshots.put(start.step, start.packed)
        if before and before.head == before.first and not self._has_children(before):
            del self._known[before.number]
        self._enter(branch)
        return branch

    def fork(self, source: Branch, course: Course, position: Position) -> Branch:
        """Let a branch leave `source` at a position in its past."""
        step = position.step
        number = next(self._numbers)
        branch = Branch(number, f"Branch {number}", source.number, step, source.start, course, position, step)
        branch.timeline, branch.snapshots = source.timeline.cut(step), source.snapshots.cut(step)
        self._enter(branch)
        return branch

    def adopt(self, branches: Iterable[Branch], current: int) -> None:
        """Let other branches, one of them the present one, take the place of these."""
        self._known = {branch.number: branch for branch in branches}
        self._numbers = count(max(self._known) + 1)
        self.current = self._known[current]
        self._shed()

    def __iter__(self) -> Iterator[Branch]:
        return iter(self._known.values())

    def switch(self, number: int) -> Branch:
        """Make a branch the present one.

        Raises:
            CommandError: there is none of that number, or it was deleted.
        """
        branch = self.find(number)
        if branch.is_deleted:
            raise CommandError(f"branch: expected one that is not deleted, got {branch.name}")
        self.current = branch
        return branch

    def find(self, number: int) -> Branch:
        """Give the branch of that number.

        Raises:
            CommandError: there is none.
        """
        if number not in self._known:
            raise CommandError(f"branch: expected one of {', '.join(map(str, self._known))}, got {number}")
        return self._known[number]

    def delete(self, number: int) -> None:
        """Take a branch out of the tree, until it is restored or its room is needed.

        Raises:
            CommandError: there is none of that number, or it is the present one.
        """
        if self.find(number) is self.current:
            raise CommandError("branch: expected one other than the present one; switch to another first")
        self._known[number].is_deleted = True

    def restore(self, number: int) -> None:
        """Bring a deleted branch back.

        Raises:
            CommandError: there is none of that number any more.
        """
        self.find(number).is_deleted = False

    def keep(self, step: int, packed: bytes) -> None:
        """Keep a state of the present branch; where memory is full, older states of the fullest branch make room."""
        self.current.snapshots.put(step, packed)
        self._added_bytes += len(packed)
        if self._added_bytes * SHARES >= self._most_bytes:
            self._added_bytes = 0
            self._shed()

    def count_bytes(self) -> int:
        """Count the bytes of all snapshots; one that branches share counts once."""
        shared = {id(packed): packed for branch in self._known.values() for packed in branch.snapshots.packed}
        return sum(map(len, shared.values()))

    def describe(self) -> tuple[BranchFacts, ...]:
        """Give the tree, in the order of its growth."""
        return tuple(branch.describe() for branch in self._known.values())

    def _enter(self, branch: Branch) -> None:
        self._known[branch.number] = self.current = branch
        while len(self._known) > MOST_BRANCHES:
            del self._known[self._choose_oldest().number]

    def _choose_oldest(self) -> Branch:
        """The branch to forget: a deleted one if there is any, and one that none has left if there is any."""
        others = [branch for branch in self._known.values() if branch is not self.current]
        return min(others, key=lambda one: (not one.is_deleted, self._has_children(one), one.number))

    def _has_children(self, branch: Branch) -> bool:
        return any(other.parent == branch.number for other in self._known.values())

    def _shed(self) -> None:
        while self.count_bytes() > self._most_bytes:
            fullest = max(self._known.values(), key=lambda branch: len(branch.snapshots))
            before = len(fullest.snapshots)
            fullest.snapshots.thin()
            if len(fullest.snapshots) == before:
                return
