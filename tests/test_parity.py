"""What GAN Lab has (P), what its paper promises (U) and what it gets wrong (F): every number is borne by a test."""

import re
from collections.abc import Iterator

import pytest

from tests.tools.lab import ROOT

TESTS = ROOT / "tests"
COUNTS = {"p": 60, "u": 6, "f": 35}
PYTHON_NAME = re.compile(r"def test((?:_[puf]\d+)+)_\w*\(")
SCRIPT_NAME = re.compile(r"""^test\(\s*["'`]([PUF]\d+(?:(?:, | and )[PUF]\d+)*):""", re.MULTILINE)


def list_numbers(text: str) -> Iterator[str]:
    """The numbers that the names of a file's tests begin with, such as p14."""
    for pattern in (PYTHON_NAME, SCRIPT_NAME):
        for names in pattern.findall(text):
            yield from re.findall(r"[puf]\d+", names.lower())


def test_numbers_are_read_from_the_names_in_both_languages() -> None:
    python = "".join(f"def {name}(page: Page) -> None:\n" for name in ("test_p1_f20_it_is_so", "test_p6x_is_none"))
    scripts = 'test("P3 and F4: it is so", () => {\ntest("P5 alone is none", () => {\n'
    assert list(list_numbers(python + scripts)) == ["p1", "f20", "p3", "f4"]


@pytest.mark.parametrize("kind", COUNTS)
def test_every_number_is_borne_by_a_test(kind: str) -> None:
    files = [*TESTS.rglob("test_*.py"), *(TESTS / "js").glob("*.test.js")]
    borne = {number for file in files for number in list_numbers(file.read_text()) if number.startswith(kind)}
    assert borne == {f"{kind}{number}" for number in range(1, COUNTS[kind] + 1)}


def test_f33_one_command_runs_every_check_and_ci_runs_that_command() -> None:
    (target,) = re.findall(r"^test:([^#]*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(target.split()) == {"lint", "types", "test-js", "test-py"}
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"
