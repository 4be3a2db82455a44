"""All open sessions: who may begin one, who comes back to one, and which are over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable

from server.engine.pool import Pool
from server.errors import ConfigError, EngineError
from server.gan.config import RunConfig, check_config
from server.logs import speak_of
from server.protocol.messages import Hello, State
from server.sessions.outbox import Outbox
from server.sessions.session import Session
from server.settings import Settings

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
DRAIN_SECONDS = 1.0


class Hub:
    """The sessions of a lab, by their keys; used inside one event loop.

    The lab's start is `await pool.start()`, `await hub.start()`; its end `await hub.stop()`, `await pool.stop()`.
    """

    def __init__(self, settings: Settings, pool: Pool, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings, self.pool = settings, pool
        self.sessions: dict[str, Session] = {}
        self._clock = clock
        self._sweeping: asyncio.Task[None] | None = None
        self._stopping = False
        self._closing: list[Session] = []
        self._drained = asyncio.Event()

    async def start(self) -> None:
        """Begin to look after the sessions."""
        self._sweeping = asyncio.get_running_loop().create_task(self._sweep_often())

    async def stop(self) -> None:
        """Close all sessions, and give their pages a moment to be told; doing it again does nothing."""
        self._stopping = True
        if self._sweeping:
            self._sweeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeping
        closing, self.sessions = list(self.sessions.values()), {}
        for session in closing:
            session.close()
        self._closing = [session for session in closing if session.readers]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS if self._closing else 0):
                await self._drained.wait()

    def join(self, hello: Hello) -> Session:
        """Give the session that a page comes back to, or a new one.

        Raises:
            ConfigError: the config that the page begins with is wrong, or no preset has that name.
            EngineError: the lab is full, still starting, or stopping.
        """
        found = self.sessions.get(hello.session or "")
        if found:
            return found
        config = self._choose_config(hello)
        if self._stopping:
            raise EngineError("the lab is stopping; expected to be back soon")
        if len(self.sessions) >= self.settings.max_sessions:
            limit = self.settings.max_sessions
            logger.warning("a page was turned away: all %d sessions are taken", limit)
            self.pool.telemetry.refusals.labels("sessions").inc()
            raise EngineError(
                f"the lab is full: {limit} sessions are open and it has room for {limit}; try again later"
            )
        key = secrets.token_urlsafe(16)
        self.sessions[key] = session = Session(
            key, config, self.pool, self._clock, self.settings.timeline_megabytes << 20
        )
        self._log(key, "a session begins: %s on %s", config.loss.name, config.data.name)
        return session

    def leave(self, session: Session, outbox: Outbox) -> None:
        """Let a page go; its session waits for it, for a while."""
        session.detach(outbox)
        if self._stopping and not any(closing.readers for closing in self._closing):
            self._drained.set()

    def _choose_config(self, hello: Hello) -> RunConfig:
        catalog = self.pool.catalog
        if hello.config is not None or hello.preset is None:
            return check_config(hello.config or {}, catalog)
        presets = {preset["key"]: preset["config"] for preset in catalog["presets"]}
        if hello.preset not in presets:
            raise ConfigError("preset", f"expected one of {', '.join(presets)}, got {hello.preset!r}")
        return check_config(presets[hello.preset], catalog)

    def count_readers(self) -> int:
        """Count the pages that are connected."""
        return sum(len(session.readers) for session in self.sessions.values())

    def count_state(self, state: State) -> int:
        """Count the sessions whose run is in a state."""
        return sum(session.state == state for session in self.sessions.values())

    def sweep(self) -> None:
        """End the sessions that no page has come back to, and pause the runs that nobody seems to look at."""
        now = self._clock()
        for key, session in list(self.sessions.items()):
            if not session.readers and now - session.lonely_since >= self.settings.grace_seconds:
                del self.sessions[key]
                session.close()
                self._log(key, "the session ends: no page has come back to it")
            elif session.state == "running" and now - session.heard_at >= self.settings.idle_seconds:
                session.pause()
                self._log(key, "the run is paused: no page has said anything for long")

    @staticmethod
    def _log(key: str, text: str, *values: object) -> None:
        with speak_of(key):
            logger.info(text, *values)

    async def _sweep_often(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.sweep()
