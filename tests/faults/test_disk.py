"""A disk that is full, a file that another program has locked: runs go on, pages are told, and nothing is lost."""

import asyncio
import contextlib
import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.sessions.store import FILE
from tests.faults.test_restarts import CONFIG, NEXT_ID, address_of, start, wait_until_kept
from tests.tools.page import Page, open_page

pytestmark = [
    pytest.mark.timeout(240, func_only=True),
    pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limits of another process can be set on Linux"),
]
ROOM = 64 << 20
NO_LIMIT = resource.RLIM_INFINITY


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with room for a few sessions."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "ganlab", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("nobody but an administrator can mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write a file that takes all the room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


async def change(page: Page, rate: float) -> None:
    """Change a setting, and wait for the answer."""
    answer = await page.command("configure", config={**CONFIG, "g_optimizer": {"learning_rate": rate}})
    assert answer["type"] == "done", answer


async def train_on(page: Page) -> None:
    """Wait until the run, which plays, has made many more steps."""
    aim = page.status["step"] + 200
    await page.until(lambda: bool(page.status["step"] > aim))


async def check_all_is_there(url: str, key: str, rates: list[float]) -> None:
    """The run of that key has been given these learning rates, and has every row."""
    async with open_page(url, session=key) as page:
        await page.command("step", id=NEXT_ID)
        changes = [mark["changes"]["g_optimizer.learning_rate"][1] for mark in page.all("mark") if mark["changes"]]
        assert changes == rates
        assert page.all("welcome")[0]["status"]["unkept"] is None
        steps = [step for step, _, _ in page.rows(page.status["revision"])]
        assert steps == list(range(1, steps[-1] + 1))


def test_a_full_disk_stops_no_run_is_told_once_and_is_caught_up_with_when_there_is_room(small_disk: Path) -> None:
    async def live(url: str) -> str:
        async with open_page(url, config=CONFIG) as page:
            await change(page, 0.002)
            await page.command("play")
            ballast = fill(small_disk)
            await page.until(lambda: bool(page.status["unkept"]))
            assert page.status["unkept"].startswith("The lab's disk is full: training goes on")
            await change(page, 0.003)
            await train_on(page)
            assert page.status["state"] == "running"
            async with open_page(url) as other:
                # It stands in the way of nobody: who comes now can train, and is told.
                await other.command("step")
                await other.until(lambda: bool(other.status["unkept"]))
            ballast.unlink()
            await page.until(lambda: page.status["unkept"] is None)
            await page.command("pause")
            await wait_until_kept(page, small_disk)
            assert page.all("failure") == []
            return str(page.all("welcome")[0]["session"])

    with start(small_disk) as lab:
        key = asyncio.run(live(address_of(lab)))
        lab.process.kill()
        lab.process.wait(20)
    assert len([line for line in lab.lines if "sessions cannot be kept" in line]) == 1
    with start(small_disk) as lab:
        asyncio.run(check_all_is_there(address_of(lab), key, [0.002, 0.003]))


def test_a_disk_that_fails_to_write_stops_no_run_and_loses_nothing(tmp_path: Path) -> None:
    async def live(url: str, pid: int) -> str:
        async with open_page(url, config=CONFIG) as page:
            await change(page, 0.002)
            await page.command("play")
            # Every write beyond the first pages fails from here on.
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (8192, NO_LIMIT))
            await change(page, 0.003)
            await page.until(lambda: bool(page.status["unkept"]))
            assert page.status["unkept"].startswith("The lab cannot use the file in which it keeps its runs")
            await train_on(page)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (NO_LIMIT, NO_LIMIT))
            await page.until(lambda: page.status["unkept"] is None)
            await wait_until_kept(page, tmp_path)
            return str(page.all("welcome")[0]["session"])

    with start(tmp_path) as lab:
        key = asyncio.run(live(address_of(lab), lab.process.pid))
        lab.process.kill()
        lab.process.wait(20)
    with start(tmp_path) as lab:
        asyncio.run(check_all_is_there(address_of(lab), key, [0.002, 0.003]))


def test_a_file_that_another_program_has_locked_is_said_and_caught_up_with(tmp_path: Path) -> None:
    async def live(url: str) -> str:
        async with open_page(url, config=CONFIG) as page:
            await change(page, 0.002)
            await page.command("play")
            with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                await change(page, 0.003)
                await page.until(lambda: bool(page.status["unkept"]))
                assert page.status["unkept"].startswith("Another program has locked the file")
                await train_on(page)
                other.execute("ROLLBACK")
            await page.until(lambda: page.status["unkept"] is None)
            await wait_until_kept(page, tmp_path)
            return str(page.all("welcome")[0]["session"])

    with start(tmp_path) as lab:
        key = asyncio.run(live(address_of(lab)))
        lab.process.kill()
        lab.process.wait(20)
    with start(tmp_path) as lab:
        asyncio.run(check_all_is_there(address_of(lab), key, [0.002, 0.003]))
