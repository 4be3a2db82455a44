"""What goes wrong in a soaked lab, made by hand: lost workers, deaf pages, a disk that fails, a clock that jumps."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import signal
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from server.sessions.store import FILE
from tests.soak.plan import Fault
from tests.tools.clock import SkewedClock
from tests.tools.deaf import open_deaf
from tests.tools.held import list_children
from tests.tools.lab import Lab

DISK_SECONDS = 3.0
"""So long the disk is full, or the file locked: longer than the lab waits before it says so."""
LEAST_FILE_BYTES = 8192
HOUR = 3600


class Faults:
    """The faults of one lab, which keeps its sessions in `folder` and lives by `clock`."""

    def __init__(self, lab: Lab, folder: Path, clock: SkewedClock, chance: random.Random) -> None:
        self._lab, self._folder, self._clock, self._chance = lab, folder, clock, chance
        self._deaf: list[socket.socket] = []

    async def cause(self, fault: Fault) -> None:
        """Let one thing go wrong; what mends itself has done so when this is over."""
        if fault in ("kill", "stop"):
            self._lose_worker(signal.SIGKILL if fault == "kill" else signal.SIGSTOP)
        elif fault == "deaf":
            self._deaf.append(await asyncio.to_thread(open_deaf, self._lab.url, 20))
        elif fault == "full":
            await self._fill_disk()
        elif fault == "lock":
            await asyncio.to_thread(lock, self._folder / FILE)
        else:
            await asyncio.to_thread(self._clock.jump, self._chance.choice([-HOUR, 0, HOUR]))

    def close(self) -> None:
        """Close the pages that never read; the lab is to have let go of them long before."""
        for deaf in self._deaf:
            deaf.close()

    def _lose_worker(self, how: signal.Signals) -> None:
        if workers := list_children(self._lab.process.pid):
            with contextlib.suppress(ProcessLookupError):  # it has been replaced just now
                os.kill(self._chance.choice(workers), how)

    async def _fill_disk(self) -> None:
        process, unlimited = self._lab.process.pid, resource.RLIM_INFINITY
        resource.prlimit(process, resource.RLIMIT_FSIZE, (LEAST_FILE_BYTES, unlimited))
        try:
            await asyncio.sleep(DISK_SECONDS)
        finally:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (unlimited, unlimited))


def lock(file: Path) -> None:
    """Be another program that writes to a file for a while."""
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(DISK_SECONDS)
        other.execute("ROLLBACK")
