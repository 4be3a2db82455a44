"""Ways through time: back in the present branch, to another one, to a new one, and to a run that begins anew.

Where the run went back, a change leaves what is recorded ahead: it begins a branch, at the step where the worker was.
"""

from __future__ import annotations

from collections.abc import Iterable

from server.engine import reports
from server.engine.orders import BUT_ONE
from server.engine.remote import START, Place
from server.errors import CommandError
from server.gan.config import RunConfig, describe_changes
from server.gan.model_file import Model
from server.protocol.messages import Back, Command, Seek, Switch
from server.sessions.branches import Branch
from server.sessions.present import Present
from server.sessions.requests import Changes
from server.sessions.waiting import Waiting


class Travel:
    """Takes one run through its branches; what it orders waits for its answer."""

    def __init__(self, present: Present) -> None:
        self._present = present

    # In the present branch --------------------------------------------------------------------------------------

    def seek(self, command: Seek | Back) -> Waiting:
        """Go to a step, or back from where the run is or will be.

        Raises:
            CommandError: nothing is recorded there.
        """
        present = self._present
        aim = reports.Position(step=command.step) if isinstance(command, Seek) else self._find_back(command)
        branch = present.branches.current
        if not branch.first <= aim.step <= max(branch.head, present.run.position.step):
            raise CommandError(f"{command.type}: expected a step from {branch.first} to {branch.head}, got {aim.step}")
        number = present.run.seek(branch.find_place(aim))
        return present.waiting.add(number, Waiting(command, present.revision, aim=aim))

    def _find_back(self, command: Back) -> reports.Position:
        turn = self._present.waiting.find_turn()
        aim = turn.aim if turn and turn.aim else self._present.run.position
        if command.by == "phase":
            back = (aim.step - 1, BUT_ONE) if aim.phases == 0 else (aim.step, aim.phases - 1)
        else:
            back = (aim.step, 0) if aim.phases else (aim.step - 1, 0)
        if back[0] < self._present.branches.current.first:
            raise CommandError("back: expected a step before this one; the run begins here")
        return reports.Position(step=back[0], phases=back[1])

    # To another branch ------------------------------------------------------------------------------------------

    def leave_record(self) -> None:
        """Let what follows be another branch, where the run stands in the past of this one.

        Raises:
            CommandError: there is no room for one.
        """
        present = self._present
        turn = present.waiting.find_turn()
        branch = present.branches.current
        is_past = turn.aim is not None if turn else present.run.position.step < branch.head
        if is_past:
            forgotten = present.branches.make_room()
            present.revision += 1
            number = present.run.fork(present.revision)
            present.waiting.add(number, Waiting(None, present.revision, source=branch, forgotten=forgotten))

    def enter_fork(self, source: Branch, forgotten: list[str]) -> None:
        """The worker has left what was recorded ahead: from here on it is another branch, if anything was."""
        present = self._present
        newest, position = source.timeline.newest, present.run.position
        if position.step < source.head:
            present.branches.fork(source, present.run.course, position)
        else:
            source.course = present.run.course
        present.carry_on(newest, restarted=False)
        present.chronicle.note_forgotten(forgotten, position.step)

    def switch(self, command: Switch) -> Waiting | None:
        """Go to another branch, where it was left; none where it is the present one.

        Raises:
            CommandError: there is none of that number, or it was deleted.
        """
        branches = self._present.branches
        branch = branches.find_open(command.branch)
        if branch is branches.current:
            return None
        newest = self._present.timeline.newest
        number, config = self._reopen(branch)
        branches.switch(branch.number)
        return self._enter(command, number, config, newest)

    def open_tree(self, branches: Iterable[Branch], current: int, generation: int | None = None) -> None:
        """Put other branches in place of these; the run stands where the present one of them was left.

        `generation`: pages know these very branches already, from another process.
        """
        known = list(branches)
        newest = self._present.timeline.newest
        number, config = self._reopen(next(branch for branch in known if branch.number == current))
        self._present.branches.adopt(known, current, generation)
        self._enter(None, number, config, newest)

    def _reopen(self, branch: Branch) -> tuple[int, RunConfig]:
        """Have the run go to where a branch was left; returns the order's number, and the config there."""
        present, position = self._present, branch.position
        config = present.read_config(branch.course.find_config(position.step))
        number = present.run.reopen(
            branch.course,
            present.revision + 1,
            branch.find_place(position),
            known_to=branch.head,
            begins_at=branch.first,
            measure=not branch.has_floors(),
        )
        return number, config

    def _enter(self, command: Command | None, number: int, config: RunConfig, newest: int) -> Waiting:
        present = self._present
        present.revision += 1
        present.set_config(config)
        present.enter_branch(newest, restarted=False)
        return present.waiting.add(number, Waiting(command, present.revision))

    # Anew -------------------------------------------------------------------------------------------------------

    def begin_anew(
        self,
        command: Command | None,
        config: RunConfig,
        text: str,
        changes: Changes | None = None,
        model: Model | None = None,
    ) -> Waiting:
        """Begin another run, at step 0 or at a saved model, for the reason that `text` tells.

        Raises:
            CommandError: there is no room for one.
        """
        present = self._present
        changes = describe_changes(present.config, config) if changes is None else changes
        place = find_start(model) if model else START
        forgotten = present.branches.make_room(place.packed)
        present.revision += 1
        newest = present.timeline.newest
        number = present.run.open(config, present.revision, place)
        present.branches.begin(present.run.course, place)
        present.set_config(config)
        present.enter_branch(newest, restarted=True)
        present.chronicle.add_mark(text, place.step, changes)
        present.chronicle.note_forgotten(forgotten, place.step)
        return present.waiting.add(number, Waiting(command, present.revision))


def find_start(model: Model) -> Place:
    """Give the place at which a run begins that goes on from a saved model."""
    at = model.counters
    position = reports.Position(step=at["step"], d_updates=at["d_updates"], g_updates=at["g_updates"])
    return Place(model.packed, position.step, position, is_start=True)
