"""What the fixtures of the browser's tests promise to each test."""

import subprocess
import sys
from pathlib import Path

from tests.tools.lab import ROOT

TEST_THAT_FAILS = """
from pathlib import Path

import pytest

from tests.browser import conftest
from tests.tools.lab import Lab

conftest.PICTURES = Path(__file__).parent


@pytest.fixture(scope="package")
def running_lab():
    return Lab(None, "http://127.0.0.1:9/")


@pytest.mark.flaky(reruns=1)
def test_it_fails(page):
    page.set_content("<p>What it looked like")
    assert not page.get_by_text("What it looked like").is_visible()
"""


def test_a_test_that_fails_leaves_a_picture_also_where_it_has_a_second_try(tmp_path: Path) -> None:
    file = tmp_path / "test_failing.py"
    file.write_text(TEST_THAT_FAILS)
    options = f"-p tests.browser.conftest -p no:xdist -p no:cacheprovider --rootdir {tmp_path}"
    command = [sys.executable, "-m", "pytest", *options.split(), str(file)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "1 failed, 1 rerun" in found.stdout, found.stdout + found.stderr
    assert [picture.suffix for picture in tmp_path.glob("*test-it-fails*")] == [".png"]
