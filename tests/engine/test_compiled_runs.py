"""Real workers with a compiler's work at hand: what was compiled comes back bit for bit, and so does what was not."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.engine import reports
from server.engine.course import Leg
from server.engine.pool import Pool
from tests.engine.test_joined_runs import SMALL, close, come_to, go, play_together, read_state, rest
from tests.tools.compiled import COMPILING, build_programs, needs_compiler, shares_programs
from tests.tools.engine import Listener, open_pool
from tests.tools.states import find_distance, is_same

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_compiler, shares_programs, *COMPILING]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of programs: one of a single run, one of a stack."""
    return build_programs(tmp_path_factory.getbasetemp())


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool(cache: Path) -> AsyncIterator[Pool]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache.parents[1]))
        async with open_pool(compile=True) as pool:
            yield pool


async def play_alone(pool: Pool, name: str, least: int) -> Listener:
    listener = Listener(pool, name, {**SMALL, "seed": 3})
    await listener.answer(listener.run.open(listener.config, 1))
    listener.run.play(None)
    await come_to(listener, least)
    return listener


def find_compiled(listener: Listener, joined: bool) -> list[Leg]:
    return [leg for leg in listener.run.course.legs if leg.made.program and leg.made.joined == joined]


async def test_a_run_by_itself_has_its_compiled_steps_again_bit_for_bit(pool: Pool) -> None:
    listener = await play_alone(pool, "alone", 200)
    state = await rest(listener)
    assert find_compiled(listener, joined=False)
    await go(listener, state.step)
    assert is_same(read_state(listener), state)
    assert [row[0] for row in listener.rows()] == list(range(1, state.step + 1))
    close(pool, [listener])


async def test_a_compiled_step_can_be_walked_through_and_played_on_from(pool: Pool) -> None:
    listener = await play_alone(pool, "walker", 120)
    state = await rest(listener)
    assert any(leg.step <= 60 for leg in find_compiled(listener, joined=False))
    await go(listener, 60, phases=3)
    listener.run.play(None)
    await listener.until(lambda: any(one.recorded for one in listener.all(reports.Stopped)))
    assert is_same(read_state(listener), state)
    close(pool, [listener])


async def test_compiled_steps_of_a_stack_come_back_without_the_others_and_after_a_lost_worker(pool: Pool) -> None:
    listeners = await play_together(pool, "together", 150)
    reached = [listener.run.position.step for listener in listeners]
    os.kill(pool.process_ids[0], signal.SIGKILL)
    for listener, step in zip(listeners, reached, strict=True):
        await come_to(listener, step + 60)
    for listener in listeners:
        state = await rest(listener)
        assert find_compiled(listener, joined=True)
        before = {row[0]: row for row in listener.rows()}
        assert list(before) == list(range(1, state.step + 1))
        await go(listener, state.step)
        assert is_same(read_state(listener), state)
    close(pool, listeners)


async def test_where_a_program_is_gone_its_steps_are_made_again_but_for_last_digits(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = await play_alone(pool, "elsewhere", 60)
    state = await rest(listener)
    legs = listener.run.course.legs
    assert find_compiled(listener, joined=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    async with open_pool(compile=False) as other:
        elsewhere = Listener(other, "elsewhere", {**SMALL, "seed": 3})
        elsewhere.run.course = listener.run.course
        place = elsewhere.run._kept
        number = elsewhere.run.reopen(listener.run.course, 1, place, state.step, 0, measure=False)
        await elsewhere.answer(number)
        await go(elsewhere, state.step)
        found = read_state(elsewhere)
    assert elsewhere.run.course.legs == legs
    assert found.step == state.step
    assert find_distance(found, state) < 1e-3
    close(pool, [listener])
