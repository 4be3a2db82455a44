"""Readers that stop, stall or vanish: they cost the lab bounded memory, no descriptor for long, and nobody's time."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from server.load.client import Client
from server.load.trial import Plan, find_socket, try_lab
from tests.tools.deaf import open_deaf
from tests.tools.held import Held, needs_proc
from tests.tools.lab import Lab, count_open, open_lab
from tests.tools.page import open_page
from tests.tools.storm import raise_storm

GONE_SECONDS = 60.0
"""How long a test waits for what takes ten seconds on a machine that is not busy."""
PAGES, RUNS = 300, 10


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab whose descriptors nobody else uses, and which lets a lonely session go soon."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLAB_GRACE_SECONDS", "1")
        with open_lab(tmp_path_factory.mktemp("faults"), ["--workers", "1"]) as lab:
            yield lab


async def wait_until_held(lab: Lab, descriptors: int) -> int:
    """Wait until the lab holds no more than so many descriptors; returns how many it holds."""
    held = Held.of(lab.process.pid).descriptors
    for _ in range(int(GONE_SECONDS / 0.2)):
        held = Held.of(lab.process.pid).descriptors
        if held <= descriptors:
            break
        await asyncio.sleep(0.2)
    return held


async def wait_until_over(lab: Lab) -> dict[str, int]:
    """Wait until no session is open; returns how many are, and how many runs the workers have."""
    left: dict[str, int] = {}
    for _ in range(int(GONE_SECONDS / 0.2)):
        left = await asyncio.to_thread(count_open, lab)
        if not any(left.values()):
            break
        await asyncio.sleep(0.2)
    return left


async def bear_deaf_pages(lab: Lab, descriptors: int) -> Held:
    """Let three clients work beside five deaf pages; what the lab holds once it has let those go.

    Raises: AssertionError where the clients were disturbed, or the deaf ones' descriptors stay.
    """
    deaf = [open_deaf(lab.url, wishes=20) for _ in range(5)]
    figures = await try_lab(lab.url, Plan(clients=3, seconds=6.0))
    assert figures.errors == {}
    assert figures.steps > 0
    assert await wait_until_held(lab, descriptors) <= descriptors
    for one in deaf:
        one.close()
    return Held.of(lab.process.pid)


@needs_proc
async def test_pages_that_never_read_are_let_go_and_their_sessions_end(lab: Lab) -> None:
    descriptors = Held.of(lab.process.pid).descriptors
    # What eight sessions at once need is taken in the first rounds, and used again from then on.
    first, second, _, last = [await bear_deaf_pages(lab, descriptors) for _ in range(4)]
    assert last.memory - max(first.memory, second.memory) < 5 * (1 << 20) + (16 << 20)


@needs_proc
async def test_pages_that_vanish_without_a_word_leave_nothing_behind(lab: Lab) -> None:
    before = Held.of(lab.process.pid)
    clients = [Client(find_socket(lab.url), {"seed": seed}, 0.01) for seed in range(20)]
    for client in clients:
        await client.open()
        await client.command("play")
    async with asyncio.timeout(60):
        while clients[0].head == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert Held.of(lab.process.pid).descriptors > before.descriptors + 15
    heads = [client.head for client in clients]
    for client in clients:
        await client.drop()
    assert await wait_until_held(lab, before.descriptors) <= before.descriptors
    assert all(client.record.errors == {} for client in clients)
    # Nobody has come back: the sessions are kept, and neither they nor their runs take any more of the lab.
    assert await wait_until_over(lab) == {"sessions": 0, "runs": 0}
    async with open_page(find_socket(lab.url), session=clients[0].session) as page:
        await page.command("pause", id=1_000)
        assert page.status["head"] >= heads[0] > 0
        assert [step for step, *_ in page.rows(page.status["revision"])] == list(range(1, page.status["head"] + 1))


async def test_a_storm_of_three_hundred_pages_that_come_back_finds_every_run_with_every_row(lab: Lab) -> None:
    clients = [Client(find_socket(lab.url), {"seed": seed}, 0.2, patience=100.0) for seed in range(PAGES)]
    first = clients[:RUNS]
    for client in first:
        await client.open()
        await client.command("play")
    for number, client in enumerate(clients[RUNS:]):
        client.session = first[number % RUNS].session
    await asyncio.gather(*(client.open() for client in clients[RUNS:]))
    sessions = [client.session for client in clients]
    storm = await raise_storm(lab.url, clients)
    assert storm.tries >= PAGES
    assert len(storm.health) > 0
    assert [client.session for client in clients] == sessions
    returned = time.monotonic()
    await asyncio.gather(*(client.paint(lambda step: step > 0, since=returned) for client in clients))
    await asyncio.gather(*(client.command("pause") for client in clients))
    await asyncio.gather(*(client.close() for client in clients))
    assert all(client.record.errors == {} for client in clients), [client.record.errors for client in clients]
    assert all(client.record.steps == client.head > 0 for client in clients)
