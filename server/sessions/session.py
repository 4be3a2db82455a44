"""One user's run: commands in, events out, for one page or several that show the same truth. No socket here.

    paused ⇄ running          play, pause, step; back by itself where it was to stop
    paused → stepping         advance, or a pause in slow motion: it stands inside a step
    stepping → running, paused  whatever comes next finishes the step, or goes on in it
    paused, running → failed  the run diverged; its last finite state is kept and shown
    failed → paused           reset, or a changed setting
    any → closed              the hub lets go of it

Commands are answered when the worker has carried them out, and an id is carried out once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Any

from server.engine import reports
from server.engine.pool import Pool
from server.engine.remote import is_broken
from server.errors import CommandError, LabError
from server.gan.config import RunConfig, check_config, describe_changes, restarts
from server.gan.model_file import Model
from server.protocol.messages import (
    PROTOCOL,
    Advance,
    ClientMessage,
    Command,
    Configure,
    Configured,
    Credit,
    Divergence,
    Done,
    Failure,
    Floors,
    Mark,
    Pause,
    Play,
    Reset,
    State,
    Status,
    Step,
    StepPhase,
    Watch,
    Welcome,
)
from server.sessions.outbox import Outbox
from server.sessions.requests import Changes, Requests, Waiting
from server.sessions.standing import Standing, describe_stop
from server.sessions.timeline import UNNUMBERED, Timeline

STATUS_SECONDS = 0.2


class Session:
    """The state machine of one run, its timeline and its readers."""

    def __init__(self, key: str, config: RunConfig, pool: Pool, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin the run at step 0.

        Raises:
            EngineError: there is no worker to compute it.
        """
        self.key, self.config = key, config
        self.state: State = "paused"
        self.revision = 1
        self.heard_at = self.lonely_since = clock()
        self.timeline = Timeline()
        self.readers: list[Outbox] = []
        self._pool, self._clock = pool, clock
        self._failure: Divergence | None = None
        self._pace = 0.0
        self._standing = Standing()
        self._status_at = clock()
        self._requests = Requests()
        self._waiting: dict[int, Waiting] = {}
        self._reader_numbers = count(1)
        self._run = pool.open_run(key, self._receive, self._show)
        self._run.open(config, self.revision)

    # Readers ----------------------------------------------------------------------------------------------------

    def attach(self, seen: int, notify: Callable[[], None]) -> Outbox:
        """Let a page in that has seen the events up to number `seen`."""
        number = next(self._reader_numbers)
        seen = self.timeline.resume_after(seen)
        outbox = Outbox(number, seen, notify)
        outbox.welcome = Welcome(
            protocol=PROTOCOL,
            session=self.key,
            resumed=number > 1,
            since=seen,
            config=self.config.to_json(),
            status=self.describe_status(),
        )
        self.readers.append(outbox)
        self.heard_at = self._clock()
        notify()
        return outbox

    def detach(self, outbox: Outbox) -> None:
        """Let a page go."""
        if outbox in self.readers:
            self.readers.remove(outbox)
            self.lonely_since = self._clock()
            if self.state != "closed":
                self._run.leave(outbox.reader)

    def take(self, outbox: Outbox) -> list[str | bytes]:
        """Give all that a page is to be sent now: history first, so that an answer follows what it is about."""
        messages: list[Any] = [outbox.welcome] if outbox.welcome else []
        outbox.welcome = None
        messages += self.timeline.list_after(outbox.seen)
        outbox.seen = self.timeline.newest
        if outbox.status_due:
            outbox.status_due = False
            messages.append(self.describe_status())
        messages += outbox.take_answers()
        taken: list[str | bytes] = [message.model_dump_json() for message in messages]
        if (frame := outbox.take_frame()) is not None:
            taken.append(frame)
            self._ask_frame(outbox)
        return taken

    def describe_status(self) -> Status:
        """Say where the run is."""
        position = self._run.position
        return Status(
            state=self.state,
            step=position.step,
            d_updates=position.d_updates,
            g_updates=position.g_updates,
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
            self._ask_frame(outbox)
        elif isinstance(message, Credit):
            outbox.grant(message.count)
            self._ask_frame(outbox)
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
        if self._failure and not isinstance(command, Pause):
            raise CommandError(f"{command.type}: {self._failure.message}; expected Reset or a changed setting first")
        if isinstance(command, Play):
            number = self._play(command)
        elif isinstance(command, Pause):
            number = self._run.pause()
        elif isinstance(command, Advance):
            number = self._run.advance()
        else:
            number = self._run.step(command.player, command.count)
            if command.count > 1:
                self._enter("running")
        return self._wait(number, Waiting(command, self.revision))

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
        self.config = config
        return self._wait(self._run.configure(config), Waiting(command, self.revision, changes))

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
        self.config = config
        self.revision += 1
        self.timeline.begin(self.revision)
        number = self._run.open(config, self.revision, model)
        self._failure = None
        self._standing = Standing()
        self._enter("paused")
        self._note_config(text, changes, restarted=True)
        for outbox in self.readers:
            outbox.forget_request()
            self._ask_frame(outbox)
        return self._wait(number, Waiting(command, self.revision))

    def read_saved(self) -> tuple[dict[str, Any], bytes]:
        """Give the newest packed state, empty where there is none yet, and its config."""
        return self._run.saved

    def pause(self) -> None:
        """Pause the run without a page's command."""
        self._wait(self._run.pause(), Waiting(None, self.revision))

    def close(self) -> None:
        """End the run and tell the pages."""
        self._pool.close_run(self._run)
        self._enter("closed")
        for outbox in self.readers:
            outbox.is_finished = True
            outbox.notify()

    # Reports from the worker ------------------------------------------------------------------------------------

    def _receive(self, report: reports.RunReport) -> None:
        if isinstance(report, reports.Progress):
            self.timeline.add_rows(report.steps, report.d_loss, report.g_loss, report.metrics)
            self._pace = report.steps_per_second
            self._note_progress()
        elif isinstance(report, reports.Walked):
            self._note_phase(report.position, report.phase)
        elif isinstance(report, reports.Stopped):
            self._stop(report)
        elif isinstance(report, reports.Applied):
            if report.phase and self._is_present(report.number):
                self._note_phase(report.position, report.phase)
            self._finish(report.number)
        elif isinstance(report, reports.Refused):
            waiting = self._waiting.pop(report.number, None)
            if waiting and waiting.command:
                identity = waiting.command.id
                self._answer(identity, Failure(id=identity, message=report.message))
        elif isinstance(report, reports.Failed):
            self._failure = report.failure
            self._enter("failed")
        elif isinstance(report, reports.Floors):
            self._add_event(Floors(event=UNNUMBERED, revision=self.revision, values=report.values))

    def _is_present(self, number: int) -> bool:
        waiting = self._waiting.get(number)
        return waiting is not None and waiting.revision == self.revision

    def _note_phase(self, position: reports.Position, phase: StepPhase) -> None:
        self._standing.note_phase(position, phase)
        self._mark_status()
        self._notify()

    def _stop(self, report: reports.Stopped) -> None:
        """The run has stopped by itself: say why, and mark it in the history."""
        reason = describe_stop(report, self._pool.catalog["metrics"])
        self._standing.note_reason(report.position, reason)
        step = report.position.step
        self._add_event(Mark(event=UNNUMBERED, step=step, revision=self.revision, text="stopped by itself"))
        self._enter("paused")

    def _enter_rest(self) -> None:
        """The run stands still: between two steps, or inside one."""
        self._enter("stepping" if self._run.position.phases else "paused")

    def _finish(self, number: int) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting is None:
            return
        if waiting.revision == self.revision:
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
            self._note_config("changed", waiting.changes, restarted=False)
        elif isinstance(waiting.command, Pause | Advance | Step | None) and not self._failure and not self._goes_on():
            self._enter_rest()

    def _goes_on(self) -> bool:
        """Whether the run was told already to train further, so that it is not at rest yet."""
        later = [waiting.command for waiting in self._waiting.values() if waiting.revision == self.revision]
        return any(isinstance(command, Play | Step) for command in later)

    def _show(self, report: reports.Frame, frame: bytes) -> None:
        for outbox in self.readers:
            if outbox.reader == report.reader:
                outbox.put_frame(report, frame)

    # Parts ------------------------------------------------------------------------------------------------------

    def _ask_frame(self, outbox: Outbox) -> None:
        request = outbox.choose_request(self.revision)
        if request and self.state != "closed":
            layers, fixed = request
            self._run.want(outbox.reader, layers, fixed)

    def _wait(self, number: int, waiting: Waiting) -> Waiting:
        self._waiting[number] = waiting
        return waiting

    def _answer(self, identity: int, answer: Done | Failure) -> None:
        self._requests.answer(identity, answer)

    def _note_config(self, text: str, changes: Changes, restarted: bool) -> None:
        config, step = self.config.to_json(), self._run.position.step
        self._add_event(Configured(event=UNNUMBERED, config=config, revision=self.revision, restarted=restarted))
        self._add_event(Mark(event=UNNUMBERED, step=step, revision=self.revision, text=text, changes=changes))

    def _add_event(self, event: Configured | Floors | Mark) -> None:
        self.timeline.add_event(event)
        self._notify()

    def _note_progress(self) -> None:
        """Tell the pages; the status with it a few times a second."""
        now = self._clock()
        if self.state != "running" or now - self._status_at >= STATUS_SECONDS:
            self._status_at = now
            self._mark_status()
        self._notify()

    def _enter(self, state: State) -> None:
        self.state = state
        self._mark_status()
        self._notify()

    def _mark_status(self) -> None:
        for outbox in self.readers:
            outbox.status_due = True

    def _notify(self) -> None:
        for outbox in self.readers:
            outbox.notify()
