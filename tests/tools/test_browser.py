"""The search for a browser."""

from pathlib import Path

import pytest

from tests.tools.browser import COMMANDS, find_browser


def put_program(folder: Path, name: str) -> Path:
    """An empty program that can be found on PATH."""
    program = folder / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch(mode=0o755)
    return program


def test_a_browser_that_the_user_names_comes_first(tmp_path: Path) -> None:
    named = put_program(tmp_path / "own", "my-browser")
    put_program(tmp_path / "path", "chromium")
    environment = {"CHROME_PATH": str(named), "PATH": str(tmp_path / "path")}
    assert find_browser(environment) == named


def test_a_named_browser_that_does_not_exist_is_not_replaced_by_another(tmp_path: Path) -> None:
    put_program(tmp_path, "chromium")
    assert find_browser({"CHROME_PATH": str(tmp_path / "gone"), "PATH": str(tmp_path)}) is None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_usual_name_is_found_on_path(tmp_path: Path, command: str) -> None:
    program = put_program(tmp_path, command)
    assert find_browser({"PATH": str(tmp_path), "HOME": str(tmp_path / "home")}) == program


def test_a_browser_that_playwright_downloaded_is_found(tmp_path: Path) -> None:
    program = put_program(tmp_path / ".cache" / "ms-playwright" / "chromium-1" / "chrome-linux", "chrome")
    assert find_browser({"PATH": "", "HOME": str(tmp_path)}) == program
