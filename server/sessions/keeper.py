"""When sessions are kept beyond this process: those that change, every few seconds; all of them, as the lab stops.

What changes the tree of a session's branches is answered only when it is kept. Where nothing can be written just now
(a full disk, a locked file), training goes on and such answers come all the same: the pages are told so, and all of it
is kept as soon as it can be.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256

from server.errors import EngineError, FileError
from server.gan.config import Catalog
from server.logs import speak_of
from server.sessions.kept import Frozen, pack_session, unpack_session
from server.sessions.session import Session
from server.sessions.store import StatesGone, Store

logger = logging.getLogger(__name__)

PLAYING_SECONDS, RESTING_SECONDS = 5.0, 1.0
"""So long after it was kept last is a session that has changed kept again: while its run trains, and otherwise."""
TICK_SECONDS = 0.25
LEAN = 9.0
"""After what nobody waits for, so many times as long as it took nothing is written: a tenth of a core at most."""
PATIENCE_SECONDS = 2.0
"""A disk that does not answer for so long is told of, and no page waits for it any longer."""
RETRY_SECONDS = 1.0
TIDY_SECONDS = 3600.0
"""So often are the sessions forgotten that nobody has used for long; the first time as the lab starts."""
STOP_SECONDS = 2.2
"""What a stopping lab takes to keep what has changed; with all else that it has to do it is gone in 5 s."""
BROKEN = "The lab made a mistake as it kept this run (its log says more): it would be lost if the lab stopped"
TOO_LARGE = "This run has become too large to be kept: it would be lost if the lab stopped; delete branches of it"
UNKEPT = "training goes on, but what happens now would be lost if the lab stopped; it is tried again every second"


@dataclass
class Record:
    """What is kept of one session: the numbers of its states, and its mark when this was last tried and found out."""

    digest: bytes
    states: dict[bytes, int] = field(default_factory=dict)
    mark: Hashable = None
    kept_at: float = 0.0
    trouble: str | None = None
    """Why this session alone cannot be kept."""


class Keeper:
    """Keeps the sessions that `list_sessions` gives; used inside one event loop, with one thread for the file."""

    def __init__(
        self, store: Store, list_sessions: Callable[[], Iterable[Session]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.trouble: str | None = None
        """Why nothing can be kept just now."""
        self._store, self._list_sessions, self._clock = store, list_sessions, clock
        self._records: dict[str, Record] = {}
        self._asked: dict[str, list[Callable[[], None]]] = {}
        self._wake, self._hurried = asyncio.Event(), asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._working: asyncio.Task[None] | None = None
        self._retry_at = 0.0
        self._tidy_at = clock()
        self._favours_asked = False

    async def start(self) -> None:
        """Open the file, and begin to keep."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._store.open)
        except (sqlite3.Error, OSError) as error:
            self._enter_trouble(error)
        self._working = loop.create_task(self._work())

    async def stop(self, sessions: Collection[Session]) -> None:
        """Keep what has changed of these, which change no more, as far as there is time for it."""
        if self._working:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        changed = [session for session in sessions if not self.is_kept(session)]
        changed.sort(key=lambda session: (session.key not in self._asked, self._find(session.key).kept_at))
        loop = asyncio.get_running_loop()
        writes = [
            # They change no more: the thread may freeze them, and what goes wrong in one is told with its write.
            loop.run_in_executor(self._thread, lambda one: self._write(self._find(one.key), one.freeze()), session)
            for session in changed
        ]
        # In the thread: a page may have something read just now, and a file that is read must not be closed.
        closing = loop.run_in_executor(self._thread, self._store.close)
        whole = asyncio.gather(*writes, closing, return_exceptions=True)
        whole.add_done_callback(lambda _: self._hurried.set())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._hurried.wait()
        late = [write for write in writes if not write.done()]
        failed = sum(not write.cancelled() and write.exception() is not None for write in writes if write.done())
        if not late and not failed:
            for key in list(self._asked):
                self._release(key)
        else:
            logger.error("%d sessions could not be kept as they were when the lab stopped", len(late) + failed)
        self._thread.shutdown(wait=False, cancel_futures=True)
        if not closing.done():
            self._store.interrupt()

    def hurry(self) -> None:
        """Let a `stop` that is under way end now: what is not kept yet is as it was kept last."""
        self._hurried.set()

    # Keeping ----------------------------------------------------------------------------------------------------

    def keep(self, key: str, then: Callable[[], None]) -> None:
        """Call back as soon as the session of that key, as it is now, is kept, or it is known that it cannot be."""
        if self.trouble or self._working is None:
            then()
        else:
            self._asked.setdefault(key, []).append(then)
            self._wake.set()

    def is_kept(self, session: Session) -> bool:
        """Tell whether all that there is of a session is kept; one that nobody has touched has nothing to keep."""
        if session.is_untouched:
            return True
        record = self._records.get(session.key)
        return record is not None and record.trouble is None and record.mark == session.mark

    def is_in_trouble(self, session: Session) -> bool:
        """Tell whether a session cannot be kept just now, alone or with all others."""
        return self.trouble is not None or self._find(session.key).trouble is not None

    def forget(self, key: str) -> None:
        """Let go of a session that has ended; what is kept of it stays."""
        self._records.pop(key, None)
        self._release(key)

    async def _work(self) -> None:
        while True:
            try:
                await self._work_once()
            except Exception as error:  # the keeper's border: it must go on, and nobody may wait for it in vain
                logger.exception("keeping sessions met an unexpected error")
                self._enter_trouble(error)

    async def _work_once(self) -> None:
        if self._clock() >= max(self._tidy_at, self._retry_at):
            await self._tidy()
        session = self._choose()
        if session is None:
            await self._rest(TICK_SECONDS)
            return
        is_urgent = session.key in self._asked
        began = time.monotonic()
        with speak_of(session.key):
            await self._keep(session)
        if not is_urgent:
            await self._rest(LEAN * (time.monotonic() - began))

    async def _rest(self, seconds: float) -> None:
        """Wait until somebody asks, and no longer than so many seconds."""
        self._wake.clear()
        if not self._asked:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()

    def _choose(self) -> Session | None:
        """Choose whom to keep next: who was asked for, and of those that are due the one that waits longest.

        They take turns: a page that asks without end keeps no other session from being kept.
        """
        now = self._clock()
        if now < self._retry_at:
            return None
        sessions = {session.key: session for session in self._list_sessions()}
        for key in self._asked.keys() - sessions.keys():
            self._release(key)
        asked = next((sessions[key] for key in self._asked), None)
        due = [session for session in sessions.values() if self._is_due(session, now)]
        longest = min(due, key=lambda session: self._find(session.key).kept_at, default=None)
        self._favours_asked = not self._favours_asked
        return (asked or longest) if self._favours_asked else (longest or asked)

    def _is_due(self, session: Session, now: float) -> bool:
        seconds = PLAYING_SECONDS if session.state == "running" else RESTING_SECONDS
        record = self._find(session.key)
        # One that cannot be kept is tried again when it has changed.
        return now - record.kept_at >= seconds and record.mark != session.mark and not session.is_untouched

    def _find(self, key: str) -> Record:
        if key not in self._records:
            self._records[key] = Record(_digest(key), kept_at=self._clock() - RESTING_SECONDS)
        return self._records[key]

    async def _keep(self, session: Session) -> None:
        record, mark = self._find(session.key), session.mark
        asked = self._asked.pop(session.key, [])
        try:
            frozen = session.freeze()
            writing = asyncio.get_running_loop().run_in_executor(self._thread, self._write, record, frozen)
            await self._finish(writing, asked)
        except asyncio.CancelledError:
            asked.clear()  # nobody knows yet whether it is kept
            raise
        except FileError as error:
            logger.warning("the session cannot be kept: %s", error)
            record.mark, record.trouble = mark, TOO_LARGE
        except (sqlite3.Error, OSError) as error:
            self._enter_trouble(error)
        except Exception:  # a mistake in one session must not stop the others from being kept
            logger.exception("the session cannot be kept because of an unexpected error")
            record.mark, record.trouble = mark, BROKEN
        else:
            record.mark, record.trouble = mark, None
            self._leave_trouble()
        finally:
            record.kept_at = self._clock()
            _call(asked)
        session.note_unkept(self.trouble or record.trouble)

    def _write(self, record: Record, frozen: Frozen) -> None:
        """In the thread: keep a session as it was; the states of records are changed here alone, write by write."""
        records = list(self._records.values())
        spared = [one.digest for one in records]
        entry, numbers = pack_session(frozen, record.states)
        try:
            self._store.put(record.digest, entry, spared)
        except StatesGone as error:
            logger.warning("what was kept is there no more: all sessions are kept anew: %s", error)
            for one in records:
                one.states, one.mark = {}, None
            entry, numbers = pack_session(frozen, {})
            self._store.put(record.digest, entry, spared)
        record.states = numbers

    async def _tidy(self) -> None:
        """Forget the kept sessions that nobody has used for long; those that are open stay."""
        self._tidy_at = self._clock() + TIDY_SECONDS
        spared = [_digest(session.key) for session in self._list_sessions()]
        try:
            await self._finish(
                asyncio.get_running_loop().run_in_executor(self._thread, self._store.forget_old, spared), []
            )
        except (sqlite3.Error, OSError) as error:
            self._enter_trouble(error)
        else:
            self._leave_trouble()

    async def _finish(self, writing: asyncio.Future[None], asked: list[Callable[[], None]]) -> None:
        """Wait until the thread has written; those that asked wait no longer than PATIENCE_SECONDS."""
        if not (await asyncio.wait([writing], timeout=PATIENCE_SECONDS))[0]:
            self._enter_trouble(TimeoutError("the disk does not answer"))
            _call(asked)
        await writing

    def _release(self, key: str) -> None:
        _call(self._asked.pop(key, []))

    # Trouble ----------------------------------------------------------------------------------------------------

    def _enter_trouble(self, error: Exception) -> None:
        if self.trouble is None:
            logger.error("sessions cannot be kept: %s", error)
        self.trouble = f"{_describe(error)}: {UNKEPT}"
        self._retry_at = self._clock() + RETRY_SECONDS
        for key in list(self._asked):
            self._release(key)
        self._tell()

    def _leave_trouble(self) -> None:
        if self.trouble is not None:
            logger.warning("sessions can be kept again")
            self.trouble = None
            self._tell()

    def _tell(self) -> None:
        for session in self._list_sessions():
            session.note_unkept(self.trouble or self._find(session.key).trouble)

    # Coming back ------------------------------------------------------------------------------------------------

    async def read(self, key: str, catalog: Catalog) -> tuple[Frozen, dict[bytes, int]] | None:
        """Give what is kept of a session, and the numbers of its states; none where nothing is that can be read.

        Raises:
            EngineError: it cannot be read just now.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                entry = await loop.run_in_executor(self._thread, partial(self._store.get, _digest(key)))
            return await asyncio.to_thread(unpack_session, entry, catalog) if entry else None
        except FileError as error:
            logger.error("a kept session cannot be read: %s", error)
            return None
        except (sqlite3.Error, OSError) as error:
            logger.error("kept sessions cannot be read: %s", str(error) or "the disk does not answer")
            raise EngineError(f"{_describe(error)}: your run cannot be read just now") from None

    def adopt(self, session: Session, states: dict[bytes, int]) -> None:
        """Take in that a session has come back from what is kept, with these states."""
        self._records[session.key] = Record(_digest(session.key), states, kept_at=self._clock())


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()


def _call(asked: list[Callable[[], None]]) -> None:
    """Call those that asked, each once; what goes wrong in one keeps no other from its answer."""
    while asked:
        try:
            asked.pop(0)()
        except Exception:
            logger.exception("an answer that waited until a session was kept met an unexpected error")


def _describe(error: Exception) -> str:
    """Say in words for a user what is wrong with the disk."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return "The lab's disk is full"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "Another program has locked the file in which the lab keeps its runs"
    if not isinstance(error, sqlite3.Error | OSError):
        return "The lab made a mistake as it kept its runs (its log says more)"
    return "The lab cannot use the file in which it keeps its runs"
