"""The command line, run as a user runs it: a process of its own, its output, its exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from server.__main__ import name_command

ROOT = Path(__file__).parents[1]
SMALL = ["--set", "generator.width=4", "--set", "discriminator.width=4", "--set", "batch_size=8"]


def run_ganlab(*arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run `ganlab` to its end."""
    command = [sys.executable, "-m", "server", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ([], ["serve"]),
        (["--port", "9000"], ["serve", "--port", "9000"]),
        (["serve", "--port", "9000"], ["serve", "--port", "9000"]),
        (["train", "--steps", "1"], ["train", "--steps", "1"]),
        (["--help"], ["--help"]),
        (["--version"], ["--version"]),
        (["nonsense"], ["nonsense"]),
    ],
)
def test_no_command_means_serve(given: list[str], meant: list[str]) -> None:
    assert name_command(given) == meant


def test_the_help_names_every_command_and_loads_nothing_heavy() -> None:
    program = "import sys, server.__main__ as m; sys.argv = ['ganlab', '--help']\ntry: m.main()\nfinally: "
    program += "sys.stderr.write(repr([n for n in ('torch', 'fastapi', 'pydantic', 'numpy') if n in sys.modules]))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(command in run.stdout for command in ("serve", "train", "export", "catalog"))
    assert run.stderr == "[]"


def test_the_version_is_shown() -> None:
    run = run_ganlab("--version")
    assert run.returncode == 0
    assert run.stdout.startswith("ganlab ")


def test_training_writes_one_json_object_a_seed() -> None:
    run = run_ganlab("train", *SMALL, "--steps", "5", "--seeds", "0-1,7", "--json")
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert (run.returncode, run.stderr) == (0, "")
    assert [line["seed"] for line in lines] == [0, 1, 7]
    for line in lines:
        assert set(line) == {"seed", "step", "status", "scalars", "metrics", "seconds"}
        assert (line["step"], line["status"], set(line["scalars"])) == (5, "ok", {"d_loss", "g_loss"})
        assert {"grid_js", "modes20", "sliced_w2"} <= set(line["metrics"])


def test_f22_training_twice_gives_the_same_numbers() -> None:
    first, second = (run_ganlab("train", *SMALL, "--steps", "3", "--json").stdout for _ in range(2))
    assert first.partition('"seconds"')[0] == second.partition('"seconds"')[0] != ""


def test_without_json_a_seed_is_written_to_be_read() -> None:
    run = run_ganlab("train", *SMALL, "--steps", "2", "--seeds", "3")
    assert run.stdout.startswith("seed 3: 2 steps in ")
    assert "\n  Discriminator's loss " in run.stdout
    assert "_" not in run.stdout


def test_numbers_that_are_not_finite_are_null() -> None:
    wild = "loss.name=least_squares d_optimizer.name=sgd d_optimizer.learning_rate=10 g_optimizer.name=sgd"
    options = [part for one in [*wild.split(), "g_optimizer.learning_rate=10"] for part in ("--set", one)]
    run = run_ganlab("train", *SMALL, *options, "--steps", "300", "--seeds", "0-1", "--json")
    assert run.returncode == 0
    assert [json.loads(line)["status"] for line in run.stdout.splitlines()] == ["diverged", "diverged"]
    assert "NaN" not in run.stdout
    assert "Infinity" not in run.stdout


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--set", "data.name=nope"], "data.name: expected one of"),
        (["--set", "batch_size=0"], "batch_size: expected a whole number from 1 to 4096, got 0"),
        (["--set", "generator.depth=3"], "generator.depth: unknown key"),
        (["--set", "batch_size"], "expected dotted.key=value"),
        (["--preset", "nope"], "preset: expected one of"),
        (["--config", "gone.json"], "gone.json: cannot be read"),
        (["--seeds", "4-1"], "seeds: expected"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(options: list[str], named: str) -> None:
    run = run_ganlab("train", "--steps", "1", *options)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("ganlab: ")
    assert named in run.stderr
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [["train"], ["train", "--steps", "-1"], ["train", "--steps", "1", "--preset", "a", "--config", "b"], ["nonsense"]],
)
def test_wrong_usage_has_exit_code_2_and_no_traceback(arguments: list[str]) -> None:
    run = run_ganlab(*arguments)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


def test_the_catalogue_is_data() -> None:
    catalog = json.loads(run_ganlab("catalog", "--json").stdout)
    assert "ring8" in [dataset["key"] for dataset in catalog["datasets"]]
    assert catalog["run"]["defaults"]["version"] == 1


def test_the_catalogue_is_a_table_to_read() -> None:
    run = run_ganlab("catalog")
    assert run.returncode == 0
    assert all(word in run.stdout for word in ("datasets", "ring8", "losses", "minimax"))
