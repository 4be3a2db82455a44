"""All open sessions: who may begin one, who comes back to one, and which are over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from functools import partial
from weakref import WeakValueDictionary

from server.engine.pool import Pool
from server.errors import ConfigError, EngineError, FullError, LabError
from server.gan.config import RunConfig, check_config
from server.logs import speak_of
from server.protocol.messages import Hello, State
from server.sessions.descriptors import has_spare_descriptors
from server.sessions.doorway import Doorway, Guest
from server.sessions.keeper import Keeper
from server.sessions.kept import Frozen
from server.sessions.limits import Limits
from server.sessions.outbox import Outbox
from server.sessions.session import Session
from server.sessions.store import Store
from server.settings import Settings

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
DRAIN_SECONDS = 1.0
LEAST_SHARE = 1 << 20
"""So many bytes the past of a session may take, however many there are."""
FORGOTTEN = "nothing was done on this page for long: its place was given to one who waited"


class Hub:
    """The sessions of a lab, by their keys; used inside one event loop.

    The lab's start is `await pool.start()`, `await hub.start()`; its end `await hub.stop()`, `await pool.stop()`.
    """

    def __init__(self, settings: Settings, pool: Pool, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings, self.pool = settings, pool
        self.sessions: dict[str, Session] = {}
        self.doorway = Doorway()
        self.keeper: Keeper | None = None
        """None where nothing is kept beyond this process."""
        if settings.data_dir and settings.kept_megabytes:
            store = Store(settings.data_dir, settings.kept_megabytes << 20)
            self.keeper = Keeper(store, self.sessions.values, clock)
        self._clock = clock
        self._recalling: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._sweeping: asyncio.Task[None] | None = None
        self._stopping = False
        self._closing: list[Session] = []
        self._drained = asyncio.Event()

    async def start(self) -> None:
        """Begin to look after the sessions."""
        if self.keeper:
            await self.keeper.start()
        self._sweeping = asyncio.get_running_loop().create_task(self._sweep_often())

    async def stop(self) -> None:
        """Close all sessions and keep them; gives their pages a moment to be told. Doing it again does nothing."""
        if self._stopping:
            return
        self._stopping = True
        if self._sweeping:
            self._sweeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeping
        closing = list(self.sessions.values())
        self.sessions.clear()
        self.doorway.call()
        for session in closing:
            session.close()
        self._closing = [session for session in closing if session.readers]
        await asyncio.gather(self._drain(), *([self.keeper.stop(closing)] if self.keeper else []))

    async def keep(self, session: Session) -> None:
        """Wait until a session, as it is now, is kept, or it is known that it cannot be."""
        if self.keeper:
            kept = asyncio.Event()
            self.keeper.keep(session.key, kept.set)
            await kept.wait()

    def hurry(self) -> None:
        """Let a `stop` that is under way wait for nobody any more."""
        self._drained.set()
        if self.keeper:
            self.keeper.hurry()

    async def _drain(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS if self._closing else 0):
                await self._drained.wait()

    async def recall(self, key: str | None, guest: Guest | None = None) -> None:
        """Have a session back that was kept, if there is one of that key and room for it, be it for one who waits.

        Raises:
            EngineError: it cannot be read just now.
        """
        if key is None or self.keeper is None or not self._is_wanted(key, guest):
            return
        # Of the pages that come back to one session the first one reads it; those of other sessions wait for none.
        async with self._recalling.setdefault(key, asyncio.Lock()):
            if not self._is_wanted(key, guest):
                return
            with speak_of(key):
                kept = await self.keeper.read(key, self.pool.catalog)
                if kept and self._is_wanted(key, guest):
                    self._restore(key, *kept)

    def _is_wanted(self, key: str, guest: Guest | None) -> bool:
        return not (key in self.sessions or self._stopping) and self._has_room(guest)

    def _restore(self, key: str, frozen: Frozen, states: dict[bytes, int]) -> None:
        assert self.keeper, "it has read this"
        branch = next(branch for branch in frozen.branches if branch.number == frozen.current)
        try:
            config = check_config(branch.course.find_config(branch.position.step), self.pool.catalog)
            session = self._open(key, config)
        except LabError as refusal:
            logger.error("a kept session cannot go on: %s", refusal)
            return
        try:
            session.restore(frozen)
        except Exception as error:  # whatever it is, no run may be left to the workers that has no session
            session.close()
            logger.error("a kept session cannot go on: %s", error, exc_info=not isinstance(error, LabError))
            return
        self.sessions[key] = session
        self.keeper.adopt(session, states)
        session.note_unkept(self.keeper.trouble)
        logger.info("a session goes on from where it was kept")

    def _open(self, key: str, config: RunConfig) -> Session:
        most_bytes = self._share_memory(len(self.sessions) + 1)
        if self.keeper is None:
            return Session(key, config, self.pool, self._clock, most_bytes)
        return Session(key, config, self.pool, self._clock, most_bytes, partial(self.keeper.keep, key))

    def _share_memory(self, num_sessions: int) -> int:
        """Give the bytes that the past of each of so many sessions may take, and hold those that are open to it."""
        share = (self.settings.timelines_megabytes << 20) // max(1, num_sessions)
        most_bytes = min(self.settings.timeline_megabytes << 20, max(LEAST_SHARE, share))
        for session in self.sessions.values():
            session.branches.limit(most_bytes)
        return most_bytes

    def _has_room(self, guest: Guest | None) -> bool:
        """Tell whether a place is free that is nobody's who came before."""
        return len(self.sessions) + self.doorway.count_before(guest) < self.settings.max_sessions

    def queue_up(self) -> Guest:
        """Let a page wait until there is room; whoever lets it in, or hears that it is gone, has it leave the doorway.

        Raises:
            FullError: as many wait as may.
        """
        most = self.settings.max_sessions if self.settings.max_waiting is None else self.settings.max_waiting
        if len(self.doorway) >= most:
            raise self._turn_away(", and the line of those who wait is full too" if most else "")
        return self.doorway.enter()

    def _turn_away(self, also: str = "") -> FullError:
        limit = self.settings.max_sessions
        logger.warning("a page was turned away: all %d sessions are taken", limit)
        self.pool.telemetry.refusals.labels("sessions").inc()
        taken = "its only place is taken" if limit == 1 else f"all {limit} places are taken"
        return FullError(f"the lab is full: {taken}{also}; try again later")

    def join(self, hello: Hello, guest: Guest | None = None) -> Session:
        """Give the session that a page comes back to, or a new one, be it for one who waits.

        Raises:
            ConfigError: the config that the page begins with is wrong, or too large here, or no preset has that name.
            FullError: there is no room for it, or others wait for that.
            EngineError: the lab is still starting, or stopping, or can have no more connections.
        """
        found = self.sessions.get(hello.session or "")
        if found:
            return found
        config = self._choose_config(hello)
        if self._stopping:
            raise EngineError("the lab is stopping; expected to be back soon")
        if not self._has_room(guest):
            self._let_go()
        if not self._has_room(guest):
            raise FullError("the lab is full") if hello.waits else self._turn_away()
        if not has_spare_descriptors():
            logger.warning("a page was turned away: this process may open hardly any more files and sockets")
            self.pool.telemetry.refusals.labels("descriptors").inc()
            raise EngineError(
                "the lab is full: its computer gives it no more connections, as files and sockets are limited "
                "(`ulimit -n`); try again later"
            )
        key = secrets.token_urlsafe(16)
        self.sessions[key] = session = self._open(key, config)
        if self.keeper:
            session.note_unkept(self.keeper.trouble)
        self._log(key, "a session begins: %s on %s", config.loss.name, config.data.name)
        return session

    def leave(self, session: Session, outbox: Outbox) -> None:
        """Let a page go; its session waits for it, for a while."""
        session.detach(outbox)
        if self._stopping and not any(closing.readers for closing in self._closing):
            self._drained.set()

    def _choose_config(self, hello: Hello) -> RunConfig:
        catalog, plain = self.pool.catalog, hello.config
        if plain is None and hello.preset is not None:
            presets = {preset["key"]: preset["config"] for preset in catalog["presets"]}
            if hello.preset not in presets:
                raise ConfigError("preset", f"expected one of {', '.join(presets)}, got {hello.preset!r}")
            plain = presets[hello.preset]
        config = check_config(plain or {}, catalog)
        # Here already, so that nobody waits in line for a place that will be refused.
        Limits(self.settings, self.pool.telemetry).check(config)
        return config

    def count_readers(self) -> int:
        """Count the pages that are connected."""
        return sum(len(session.readers) for session in self.sessions.values())

    def count_level(self, level: int) -> int:
        """Count the pages whose frames are of that level while their run plays."""
        return sum(outbox.sizing.level == level for session in self.sessions.values() for outbox in session.readers)

    def count_state(self, state: State) -> int:
        """Count the sessions whose run is in a state."""
        return sum(session.state == state for session in self.sessions.values())

    def sweep(self) -> None:
        """End the sessions that no page has come back to, and pause the runs that nobody seems to look at."""
        now = self._clock()
        for key, session in list(self.sessions.items()):
            if self._is_lonely(session):
                self._put_away(key, session)
            elif session.state == "running" and now - session.heard_at >= self.settings.idle_seconds:
                session.pause()
                self._log(key, "the run is paused: no page has said anything for long")
        if self.doorway and len(self.sessions) >= self.settings.max_sessions:
            # Those who wait come to `join` only when they are called: what it would do for them is done here.
            self._let_go()

    def _is_lonely(self, session: Session) -> bool:
        return not session.readers and self._clock() - session.lonely_since >= self.settings.grace_seconds

    def _put_away(self, key: str, session: Session) -> None:
        """End a session; where it is to be kept, once it stands still and all of it is."""
        if self.keeper:
            if session.state == "running":
                session.pause()
                return
            if not self.keeper.is_kept(session):
                return
        self._end(key, session, "no page has come back to it")

    def _let_go(self) -> None:
        """Make room in a full lab: end the session that is needed least, of those whose pages nobody looks at."""
        spare = [session for session in self.sessions.values() if self._is_stranded(session)]
        if spare:
            longest = min(spare, key=lambda session: session.lonely_since)
            self._end(longest.key, longest, "its place is needed, and it could not be kept")
            return
        spare = [session for session in self.sessions.values() if self._is_forgotten(session)]
        if spare:
            longest = min(spare, key=lambda session: session.heard_at)
            self._end(longest.key, longest, "its place is needed, and no page has said anything for long", FORGOTTEN)

    def _is_stranded(self, session: Session) -> bool:
        """Tell whether nobody has come back to a session that cannot be kept."""
        return self.keeper is not None and self._is_lonely(session) and self.keeper.is_in_trouble(session)

    def _is_forgotten(self, session: Session) -> bool:
        """Tell whether the pages of a run that rests have said nothing for long; what is to be kept of it is."""
        is_silent = bool(session.readers) and self._clock() - session.heard_at >= self.settings.idle_seconds
        return is_silent and session.state != "running" and (self.keeper is None or self.keeper.is_kept(session))

    def _end(self, key: str, session: Session, reason: str, told: str | None = None) -> None:
        """End a session, for a reason that the log is given; its pages are `told` another."""
        del self.sessions[key]
        self._share_memory(len(self.sessions))
        session.close(told)
        if self.keeper:
            self.keeper.forget(key)
        self._log(key, "the session ends: %s", reason)
        self.doorway.call()

    @staticmethod
    def _log(key: str, text: str, *values: object) -> None:
        with speak_of(key):
            logger.info(text, *values)

    async def _sweep_often(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.sweep()
