"""Where a session's run stands now: its branch, its state and its settings, and what its pages are told of that."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from server.engine import reports
from server.engine.configs import Plain
from server.engine.pool import Pool
from server.engine.remote import START, is_broken
from server.gan.config import RunConfig, check_config
from server.protocol.messages import Divergence, State, Status, StepPhase
from server.sessions.audience import Audience
from server.sessions.branches import Branches
from server.sessions.chronicle import Chronicle
from server.sessions.limits import Limits
from server.sessions.standing import Standing
from server.sessions.timeline import Timeline
from server.sessions.waiting import Waitings

STATUS_SECONDS = 0.2
Receive = Callable[[reports.RunReport, bytes], None]


class Present:
    """One run, its branches and its pages, as they are now; orders that wait for an answer are `waiting`.

    paused ⇄ running          play, pause, step; back by itself where it was to stop
    paused → stepping         advance, or a pause in slow motion: it stands inside a step
    stepping → running, paused  whatever comes next finishes the step, or goes on in it
    paused, running → failed  the run diverged; its last finite state is kept and shown
    failed → paused           reset, a changed setting, or a way back in time
    any → closed              the hub lets go of it
    """

    def __init__(
        self,
        key: str,
        config: RunConfig,
        pool: Pool,
        receive: Receive,
        clock: Callable[[], float] = time.monotonic,
        most_bytes: int = 1 << 25,
    ) -> None:
        """Begin the run at step 0; its reports go to `receive`.

        Raises:
            ConfigError: it is larger than this lab allows.
            EngineError: there is no worker to compute it.
        """
        self.state: State = "paused"
        self.revision = self.opened_in = 1
        self.branches = Branches(most_bytes)
        self.readers = Audience(pool.settings.frames_per_second, clock)
        self.chronicle = Chronicle(self.branches, self.readers)
        self.waiting = Waitings()
        self.standing = Standing()
        self.failure: Divergence | None = None
        self.unkept: str | None = None
        self.pace = 0.0
        self._catalog, self._clock = pool.catalog, clock
        self._limits = Limits(pool.settings, pool.telemetry)
        self._limits.check(config)
        self._status_at = clock()
        self._placed: Plain | None = None
        """What the course has where the run stands, once it was seen to be the present config."""
        self.run = self.readers.run = pool.open_run(key, receive, self.readers.show)
        self.set_config(config)
        self.run.open(config, self.revision)
        self.branches.begin(self.run.course, START)
        self.chronicle.note_tree()

    @property
    def timeline(self) -> Timeline:
        """The history of the present branch."""
        return self.branches.current.timeline

    @property
    def is_broken(self) -> bool:
        """Whether no worker has the run any more."""
        return self.failure is not None and is_broken(self.failure)

    def describe_status(self) -> Status:
        """Say where the run is."""
        position = self.run.position
        return Status(
            state=self.state,
            step=position.step,
            d_updates=position.d_updates,
            g_updates=position.g_updates,
            first=self.branches.current.first,
            head=max(self.branches.current.head, position.step),
            revision=self.revision,
            steps_per_second=self.pace if self.state == "running" else 0.0,
            failure=self.failure,
            phase=self.standing.find_phase(position),
            reason=self.standing.find_reason(position) if self.state == "paused" else None,
            unkept=self.unkept,
        )

    # Settings ---------------------------------------------------------------------------------------------------

    def read_config(self, plain: Plain) -> RunConfig:
        """Give a config of one of the branches; what it has in common with the present one is kept once.

        Raises:
            ConfigError: it is wrong, or larger than this lab allows.
        """
        config = check_config(plain, self._catalog)
        self._limits.check(config)
        return replace(config, data=self.config.data) if config.data == self.config.data else config

    def set_config(self, config: RunConfig) -> None:
        """Take in which config the run has, or will have as soon as it has taken in what it was told."""
        self.config, self.plain = config, config.to_json()
        self._placed = None

    # Where the run stands ---------------------------------------------------------------------------------------

    def enter_branch(self, newest: int, restarted: bool) -> None:
        """Show the present branch, at rest, to pages that have seen the events up to number `newest` of another."""
        self.carry_on(newest, restarted)
        self.opened_in = self.revision
        self.failure, self.standing = None, Standing()
        self.enter_rest()

    def count_on(self, revision: int, newest: int) -> None:
        """Count revisions and events on from numbers that pages may have seen in another process."""
        self.revision = self.chronicle.revision = revision
        self.timeline.carry_on(newest, revision)

    def carry_on(self, newest: int, restarted: bool) -> None:
        """Tell the present branch's history, after event number `newest` of another."""
        self.chronicle.carry_on(newest, self.revision, self.plain, restarted)
        self.readers.mark_status()
        self.readers.ask_anew(self.revision)

    def enter_rest(self) -> None:
        """The run stands still: between two steps, or inside one."""
        self.enter("stepping" if self.run.position.phases else "paused")

    def enter(self, state: State) -> None:
        """The run is in a state."""
        self.state = state
        if state != "closed" and not self.is_broken:  # then nobody has it
            self.readers.ask_all(self.revision)
        self.readers.mark_status()
        self.readers.notify()

    def note_place(self, packed: bytes) -> None:
        """Take in where the run stands now: its state, and the config that it has there."""
        position = self.run.position
        self.branches.current.move(position)
        if packed:
            self.branches.keep(position.step, packed)
        if not self.waiting.is_configuring:
            plain = self.run.course.find_config(position.step)
            if plain is self._placed:
                return
            self._placed = plain
            if plain != self.plain:
                self.set_config(self.read_config(plain))
                self.chronicle.note_config(self.plain)

    def note_phase(self, position: reports.Position, phase: StepPhase) -> None:
        """Take in the phase that the run has just passed."""
        self.standing.note_phase(position, phase)
        self.readers.mark_status()
        self.readers.notify()

    def note_progress(self) -> None:
        """Tell the pages; the status with it a few times a second."""
        now = self._clock()
        if self.state != "running" or now - self._status_at >= STATUS_SECONDS:
            self._status_at = now
            self.readers.mark_status()
        if self.state == "running":
            self.readers.notify_soon()
        else:
            self.readers.notify()
