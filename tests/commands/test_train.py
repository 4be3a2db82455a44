"""What `ganlab train` reads: the seeds and the config; what it writes is tested through the real command."""

import json
from pathlib import Path

import pytest

from server.commands.configs import read_config
from server.commands.train import (
    parse_seeds,
    train_runs,
    train_stack,
)
from server.errors import ConfigError, FileError
from server.gan.catalog import build_catalog
from server.gan.config import RunConfig
from server.gan.model_file import read_model

SMALL = ["generator.width=4", "discriminator.width=4", "batch_size=8"]
# Steps of this size overshoot further each time, so the numbers leave float32 within a few steps.
DIVERGING = [
    *("loss.name=least_squares", "d_optimizer.name=sgd", "d_optimizer.learning_rate=10"),
    *("g_optimizer.name=sgd", "g_optimizer.learning_rate=10"),
]


def make_config(*assignments: str) -> RunConfig:
    return read_config(None, None, assignments)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("7", [7]), ("0-4", [0, 1, 2, 3, 4]), ("0,3,7", [0, 3, 7]), ("5, 0-2", [5, 0, 1, 2]), ("1,1-2", [1, 2])],
)
def test_seeds_are_numbers_and_ranges(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "4-1", "-1", "1-", "1,,2", "0-4000000000", "4294967296", "1.5"])
def test_other_seeds_are_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^seeds: expected"):
        parse_seeds(text)


def test_assignments_apply_in_order_to_the_preset() -> None:
    config = read_config("ring8", None, ["batch_size=16", "batch_size=32", "data.name=line"])
    assert (config.batch_size, config.data.name) == (32, "line")


def test_naming_the_unit_that_is_there_keeps_its_values() -> None:
    config = read_config(None, None, ["data.std=0.1", "data.name=ring8", "g_optimizer.name=adam"])
    assert config.data.values["std"] == 0.1
    assert read_config(None, None, ["g_optimizer.beta1=0.9", "g_optimizer.name=sgd"]).g_optimizer.name == "sgd"


def test_a_file_is_the_beginning(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps({"seed": 9, "d_updates": 2}))
    config = read_config(None, file, ["d_updates=3"])
    assert (config.seed, config.d_updates) == (9, 3)


@pytest.mark.parametrize("content", ["", "{", "[" * 10_000], ids=["empty", "cut off", "deep"])
def test_a_file_that_is_not_json_is_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(content)
    with pytest.raises(FileError, match=r"run\.json: expected JSON"):
        read_config(None, file, [])


@pytest.mark.parametrize("content", ["[]", "7", '{"colour": 1}'])
def test_json_that_is_no_config_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(content)
    with pytest.raises(ConfigError):
        read_config(None, file, ["seed=1"])


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        read_config(None, tmp_path / "gone.json", [])


def test_a_seed_in_a_stack_agrees_with_the_same_seed_alone() -> None:
    config = make_config(*SMALL)
    (alone,) = train_stack([config.with_seed(3)], 10)
    _, together = train_stack([config.with_seed(1), config.with_seed(3)], 10)
    assert (alone.seed, alone.step, alone.status) == (together.seed, together.step, together.status) == (3, 10, "ok")
    assert alone.scalars["d_loss"] == pytest.approx(together.scalars["d_loss"], abs=1e-4)


@pytest.mark.parametrize("seeds", [(5,), (5, 6)])
def test_a_run_that_diverges_keeps_its_last_finite_step(
    seeds: tuple[int, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_config(*SMALL, *DIVERGING)
    outcomes = train_stack([config.with_seed(seed) for seed in seeds], 200)
    assert {outcome.status for outcome in outcomes} == {"diverged"}
    assert all(outcome.step < 200 for outcome in outcomes)
    assert "seed 5: step " in capsys.readouterr().err


def test_one_run_that_diverges_leaves_its_neighbours_alone() -> None:
    tame = make_config(*SMALL, *DIVERGING, "d_optimizer.learning_rate=0.0001", "g_optimizer.learning_rate=0.0001")
    wild, calm = train_stack([make_config(*SMALL, *DIVERGING), tame], 50)
    assert (wild.status, calm.status, calm.step) == ("diverged", "ok", 50)


def test_without_a_compiler_a_compiled_run_trains_as_any_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    lines = []
    for compiled in (False, True):
        train_runs(None, None, SMALL, 5, "3", True, compiled=compiled)
        lines.append({**json.loads(capsys.readouterr().out), "seconds": 0})
    assert lines[0] == lines[1]
    assert "steps are not compiled" in caplog.text


def test_f25_a_single_seed_can_be_saved_and_several_cannot(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    train_runs(None, None, SMALL, 5, "3", True, file)
    model = read_model(file.read_bytes(), build_catalog())
    assert (model.counters["step"], model.config.seed) == (5, 3)
    assert set(model.scalars) == {"d_loss", "g_loss"}
    with pytest.raises(ConfigError, match="expected one seed with --save, got 2"):
        train_runs(None, None, SMALL, 5, "3,4", True, file)
    with pytest.raises(FileError, match="cannot be written"):
        train_runs(None, None, SMALL, 1, "3", True, tmp_path / "nowhere" / "model.safetensors")
