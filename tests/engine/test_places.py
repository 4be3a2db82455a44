"""Where runs are computed: a heavy one has a worker of its own, and is the same there."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from server.engine import reports
from server.engine.cost import HEAVY_SECONDS, allow_seconds
from server.engine.pool import Pool
from server.gan.catalog import build_catalog
from server.gan.config import check_config
from tests.tools.engine import Listener, open_pool

LARGE = {"hidden_layers": 3, "width": 64}
MIDDLING: dict[str, object] = {"generator": LARGE, "discriminator": LARGE}
HEAVY = {**MIDDLING, "batch_size": 4096}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[Pool]:
    async with open_pool() as pool:
        yield pool


async def await_spare(pool: Pool) -> None:
    """Wait for the worker that heavy runs are given to."""
    async with asyncio.timeout(60):
        while not (pool._spare and pool._spare.is_ready):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def open_run(pool: Pool, key: str, config: dict[str, object]) -> Listener:
    listener = Listener(pool, key, config)
    await listener.answer(listener.run.open(listener.config, 1))
    return listener


def find_place(pool: Pool, listener: Listener) -> int:
    """The process that computes a run."""
    (link,) = (link for link in pool._links if listener.run.key in link.runs)
    return link.process.pid


def test_what_is_heavy_is_what_would_hold_up_others() -> None:
    def allow(**config: object) -> float:
        return allow_seconds(check_config(config, build_catalog()).to_json())

    tall = {"hidden_layers": 3, "width": 256}
    assert allow() < allow(**MIDDLING) < HEAVY_SECONDS / 10
    assert allow(**HEAVY) > HEAVY_SECONDS
    assert allow(generator=tall, discriminator=tall, batch_size=4096) > 10 * HEAVY_SECONDS


@pytest.mark.asyncio(loop_scope="module")
async def test_heavy_runs_share_a_worker_that_no_other_run_is_with(pool: Pool) -> None:
    await await_spare(pool)
    light, first, second = [
        await open_run(pool, key, config)
        for key, config in (("light", {}), ("heavy", HEAVY), ("heavy too", HEAVY))
    ]  # fmt: skip
    late = await open_run(pool, "late", {})
    places = [find_place(pool, listener) for listener in (light, first, second, late)]
    assert places[0] == places[3] != places[1] == places[2]
    if sys.platform != "win32":
        niceness = [os.getpriority(os.PRIO_PROCESS, place) for place in places]
        assert niceness[1] > niceness[0]
    await first.answer(first.run.step("both", 1))
    await light.answer(light.run.step("both", 1))
    assert (first.run.position.step, light.run.position.step) == (1, 1)
    for listener in (light, first, second, late):
        pool.close_run(listener.run)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_that_becomes_heavy_goes_on_elsewhere_bit_for_bit_and_comes_back(pool: Pool) -> None:
    await await_spare(pool)
    run, alike = [await open_run(pool, key, MIDDLING) for key in ("moves", "stays")]
    place = find_place(pool, run)
    await run.answer(run.run.step("both", 20))
    await alike.answer(alike.run.step("both", 20))
    heavy = check_config(HEAVY, pool.catalog)
    assert (await run.answer(run.run.configure(heavy))).type == "applied"
    assert find_place(pool, run) != place
    assert run.run.saved[1] == alike.run.saved[1] != b""
    await run.answer(run.run.step("both", 2))
    assert [row[0] for row in run.rows()] == list(range(1, 23))
    assert (await run.answer(run.run.open(run.config, 2))).type == "applied"
    assert find_place(pool, run) == place
    await run.answer(run.run.step("both", 3))
    assert run.all(reports.Progress)[-1].position.step == 3
    for listener in (run, alike):
        pool.close_run(listener.run)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_heavy_run_that_finds_no_spare_worker_is_moved_when_there_is_one() -> None:
    async with open_pool() as pool:
        run = Listener(pool, "early", HEAVY)
        opening = run.run.open(run.config, 1)
        place = find_place(pool, run)
        await run.answer(opening)
        async with asyncio.timeout(60):
            while find_place(pool, run) == place:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (await run.answer(run.run.pause())).type == "applied"
