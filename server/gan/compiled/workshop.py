"""The workshop: has programs built beside the training, and gives those that are ready.

A program is built in a process of its own, at the lowest priority, one at a time on a machine. It is kept on disk, in
a folder that nobody else may write to: what is in there is executed.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from server.gan.compiled.keys import Unfit, find_key
from server.gan.compiled.programs import FACTS, REFUSAL, Program
from server.gan.phases import Losses
from server.gan.trainer import Trainer

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
"""How often a trainer that waits for its program looks whether it is there."""
BUILDER = "server.gan.compiled"
WORDS = "builder.log"
"""What the newest builder had to say."""
MOST_PROGRAMS = 64
"""So many are kept on disk; older ones are thrown away. One takes two megabytes."""


class Workshop:
    """The programs in `cache`; without a compiler, or on another system than it knows, there are none."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._found: dict[str, Program | None] = {}
        self._builders: dict[str, subprocess.Popen[bytes]] = {}
        self.closed = find_obstacle(cache)
        """Why nothing is compiled here; none where it is."""
        if self.closed:
            logger.warning("steps are not compiled: %s", self.closed)

    def find(self, trainer: Trainer, build: bool = True) -> Program | None:
        """Give the program of a trainer's runs, or have it built, and none for now; it never waits."""
        key = self.find_key(trainer)
        if not key:
            return None
        if key not in self._found and (self._cache / key).is_dir():
            self._found[key] = self._load(key)
        elif key not in self._found and build:
            self._build(key, trainer)
        return self._found.get(key)

    def find_key(self, trainer: Trainer) -> str:
        """Give the key of the program of a trainer's runs; empty where there can be none here."""
        try:
            return "" if self.closed else find_key(trainer)
        except Unfit:
            return ""

    @property
    def is_building(self) -> bool:
        """Whether a program is being built that this workshop has asked for."""
        return any(key not in self._found for key in self._builders)

    def close(self) -> None:
        """End what is being built."""
        for builder in self._builders.values():
            builder.terminate()
            builder.wait()
            if builder.stdin:
                builder.stdin.close()
        self._builders.clear()

    def _load(self, key: str) -> Program | None:
        folder = self._cache / key
        try:
            if (folder / REFUSAL).exists():
                logger.info("a step is not compiled: %s", (folder / REFUSAL).read_text(encoding="utf-8"))
                return None
            program = Program.load(folder)
            (folder / FACTS).touch()
        except (RuntimeError, OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("a compiled step cannot be read, and is not used: %s", error)
            return None
        return program

    def _build(self, key: str, trainer: Trainer) -> None:
        builder = self._builders.get(key)
        if builder is None:
            logger.info("a step is being compiled")
            try:
                self._builders[key] = start_builder(self._cache, trainer)
            except OSError as error:
                logger.warning("a step is not compiled: no process for it (%s)", error)
                self._found[key] = None
        elif (code := builder.poll()) is not None and not (self._cache / key).is_dir():
            words = self._cache / WORDS
            logger.warning("a step is not compiled: its compiler ended with exit code %d, see %s", code, words)
            self._found[key] = None


class Stepper:
    """Makes a trainer's steps: by its program as soon as there is one, and by the eager trainer until then."""

    def __init__(self, trainer: Trainer, workshop: Workshop, clock: Callable[[], float] = time.monotonic) -> None:
        self.trainer, self._workshop, self._clock = trainer, workshop, clock
        self._program: Program | None = None
        self._look_at, self._configs = -1.0, trainer.configs
        self.compiled_steps = 0
        """How many steps a program has made."""

    def step(self) -> Losses:
        """Train one step of both players.

        Raises:
            Diverged: as `Trainer.step`.
        """
        if self._configs is not self.trainer.configs:  # they have changed: it may be another program's turn
            self._program, self._look_at, self._configs = None, -1.0, self.trainer.configs
        if self._program is None and self._clock() >= self._look_at:
            self._program = self._workshop.find(self.trainer)
            self._look_at = self._clock() + LOOK_SECONDS
        losses = self._program.step(self.trainer) if self._program and not any(self.trainer.failures) else None
        if losses is None:
            return self.trainer.step()
        self.compiled_steps += 1
        return losses


def find_obstacle(cache: Path) -> str | None:
    """Tell why nothing can be compiled into that folder, which is made where it is not there; none where it can."""
    if sys.platform == "win32":
        return "it is not done on this system"
    if not shutil.which(name := find_compiler()):
        return f"there is no C++ compiler {name}"
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = cache.stat()
    except OSError as error:
        return f"the folder for it cannot be made ({error})"
    if facts.st_uid != os.getuid() or facts.st_mode & 0o022:
        return f"others may write to {cache}, and what is in there is executed"
    return None


def find_compiler() -> str:
    """Give the name of the compiler that torch asks for."""
    return os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")


def start_builder(cache: Path, trainer: Trainer) -> subprocess.Popen[bytes]:
    """Start a process that builds the program of a trainer's runs, and ends when its stdin does."""
    configs = [config.to_json() for config in trainer.configs]
    order = json.dumps({"single": trainer.single, "configs": configs})
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1"}
    with (cache / WORDS).open("wb") as words:
        builder = subprocess.Popen(
            [sys.executable, "-m", BUILDER, str(cache.absolute())],
            cwd=Path(__file__).parents[3],  # where `server` is: python looks for modules here first
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=words,
        )
    assert builder.stdin, "started with a pipe"
    try:
        builder.stdin.write(f"{order}\n".encode())
        builder.stdin.flush()
    except BrokenPipeError:
        logger.warning("the compiler of a step ended before it was told which")
    return builder


def forget_oldest(cache: Path, most: int = MOST_PROGRAMS) -> None:
    """Throw away what was used longest ago of more than so many programs."""
    kept = sorted(cache.glob("*/*.json"), key=lambda path: path.stat().st_mtime)
    for path in kept[: max(0, len(kept) - most)]:
        shutil.rmtree(path.parent, ignore_errors=True)
