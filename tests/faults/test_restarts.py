"""A lab that ends and is started again, however it ended: its sessions are where their pages left them."""

import asyncio
import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from server.sessions.store import FILE
from tests.tools.held import list_children
from tests.tools.lab import Lab, open_lab
from tests.tools.page import Page, open_page

pytestmark = pytest.mark.timeout(240, func_only=True)
KEPT_SECONDS = 30.0
"""How long a test waits for what is kept within a few seconds on a machine that is not busy."""
NEXT_ID = 1_000
"""Later than all commands of the pages before: those that were answered are not carried out again."""
CONFIG: dict[str, Any] = {"batch_size": 16}


@contextmanager
def start(folder: Path, *options: str) -> Iterator[Lab]:
    """A lab with one worker that keeps its sessions in a folder."""
    with open_lab(folder, ["--workers", "1", *options]) as lab:
        yield lab


def address_of(lab: Lab) -> str:
    """Where its websocket is."""
    return lab.url.replace("http://", "ws://") + "ws"


async def wait_until_kept(page: Page, folder: Path) -> None:
    """Wait until the file has as many events as the page has seen by now."""
    seen = max(message["event"] for message in page.messages if "event" in message)
    deadline = time.monotonic() + KEPT_SECONDS
    while time.monotonic() < deadline:
        with closing(sqlite3.connect(folder / FILE)) as file:
            kept = [json.loads(told)["newest"] for (told,) in file.execute("SELECT told FROM sessions")]
        if kept and max(kept) >= seen:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"not kept within {KEPT_SECONDS:g} s")


def has_trained(page: Page, step: int = 30) -> bool:
    """Tell whether its run is beyond a step."""
    return bool(page.status["step"] > step)


async def read_to_the_end(page: Page) -> None:
    """Read until the lab closes the connection, because it ends."""
    with pytest.raises(ConnectionClosed, match="1012"):
        await page.until(lambda: False)


def list_rows(page: Page) -> list[int]:
    """The steps of the rows that a page was told in its newest revision."""
    return [step for step, _, _ in page.rows(page.status["revision"])]


def test_a_killed_lab_has_every_row_that_was_kept_and_every_change_that_was_answered(tmp_path: Path) -> None:
    async def live(lab: Lab) -> tuple[str, int, list[tuple[int, float | None, float | None]]]:
        async with open_page(address_of(lab), config=CONFIG) as page:
            await page.command("play")
            await page.until(lambda: page.status["step"] > 100)
            await wait_until_kept(page, tmp_path)
            kept = page.rows()
            await page.command("rename", branch=1, name="the first")
            answer = await page.command("configure", config={**CONFIG, "g_optimizer": {"learning_rate": 0.0123}})
            # It is killed while it plays, right after the answer.
            lab.process.send_signal(signal.SIGKILL)
            assert lab.process.wait(20) == -signal.SIGKILL
            return page.all("welcome")[0]["session"], answer["step"], kept

    async def come_back(lab: Lab, key: str, changed_at: int, kept: list[Any]) -> None:
        async with open_page(address_of(lab), session=key, seen=10_000) as page:
            # It goes on where it was.
            answer = await page.command("step", id=NEXT_ID)
            welcome = page.all("welcome")[0]
            assert (welcome["session"], welcome["restored"], welcome["status"]["state"]) == (key, True, "paused")
            assert page.all("tree")[-1]["branches"][0]["name"] == "the first"
            assert page.all("configured")[-1]["config"]["g_optimizer"]["learning_rate"] == 0.0123
            assert [mark["step"] for mark in page.all("mark") if mark["text"] == "changed"] == [changed_at]
            assert page.status["head"] >= changed_at >= kept[-1][0]
            assert page.rows(page.status["revision"])[: len(kept)] == kept
            assert answer["step"] == welcome["status"]["step"] + 1
            assert (await page.command("seek", id=NEXT_ID + 1, step=kept[0][0]))["type"] == "done"

    with start(tmp_path) as lab:
        told = asyncio.run(live(lab))
    with start(tmp_path) as lab:
        asyncio.run(come_back(lab, *told))


def test_a_lab_that_is_stopped_while_several_play_keeps_the_last_of_each_and_is_gone_in_five_seconds(
    tmp_path: Path,
) -> None:
    async def live(lab: Lab) -> dict[str, tuple[int, int]]:
        seen = {}
        async with (
            open_page(address_of(lab), config={**CONFIG, "seed": 1}) as one,
            open_page(address_of(lab), config={**CONFIG, "seed": 2}) as two,
            open_page(address_of(lab), config={**CONFIG, "seed": 3}) as three,
        ):
            pages = (one, two, three)
            # All at once: a page that does not read is let go.
            await asyncio.gather(*(page.command("play") for page in pages))
            await asyncio.gather(*(page.until(partial(has_trained, page)) for page in pages))
            began = time.monotonic()
            lab.process.send_signal(signal.SIGTERM)
            await asyncio.gather(*map(read_to_the_end, pages))
            for page in pages:
                seen[page.all("welcome")[0]["session"]] = page.status["head"], list_rows(page)[-1]
            assert lab.process.wait(20) == 0
            assert time.monotonic() - began < 5
        return seen

    async def come_back(lab: Lab, key: str, head: int, last: int) -> None:
        async with open_page(address_of(lab), session=key) as page:
            await page.command("pause", id=NEXT_ID)
            assert page.status["head"] >= head
            assert list_rows(page)[-1] >= last
            assert list_rows(page) == list(range(1, list_rows(page)[-1] + 1))

    with start(tmp_path) as lab:
        seen = asyncio.run(live(lab))
    with start(tmp_path) as lab:
        for key, (head, last) in seen.items():
            asyncio.run(come_back(lab, key, head, last))


def test_a_run_that_was_opened_from_a_file_is_there_after_the_lab_was_killed_at_the_answer(tmp_path: Path) -> None:
    async def live(lab: Lab) -> str:
        async with (
            httpx.AsyncClient(base_url=lab.url, timeout=60, headers={"Origin": lab.url.rstrip("/")}) as http,
            open_page(address_of(lab), config=CONFIG) as one,
            open_page(address_of(lab), config={**CONFIG, "seed": 5}) as two,
        ):
            first, second = (str(page.all("welcome")[0]["session"]) for page in (one, two))
            await one.command("step", count=3)
            await one.command("rename", branch=1, name="the first")
            saved = await http.get(f"api/sessions/{first}/run")
            opened = await http.post(f"api/sessions/{second}/run", content=saved.content)
            lab.process.kill()
            assert opened.json() == {"step": 3, "head": 3, "branches": 1}
            lab.process.wait(20)
            return second

    async def come_back(lab: Lab, key: str) -> None:
        async with open_page(address_of(lab), session=key) as page:
            await page.command("pause", id=NEXT_ID)
            assert page.all("tree")[-1]["branches"][0]["name"] == "the first"
            assert page.status["head"] == 3

    with start(tmp_path) as lab:
        key = asyncio.run(live(lab))
    with start(tmp_path) as lab:
        asyncio.run(come_back(lab, key))


def test_a_second_signal_ends_a_lab_that_waits_for_its_disk_and_no_answered_change_is_lost(tmp_path: Path) -> None:
    async def live(lab: Lab) -> str:
        async with open_page(address_of(lab), config=CONFIG) as page:
            await page.command("rename", branch=1, name="the first")
            await page.command("play")
            await page.until(partial(has_trained, page))
            with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                lab.process.send_signal(signal.SIGTERM)
                lab.process.send_signal(signal.SIGTERM)
                assert lab.process.wait(20) == 0
            return str(page.all("welcome")[0]["session"])

    async def come_back(lab: Lab, key: str) -> None:
        async with open_page(address_of(lab), session=key) as page:
            await page.command("pause", id=NEXT_ID)
            assert page.all("welcome")[0]["session"] == key
            assert page.all("tree")[-1]["branches"][0]["name"] == "the first"

    with start(tmp_path) as lab:
        key = asyncio.run(live(lab))
    assert not [line for line in lab.lines if "Traceback" in line]
    with start(tmp_path) as lab:
        asyncio.run(come_back(lab, key))


def test_a_second_signal_while_pages_are_told_ends_a_lab_in_order_and_what_it_has_kept_is_there(tmp_path: Path) -> None:
    async def live(lab: Lab) -> tuple[str, int]:
        async with open_page(address_of(lab), config=CONFIG) as page:
            await page.command("play")
            await page.until(partial(has_trained, page))
            await wait_until_kept(page, tmp_path)
            kept = list_rows(page)[-1]
            lab.process.send_signal(signal.SIGTERM)
            await read_to_the_end(page)
            lab.process.send_signal(signal.SIGTERM)
            # The second one may find nothing of the lab left but its process, which it then ends.
            assert lab.process.wait(20) in (0, -signal.SIGTERM)
            return str(page.all("welcome")[0]["session"]), kept

    async def come_back(lab: Lab, key: str, kept: int) -> None:
        async with open_page(address_of(lab), session=key) as page:
            await page.command("pause", id=NEXT_ID)
            assert list_rows(page) == list(range(1, list_rows(page)[-1] + 1))
            assert list_rows(page)[-1] >= kept

    with start(tmp_path) as lab:
        workers = list_children(lab.process.pid)
        told = asyncio.run(live(lab))
    assert not [line for line in lab.lines if "Traceback" in line]
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    with start(tmp_path) as lab:
        asyncio.run(come_back(lab, *told))


def test_a_lab_with_a_damaged_file_starts_says_so_and_moves_it_aside(tmp_path: Path) -> None:
    rubbish = b"this is no database" * 1000
    (tmp_path / FILE).write_bytes(rubbish)

    async def live(lab: Lab) -> None:
        async with open_page(address_of(lab), session="gone", config=CONFIG) as page:
            assert (await page.command("step"))["step"] == 1
            await wait_until_kept(page, tmp_path)

    with start(tmp_path) as lab:
        asyncio.run(live(lab))
    assert (tmp_path / f"{FILE}.aside-1").read_bytes() == rubbish
    assert [line for line in lab.lines if "cannot be read" in line and f"{FILE}.aside-1" in line]
    assert not [line for line in lab.lines if "Traceback" in line]
