"""The Dockerfile keeps its promises: not root, watched, in step with pyproject and the command line."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def read_instructions(text: str) -> list[tuple[str, str]]:
    """(instruction, arguments) of a Dockerfile, with comments dropped and continued lines joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def last_stage(instructions: list[tuple[str, str]]) -> dict[str, str]:
    """The last stage's instructions, the last of each word: what the container is started with."""
    start = max(number for number, (word, _) in enumerate(instructions) if word == "FROM")
    return dict(instructions[start:])


@pytest.fixture
def text() -> str:
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture
def stage(text: str) -> dict[str, str]:
    return last_stage(read_instructions(text))


def test_the_reader_joins_lines_drops_comments_and_keeps_the_last_stage() -> None:
    text = "FROM a AS b\nUSER root\n# no\nFROM c\nRUN one && \\\n    # between\n    two\nUSER 7"
    assert last_stage(read_instructions(text)) == {"FROM": "c", "RUN": "one &&  two", "USER": "7"}


def test_the_lab_does_not_run_as_root(stage: dict[str, str]) -> None:
    assert int(stage["USER"]) >= 1000


def test_the_image_asks_the_lab_for_its_health(stage: dict[str, str]) -> None:
    assert "/healthz" in stage["HEALTHCHECK"]
    assert "--interval" in stage["HEALTHCHECK"]


def test_the_port_that_is_exposed_is_served_and_watched(stage: dict[str, str]) -> None:
    command = json.loads(stage["CMD"])
    assert command[command.index("--port") + 1] == stage["EXPOSE"]
    assert f":{stage['EXPOSE']}/" in stage["HEALTHCHECK"]


def test_python_is_one_that_the_project_supports(text: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = tuple(map(int, project["requires-python"].removeprefix(">=").split(".")))
    found = re.search(r"^ARG PYTHON=(\d+)\.(\d+)$", text, re.MULTILINE)
    assert found
    assert tuple(map(int, found.groups())) >= oldest


def test_what_is_copied_exists_and_is_not_kept_out(text: str) -> None:
    admitted = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sources = [
        source
        for word, rest in read_instructions(text)
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    assert len(sources) >= 7
    assert [source for source in sources if f"!{source}" not in admitted or not (ROOT / source).exists()] == []


def test_every_install_follows_the_constraints(text: str) -> None:
    commands = [rest for word, rest in read_instructions(text) if word == "RUN" and "pip install" in rest]
    assert len(commands) == 2
    assert all("--constraint constraints.txt" in command for command in commands)


def test_the_command_line_knows_every_option_of_the_image(stage: dict[str, str]) -> None:
    program, command, *options = json.loads(stage["CMD"])
    assert program == "ganlab"
    shown = subprocess.run(
        [sys.executable, "-m", "server", command, "--help"],
        cwd=ROOT,
        env={"PATH": "", "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [option for option in options if option.startswith("--") and option not in shown.stdout] == []
