"""The processes that compile steps: none of them outlives who wanted it, and none holds up the others for ever."""

import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from server.gan.compiled.keys import find_key
from server.gan.compiled.machine import describe_machine
from server.gan.compiled.programs import REFUSAL
from server.gan.compiled.workshop import WORDS, Workshop
from server.gan.trainer import Trainer
from tests.tools.compiled import COMPILING, needs_compiler
from tests.tools.held import needs_proc
from tests.tools.runs import make_config

pytestmark = [needs_proc, *COMPILING]
CONFIGS = [make_config("generator.width=8", "discriminator.width=8", f"batch_size={size}") for size in (16, 32)]
PATIENCE_SECONDS = 300.0
LEAST_FILE_BYTES = 512
ENDLESS = """#!/bin/sh
[ "$1" = --version ] && exec echo endless 1.0
echo $$ >> {told}
exec sleep 600
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a compiler that never comes to an end writes its process, each time that it is started."""
    compiler, told = tmp_path / "endless", tmp_path / "told"
    told.touch()
    compiler.write_text(ENDLESS.format(told=told))
    compiler.chmod(0o700)
    monkeypatch.setenv("CXX", str(compiler))
    describe_machine.cache_clear()
    return told


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    return folder


def start_building(workshop: Workshop, trainer: Trainer) -> "subprocess.Popen[bytes]":
    assert workshop.find(trainer) is None
    return workshop._builders[find_key(trainer)]


def wait_for(told: Path, times: int) -> list[int]:
    """Wait until the compiler was started so often; its processes."""
    until = time.monotonic() + PATIENCE_SECONDS
    while len(started := list_started(told)) < times:
        assert time.monotonic() < until
        time.sleep(0.05)
    return started


def list_started(told: Path) -> list[int]:
    return [int(process) for process in told.read_text().split()]


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(process: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while is_alive(process):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_compiler_that_never_ends_is_ended_with_a_refusal_and_the_next_builder_has_its_turn(
    told: Path, cache: Path
) -> None:
    trainers = [Trainer(config) for config in CONFIGS]
    workshops = [Workshop(cache, build_seconds=8.0) for _ in trainers]
    builders = [start_building(*pair) for pair in zip(workshops, trainers, strict=True)]
    assert [builder.wait(PATIENCE_SECONDS) for builder in builders] == [-signal.SIGKILL] * 2
    for process in list_started(told):  # on a busy machine a builder may not come as far as its compiler
        wait_until_gone(process)
    for workshop, trainer in zip(workshops, trainers, strict=True):
        refusal = (cache / find_key(trainer) / REFUSAL).read_text()
        assert refusal == "its compiler was not done after 8 s"
        assert workshop.find(trainer) is None
        assert not workshop._builders


def test_a_builder_that_is_not_wanted_any_more_takes_its_compiler_along(told: Path, cache: Path) -> None:
    workshop = Workshop(cache)
    builder = start_building(workshop, Trainer(CONFIGS[0]))
    (compiler,) = wait_for(told, 1)
    workshop.close()
    assert builder.returncode == -signal.SIGKILL
    wait_until_gone(compiler)


def test_a_builder_whose_worker_is_gone_takes_its_compiler_along(told: Path, cache: Path) -> None:
    builder = start_building(Workshop(cache), Trainer(CONFIGS[0]))
    (compiler,) = wait_for(told, 1)
    assert builder.stdin
    builder.stdin.close()  # as the system does with what a killed process had open
    assert builder.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    wait_until_gone(compiler)


@needs_compiler
def test_a_builder_whose_disk_is_full_says_so_leaves_nothing_behind_and_is_not_started_again(
    cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer, workshop = Trainer(CONFIGS[0]), Workshop(cache)
    builder = start_building(workshop, trainer)
    resource.prlimit(builder.pid, resource.RLIMIT_FSIZE, (LEAST_FILE_BYTES, resource.RLIM_INFINITY))
    assert builder.wait(PATIENCE_SECONDS) == 1
    for _ in range(2):
        assert workshop.find(trainer) is None
    assert caplog.text.count("a step is not compiled: its compiler ended with exit code 1") == 1
    assert {path.name for path in cache.iterdir()} == {"lock", WORDS}
    assert not workshop._builders
