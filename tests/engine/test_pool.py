"""Real workers: what they train is what the trainer trains, whatever happens to them."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable

import pytest
import torch

from server.engine import orders, reports
from server.engine.pool import CANNOT_START, GIVEN_UP, Pool
from server.errors import EngineError
from server.gan.catalog import build_catalog
from server.gan.config import check_config
from server.gan.trainer import Trainer
from server.protocol.frames import decode_frame
from tests.tools.engine import EXPLODING, Listener, open_pool

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def open_run(pool: Pool, key: str, config: dict[str, object] | None = None) -> Listener:
    listener = Listener(pool, key, config)
    await listener.answer(listener.run.open(listener.config, 1))
    return listener


async def until(condition: Callable[[], bool], pause: float = 0.01) -> None:
    """Wait for something that the pool tells nobody."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(pause)


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


async def test_p15_f10_nothing_changes_after_the_answer_to_a_pause(pool: Pool) -> None:
    listener = await open_run(pool, "paused")
    await listener.train(30)
    reached, told = listener.run.position, len(listener.reports)
    await listener.answer(listener.run.configure(listener.config))
    assert listener.run.position == reached
    assert len(listener.reports) == told + 1


async def test_p17_steps_by_hand_move_one_player_and_are_scored(pool: Pool) -> None:
    listener = await open_run(pool, "by hand")
    await listener.answer(listener.run.step("discriminator", 3))
    assert listener.run.position == reports.Position(step=3, d_updates=3, g_updates=0)
    assert [row[2] for row in listener.rows()] == [None, None, None]
    assert [row.step for part in listener.all(reports.Progress) for row in part.metrics] == [0, 3]


async def test_p20_metrics_are_scored_at_multiples_of_fifty_steps(pool: Pool) -> None:
    listener = await open_run(pool, "scored")
    await listener.train(120)
    scored = [row for part in listener.all(reports.Progress) for row in part.metrics]
    assert [row.step for row in scored][:3] == [0, 50, 100]
    assert set(scored[0].values) >= {"grid_kl", "grid_js", "modes20", "high_quality"}
    assert set(listener.all(reports.Floors)[0].values) == set(scored[0].values)


async def test_p20_f23_a_rate_bounds_the_steps_a_second(pool: Pool) -> None:
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


async def test_f15_a_diverged_run_says_why_and_keeps_its_last_finite_state(pool: Pool) -> None:
    listener = await open_run(pool, "exploding", EXPLODING)
    await listener.answer(listener.run.play(None))
    await listener.until(lambda: bool(listener.all(reports.Failed)))
    failed = listener.all(reports.Failed)[0]
    assert failed.failure.step == failed.position.step + 1
    assert failed.failure.player in ("discriminator", "generator")
    assert listener.rows()[-1][0] == failed.position.step


async def test_a_run_that_breaks_fails_alone(pool: Pool) -> None:
    broken, other = await open_run(pool, "broken"), await open_run(pool, "other")
    legs, configs = broken.run.course.tell()
    broken.run.send(orders.Open(run="broken", number=0, revision=1, legs=legs, configs=configs), b"not a state")
    await broken.until(lambda: bool(broken.all(reports.Failed)))
    assert broken.all(reports.Failed)[0].failure.message.startswith("the run stopped because of a mistake in the lab")
    assert (await broken.answer(broken.run.play(None))).type == "refused"
    assert (await other.answer(other.run.step("both", 1))).type == "applied"
    assert (await broken.answer(broken.run.open(broken.config, 2))).type == "applied"


async def test_p60_runs_share_a_worker_fairly(pool: Pool) -> None:
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


async def test_two_beginnings_in_a_row_are_both_answered(pool: Pool) -> None:
    listener = Listener(pool, "twice")
    first, second = listener.run.open(listener.config, 1), listener.run.open(listener.config, 2)
    assert (await listener.answer(second)).type == (await listener.answer(first)).type == "applied"
    assert not listener.run.is_busy


async def test_a_run_that_is_closed_while_its_worker_is_replaced_stays_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hire_nobody(pool: Pool, pause: float = 0.0) -> None:
        """A spare worker would take over at once, and there would be no time in between."""

    monkeypatch.setattr(Pool, "_hire_spare", hire_nobody)
    async with open_pool() as pool:
        listener = await open_run(pool, "closed in between")
        await listener.train(1)
        await listener.answer(listener.run.play(None))
        os.kill(pool.process_ids[0], signal.SIGKILL)
        await until(lambda: not pool.process_ids, pause=0)
        pool.close_run(listener.run)
        told = len(listener.reports)
        await until(lambda: bool(pool.process_ids))
        await (await open_run(pool, "another")).train(200)
        assert len(listener.reports) == told


async def test_a_spare_worker_that_dies_is_replaced() -> None:
    async with open_pool() as pool:
        await until(lambda: pool.spare_id is not None)
        first = pool.spare_id
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: pool.spare_id not in (None, first))


async def test_only_the_run_that_had_its_turn_is_blamed_for_a_lost_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.engine.pool.MOST_FUTILE_STARTS", 1)
    wide = {"hidden_layers": 8, "width": 256}
    heavy = {"generator": wide, "discriminator": wide, "batch_size": 4096, "d_updates": 10, "g_updates": 10}
    async with open_pool(heartbeat_seconds=0.5) as pool:
        guilty, other = await open_run(pool, "guilty", heavy), await open_run(pool, "other")
        guilty.run.allowance = 0.0
        guilty.run.play(None)
        await other.answer(other.run.play(None))
        await guilty.until(lambda: bool(guilty.all(reports.Failed)))
        assert guilty.all(reports.Failed)[0].failure.message == GIVEN_UP["computing"]
        reached = other.run.position.step
        await other.until(lambda: other.run.position.step > reached)
        assert other.all(reports.Failed) == []


@pytest.mark.parametrize("replays", [0, 60], ids=["at once", "as it is replayed"])
async def test_captured_steps_that_take_every_worker_down_are_not_tried_for_ever(
    monkeypatch: pytest.MonkeyPatch, replays: int
) -> None:
    monkeypatch.setattr("server.engine.spawn.MODULE", "tests.tools.risky_worker")
    monkeypatch.setenv("RISKY_REPLAYS", f"{replays}")
    async with open_pool(compile=True) as pool:
        listener = await open_run(pool, "captured")
        await listener.answer(listener.run.play(None))
        await until(lambda: not pool.settings.compile)
        reached = listener.run.position.step
        await listener.until(lambda: listener.run.position.step > reached + 200)
        assert listener.all(reports.Failed) == []


async def test_a_lab_whose_workers_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.engine.spawn.MODULE", "server.nothing")
    monkeypatch.setattr("server.engine.pool.RETRY_SECONDS", 0.0)
    async with open_pool() as pool:
        assert pool.trouble == CANNOT_START
        assert not pool.is_ready
        with pytest.raises(EngineError, match="cannot start"):
            _ = pool.catalog


async def test_a_device_that_the_machine_lacks_is_named() -> None:
    missing = "cuda" if torch.backends.mps.is_available() else "mps"
    async with open_pool(device=missing, workers=2) as pool:
        assert pool.process_ids == []
        with pytest.raises(EngineError, match=f"device: expected one that this machine has, got {missing}"):
            _ = pool.catalog


async def test_a_worker_ends_when_the_pool_does() -> None:
    async with open_pool() as pool:
        identities = pool.process_ids
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 5
    for identity in identities:
        with pytest.raises(ProcessLookupError):
            os.kill(identity, 0)
