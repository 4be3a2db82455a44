"""What every test may use: one torch thread, a real lab, and a fair division among test processes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.lab import Lab, open_lab

# The test processes already use every core; torch's own threads would fight over them. It reads this when it is
# imported, here and in the labs that the tests start.
os.environ["OMP_NUM_THREADS"] = "1"

BROWSER_TESTS = Path(__file__).parent / "browser"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, and all browser tests in one, so that they share one lab and one browser."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        together = "browser" if item.path.is_relative_to(BROWSER_TESTS) else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(together))


@pytest.fixture(scope="session")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The real server with one worker, started as a user starts it; `running_lab.url` is its address."""
    with open_lab(tmp_path_factory.mktemp("lab"), ["--workers", "1"]) as lab:
        yield lab
