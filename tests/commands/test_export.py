"""`ganlab export`: what it writes, and where."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from server.commands.configs import read_config
from server.commands.export import export_run
from server.errors import ConfigError, FileError
from server.gan.catalog import build_catalog
from server.gan.export.notebook import write_notebook
from server.gan.export.script import write_script


def test_the_command_writes_the_script_of_the_run_it_is_given(tmp_path: Path) -> None:
    options = ["--preset", "line", "--set", "seed=4", "--steps", "7"]
    command = [sys.executable, "-m", "server", "export", *options]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    config = read_config("line", None, ["seed=4"])
    assert said.stdout == write_script(config, 7, build_catalog())
    assert said.stderr == ""


def test_a_notebook_is_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.ipynb"
    export_run("ring", None, ["batch_size=20"], 5, True, file)
    written = file.read_text(encoding="utf-8")
    assert written == write_notebook(read_config("ring", None, ["batch_size=20"]), 5, build_catalog())
    assert json.loads(written)["nbformat"] == 4
    assert capsys.readouterr().out == ""


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone\.json: cannot be read"):
        export_run(None, tmp_path / "gone.json", [], 5, False)
    with pytest.raises(FileError, match="cannot be written"):
        export_run(None, None, [], 5, False, tmp_path / "nowhere" / "run.py")
    with pytest.raises(ConfigError, match="expected one of"):
        export_run("tpyo", None, [], 5, False)


def test_a_run_begins_with_one_thing() -> None:
    command = [sys.executable, "-m", "server", "export", "--steps", "1", "--preset", "line", "--config", "run.json"]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 2
    assert "not with both" in run.stderr
