"""Real workers: a step that is walked phase by phase is the step itself, wherever it is left."""

import os
import signal
import time
from typing import Any

import pytest

from server.engine import reports
from server.engine.pool import Pool
from server.gan.config import check_config
from server.protocol.frames import decode_frame
from server.protocol.messages import Layer, StepPhase, StopBelow
from tests.tools.engine import Listener

pytestmark = pytest.mark.asyncio(loop_scope="module")
SMALL: dict[str, Any] = {"d_updates": 2, "batch_size": 16}
PHASES = 18
"""Of a step with two updates of the discriminator and one of the generator."""
NAMES = ["sample", "generate", "classify", "loss", "backward", "update"]


async def open_run(pool: Pool, key: str, config: dict[str, Any] | None = None) -> Listener:
    listener = Listener(pool, key, config or SMALL)
    await listener.answer(listener.run.open(listener.config, 1))
    return listener


async def advance(listener: Listener) -> StepPhase:
    """Go through one phase."""
    answer = await listener.answer(listener.run.advance())
    assert isinstance(answer, reports.Applied)
    assert answer.phase is not None
    return answer.phase


async def train_undisturbed(pool: Pool, key: str, steps: int) -> list[tuple[int, float | None, float | None]]:
    """The rows of the same run, played."""
    return (await (await open_run(pool, key)).train(steps))[:steps]


async def test_f13_walking_all_phases_by_advance_equals_step(pool: Pool) -> None:
    walked, stepped = await open_run(pool, "walked"), await open_run(pool, "stepped")
    phases = [await advance(walked) for _ in range(3 * PHASES)]
    await stepped.answer(stepped.run.step("both", 3))
    assert walked.run.position == stepped.run.position == reports.Position(step=3, d_updates=6, g_updates=3)
    assert walked.rows() == stepped.rows()
    assert (await walked.train(80))[:80] == (await stepped.train(80))[:80]
    assert [(p.step, p.number, p.count) for p in phases[:PHASES]] == [(1, n, PHASES) for n in range(1, PHASES + 1)]
    players = [("discriminator", 1), ("discriminator", 2), ("generator", 1)]
    expected = [(player, update, name) for player, update in players for name in NAMES]
    assert [(p.player, p.update, p.name) for p in phases] == 3 * expected


async def test_f13_each_phase_has_its_own_numbers(pool: Pool) -> None:
    listener = await open_run(pool, "numbers", {"batch_size": 16})
    phases = [await advance(listener) for _ in range(12)]
    assert [set(phase.numbers) for phase in phases] == [
        {"real_samples", "noise_samples"},
        {"generated_samples"},
        {"real_score", "fake_score", "real_probability", "fake_probability"},
        {"d_loss"},
        {"gradient_norm"},
        {"change_norm"},
        {"noise_samples"},
        {"generated_samples"},
        {"fake_score", "fake_probability"},
        {"g_loss"},
        {"gradient_norm"},
        {"change_norm"},
    ]
    assert listener.rows() == [(1, phases[3].numbers["d_loss"], phases[9].numbers["g_loss"])]
    assert phases[0].numbers["real_samples"] == 16


async def test_f10_pausing_inside_a_step_trains_nothing(pool: Pool) -> None:
    listener = await open_run(pool, "held")
    for _ in range(7):
        await advance(listener)
    assert listener.run.position == reports.Position(step=0, d_updates=1, g_updates=0, phases=7)
    for _ in range(3):
        await listener.answer(listener.run.pause())
    assert listener.run.position == reports.Position(step=0, d_updates=1, g_updates=0, phases=7)
    assert listener.rows() == []


async def test_f18_pausing_slow_motion_again_and_again_never_runs_two_at_a_time(pool: Pool) -> None:
    listener = await open_run(pool, "slow")
    for wanted in (5, 10, 15, 20):
        await listener.answer(listener.run.play(None, phases_per_second=20.0))
        await listener.until(lambda wanted=wanted: len(listener.all(reports.Walked)) >= wanted)  # type: ignore[misc]
        await listener.answer(listener.run.pause())
    phases = [walked.phase for walked in listener.all(reports.Walked)]
    order = [(phase.step - 1) * PHASES + phase.number for phase in phases]
    assert order == list(range(1, len(phases) + 1))
    began, reached = time.monotonic(), len(phases)
    await listener.answer(listener.run.play(None, phases_per_second=20.0))
    await listener.until(lambda: len(listener.all(reports.Walked)) >= reached + 10)
    assert time.monotonic() - began >= 9 / 20 - 0.15
    await listener.answer(listener.run.pause())


async def test_f18_playing_on_finishes_the_step_first(pool: Pool) -> None:
    expected = await train_undisturbed(pool, "undisturbed", 60)
    listener = await open_run(pool, "left")
    for _ in range(5):
        await advance(listener)
    assert (await listener.train(20))[0] == expected[0]
    for _ in range(PHASES + 8):
        await advance(listener)
    await listener.answer(listener.run.step("both", 1))
    reached = listener.run.position.step
    assert listener.run.position.phases == 0
    assert (await listener.train(60))[:60] == expected
    assert [row[0] for row in listener.rows()[:reached]] == list(range(1, reached + 1))


async def test_f18_a_single_players_step_finishes_the_open_one_first(pool: Pool) -> None:
    listener = await open_run(pool, "by hand")
    for _ in range(3):
        await advance(listener)
    await listener.answer(listener.run.step("generator", 2))
    assert listener.run.position == reports.Position(step=3, d_updates=2, g_updates=3)
    assert [row[1] is None for row in listener.rows()] == [False, True, True]


async def test_a_change_inside_a_step_applies_after_it(pool: Pool) -> None:
    expected = await train_undisturbed(pool, "unchanged", 1)
    listener = await open_run(pool, "changed")
    await advance(listener)
    changed = listener.config.to_json() | {"batch_size": 8}
    await listener.answer(listener.run.configure(check_config(changed, pool.catalog)))
    assert (listener.run.position.step, listener.run.position.phases) == (1, 0)
    assert listener.rows() == expected
    assert (await advance(listener)).numbers["real_samples"] == 8


async def test_a_frame_inside_a_step_shows_the_state_at_its_phase(pool: Pool) -> None:
    listener = await open_run(pool, "looked at", {"batch_size": 16})
    layers: tuple[Layer, ...] = ("surface", "generated")
    frames: list[tuple[bytes, bytes]] = []
    for phases, name in ((5, "discriminator 1 backward"), (1, "discriminator 1 update"), (6, "")):
        for _ in range(phases):
            await advance(listener)
        listener.run.want(len(frames), layers, fixed=True)
        await listener.until(lambda: len(listener.frames) == len(frames) + 1)
        arrays, metadata = decode_frame(listener.frames[-1])
        assert metadata["phase"] == name
        frames.append((arrays["surface"].tobytes(), arrays["x_fake"].tobytes()))
    (surface, fakes), (surface_after_d, fakes_after_d), (_, fakes_after_g) = frames
    assert surface != surface_after_d
    assert fakes == fakes_after_d != fakes_after_g


async def test_a_lost_workers_run_stands_at_the_same_phase_again(pool: Pool) -> None:
    expected = await train_undisturbed(pool, "lucky", 70)
    listener = await open_run(pool, "unlucky")
    await listener.train(20)
    reached = listener.run.position.step
    for _ in range(8):
        await advance(listener)
    os.kill(pool.process_ids[0], signal.SIGKILL)
    phase = await advance(listener)
    assert (phase.step, phase.number) == (reached + 1, 9)
    assert listener.run.position.phases == 9
    assert (await listener.train(70))[:70] == expected


async def test_f23_a_run_stops_by_itself_at_the_step_it_was_to_reach(pool: Pool) -> None:
    listener = await open_run(pool, "until")
    await listener.answer(listener.run.play(None, until=37))
    await listener.until(lambda: bool(listener.all(reports.Stopped)))
    stopped = listener.all(reports.Stopped)[0]
    assert (stopped.position.step, stopped.metric) == (37, None)
    await listener.answer(listener.run.pause())
    assert listener.run.position.step == listener.rows()[-1][0] == 37
    assert not listener.run.is_busy


async def test_f23_a_run_stops_by_itself_in_slow_motion_too(pool: Pool) -> None:
    listener = await open_run(pool, "slow until")
    await listener.answer(listener.run.play(None, phases_per_second=100.0, until=1))
    await listener.until(lambda: bool(listener.all(reports.Stopped)))
    assert listener.run.position == reports.Position(step=1, d_updates=2, g_updates=1)
    assert len(listener.all(reports.Walked)) == PHASES


async def test_f23_a_run_stops_by_itself_when_its_metric_is_under_the_limit(pool: Pool) -> None:
    listener = await open_run(pool, "below")
    await listener.answer(listener.run.play(None, stop=StopBelow(metric="grid_js", below=1.1)))
    await listener.until(lambda: bool(listener.all(reports.Stopped)))
    stopped = listener.all(reports.Stopped)[0]
    scored = [row for part in listener.all(reports.Progress) for row in part.metrics]
    assert (stopped.position.step, stopped.metric, stopped.below) == (50, "grid_js", 1.1)
    assert stopped.value == scored[-1].values["grid_js"]
    assert scored[-1].step == 50


async def test_f23_the_pace_changes_while_the_run_plays(pool: Pool) -> None:
    listener = await open_run(pool, "paced")
    await listener.answer(listener.run.play(1.0))
    await listener.answer(listener.run.play(None, until=200))
    await listener.until(lambda: bool(listener.all(reports.Stopped)))
    assert listener.run.position.step == 200
