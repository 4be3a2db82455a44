"""A lesson of the benchmark, as the benchmark gives it."""

from pathlib import Path

from tests.bench.browser import open_session
from tests.bench.classroom import give_lesson, open_class


def test_a_class_has_its_lesson_while_a_browser_session_is_open(tmp_path: Path) -> None:
    with open_session(tmp_path / "page", {}), open_class(tmp_path / "class") as lab:
        lesson = give_lesson(lab, {}, 2.0, clients=2)
    assert not lesson.figures.errors
    assert lesson.figures.steps > 0
    assert lesson.memory > 100 << 20, "a lab with torch in it takes more"
