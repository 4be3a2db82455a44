"""Real workers: what runs trained joined with others comes back bit for bit, alone and after a lost worker."""

import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from server.engine import reports
from server.engine.pool import Pool
from server.engine.remote import Place
from server.gan.state import RunState
from tests.tools.engine import Listener, open_pool
from tests.tools.states import is_same

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL: dict[str, object] = {
    "generator": {"width": 8},
    "discriminator": {"width": 8},
    "batch_size": 16,
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[Pool]:
    async with open_pool() as pool:
        yield pool


async def play_together(pool: Pool, name: str, least: int) -> list[Listener]:
    """Five runs that play, each at `least` that step on its way."""
    listeners = [Listener(pool, f"{name} {seed}", {**SMALL, "seed": seed}) for seed in range(5)]
    for listener in listeners:
        await listener.answer(listener.run.open(listener.config, 1))
    for listener in listeners:
        listener.run.play(None)
    for listener in listeners:
        await come_to(listener, least)
    return listeners


async def come_to(listener: Listener, step: int) -> None:
    await listener.until(lambda: listener.run.position.step >= step)


async def rest(listener: Listener) -> RunState:
    """Pause a run; its state there."""
    await listener.answer(listener.run.pause())
    return read_state(listener)


def read_state(listener: Listener) -> RunState:
    state = RunState.unpack(listener.run.saved[1])
    assert state.step == listener.run.position.step
    return state


async def go(listener: Listener, step: int, phases: int = 0) -> None:
    """Go to a step, from the beginning of the run on."""
    place = Place(b"", 0, reports.Position(step=step, phases=phases), is_start=True)
    assert (await listener.answer(listener.run.seek(place))).type == "applied"


def close(pool: Pool, listeners: list[Listener]) -> None:
    for listener in listeners:
        pool.close_run(listener.run)


async def test_steps_that_were_made_joined_with_others_come_back_bit_for_bit(pool: Pool) -> None:
    listeners = await play_together(pool, "recorded", 120)
    states = [await rest(listener) for listener in listeners]
    assert all(any(leg.made.joined for leg in listener.run.course.legs) for listener in listeners)
    for listener, state in zip(listeners[:2], states, strict=False):
        await go(listener, state.step)
        assert is_same(read_state(listener), state)
        assert [row[0] for row in listener.rows()] == list(range(1, state.step + 1))
    close(pool, listeners)


async def test_a_step_that_was_made_joined_can_be_walked_through_and_played_on_from(pool: Pool) -> None:
    listeners = await play_together(pool, "walked", 80)
    walker = listeners[0]
    state = await rest(walker)
    await go(walker, 60, phases=3)
    walker.run.play(None)
    await walker.until(lambda: any(one.recorded for one in walker.all(reports.Stopped)))
    assert is_same(read_state(walker), state)
    close(pool, listeners)


async def test_a_lost_workers_joined_runs_are_back_bit_for_bit(pool: Pool) -> None:
    listeners = await play_together(pool, "unlucky", 80)
    reached = [listener.run.position.step for listener in listeners]
    os.kill(pool.process_ids[0], signal.SIGKILL)
    for listener, step in zip(listeners, reached, strict=True):
        await come_to(listener, step + 40)
    for listener in listeners:
        state = await rest(listener)
        assert [row[0] for row in listener.rows()] == list(range(1, state.step + 1))
        before = {row[0]: row for row in listener.rows()}
        await go(listener, state.step)
        assert is_same(read_state(listener), state)
        assert before == {row[0]: row for row in listener.rows()}
    close(pool, listeners)
