"""One user's run: commands in, events out, for one page or several that show the same truth. No socket here.

    paused ⇄ running          play, pause, step; back by itself where it was to stop
    paused → stepping         advance, or a pause in slow motion: it stands inside a step
    stepping → running, paused  whatever comes next finishes the step, or goes on in it
    paused, running → failed  the run diverged; its last finite state is kept and shown
    failed → paused           reset, a changed setting, or a way back in time
    any → closed              the hub lets go of it

Commands are answered when the worker has carried them out, and an id is carried out once.
Where the run went back, a change leaves what is recorded ahead: it begins a branch, at the step where the worker was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from server.engine import reports
from server.engine.orders import BUT_ONE
from server.engine.pool import Pool
from server.engine.remote import START, Place, is_broken
from server.errors import CommandError, LabError
from server.gan.config import RunConfig, check_config, describe_changes, restarts
from server.gan.model_file import Model
from server.protocol.messages import (
    PROTOCOL,
    Advance,
    Back,
    ClientMessage,
    Command,
    Configure,
    Credit,
    Delete,
    Divergence,
    Done,
    Failure,
    Pause,
    Play,
    Rename,
    Reset,
    Restore,
    Seek,
    State,
    Status,
    Step,
    StepPhase,
    Switch,
    Watch,
    Welcome,
)
from server.sessions.audience import Audience
from server.sessions.branches import Branch, Branches
from server.sessions.chronicle import Chronicle
from server.sessions.looks import Answer, Looks
from server.sessions.outbox import Outbox
from server.sessions.requests import Changes, Requests
from server.sessions.standing import Standing, describe_stop
from server.sessions.timeline import Timeline
from server.sessions.waiting import Waiting, Waitings

STATUS_SECONDS = 0.2


class Session:
    """The state machine of one run, its branches and its pages."""

    def __init__(
        self,
        key: str,
        config: RunConfig,
        pool: Pool,
        clock: Callable[[], float] = time.monotonic,
        most_bytes: int = 1 << 25,
    ) -> None:
        """Begin the run at step 0; snapshots of its past take `most_bytes` of memory at most.

        Raises:
            EngineError: there is no worker to compute it.
        """
        self.key = key
        self.state: State = "paused"
        self.revision = self._opened_in = 1
        self.heard_at = self.lonely_since = clock()
        self.branches = Branches(most_bytes)
        self.readers = Audience()
        self.chronicle = Chronicle(self.branches, self.readers)
        self._pool, self._clock = pool, clock
        self._failure: Divergence | None = None
        self._pace = 0.0
        self._standing = Standing()
        self._status_at = clock()
        self._requests = Requests()
        self._waiting = Waitings()
        self._looks = Looks()
        self._held: list[Command] = []
        self._run = self.readers.run = pool.open_run(key, self._receive, self.readers.show)
        self._set_config(config)
        self._run.open(config, self.revision)
        self.branches.begin(self._run.course, START)
        self.chronicle.note_tree()

    @property
    def timeline(self) -> Timeline:
        """The history of the present branch."""
        return self.branches.current.timeline

    def _set_config(self, config: RunConfig) -> None:
        self.config, self._plain = config, config.to_json()

    # Readers ----------------------------------------------------------------------------------------------------

    def attach(self, seen: int, notify: Callable[[], None]) -> Outbox:
        """Let a page in that has seen the events up to number `seen`."""
        seen = self.timeline.resume_after(seen)
        outbox, resumed = self.readers.attach(seen, notify)
        outbox.welcome = Welcome(
            protocol=PROTOCOL,
            session=self.key,
            resumed=resumed,
            since=seen,
            config=self._plain,
            status=self.describe_status(),
        )
        self.heard_at = self._clock()
        notify()
        return outbox

    def detach(self, outbox: Outbox) -> None:
        """Let a page go."""
        if self.readers.detach(outbox):
            self.lonely_since = self._clock()

    def take(self, outbox: Outbox) -> list[str | bytes]:
        """Give all that a page is to be sent now."""
        return self.readers.take(outbox, self.timeline, self.describe_status(), self.revision)

    def describe_status(self) -> Status:
        """Say where the run is."""
        position = self._run.position
        return Status(
            state=self.state,
            step=position.step,
            d_updates=position.d_updates,
            g_updates=position.g_updates,
            first=self.branches.current.first,
            head=max(self.branches.current.head, position.step),
            revision=self.revision,
            steps_per_second=self._pace if self.state == "running" else 0.0,
            failure=self._failure,
            phase=self._standing.find_phase(position),
            reason=self._standing.find_reason(position) if self.state == "paused" else None,
        )

    # Messages from pages ----------------------------------------------------------------------------------------

    def handle(self, outbox: Outbox, message: ClientMessage) -> None:
        """Carry out what a page says.

        Raises:
            LabError: it makes no sense now; commands are answered with a failure instead.
        """
        self.heard_at = self._clock()
        if isinstance(message, Watch):
            outbox.layers = message.layers
            self.readers.ask_frame(outbox, self.revision)
        elif isinstance(message, Credit):
            outbox.grant(message.count)
            self.readers.ask_frame(outbox, self.revision)
        elif isinstance(message, Command):
            self._take_command(outbox, message)
        else:
            raise CommandError(f"{message.type}: expected once, as the first message")

    def _take_command(self, outbox: Outbox, command: Command) -> None:
        try:
            if not self._requests.begin(command.id, outbox):
                return
        except CommandError as refusal:
            outbox.answer(Failure(id=command.id, message=str(refusal)))
            return
        if isinstance(command, Seek | Back | Switch) and self._waiting.is_forking:
            self._held.append(command)  # where the branch ends is known when the worker has answered
        else:
            self._execute(command)

    def _execute(self, command: Command) -> None:
        try:
            waiting = self._carry_out(command)
        except LabError as refusal:
            self._answer(command.id, Failure(id=command.id, message=str(refusal)))
        else:
            if waiting is None:
                self._answer(command.id, Done(id=command.id, step=self._run.position.step))

    def _carry_out(self, command: Command) -> Waiting | None:
        """Give the orders of a command; returns what waits for the answer, or none where there is nothing to do."""
        if self.state == "closed":
            raise CommandError(f"{command.type}: the session is closed; expected a new one")
        if isinstance(command, Configure):
            return self._configure(command)
        if isinstance(command, Reset):
            seed = self.config.seed if command.seed is None else command.seed
            return self._restart(command, self.config.with_seed(seed), "reset" if command.seed is None else "new seed")
        if isinstance(command, Switch):
            return self._switch(command)
        if isinstance(command, Rename | Delete | Restore):
            self._tend(command)
            return None
        if self._failure and is_broken(self._failure) and not isinstance(command, Pause):
            raise CommandError(f"{command.type}: {self._failure.message}; expected Reset or a changed setting first")
        if isinstance(command, Seek):
            return self._seek(command, reports.Position(step=command.step))
        if isinstance(command, Back):
            return self._seek(command, self._find_back(command))
        if self._failure and not isinstance(command, Pause):
            raise CommandError(
                f"{command.type}: {self._failure.message}; expected Reset, a changed setting or a step back first"
            )
        return self._train(command)

    def _train(self, command: Play | Pause | Advance | Step) -> Waiting:
        if isinstance(command, Play):
            number = self._play(command)
        elif isinstance(command, Pause):
            number = self._run.pause()
        elif isinstance(command, Advance):
            number = self._run.advance()
        else:
            if command.player != "both":
                self._leave_record()
            number = self._run.step(command.player, command.count)
            if command.count > 1:
                self._enter("running")
        return self._waiting.add(number, Waiting(command, self.revision))

    def _play(self, command: Play) -> int:
        step = self._run.position.step
        if command.until is not None and command.until <= step:
            raise CommandError(f"play: until: expected a step after {step}, where the run is, got {command.until}")
        return self._run.play(command.rate, command.phases_per_second, command.until, command.stop)

    def _configure(self, command: Configure) -> Waiting | None:
        config = check_config(command.config, self._pool.catalog)
        changes = describe_changes(self.config, config)
        if not changes:
            return None
        if restarts(self.config, config) or (self._failure and is_broken(self._failure)):
            return self._restart(command, config, "new run", changes)
        self._leave_record()
        self._set_config(config)
        return self._waiting.add(self._run.configure(config), Waiting(command, self.revision, changes))

    def begin_at(self, model: Model, text: str) -> None:
        """Begin the run anew at a saved model, for the reason that `text` tells."""
        self._restart(None, model.config, text, model=model)

    def _restart(
        self,
        command: Command | None,
        config: RunConfig,
        text: str,
        changes: Changes | None = None,
        model: Model | None = None,
    ) -> Waiting:
        changes = describe_changes(self.config, config) if changes is None else changes
        place = START
        if model:
            at = model.counters
            position = reports.Position(step=at["step"], d_updates=at["d_updates"], g_updates=at["g_updates"])
            place = Place(model.packed, position.step, position)
        self.revision += 1
        newest = self.timeline.newest
        number = self._run.open(config, self.revision, place)
        self.branches.begin(self._run.course, place)
        self._set_config(config)
        self._enter_branch(newest, restarted=True)
        self.chronicle.add_mark(text, place.step, changes)
        return self._waiting.add(number, Waiting(command, self.revision))

    # Back in time, and branches ---------------------------------------------------------------------------------

    def _leave_record(self) -> None:
        """Let what follows be another branch, where the run stands in the past of this one."""
        turn = self._waiting.find_turn()
        is_past = turn.aim is not None if turn else self._run.position.step < self.branches.current.head
        if is_past:
            self.revision += 1
            number = self._run.fork(self.revision)
            self._waiting.add(number, Waiting(None, self.revision, source=self.branches.current))

    def _seek(self, command: Command, aim: reports.Position) -> Waiting:
        branch = self.branches.current
        if not branch.first <= aim.step <= max(branch.head, self._run.position.step):
            raise CommandError(f"{command.type}: expected a step from {branch.first} to {branch.head}, got {aim.step}")
        number = self._run.seek(branch.find_place(aim))
        return self._waiting.add(number, Waiting(command, self.revision, aim=aim))

    def _find_back(self, command: Back) -> reports.Position:
        turn = self._waiting.find_turn()
        aim = turn.aim if turn and turn.aim else self._run.position
        if command.by == "phase":
            back = (aim.step - 1, BUT_ONE) if aim.phases == 0 else (aim.step, aim.phases - 1)
        else:
            back = (aim.step, 0) if aim.phases else (aim.step - 1, 0)
        if back[0] < self.branches.current.first:
            raise CommandError("back: expected a step before this one; the run begins here")
        return reports.Position(step=back[0], phases=back[1])

    def _switch(self, command: Switch) -> Waiting | None:
        before, newest = self.branches.current, self.timeline.newest
        branch = self.branches.switch(command.branch)
        if branch is before:
            return None
        return self._waiting.add(self._reopen(newest), Waiting(command, self.revision))

    def open_tree(self, branches: Iterable[Branch], current: int) -> None:
        """Put other branches in place of these; the run stands where the present one of them was left.

        Raises:
            CommandError: the session has ended meanwhile.
        """
        if self.state == "closed":
            raise CommandError("open: the session is closed; expected a new one")
        newest = self.timeline.newest
        self.branches.adopt(branches, current)
        self._waiting.add(self._reopen(newest), Waiting(None, self.revision))

    def _reopen(self, newest: int) -> int:
        """Have the run go to the present branch, where that was left; returns the order's number."""
        branch = self.branches.current
        position = branch.position
        place = branch.find_place(position)
        self.revision += 1
        config = check_config(branch.course.find_config(position.step), self._pool.catalog)
        number = self._run.reopen(
            branch.course,
            self.revision,
            place,
            known_to=branch.head,
            begins_at=branch.first,
            measure=not branch.has_floors(),
            config=config,
        )
        self._set_config(config)
        self._enter_branch(newest, restarted=False)
        return number

    def _tend(self, command: Rename | Delete | Restore) -> None:
        """Change the tree, and nothing of the run."""
        if isinstance(command, Rename):
            self.branches.find(command.branch).name = command.name
        elif isinstance(command, Delete):
            self.branches.delete(command.branch)
        else:
            self.branches.restore(command.branch)
        self.chronicle.note_tree()

    def _enter_branch(self, newest: int, restarted: bool) -> None:
        """Show the present branch, at rest, to pages that have seen the events up to number `newest` of another."""
        self.chronicle.carry_on(newest, self.revision, self._plain, restarted)
        self._opened_in = self.revision
        self._failure, self._standing = None, Standing()
        self._enter_rest()
        self.readers.ask_anew(self.revision)

    def _enter_fork(self, source: Branch) -> None:
        """The worker has left what was recorded ahead: from here on it is another branch, if anything was."""
        if source is self.branches.current:
            newest, position = source.timeline.newest, self._run.position
            if position.step < source.head:
                self.branches.fork(source, self._run.course, position)
            else:
                source.course = self._run.course
            self.chronicle.carry_on(newest, self.revision, self._plain, restarted=False)
            self.readers.mark_status()  # the record ends at another step now
            self.readers.ask_anew(self.revision)
        self._execute_held()

    def _execute_held(self) -> None:
        if self._waiting.is_forking:
            return
        held, self._held = self._held, []
        for command in held:
            self._execute(command)

    def inspect(self, answer: Answer, node: str | None = None, sample: int | None = None) -> None:
        """Ask for the numbers of the phase just passed, of a node, or of a generated sample.

        Raises:
            CommandError: the run is over.
        """
        if self.state == "closed" or (self._failure and is_broken(self._failure)):
            raise CommandError("inspect: expected a run that goes on; press Reset")
        self._looks.add(self._run.inspect(node, sample), answer)

    def read_saved(self) -> tuple[dict[str, Any], bytes]:
        """Give the newest packed state, empty where there is none yet, and its config."""
        return self._run.saved

    def pause(self) -> None:
        """Pause the run without a page's command."""
        self._waiting.add(self._run.pause(), Waiting(None, self.revision))

    def close(self) -> None:
        """End the run and tell the pages."""
        self._pool.close_run(self._run)
        self._looks.refuse_all("inspect: the session is closed")
        self._enter("closed")
        self.readers.finish()

    # Reports from the worker ------------------------------------------------------------------------------------

    def _receive(self, report: reports.RunReport, packed: bytes) -> None:
        if isinstance(report, reports.Progress):
            self._pace = report.steps_per_second
            self.branches.current.move(self._run.position)
            if report.steps or report.metrics:
                self.timeline.add_rows(report.steps, report.d_loss, report.g_loss, report.metrics)
            for noticed in report.verdicts:
                self.chronicle.note_verdict(noticed)
            self._note_progress()
        elif isinstance(report, reports.Walked):
            self._note_phase(report.position, report.phase)
        elif isinstance(report, reports.Stopped):
            self._stop(report)
        elif isinstance(report, reports.Applied):
            if report.phase and self._waiting.is_of(report.number, self._opened_in):
                self._note_phase(report.position, report.phase)
            self._looks.tell(report.number, CommandError("inspect: the run began anew; ask again"))
            self._finish(report.number)
        elif isinstance(report, reports.Inspected):
            self._looks.tell(report.number, report.told)
        elif isinstance(report, reports.Refused):
            self._looks.tell(report.number, CommandError(report.message))
            waiting = self._waiting.pop(report.number)
            if waiting and waiting.command:
                identity = waiting.command.id
                self._answer(identity, Failure(id=identity, message=report.message))
            self._execute_held()
        elif isinstance(report, reports.Failed):
            self._failure = report.failure
            self._enter("failed")
        elif isinstance(report, reports.Floors):
            self.chronicle.note_floors(report.values)
        self._note_place(packed)

    def _note_place(self, packed: bytes) -> None:
        """Take in where the run stands now: its state, and the config that it has there."""
        position = self._run.position
        self.branches.current.move(position)
        if packed:
            self.branches.keep(position.step, packed)
        if not self._waiting.is_configuring:
            plain = self._run.course.find_config(position.step)
            if plain is not self._plain and plain != self._plain:
                self._set_config(check_config(plain, self._pool.catalog))
                self.chronicle.note_config(self._plain)

    def _note_phase(self, position: reports.Position, phase: StepPhase) -> None:
        self._standing.note_phase(position, phase)
        self.readers.mark_status()
        self.readers.notify()

    def _stop(self, report: reports.Stopped) -> None:
        """The run has stopped by itself: say why, and mark it in the history."""
        reason = describe_stop(report, self._pool.catalog["metrics"])
        self._standing.note_reason(report.position, reason)
        if not report.recorded:
            self.chronicle.add_mark("stopped by itself", report.position.step)
        self._enter("paused")

    def _enter_rest(self) -> None:
        """The run stands still: between two steps, or inside one."""
        self._enter("stepping" if self._run.position.phases else "paused")

    def _finish(self, number: int) -> None:
        waiting = self._waiting.pop(number)
        if waiting is None:
            return
        if waiting.source:
            self._enter_fork(waiting.source)
        elif waiting.revision >= self._opened_in:
            self._apply(waiting)
        if waiting.command:
            identity = waiting.command.id
            self._answer(identity, Done(id=identity, step=self._run.position.step))

    def _apply(self, waiting: Waiting) -> None:
        """Do what a carried out order means for the session."""
        if isinstance(waiting.command, Play):
            self._enter("running")
        elif waiting.changes:
            if self._failure:
                self._failure = None
                self._enter("paused")
            elif self.state == "stepping":
                self._enter_rest()
            self.chronicle.note_config(self._plain)
            self.chronicle.add_mark("changed", self._run.position.step, waiting.changes)
        elif waiting.aim:
            self._failure = None
            self._enter_rest()
        if isinstance(waiting.command, Step) and waiting.command.player != "both":
            self.chronicle.note_alone(waiting.command.player, self._run.course)
        if (
            isinstance(waiting.command, Pause | Advance | Step | None)
            and not self._failure
            and not self._waiting.goes_on(self._opened_in)
        ):
            self._enter_rest()

    # Parts ------------------------------------------------------------------------------------------------------

    def _answer(self, identity: int, answer: Done | Failure) -> None:
        self._requests.answer(identity, answer)

    def _note_progress(self) -> None:
        """Tell the pages; the status with it a few times a second."""
        now = self._clock()
        if self.state != "running" or now - self._status_at >= STATUS_SECONDS:
            self._status_at = now
            self.readers.mark_status()
        self.readers.notify()

    def _enter(self, state: State) -> None:
        self.state = state
        self.readers.mark_status()
        self.readers.notify()
