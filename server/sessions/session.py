"""One user's run: commands in, events out, for one page or several that show the same truth. No socket here.

`present` is where the run stands, `travel` takes it through its branches, `commands` are what pages ask of it, and
`listener` hears what the worker reports. Commands are answered when the worker has carried them out, and an id is
carried out once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future

from server.engine.configs import Plain
from server.engine.pool import Pool
from server.engine.remote import RemoteRun
from server.engine.reports import Position
from server.errors import CommandError
from server.gan.config import RunConfig
from server.gan.model_file import Model
from server.protocol.messages import PROTOCOL, ClientMessage, Command, Credit, Failure, State, Status, Watch, Welcome
from server.sessions.audience import Audience
from server.sessions.branches import Branch, Branches
from server.sessions.commands import CLOSED, Commands, Keep
from server.sessions.kept import Frozen, Told
from server.sessions.listener import Listener
from server.sessions.looks import Answer, Looks
from server.sessions.outbox import Outbox
from server.sessions.present import Present
from server.sessions.timeline import Timeline
from server.sessions.travel import Travel

LEAP = 1 << 20
"""So many more revisions and events a page may have seen than were kept, and will not take the next ones for those."""


class Session:
    """The state machine of one run, its branches and its pages; its states are those of `Present`."""

    def __init__(
        self,
        key: str,
        config: RunConfig,
        pool: Pool,
        clock: Callable[[], float] = time.monotonic,
        most_bytes: int = 1 << 25,
        keep: Keep = lambda then: then(),
    ) -> None:
        """Begin the run at step 0; snapshots of its past take `most_bytes` of memory at most.

        Where nothing is kept beyond this process, nothing waits for it: so it is unless `keep` is given.

        Raises:
            ConfigError: it is larger than this lab allows.
            EngineError: there is no worker to compute it.
        """
        self.key = key
        self.heard_at = self.lonely_since = clock()
        self._pool, self._clock = pool, clock
        self._looks = Looks()
        self._lives_since = 0
        """The first event that was told in this process; 0 where all were."""
        self._present = Present(
            key, config, pool, lambda report, packed: self._listener.receive(report, packed), clock, most_bytes
        )
        self._travel = Travel(self._present)
        self._commands = Commands(self._present, self._travel, pool.catalog, keep)
        self._listener = Listener(self._present, self._travel, self._commands, self._looks, pool.catalog)

    @property
    def state(self) -> State:
        """What the run is at."""
        return self._present.state

    @property
    def revision(self) -> int:
        """Counts the runs and branches that were gone to."""
        return self._present.revision

    @property
    def config(self) -> RunConfig:
        """The run's settings."""
        return self._present.config

    @property
    def branches(self) -> Branches:
        """The tree of the run's branches."""
        return self._present.branches

    @property
    def timeline(self) -> Timeline:
        """The history of the present branch."""
        return self._present.timeline

    @property
    def readers(self) -> Audience:
        """The pages."""
        return self._present.readers

    @property
    def _run(self) -> RemoteRun:
        return self._present.run

    # Readers ----------------------------------------------------------------------------------------------------

    def attach(self, seen: int, notify: Callable[[], None], notify_soon: Callable[[], None] | None = None) -> Outbox:
        """Let a page in that has seen the events up to number `seen`; see `Outbox` for how it is told of news."""
        since = self.timeline.resume_after(seen)
        outbox, is_known = self.readers.attach(since, notify, notify_soon)
        # A page that is loaded anew has seen nothing: the first one is told, whichever it is.
        is_restored = seen < self._lives_since if seen else self._lives_since > 0 and not is_known
        outbox.welcome = Welcome(
            protocol=PROTOCOL,
            session=self.key,
            resumed=is_known or self._lives_since > 0,
            restored=is_restored,
            since=since,
            config=self._present.plain,
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
        return self.readers.take(outbox, self.timeline, self.describe_status, self.revision)

    def describe_status(self) -> Status:
        """Say where the run is."""
        return self._present.describe_status()

    # What is asked of the run -----------------------------------------------------------------------------------

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
            self._commands.take(outbox, message)
        else:
            raise CommandError(f"{message.type}: expected once, as the first message")

    def begin_at(self, model: Model, text: str) -> Future[None]:
        """Begin the run anew at a saved model, for the reason that `text` tells, once what was asked before is done.

        What is given is done when it has begun; it raises a CommandError where there is no room for it, or where the
        session has ended before. To cancel it is to leave the run as it is.

        Raises:
            CommandError: the session has ended.
            ConfigError: its networks are larger than this lab allows.
        """
        self._check_open()
        self._present.read_config(model.config.to_json())
        return self._commands.take_deed(lambda: self._travel.begin_anew(None, model.config, text, model=model))

    def open_tree(self, branches: Iterable[Branch], current: int) -> Future[None]:
        """Put other branches in place of these, as `begin_at` does; the run stands where their present one was left.

        Raises:
            CommandError: the session has ended.
            ConfigError: one of their runs is larger than this lab allows.
        """
        self._check_open()
        opened = list(branches)
        self._check_sizes(opened)
        return self._commands.take_deed(lambda: self._travel.open_tree(opened, current))

    def _check_sizes(self, branches: Iterable[Branch]) -> None:
        for branch in branches:
            # All configs of a course have the same networks.
            for plain in {plain["batch_size"]: plain for plain in branch.course.configs}.values():
                self._present.read_config(plain)

    def _check_open(self) -> None:
        if self.state == "closed":
            raise CommandError(CLOSED)

    # What is kept of it -----------------------------------------------------------------------------------------

    @property
    def mark(self) -> Hashable:
        """Something that is another as soon as there is more to keep."""
        branch = self.branches.current
        return self.revision, branch.timeline.newest, branch.position, branch.head

    @property
    def is_untouched(self) -> bool:
        """Whether the run stands where it began, and was asked nothing: a new one is the same."""
        is_first = self.revision == 1 and not self._commands.list_answers()
        return is_first and self.branches.current.position == Position()

    def freeze(self) -> Frozen:
        """Give all that is needed to go on in another process, as it is now."""
        branches = self.branches
        told = Told(
            revision=self.revision,
            generation=branches.generation,
            newest=self.timeline.newest,
            answers=self._commands.list_answers(),
        )
        return Frozen(told, [branch.copy() for branch in branches], branches.current.number)

    def restore(self, frozen: Frozen) -> None:
        """Go on, at rest, from where a session was in another process.

        Raises:
            ConfigError: one of its runs is larger than this lab allows.
        """
        self._check_sizes(frozen.branches)
        self._present.count_on(frozen.told.revision + LEAP, frozen.told.newest + LEAP)
        self._lives_since = frozen.told.newest + LEAP
        self._commands.restore_answers(frozen.told.answers)
        self._travel.open_tree(frozen.branches, frozen.current, frozen.told.generation)

    def note_unkept(self, reason: str | None) -> None:
        """Tell the pages why what happens now is not kept; none where it is."""
        if reason != self._present.unkept:
            self._present.unkept = reason
            self.readers.mark_status()
            self.readers.notify()

    def inspect(self, answer: Answer, node: str | None = None, sample: int | None = None) -> None:
        """Ask for the numbers of the phase just passed, of a node, or of a generated sample.

        Raises:
            CommandError: the run is over.
        """
        if self.state == "closed" or self._present.is_broken:
            raise CommandError("inspect: expected a run that goes on; press Reset")
        self._looks.add(self._run.inspect(node, sample), answer)

    def read_saved(self) -> tuple[Plain, bytes]:
        """Give the newest packed state, empty where there is none yet, and its config."""
        return self._run.saved

    def pause(self) -> None:
        """Pause the run without a page's command."""
        self._commands.pause()

    def close(self, reason: str | None = None) -> None:
        """End the run and tell the pages, and why where they are to know."""
        self._pool.close_run(self._run)
        self._looks.refuse_all("inspect: the session is closed")
        self._commands.close()
        self._present.enter("closed")
        if reason:
            for outbox in self.readers:
                outbox.answer(Failure(id=None, message=reason))
        self.readers.finish()
