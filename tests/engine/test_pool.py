"""Real workers: what they train is what the trainer trains, whatever happens to them."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from server.engine import orders, reports
from server.engine.pool import Pool
from server.gan.catalog import build_catalog
from server.gan.config import check_config
from server.gan.trainer import Trainer
from server.protocol.frames import decode_frame
from tests.tools.engine import Listener, open_pool

pytestmark = pytest.mark.asyncio(loop_scope="module")
EXPLODING = {
    "loss": {"name": "least_squares"},
    "d_optimizer": {"name": "sgd", "learning_rate": 10.0},
    "g_optimizer": {"name": "sgd", "learning_rate": 10.0},
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[Pool]:
    """One worker for the tests that leave it alive."""
    async with open_pool() as pool:
        yield pool


async def open_run(pool: Pool, key: str, config: dict[str, object] | None = None) -> Listener:
    listener = Listener(pool, key, config)
    await listener.answer(listener.run.open(listener.config, 1))
    return listener


def train_alone(steps: int, config: dict[str, object] | None = None) -> list[tuple[int, float, float]]:
    """The same run without any of the engine."""
    trainer = Trainer(check_config(config or {}, build_catalog()))
    rows = []
    for step in range(1, steps + 1):
        losses = trainer.step()
        assert losses.discriminator is not None, "both play"
        assert losses.generator is not None, "both play"
        rows.append((step, losses.discriminator.item(), losses.generator.item()))
    return rows


async def test_the_catalogue_comes_from_the_worker(pool: Pool) -> None:
    assert pool.catalog == json.loads(json.dumps(build_catalog()))


async def test_a_played_run_has_the_losses_of_the_trainer_alone(pool: Pool) -> None:
    listener = await open_run(pool, "played")
    rows = await listener.train(120)
    assert rows[:120] == train_alone(120)
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))


async def test_nothing_changes_after_the_answer_to_a_pause(pool: Pool) -> None:
    listener = await open_run(pool, "paused")
    await listener.train(30)
    reached, told = listener.run.position, len(listener.reports)
    await listener.answer(listener.run.configure(listener.config))
    assert listener.run.position == reached
    assert len(listener.reports) == told + 1


async def test_steps_by_hand_move_one_player_and_are_scored(pool: Pool) -> None:
    listener = await open_run(pool, "by hand")
    await listener.answer(listener.run.step("discriminator", 3))
    assert listener.run.position == reports.Position(step=3, d_updates=3, g_updates=0)
    assert [row[2] for row in listener.rows()] == [None, None, None]
    assert [row.step for part in listener.all(reports.Progress) for row in part.metrics] == [0, 3]


async def test_metrics_are_scored_at_multiples_of_fifty_steps(pool: Pool) -> None:
    listener = await open_run(pool, "scored")
    await listener.train(120)
    scored = [row for part in listener.all(reports.Progress) for row in part.metrics]
    assert [row.step for row in scored][:3] == [0, 50, 100]
    assert set(scored[0].values) == {"grid_kl", "grid_js", "modes20", "high_quality"}
    assert set(listener.all(reports.Floors)[0].values) == set(scored[0].values)


async def test_a_rate_bounds_the_steps_a_second(pool: Pool) -> None:
    listener = await open_run(pool, "slow")
    began = time.monotonic()
    await listener.answer(listener.run.play(40.0))
    await listener.until(lambda: listener.run.position.step >= 20)
    assert time.monotonic() - began >= 19 / 40 - 0.1


async def test_a_frame_is_made_when_there_is_something_new_and_only_then(pool: Pool) -> None:
    listener = await open_run(pool, "looked at")
    listener.run.want(1, ("generated", "real"), fixed=True)
    await listener.until(lambda: len(listener.frames) == 1)
    listener.run.want(1, ("generated", "real"), fixed=False)
    await listener.answer(listener.run.pause())
    assert len(listener.frames) == 1
    await listener.answer(listener.run.step("both", 1))
    await listener.until(lambda: len(listener.frames) == 2)
    first, second = (decode_frame(frame) for frame in listener.frames)
    assert set(first[0]) == {"x_fake", "x_real"}
    assert set(second[0]) == {"x_fake"}
    assert (first[1]["step"], second[1]["step"]) == ("0", "1")


async def test_a_diverged_run_says_why_and_keeps_its_last_finite_state(pool: Pool) -> None:
    listener = await open_run(pool, "exploding", EXPLODING)
    await listener.answer(listener.run.play(None))
    await listener.until(lambda: bool(listener.all(reports.Failed)))
    failed = listener.all(reports.Failed)[0]
    assert failed.failure.step == failed.position.step + 1
    assert failed.failure.player in ("discriminator", "generator")
    assert listener.rows()[-1][0] == failed.position.step


async def test_a_run_that_breaks_fails_alone(pool: Pool) -> None:
    broken, other = await open_run(pool, "broken"), await open_run(pool, "other")
    broken.run.send(orders.Open(run="broken", number=0, revision=1, config=broken.run.config), b"not a state")
    await broken.until(lambda: bool(broken.all(reports.Failed)))
    assert broken.all(reports.Failed)[0].failure.message.startswith("the run stopped because of a mistake in the lab")
    assert (await broken.answer(broken.run.play(None))).type == "refused"
    assert (await other.answer(other.run.step("both", 1))).type == "applied"
    assert (await broken.answer(broken.run.open(broken.config, 2))).type == "applied"


async def test_runs_share_a_worker_fairly(pool: Pool) -> None:
    runs = [await open_run(pool, f"fair {i}") for i in range(3)]
    for listener in runs:
        listener.run.play(None)
    await runs[0].until(lambda: runs[0].run.position.step >= 150)
    reached = sorted(listener.run.position.step for listener in runs)
    for listener in runs:
        pool.close_run(listener.run)
    assert reached[0] >= reached[-1] / 2


async def test_steps_by_hand_follow_each_other(pool: Pool) -> None:
    listener = await open_run(pool, "queued")
    listener.run.step("discriminator", 20)
    last = listener.run.step("generator", 2)
    await listener.answer(last)
    assert listener.run.position == reports.Position(step=22, d_updates=20, g_updates=2)


async def test_a_pause_ends_all_steps_that_wait(pool: Pool) -> None:
    listener = await open_run(pool, "cut short")
    numbers = [listener.run.step("both", 10_000), listener.run.step("both", 10_000), listener.run.pause()]
    answers = [await listener.answer(number) for number in numbers]
    assert [answer.type for answer in answers] == ["applied"] * 3
    assert listener.run.position.step < 10_000


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
async def test_a_lost_workers_run_goes_on_as_if_nothing_had_happened(pool: Pool, how: signal.Signals) -> None:
    listener, other = await open_run(pool, f"unlucky {how}"), await open_run(pool, f"standing still {how}")
    await other.answer(other.run.step("both", 3))
    await listener.answer(listener.run.step("generator", 2))
    await listener.answer(listener.run.play(None))
    await listener.until(lambda: listener.run.position.step >= 60)
    os.kill(pool.process_ids[0], how)
    reached = listener.run.position.step
    await listener.until(lambda: listener.run.position.step >= reached + 60)
    assert (await listener.answer(listener.run.pause())).type == "applied"
    undisturbed = await open_run(pool, f"lucky {how}")
    await undisturbed.answer(undisturbed.run.step("generator", 2))
    expected = await undisturbed.train(listener.run.position.step)
    rows = listener.rows()
    assert rows == expected[: len(rows)]
    await other.answer(other.run.step("both", 1))
    assert [row[0] for row in other.rows()] == [1, 2, 3, 4]


async def test_a_waiting_order_is_carried_out_by_the_next_worker(pool: Pool) -> None:
    listener = await open_run(pool, "waiting")
    number = listener.run.step("discriminator", 400)
    await listener.until(lambda: listener.run.position.step >= 20)
    os.kill(pool.process_ids[0], signal.SIGKILL)
    assert (await listener.answer(number)).type == "applied"
    assert listener.run.position == reports.Position(step=400, d_updates=400, g_updates=0)
    assert [row[0] for row in listener.rows()] == list(range(1, 401))


async def test_a_worker_ends_when_the_pool_does() -> None:
    async with open_pool() as pool:
        identities = pool.process_ids
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 5
    for identity in identities:
        with pytest.raises(ProcessLookupError):
            os.kill(identity, 0)
