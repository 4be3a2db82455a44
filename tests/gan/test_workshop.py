"""The workshop and the foundry: programs are built beside the training, and only such are used as are to be trusted."""

import grp
import os
import pwd
import signal
import stat
from pathlib import Path

import pytest

from server.gan.compiled.building import build_program
from server.gan.compiled.foundry import GAP_SECONDS, LOOK_SECONDS, PATIENCE_SECONDS, Foundry, Stepper
from server.gan.compiled.keys import Unfit, find_key
from server.gan.compiled.machine import describe_machine, find_compiler
from server.gan.compiled.programs import CODE, FACTS, REFUSAL
from server.gan.compiled.tracing import trace_step
from server.gan.compiled.workshop import RETRY_SECONDS, Workshop, find_obstacle, forget_oldest, is_private, is_settled
from server.gan.trainer import Trainer
from tests.tools.compiled import COMPILING, CONFIG, SMALL, needs_compiler
from tests.tools.runs import make_config
from tests.tools.states import find_distance, is_same

pytestmark = COMPILING


def make_talkative(path: Path) -> Path:
    """A compiler that says more of its version than the one that it hands its work to."""
    path.write_text(f'#!/bin/sh\n[ "$*" = --version ] && echo more\nexec {find_compiler()} "$@"\n')
    path.chmod(0o700)
    return path


@needs_compiler
def test_a_program_is_built_beside_the_training_and_swapped_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the key of who wanted it, also where the compiler would tell its builder less than it has told here."""
    tmp_path.chmod(0o700)
    describe_machine()
    monkeypatch.setenv("CXX", str(make_talkative(tmp_path / "c++")))
    trainer, eager, now = Trainer(CONFIG), Trainer(CONFIG), 0.0
    workshop = Workshop(tmp_path)
    foundry = Foundry(patience=0.0, clock=lambda: now, makers={"cpu": lambda: workshop})
    stepper = Stepper(trainer, foundry)
    stepper.step()
    assert stepper.compiled_steps == 0
    (builder,) = workshop._builders.values()
    assert builder.wait(540) == 0  # at the lowest priority, and others may be busy
    now += LOOK_SECONDS
    stepper.step()
    foundry.close()
    for _ in range(2):
        eager.step()
    assert stepper.compiled_steps == 1
    assert find_distance(trainer.state, eager.state) < 1e-4
    folder = tmp_path / find_key(trainer)
    assert sorted(path.name for path in folder.iterdir()) == [FACTS, CODE]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert builder.stdin
    assert builder.stdin.closed
    assert not [*tmp_path.glob("inductor-*"), *tmp_path.glob("building-*")]


@needs_compiler
def test_a_builder_that_is_not_wanted_any_more_ends_at_once_even_where_signals_are_ignored(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as in a worker
    try:
        workshop = Workshop(tmp_path / "cache")
        workshop.find(Trainer(CONFIG))
        (builder,) = workshop._builders.values()
        workshop.close()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert builder.returncode == -signal.SIGKILL


def test_without_a_compiler_the_log_says_so_and_the_eager_trainer_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    trainer, eager = Trainer(CONFIG), Trainer(CONFIG)
    stepper = Stepper(trainer, Foundry(tmp_path / "cache", patience=0.0))
    stepper.step(), eager.step()
    assert "steps are not compiled: there is no C++ compiler" in caplog.text
    assert is_same(trainer.state, eager.state)


@needs_compiler
def test_a_folder_that_others_may_write_to_is_not_executed_from_nor_one_in_it(tmp_path: Path) -> None:
    cache = tmp_path / "open" / "closed"
    assert find_obstacle(cache) is None
    cache.parent.chmod(0o777)
    assert f"others may write to {cache.parent}" in (find_obstacle(cache) or "")
    cache.parent.chmod(0o1777)  # nobody may put another folder in the place of ours
    assert find_obstacle(cache) is None
    cache.chmod(0o1777)
    assert f"others may write to {cache}" in (find_obstacle(cache) or "")


@needs_compiler
def test_a_folder_that_only_the_users_own_group_may_write_to_is_as_good_as_closed(tmp_path: Path) -> None:
    """A umask of 002, as many systems have it, leaves such folders behind."""
    group, cache = grp.getgrgid(os.getgid()), tmp_path / "open" / "closed"
    assert find_obstacle(cache) is None
    cache.parent.chmod(0o775)
    is_own = group.gr_name == pwd.getpwuid(os.getuid()).pw_name and not {*group.gr_mem} - {group.gr_name}
    assert (find_obstacle(cache) is None) is is_own
    for other in {one.gr_gid for one in grp.getgrall()} - {os.getgid()}:
        try:
            os.chown(cache.parent, -1, other)
        except PermissionError:  # only an administrator may give a folder to a group that he is not in
            continue
        assert f"others may write to {cache.parent}" in (find_obstacle(cache) or "")


def test_a_group_that_others_are_in_is_nobodys_own() -> None:
    ours, user = grp.struct_group(("ada", "x", 7, ["ada"])), pwd.struct_passwd(("ada", "x", 7, 7, "", "", ""))
    assert is_private(ours, user)
    for name, number, members in (("ada", 7, ["ada", "bob"]), ("ada", 8, []), ("users", 7, [])):
        assert not is_private(grp.struct_group((name, "x", number, members)), user)


def lay_out(cache: Path, code: bytes) -> Path:
    """The folder of a program of such runs, in which is what a builder writes beside other code."""
    cache.chmod(0o700)
    place = cache / find_key(Trainer(CONFIG))
    place.mkdir()
    (place / CODE).write_bytes(code)
    trace_step(CONFIG)[2].write(place)
    return place


@needs_compiler
def test_what_is_no_program_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trainer, place = Trainer(CONFIG), lay_out(tmp_path, b"no code")
    assert Workshop(tmp_path).find(trainer, build=False) is None
    assert "cannot be read" in caplog.text
    assert not place.exists()


@needs_compiler
def test_code_that_is_not_what_was_written_is_thrown_away_before_it_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trainer, place = Trainer(CONFIG), lay_out(tmp_path, b"all of the code")
    (place / CODE).write_bytes(b"all of the c")
    assert Workshop(tmp_path).find(trainer, build=False) is None
    assert "not what was written" in caplog.text
    assert not place.exists()


@needs_compiler
def test_a_refusal_is_kept_and_nothing_is_built_again(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    config = make_config(*SMALL, "loss.name=glo", "data.size=20")  # its codes belong to points by number
    with pytest.raises(Unfit):
        build_program(config, tmp_path)
    trainer, workshop = Trainer(config), Workshop(tmp_path)
    assert [path.name for path in (tmp_path / find_key(trainer)).iterdir()] == [REFUSAL]
    assert workshop.find(trainer) is None
    assert not workshop._builders


@needs_compiler
def test_a_refusal_of_long_ago_is_not_believed_for_ever(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    trainer, now = Trainer(CONFIG), 0.0
    refusal = tmp_path / find_key(trainer) / REFUSAL
    refusal.parent.mkdir()
    refusal.write_text("no space was left")
    workshop = Workshop(tmp_path, clock=lambda: now)
    assert workshop.find(trainer) is None
    os.utime(refusal, times=(refusal.stat().st_mtime - RETRY_SECONDS,) * 2)
    assert not is_settled(refusal.parent)
    assert workshop.find(trainer) is None
    assert not workshop._builders
    now += RETRY_SECONDS
    assert workshop.find(trainer) is None
    assert [*workshop._builders] == [find_key(trainer)]
    workshop.close()


@needs_compiler
def test_nothing_is_compiled_for_a_run_before_it_has_played_for_a_while(tmp_path: Path) -> None:
    now = 0.0
    workshop, trainer = Workshop(tmp_path / "cache"), Trainer(CONFIG)
    foundry = Foundry(clock=lambda: now, makers={"cpu": lambda: workshop})

    def play(seconds: float) -> bool:
        nonlocal now
        end = now + seconds
        while now < end:
            assert foundry.find(trainer) is None
            now += LOOK_SECONDS
        return workshop.is_building

    assert not play(PATIENCE_SECONDS / 2)
    now += 2 * GAP_SECONDS
    assert not play(PATIENCE_SECONDS)
    assert play(2 * LOOK_SECONDS)
    foundry.close()


def test_the_programs_that_were_used_longest_ago_are_thrown_away(tmp_path: Path) -> None:
    signature = trace_step(CONFIG)[2]
    for age, name in enumerate("abcdef"):
        (tmp_path / name).mkdir()
        if name in "abc":
            (tmp_path / name / CODE).write_bytes(b"code")
            signature.write(tmp_path / name)
        kept = tmp_path / name / (FACTS if name in "abc" else REFUSAL)
        kept.touch()
        os.utime(kept, (100 - age, 100 - age))
    forget_oldest(tmp_path, 2, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "d"]
