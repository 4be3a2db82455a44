"""Where sessions outlive the process: one SQLite file, with a row a session and a row a packed state.

A session is found by a digest of its key, so that the file opens no session. Commits are in a write-ahead log: a
process that is killed at any moment loses none of them, and a machine that loses its power the last ones at most.
What is damaged is moved aside and begun anew; a lab of another version has a file of its own beside this one.
One thread at a time: no lock here. Sessions are forgotten in the order in which they were last kept: the clock, which
may be wrong, only tells which were not kept for many days.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeVar

from server.errors import FileError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

VERSION = 2
FILE = f"sessions-{VERSION}.sqlite3"
BUSY_SECONDS = 1.0
"""So long a statement waits for another program that has locked the file."""
MOST_LOG_BYTES = 16 << 20
MOST_STATE_BYTES = 1 << 30
"""A session's states are refused beyond this, written or read: all of them are read at once."""
MOST_DAYS = 30
"""So many whole days after the one on which it was kept last is a session forgotten."""
MOST_FORGOTTEN = 100
"""So many of those are forgotten at once: a page may wait for it."""
DAY_SECONDS = 86_400
TABLES = """
CREATE TABLE sessions (
    digest BLOB PRIMARY KEY, used INTEGER NOT NULL, day INTEGER NOT NULL, bytes INTEGER NOT NULL, told TEXT NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX sessions_used ON sessions (used, bytes, day, digest);
CREATE TABLE states (digest BLOB NOT NULL, number INTEGER NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (digest, number));
"""


@dataclass(frozen=True)
class Entry:
    """What is kept of a session; `states` are packed ones by their numbers, of which `content` speaks.

    Where it is put, those that are there already may be left out, and `numbers` has all that are to stay.
    """

    told: str
    content: bytes
    states: Mapping[int, bytes]
    numbers: Collection[int]
    size: int = 0
    """The bytes of all of it."""


class StatesGone(FileError):
    """States that were to be there already are not: the file is a new one, or another lab has made room in it."""


class Store:
    """The sessions that are kept in a folder; those that were used longest ago give way beyond `most_bytes`."""

    def __init__(self, folder: Path, most_bytes: int, now: Callable[[], float] = time.time) -> None:
        """The file is begun when it is needed; `now` is in seconds since 1970."""
        self.path = folder / FILE
        self._most_bytes, self._now = most_bytes, now
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, or begin it.

        Raises:
            sqlite3.Error, OSError: it cannot be had just now.
        """
        self._try(lambda connection: None)

    def put(self, digest: bytes, entry: Entry, spared: Collection[bytes] = ()) -> None:
        """Keep a session, all of it or nothing; `spared` ones do not give way.

        Raises:
            StatesGone: some of its states were left out, and are not there; nothing is changed.
            sqlite3.Error, OSError: it cannot be written just now.
        """

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR REPLACE INTO sessions (digest, used, day, bytes, told, content) "
                "VALUES (?, (SELECT coalesce(max(used), 0) + 1 FROM sessions), ?, ?, ?, ?)",
                (digest, self._count_days(), entry.size, entry.told, entry.content),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO states (digest, number, packed) VALUES (?, ?, ?)",
                [(digest, number, packed) for number, packed in entry.states.items()],
            )
            connection.execute(
                "DELETE FROM states WHERE digest = ? AND number NOT IN (SELECT value FROM json_each(?))",
                (digest, json.dumps(sorted(entry.numbers))),
            )
            (there,) = connection.execute("SELECT count(*) FROM states WHERE digest = ?", (digest,)).fetchone()
            if there < (expected := len(set(entry.numbers))):
                raise StatesGone(f"states: expected {expected} to be kept, got {there}")
            self._make_room(connection, {digest, *spared})
            connection.execute("COMMIT")

        self._try(write)

    def get(self, digest: bytes) -> Entry | None:
        """Give what was kept of a session; none where nothing is.

        Raises:
            FileError: it is too large.
            sqlite3.Error, OSError: it cannot be read just now.
        """

        def read(connection: sqlite3.Connection) -> Entry | None:
            row = connection.execute("SELECT told, content FROM sessions WHERE digest = ?", (digest,)).fetchone()
            if row is None:
                return None
            (size,) = connection.execute(
                "SELECT total(length(packed)) FROM states WHERE digest = ?", (digest,)
            ).fetchone()
            if size > MOST_STATE_BYTES:
                raise FileError(f"states: expected at most {MOST_STATE_BYTES} bytes, got {size:.0f}")
            found = connection.execute("SELECT number, packed FROM states WHERE digest = ?", (digest,)).fetchall()
            states = dict(found)
            return Entry(row[0], row[1], states, states.keys())

        return self._try(read)

    def forget_old(self, spared: Collection[bytes] = ()) -> None:
        """Forget the sessions that were not kept for MOST_DAYS, but for `spared` ones.

        Raises:
            sqlite3.Error, OSError: the file cannot be used just now.
        """

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            # A day more, as days are counted whole: a clock that is wrong by hours forgets nothing before its time.
            before = self._count_days() - MOST_DAYS - 1
            found = connection.execute("SELECT digest FROM sessions WHERE day < ? ORDER BY used", (before,)).fetchall()
            old = [digest for (digest,) in found if digest not in spared]
            for digest in old[:MOST_FORGOTTEN]:
                _delete(connection, digest)
            connection.execute("COMMIT")

        self._try(write)

    def _count_days(self) -> int:
        return int(self._now() // DAY_SECONDS)

    def interrupt(self) -> None:
        """Break off what another thread has under way; it is undone."""
        if self._connection:
            with contextlib.suppress(sqlite3.ProgrammingError):  # it has been closed meanwhile
                self._connection.interrupt()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _make_room(self, connection: sqlite3.Connection, spared: set[bytes]) -> None:
        (size,) = connection.execute("SELECT total(bytes) FROM sessions").fetchone()
        if size <= self._most_bytes:
            return
        for digest, held in connection.execute("SELECT digest, bytes FROM sessions ORDER BY used").fetchall():
            if digest in spared:
                continue
            _delete(connection, digest)
            size -= held
            if size <= self._most_bytes:
                break

    # The file ---------------------------------------------------------------------------------------------------

    def _try(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Work with the file, all of it or nothing; with a new one where it turns out to be damaged."""
        try:
            return self._work(work)
        except sqlite3.Error as error:
            self.close()  # whatever was wrong with this connection, the next one begins without
            if not _is_damage(error):
                raise
            self._set_aside(str(error))
            return self._work(work)

    def _work(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        connection = self._connection = self._connection or self._connect()
        try:
            return work(connection)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Created by nobody but us, and readable for nobody else: what is drawn and uploaded is its user's.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {MOST_LOG_BYTES}")
            self._begin_tables(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _begin_tables(connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.execute("BEGIN IMMEDIATE")
            # Another lab may have begun them while this one waited for the lock.
            if connection.execute("PRAGMA user_version").fetchone() == (0,):
                for statement in TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
        elif version != VERSION:
            raise _WrongVersion(f"expected version {VERSION}, got {version}")
        # All of a page is checked that is read: here those of the tables themselves.
        connection.execute("SELECT count(*) FROM sessions UNION ALL SELECT count(*) FROM states").fetchall()

    def _set_aside(self, reason: str) -> None:
        aside = next(
            path for number in count(1) if not (path := self.path.with_name(f"{FILE}.aside-{number}")).exists()
        )
        self.path.replace(aside)
        for end in ("-wal", "-shm"):
            beside = self.path.with_name(f"{FILE}{end}")
            if beside.exists():
                beside.replace(aside.with_name(f"{aside.name}{end}"))
        logger.error("the file of kept sessions cannot be read (%s): it is %s now, and a new one begins", reason, aside)


def _delete(connection: sqlite3.Connection, digest: bytes) -> None:
    connection.execute("DELETE FROM sessions WHERE digest = ?", (digest,))
    connection.execute("DELETE FROM states WHERE digest = ?", (digest,))


class _WrongVersion(sqlite3.DatabaseError):
    """The file was written by another version of the lab."""


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    damages = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, _WrongVersion) or (code is not None and code & 0xFF in damages)
