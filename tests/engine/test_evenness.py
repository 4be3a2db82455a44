"""Playing runs are spread over the workers: who moves goes on bit for bit, and nobody moves without need."""

import asyncio

import pytest

from server.engine.evenness import BEATS, MOST_MOVES, Evenness, Move, find_move
from server.engine.pool import Pool
from tests.tools.engine import Listener, check_steps, open_pool, wait_for_all
from tests.tools.shop import SMALL

RUNS = 8


def test_runs_move_from_where_most_play_to_where_fewest_do_until_they_are_about_as_many() -> None:
    assert find_move([3, 1]) == Move(1, 0, 1)
    assert find_move([1, 2, 6]) == Move(2, 2, 0)
    assert find_move([0, 40]) == Move(MOST_MOVES, 1, 0)
    for even in ([], [5], [0, 1], [2, 1, 2], [50, 46]):
        assert find_move(even) is None


def test_nobody_moves_for_a_moment() -> None:
    evenness = Evenness()
    for _ in range(3):
        assert [evenness.watch([4, 0]) for _ in range(BEATS - 1)] == [None] * (BEATS - 1)
        assert evenness.watch([2, 2]) is None
    told = [evenness.watch([4, 0]) for _ in range(BEATS)]
    assert told == [None] * (BEATS - 1) + [Move(2, 0, 1)]
    assert evenness.watch([4, 0]) is None


def count_places(pool: Pool, listeners: list[Listener]) -> list[int]:
    return sorted(sum(listener.run.key in link.runs for listener in listeners) for link in pool._links)


@pytest.mark.asyncio
async def test_playing_runs_spread_over_the_workers_and_go_on_bit_for_bit() -> None:
    async with open_pool(workers=2, heartbeat_seconds=0.8, compile=False) as pool:
        await wait_for_all(pool)
        runs = [Listener(pool, f"{seed}", {**SMALL, "seed": seed}) for seed in range(RUNS)]
        for listener in runs:
            await listener.answer(listener.run.open(listener.config, 1))
        crowd = [listener for listener in runs if listener.run.key in pool._links[0].runs]
        assert count_places(pool, crowd) == [0, RUNS // 2]
        for listener in crowd[:3]:  # fewer than a stack has: each is trained by itself
            await listener.answer(listener.run.play(None))
        async with asyncio.timeout(60):
            while count_places(pool, crowd[:3]) != [1, 2]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        (moved,) = [listener for listener in crowd[:3] if listener.run.key in pool._links[1].runs]
        reached = moved.run.position.step
        await moved.until(lambda: moved.run.position.step > reached + 100)
        await check_steps(moved)
