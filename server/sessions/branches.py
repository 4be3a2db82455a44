"""The branches of a session: what its run was, and what else it might have become. Each has its own history.

A branch leaves another one where something was changed in the past, or begins at step 0 (or at a model) by itself.
It has the history of its parent up to there as its own, so that either can be forgotten without the other.
There is room for MOST_BRANCHES, and for so many bytes of their states: those that were deleted make room first, then
the oldest that nobody gave a name; one with a name never does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from server.engine.course import Course
from server.engine.remote import Place
from server.engine.reports import Position
from server.errors import CommandError
from server.protocol.events import BranchFacts, Floors
from server.sessions.snapshots import Past, Snapshots, choose_lost
from server.sessions.timeline import Timeline

MOST_BRANCHES = 24
SHARES = 16
"""Where memory is full, each so many-th part of it is freed at once."""


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

    @property
    def is_named(self) -> bool:
        """Whether somebody gave it a name."""
        return self.name != name_branch(self.number, self.parent)

    def move(self, position: Position) -> None:
        """Take in where the run stands."""
        self.position = position
        self.head = max(self.head, position.step)

    def find_place(self, position: Position) -> Place:
        """Give the newest snapshot from which a position can be reached."""
        found = self.snapshots.find(position.step)
        return Place(found[1], found[0], position) if found else replace(self.start, position=position)

    def copy(self) -> Branch:
        """Give it as it is now; what happens to it later does not change the copy."""
        return replace(
            self,
            course=Course(self.course.legs),
            timeline=self.timeline.cut(self.head),
            snapshots=self.snapshots.cut(self.head),
        )

    def has_floors(self) -> bool:
        """Whether the scores of a perfect generator are known here."""
        return any(isinstance(event, Floors) for event in self.timeline.events)

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
        self._bytes = 0
        """What all states take at most: it is counted anew where that seems too much."""
        self._numbers = count(1)
        self._known: dict[int, Branch] = {}
        self.generation = 0
        self.current: Branch

    def limit(self, most_bytes: int) -> None:
        """Let the states take so many bytes at most from now on."""
        self._most_bytes = most_bytes
        self._note_bytes(0)

    def make_room(self, start: bytes = b"") -> list[str]:
        """Forget as many branches as one more needs that begins at the state `start`; returns their names.

        Raises:
            CommandError: all others have names.
        """
        rest = [branch for branch in self._known.values() if not self._makes_way(branch)]
        forgotten = []
        while len(rest) >= MOST_BRANCHES or (start and _count_starts(rest, start) > self._most_bytes):
            loose = [one for one in rest if one is not self.current and (one.is_deleted or not one.is_named)]
            if not loose:
                raise CommandError(
                    f"branch: expected room for one more; {len(rest)} are kept, and those with names are never "
                    "forgotten: delete one that is not needed"
                )
            left = {one.parent for one in rest}
            oldest = min(loose, key=lambda one: (not one.is_deleted, one.number in left, one.number))
            rest.remove(oldest)
            forgotten.append(oldest)
        for branch in forgotten:
            del self._known[branch.number]
        return [branch.name for branch in forgotten]

    def begin(self, course: Course, start: Place) -> Branch:
        """Begin a run by itself; one that was never trained makes way for it."""
        for branch in [branch for branch in self._known.values() if self._makes_way(branch)]:
            del self._known[branch.number]
        number = next(self._numbers)
        name = name_branch(number, None)
        return self._enter(Branch(number, name, None, start.step, start, course, start.position, start.step))

    def fork(self, source: Branch, course: Course, position: Position) -> Branch:
        """Let a branch leave `source` at a position in its past."""
        step = position.step
        number = next(self._numbers)
        name = name_branch(number, source.number)
        branch = Branch(number, name, source.number, step, source.start, course, position, step)
        branch.timeline, branch.snapshots = source.timeline.cut(step), source.snapshots.cut(step)
        return self._enter(branch)

    def adopt(self, branches: Iterable[Branch], current: int, generation: int | None = None) -> None:
        """Let other branches, one of them the present one, take the place of these; `generation`: these very ones."""
        self.generation = self.generation + 1 if generation is None else generation
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
        self.current = self.find_open(number)
        return self.current

    def find_open(self, number: int) -> Branch:
        """Give the branch of that number, which can be gone to.

        Raises:
            CommandError: there is none, or it was deleted.
        """
        branch = self.find(number)
        if branch.is_deleted:
            raise CommandError(f"branch: expected one that is not deleted, got {branch.name}")
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
        """Keep a state of the present branch; where memory is full, those that are needed least make room."""
        start = self.current.start
        self.current.snapshots.put(step, start.packed if packed == start.packed else packed)
        self._note_bytes(len(packed))

    def count_bytes(self) -> int:
        """Count the bytes of all states; one that branches share counts once."""
        branches = self._known.values()
        return _count_bytes(packed for one in branches for packed in (one.start.packed, *one.snapshots.packed))

    def describe(self) -> tuple[BranchFacts, ...]:
        """Give the tree, in the order of its growth."""
        return tuple(branch.describe() for branch in self._known.values())

    def _enter(self, branch: Branch) -> Branch:
        self._known[branch.number] = self.current = branch
        assert len(self._known) <= MOST_BRANCHES, "room is made before a branch is begun"
        self._note_bytes(len(branch.start.packed))
        return branch

    def _makes_way(self, branch: Branch) -> bool:
        """Tell whether a run that begins by itself takes this one's place, because nothing would be lost with it."""
        is_empty = branch.head == branch.first and not branch.start.packed and not branch.is_named
        return is_empty and branch is self.current and not self._has_children(branch)

    def _has_children(self, branch: Branch) -> bool:
        return any(other.parent == branch.number for other in self._known.values())

    def _note_bytes(self, more: int) -> None:
        self._bytes += more
        if self._bytes > self._most_bytes:
            self._shed()

    def _shed(self) -> None:
        branches = self._known.values()
        spared = {id(branch.start.packed) for branch in branches}
        enough = self._most_bytes - self._most_bytes // SHARES
        while (surplus := self.count_bytes() - enough) > 0:
            pasts = [Past(one.snapshots, one.first, one.head, one.is_deleted) for one in branches]
            lost = choose_lost(pasts, spared, surplus)
            if not lost:
                break
            for branch in branches:
                branch.snapshots.drop(lost)
        self._bytes = surplus + enough


def name_branch(number: int, parent: int | None) -> str:
    """Give the name that a branch has until somebody gives it another."""
    return f"Run {number}" if parent is None else f"Branch {number}"


def _count_starts(branches: Iterable[Branch], start: bytes) -> int:
    """Count the bytes of the states that branches, and one more, begin at: nothing can be computed without them."""
    return _count_bytes((start, *(branch.start.packed for branch in branches)))


def _count_bytes(states: Iterable[bytes]) -> int:
    """Count the bytes of states, each once."""
    return sum(map(len, {id(packed): packed for packed in states}.values()))
