"""What pages ask of a run: each command is carried out once, in the order given, and answered when it is done.

Some cannot be carried out before others are answered: nobody knows where the run stands until then. They are held,
and so is every later one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from server.engine.course import MOST_LEGS
from server.errors import CommandError, LabError
from server.gan.config import Catalog, check_config, describe_changes, restarts
from server.protocol.messages import (
    Advance,
    Back,
    Command,
    Configure,
    Delete,
    Done,
    Failure,
    Pause,
    Play,
    Rename,
    Reset,
    Restore,
    Seek,
    Step,
    Switch,
)
from server.sessions.outbox import Outbox
from server.sessions.present import Present
from server.sessions.requests import Requests
from server.sessions.travel import Travel
from server.sessions.waiting import Waiting

Keep = Callable[[Callable[[], None]], None]
"""Calls back as soon as the session, as it is when this is called, is kept beyond the process: see `keeper`."""
CLOSED = "open: the session is closed; expected a new one"
LASTING = (Configure, Reset, Switch, Rename, Delete, Restore)
"""What is answered only when it is kept; where a run has trained to is not, as it can be trained again, bit for bit."""


@dataclass(frozen=True)
class Deed:
    """What puts another run in place of this one; it is not done where what waits for it is cancelled before."""

    do: Callable[[], object]
    done: Future[None]


class Commands:
    """Gives the orders of a session's commands."""

    def __init__(self, present: Present, travel: Travel, catalog: Catalog, keep: Keep) -> None:
        self._present, self._travel, self._catalog, self._keep = present, travel, catalog, keep
        self._requests = Requests()
        self._held: deque[Command | Deed] = deque()

    def take(self, outbox: Outbox, command: Command) -> None:
        """Carry out a page's command, or hold it."""
        try:
            if not self._requests.begin(command.id, outbox):
                return
        except CommandError as refusal:
            outbox.answer(Failure.read(command.id, refusal))
            return
        if self._held or self._must_wait(command):
            self._held.append(command)
            if isinstance(command, Pause):
                self.pause()  # it ends what is under way at once, and what is held as well when its turn comes
        else:
            self._execute(command)

    def take_deed(self, do: Callable[[], object]) -> Future[None]:
        """Put another run in place of this one, now or when what was asked of this one is done.

        What is given is done when that is, or raises what it raised: a LabError says why it cannot be done. To cancel
        it before is to leave it undone.
        """
        deed = Deed(do, Future())
        if self._held or self._must_wait(deed):
            self._held.append(deed)
        else:
            self._do(deed)
        return deed.done

    def finish(self, command: Command) -> None:
        """Tell everybody who asked that a command is carried out; where it changed what lasts, when that is kept."""
        self._requests.conclude(command.id, Done(id=command.id, step=self._present.run.position.step))
        if isinstance(command, LASTING) or (isinstance(command, Step) and command.player != "both"):
            self._keep(lambda: self._requests.tell(command.id))
        else:
            self._requests.tell(command.id)

    def refuse(self, identity: int, refusal: LabError) -> None:
        """Tell everybody who asked why a command is not carried out."""
        self._requests.conclude(identity, Failure.read(identity, refusal))
        self._requests.tell(identity)

    def list_answers(self) -> tuple[Done | Failure, ...]:
        """Give the answers that are remembered, those that are yet to be told among them."""
        return self._requests.list_answers()

    def restore_answers(self, answers: Iterable[Done | Failure]) -> None:
        """Remember the answers of another process."""
        self._requests.restore(answers)

    def pause(self) -> None:
        """Pause the run without a page's command."""
        self._present.waiting.add(self._present.run.pause(), Waiting(None, self._present.revision))

    def carry_on(self) -> None:
        """Carry out what was held, as far as the answers have come."""
        while self._held and not self._must_wait(self._held[0]):
            held = self._held.popleft()
            if isinstance(held, Deed):
                self._do(held)
            else:
                self._execute(held)

    def close(self) -> None:
        """The session is over: what is held is not done any more."""
        for held in self._held:
            if isinstance(held, Deed) and held.done.set_running_or_notify_cancel():
                held.done.set_exception(CommandError(CLOSED))
        self._held.clear()

    def _do(self, deed: Deed) -> None:
        if not deed.done.set_running_or_notify_cancel():
            return
        try:
            deed.do()
        except Exception as error:  # noqa: BLE001 - whoever waits raises it; a worker's other runs do not pay for it
            deed.done.set_exception(error)
        else:
            deed.done.set_result(None)

    def _must_wait(self, command: Command | Deed) -> bool:
        """Tell whether what is under way decides where the command finds the run."""
        waiting = self._present.waiting
        if isinstance(command, Seek):
            return waiting.is_forking or waiting.is_configuring
        if isinstance(command, Configure):
            return waiting.is_moving and self._restarts(command)
        return waiting.is_moving and isinstance(command, Back | Switch | Reset | Deed)

    def _restarts(self, command: Configure) -> bool:
        try:
            config = check_config(command.config, self._catalog)
        except LabError:
            return False  # it is refused when it is carried out
        return self._present.is_broken or restarts(self._present.config, config)

    def _execute(self, command: Command) -> None:
        try:
            waiting = self._carry_out(command)
        except LabError as refusal:
            self.refuse(command.id, refusal)
        else:
            if waiting is None:
                self.finish(command)

    def _carry_out(self, command: Command) -> Waiting | None:
        """Give the orders of a command; returns what waits for the answer, or none where there is nothing to do."""
        present = self._present
        if present.state == "closed":
            raise CommandError(f"{command.type}: the session is closed; expected a new one")
        if isinstance(command, Configure):
            return self._configure(command)
        if isinstance(command, Reset):
            seed = present.config.seed if command.seed is None else command.seed
            text = "reset" if command.seed is None else "new seed"
            return self._travel.begin_anew(command, present.config.with_seed(seed), text)
        if isinstance(command, Switch):
            return self._travel.switch(command)
        if isinstance(command, Rename | Delete | Restore):
            self._tend(command)
            return None
        self._check_failure(command)
        if isinstance(command, Seek | Back):
            return self._travel.seek(command)
        return self._train(command)

    def _check_failure(self, command: Command) -> None:
        failure = self._present.failure
        if failure is None or isinstance(command, Pause):
            return
        if self._present.is_broken:
            raise CommandError(f"{command.type}: {failure.message}; expected Reset or a changed setting first")
        if not isinstance(command, Seek | Back):
            raise CommandError(
                f"{command.type}: {failure.message}; expected Reset, a changed setting or a step back first"
            )

    def _train(self, command: Play | Pause | Advance | Step) -> Waiting:
        run = self._present.run
        if isinstance(command, Play):
            number = self._play(command)
        elif isinstance(command, Pause):
            number = run.pause()
        elif isinstance(command, Advance):
            number = run.advance()
        else:
            if command.player == "discriminator" and not self._present.config.is_game:
                loss = self._present.config.loss.name
                raise CommandError(f"step: expected a loss with a discriminator for it to learn, got {loss}")
            if command.player != "both":
                self._check_course(command)
                self._travel.leave_record()
            number = run.step(command.player, command.count)
            if command.count > 1:
                self._present.enter("running")
        return self._present.waiting.add(number, Waiting(command, self._present.revision))

    def _play(self, command: Play) -> int:
        step = self._present.run.position.step
        if command.until is not None and command.until <= step:
            raise CommandError(f"play: until: expected a step after {step}, where the run is, got {command.until}")
        return self._present.run.play(command.rate, command.phases_per_second, command.until, command.stop)

    def _configure(self, command: Configure) -> Waiting | None:
        present = self._present
        config = present.read_config(command.config)
        changes = describe_changes(present.config, config)
        if not changes:
            return None
        if present.is_broken or restarts(present.config, config):
            return self._travel.begin_anew(command, config, "new run", changes)
        self._check_course(command)
        self._travel.leave_record()
        present.set_config(config)
        return present.waiting.add(present.run.configure(config), Waiting(command, present.revision, changes))

    def _check_course(self, command: Command) -> None:
        if self._present.run.course.is_full:
            raise CommandError(
                f"{command.type}: expected a run with fewer changes; this one has nearly {MOST_LEGS:,}, and can only "
                "go on as it is: begin a new run, or go back to a step before them"
            )

    def _tend(self, command: Rename | Delete | Restore) -> None:
        """Change the tree, and nothing of the run."""
        branches = self._present.branches
        if isinstance(command, Rename):
            branches.find(command.branch).name = command.name
        elif isinstance(command, Delete):
            branches.delete(command.branch)
        else:
            branches.restore(command.branch)
        self._present.chronicle.note_tree()
