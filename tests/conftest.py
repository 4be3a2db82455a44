"""What every test may use: one torch thread, a real worker, a real lab, and a fair division among test processes."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from server.engine.pool import Pool
from tests.tools.engine import open_pool
from tests.tools.lab import Lab, open_lab

BROWSER_TESTS = Path(__file__).parent / "browser"
"""A browser on a shared machine stalls now and then: such a test has two more tries, and the summary says so."""

# The test processes already use every core; torch's own threads would fight over them. It reads this when it is
# imported, here and in the labs that the tests start.
os.environ["OMP_NUM_THREADS"] = "1"
# A compiler takes half a minute for a step, of time that the tests need: those that are about it ask for it.
os.environ["GANLAB_COMPILE"] = "no"

# A loaded machine makes even one value slowly; no test of this project is about time.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark of a shared process known also where there is only one."""
    config.addinivalue_line("markers", "xdist_group(name): tests of one name run in one process, one after the other")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, unless they name it; a lab and a browser are started once a process."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
        if item.path.is_relative_to(BROWSER_TESTS):
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="session", autouse=True)
def own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A place for what a plain lab keeps of its user: nothing is written to the home of who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The real server with one worker, started as a user starts it; `running_lab.url` is its address.

    A run whose page is gone ends soon, so that it does not train on beside the next test's.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLAB_GRACE_SECONDS", "10")
        with open_lab(tmp_path_factory.mktemp("lab"), ["--workers", "1"]) as lab:
            yield lab


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[Pool]:
    """One worker for all tests of a module; one that is killed is replaced."""
    async with open_pool() as pool:
        yield pool
