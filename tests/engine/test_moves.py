"""A run that moves to another worker: nothing that was told is told again, and nothing that was asked is lost."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from server.engine import reports
from server.engine.link import WorkerLink
from server.engine.pool import Pool
from server.protocol.frames import decode_frame
from tests.tools.engine import Listener, check_steps, open_pool, wait_for_all
from tests.tools.shop import SMALL

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def pool() -> AsyncIterator[Pool]:
    async with open_pool(workers=2, heartbeat_seconds=600.0, compile=False) as pool:
        await wait_for_all(pool)
        yield pool


async def play(pool: Pool, key: str, steps: int = 30) -> Listener:
    """Open a run at the first worker, and let it play."""
    listener = Listener(pool, key, SMALL)
    find_place(pool, listener).runs.pop(key)
    pool._links[0].adopt(listener.run)
    await listener.answer(listener.run.open(listener.config, 1))
    await listener.answer(listener.run.play(None))
    await listener.until(lambda: listener.run.position.step >= steps)
    return listener


def find_place(pool: Pool, listener: Listener) -> WorkerLink:
    (place,) = [link for link in pool._links if listener.run.key in link.runs]
    return place


def give(pool: Pool, listener: Listener, place: WorkerLink) -> None:
    """Have a run computed elsewhere at once, as one that has become heavy."""
    find_place(pool, listener).dismiss(listener.run)
    place.adopt(listener.run)
    listener.run.resume()


def count_answers(listener: Listener, number: int) -> int:
    return sum(report.number == number for report in listener.all(reports.Applied))


async def test_what_a_worker_had_still_to_tell_is_not_heard_when_the_run_is_soon_back(pool: Pool) -> None:
    listener = await play(pool, "there and back")
    here, there = pool._links
    number = listener.run.play(1000.0)
    time.sleep(0.3)  # noqa: ASYNC251  # it goes on and tells of it, and nobody listens
    give(pool, listener, there)
    give(pool, listener, here)
    reached = listener.run.position.step
    await listener.until(lambda: listener.run.position.step >= reached + 50)
    await check_steps(listener)
    assert count_answers(listener, number) == 1


async def test_a_session_of_a_key_that_is_back_hears_nothing_of_the_run_before(pool: Pool) -> None:
    before = await play(pool, "again")
    time.sleep(0.3)  # noqa: ASYNC251  # as above
    pool.close_run(before.run)
    told = len(before.reports)
    after = await play(pool, "again")
    await check_steps(after)
    assert len(before.reports) == told


async def test_a_run_that_is_handed_over_makes_no_step_twice_and_shows_none_again(pool: Pool) -> None:
    listener = await play(pool, "handed over")
    here, there = pool._links
    for link, place in ((here, there), (there, here)):
        for _ in range(3):
            listener.run.want(1, ("generated",), fixed=False)
            frames = len(listener.frames)
            await listener.until(lambda: len(listener.frames) > frames)  # noqa: B023
        listener.run.want(1, ("generated",), fixed=False)
        pool._hand_over(listener.run, link, place)
        await listener.until(lambda: listener.run.key in place.runs)  # noqa: B023
        assert listener.run.saved[1]
        assert listener.run._kept.step == listener.run.position.step
    frames = len(listener.frames)
    await listener.until(lambda: len(listener.frames) > frames)
    shown = [int(decode_frame(frame)[1]["step"]) for frame in listener.frames]
    assert shown == sorted(shown)
    await check_steps(listener)


async def test_what_is_asked_of_a_run_on_its_way_is_answered_once_where_it_comes_to(pool: Pool) -> None:
    listener = await play(pool, "asked")
    here, there = pool._links
    pool._hand_over(listener.run, here, there)
    was_on_its_way = here.hands_over
    numbers = [listener.run.step("both", 3), listener.run.pause(), listener.run.step("both", 2)]
    listener.run.want(1, ("generated",), fixed=True)
    await listener.answer(numbers[-1])
    await listener.until(lambda: bool(listener.frames))
    assert [count_answers(listener, number) for number in numbers] == [1, 1, 1]
    assert find_place(pool, listener) is there
    assert (was_on_its_way, here.hands_over) == (True, False)
    await check_steps(listener)


async def test_a_run_on_its_way_that_is_moved_at_once_hears_nothing_of_where_it_was(pool: Pool) -> None:
    listener = await play(pool, "moved on the way")
    here, there = pool._links
    time.sleep(0.3)  # noqa: ASYNC251  # as above
    pool._hand_over(listener.run, here, there)
    give(pool, listener, there)
    reached = listener.run.position.step
    await listener.until(lambda: listener.run.position.step >= reached + 50)
    await check_steps(listener)
    assert not here.hands_over


async def test_a_run_that_is_closed_on_its_way_goes_nowhere(pool: Pool) -> None:
    listener = await play(pool, "closed on its way")
    here, there = pool._links
    pool._hand_over(listener.run, here, there)
    pool.close_run(listener.run)
    told = len(listener.reports)
    after = await play(pool, "closed on its way")
    await check_steps(after)
    assert not here.hands_over
    assert find_place(pool, after) is here
    assert len(listener.reports) == told


@pytest.mark.parametrize("lost", [0, 1], ids=["where it is", "where it goes"])
async def test_a_run_on_its_way_survives_the_loss_of_a_worker(lost: int) -> None:
    async with open_pool(workers=2, compile=False) as pool:
        async with asyncio.timeout(60):
            while not all(link.is_ready for link in pool._links):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        listener = await play(pool, "unlucky")
        here, there = pool._links
        os.kill((here, there)[lost].process.pid, signal.SIGKILL)
        pool._hand_over(listener.run, here, there)
        number = listener.run.step("both", 3)
        await listener.answer(number)
        assert count_answers(listener, number) == 1
        await check_steps(listener)


async def test_a_lab_that_ends_while_a_run_is_on_its_way_ends_in_order() -> None:
    async with open_pool(workers=2, compile=False) as pool:
        listener = await play(pool, "ends")
        pool._hand_over(listener.run, *pool._links)
        processes = [link.process for link in pool._links]
    assert all(process.returncode is not None for process in processes)
