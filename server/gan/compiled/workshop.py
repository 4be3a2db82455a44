"""The workshop: has programs built beside the training, and gives those that are ready.

A program is built in a process of its own, at the lowest priority, one at a time on a machine. It is kept on disk, in
a folder that nobody else may write to: what is in there is executed.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from server.gan.compiled.keys import Unfit, find_key
from server.gan.compiled.machine import describe_machine, find_compiler
from server.gan.compiled.programs import FACTS, REFUSAL, Program
from server.gan.trainer import Trainer

if TYPE_CHECKING:
    import grp
    import pwd

logger = logging.getLogger(__name__)

BUILDER = "server.gan.compiled"
WORDS = "builder.log"
"""What the newest builder had to say."""
MOST_PROGRAMS, MOST_REFUSALS = 64, 256
"""So many are kept on disk; older ones are thrown away. A program takes two megabytes."""
USED_SECONDS = 3600.0
"""A program that was used in this time is kept, however many there are: some process may need it again."""
BUILD_SECONDS = 900.0
"""What is not built after so long is refused: a compiler that hangs would hold up all others. On a machine that has
next to no time for it one takes two minutes."""
RETRY_SECONDS = 24 * 3600.0
"""What could not be built is tried again after so long: the reason may have been that day's."""


class Workshop:
    """The programs in `cache`; without a compiler, or on another system than it knows, there are none."""

    def __init__(
        self, cache: Path, clock: Callable[[], float] = time.monotonic, build_seconds: float = BUILD_SECONDS
    ) -> None:
        self._cache, self._build_seconds = cache, build_seconds
        self._found: dict[str, Program] = {}
        self._builders: dict[str, subprocess.Popen[bytes]] = {}
        self._retry_at: dict[str, float] = {}
        self._clock = clock
        self.closed = find_obstacle(cache)
        """Why nothing is compiled here; none where it is."""
        if self.closed:
            logger.warning("steps are not compiled: %s", self.closed)

    def find(self, trainer: Trainer, build: bool = True) -> Program | None:
        """Give the program of a trainer's runs, or have it built, and none for now; it never waits."""
        key = self.find_key(trainer)
        if not key or key in self._found or self._clock() < self._retry_at.get(key, 0.0):
            return self._found.get(key)
        if is_settled(self._cache / key):
            self._load(key)
        elif build:
            self._build(key, trainer)
        return self._found.get(key)

    def find_key(self, trainer: Trainer) -> str:
        """Give the key of the program of a trainer's runs; empty where there can be none here."""
        try:
            return "" if self.closed else find_key(trainer)
        except Unfit:
            return ""

    def recall(self, trainer: Trainer, key: str) -> Program | None:
        """Give the program of that key, if it is that of the trainer's runs and on the disk."""
        return self.find(trainer, build=False) if key == self.find_key(trainer) else None

    @property
    def is_building(self) -> bool:
        """Whether a program is being built that this workshop has asked for."""
        return any(key not in self._found and builder.poll() is None for key, builder in self._builders.items())

    def close(self) -> None:
        """End what is being built."""
        for key in list(self._builders):
            self._end(key)

    def _load(self, key: str) -> None:
        """Take a program into use; what is damaged is thrown away, and built again another time."""
        folder = self._cache / key
        if (refusal := folder / REFUSAL).exists():
            logger.info("a step is not compiled: %s", refusal.read_text(encoding="utf-8"))
            self._put_off(key)
            return
        try:
            self._found[key] = Program.load(folder)
        except (RuntimeError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("a compiled step cannot be read, and is thrown away: %s", error)
            shutil.rmtree(folder, ignore_errors=True)
            return
        for oldest in list(self._found)[:-MOST_PROGRAMS]:
            del self._found[oldest]
        self._end(key)  # who built it is done
        self.note_use(key)

    def note_use(self, key: str) -> None:
        """Have it known on disk that a program is in use."""
        with suppress(OSError):  # it may be there no more
            os.utime(self._cache / key / FACTS)

    def _build(self, key: str, trainer: Trainer) -> None:
        builder = self._builders.get(key)
        if builder is None:
            if self.is_building:
                return
            logger.info("a step is being compiled")
            try:
                self._builders[key] = start_builder(self._cache, trainer, self._build_seconds)
            except OSError as error:
                logger.warning("a step is not compiled: no process for it (%s)", error)
                self._put_off(key)
        elif (code := builder.poll()) is not None and not is_settled(self._cache / key):
            words = self._cache / WORDS
            logger.warning("a step is not compiled: its compiler ended with exit code %d, see %s", code, words)
            self._put_off(key)

    def _put_off(self, key: str) -> None:
        """Leave what cannot be built to the eager trainer for a while."""
        self._retry_at[key] = self._clock() + RETRY_SECONDS
        self._end(key)

    def _end(self, key: str) -> None:
        """End the process that builds a program, if there is one, and let go of it."""
        builder = self._builders.pop(key, None)
        if builder:
            if builder.poll() is None:
                # With its compiler; it may have been told to take no notice of a gentler word: a worker is.
                os.killpg(builder.pid, signal.SIGKILL)
            builder.wait()
            if builder.stdin:
                builder.stdin.close()


def find_obstacle(cache: Path) -> str | None:
    """Tell why nothing can be compiled into that folder, which is made where it is not there; none where it can."""
    if sys.platform == "win32":
        return "it is not done on this system"
    if not shutil.which(name := find_compiler()):
        return f"there is no C++ compiler {name}"
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        return find_stranger(cache.resolve())
    except OSError as error:
        return f"the folder for it cannot be made ({error})"


def find_stranger(cache: Path) -> str | None:
    """Tell where others could put a program of theirs: into a folder, or in the place of one that it lies in."""
    for folder in (cache, *cache.parents):
        facts = folder.stat()
        is_ours = facts.st_uid == os.getuid() or (folder != cache and facts.st_uid == 0)
        # In a folder with that bit, as /tmp, everybody may add, and nobody may move what is another's.
        is_shared = folder != cache and facts.st_mode & stat.S_ISVTX
        open_to = stat.S_IWOTH | (0 if has_own(facts.st_gid) else stat.S_IWGRP)
        if not is_ours or (facts.st_mode & open_to and not is_shared):
            return f"others may write to {folder}, and what is in {cache} is executed"
    return None


def has_own(group: int) -> bool:
    """Whether a group is this user's own: many systems give everybody one, and a umask that lets it write."""
    # Here, because not every system has them on which this module is imported.
    import grp
    import pwd

    try:
        return is_private(grp.getgrgid(group), pwd.getpwuid(os.getuid()))
    except KeyError:  # it, or the user, has no name here
        return False


def is_private(group: grp.struct_group, user: pwd.struct_passwd) -> bool:
    """Whether nobody but a user is in a group.

    Those whose first group it is are not named as its members; but then it does not have the name of one of them.
    """
    is_first = group.gr_gid == user.pw_gid and group.gr_name == user.pw_name
    return is_first and set(group.gr_mem) <= {user.pw_name}


def is_settled(folder: Path) -> bool:
    """Whether there is a program, or the reason why there is none is not too old to be believed."""
    try:
        return time.time() - (folder / REFUSAL).stat().st_mtime < RETRY_SECONDS
    except OSError:
        return os.path.isdir(folder)  # noqa: PTH112  # Path.is_dir raises where the folder above may not be read


def start_builder(cache: Path, trainer: Trainer, seconds: float = BUILD_SECONDS) -> subprocess.Popen[bytes]:
    """Start a process that builds the program of a trainer's runs in so many seconds, and ends when its stdin does."""
    configs = [config.to_json() for config in trainer.configs]
    # A builder that asked the compiler itself, at its priority, might have no answer in time and find another key.
    machine = describe_machine()
    order = json.dumps({"single": trainer.single, "configs": configs, "seconds": seconds, "machine": machine})
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1"}
    with (cache / WORDS).open("wb") as words:
        builder = subprocess.Popen(
            [sys.executable, "-m", BUILDER, str(cache.absolute())],
            cwd=Path(__file__).parents[3],  # where `server` is: python looks for modules here first
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=words,
            process_group=0,
        )
    assert builder.stdin, "started with a pipe"
    try:
        builder.stdin.write(f"{order}\n".encode())
        builder.stdin.flush()
    except BrokenPipeError:
        logger.warning("the compiler of a step ended before it was told which")
    return builder


def forget_oldest(cache: Path, programs: int = MOST_PROGRAMS, refusals: int = MOST_REFUSALS) -> None:
    """Throw away what was used, or refused, longest ago of more than so many; but no program that is in use."""
    now = time.time()
    for name, most, spared in ((FACTS, programs, USED_SECONDS), (REFUSAL, refusals, 0.0)):
        kept = sorted((path.stat().st_mtime, path) for path in cache.glob(f"*/{name}"))
        for used_at, path in kept[: max(0, len(kept) - most)]:
            if now - used_at >= spared:
                shutil.rmtree(path.parent, ignore_errors=True)
