"""Frames of several playing runs made together: each shows its own run as it is, and nobody's training notices."""

import gc
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping

import numpy as np
import pytest
import pytest_asyncio
import torch

from server.engine import orders, reports
from server.engine.pool import Pool
from server.engine.remote import Place
from server.engine.worker import loop
from server.engine.worker.looks import MOST_APART, MOST_NUMBERS, count_numbers
from server.engine.worker.plan import SHARES
from server.gan.catalog import build_catalog
from server.gan.config import check_config
from server.gan.probes import LADDER, probe_layers
from server.gan.state import Row, RunState
from server.gan.trainer import Trainer
from server.protocol.frames import Arrays, decode_frame
from server.protocol.messages import Layer
from tests.tools.engine import Listener, open_pool
from tests.tools.shop import SMALL, Shop
from tests.tools.states import is_same

LAYERS: tuple[Layer, ...] = ("noise", "generated", "predictions", "surface", "gradients", "d_gradients")
RUNS = [f"{seed}" for seed in range(9)]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Nine runs that have made a few joined steps, each another number; a turn is a step or a part of a look."""
    monkeypatch.setattr(loop, "SLICE_SECONDS", 0.0)
    shop = Shop()
    for seed, key in enumerate(RUNS):
        shop.open(key, seed)
        shop.work(20)
    while not all(isinstance(shop.run(key).trainer.state.tensors, Row) for key in RUNS):
        shop.work()
    yield shop
    shop.close()


def look(shop: Shop) -> None:
    """Let everything be shown that is due, and nothing be trained."""
    for waiting in [*shop.plan().looks.values()]:
        shop.worker._look(waiting, lambda: True)


def check_frame(shop: Shop, key: str, body: bytes) -> None:
    arrays, told = decode_frame(body)
    trainer = shop.run(key).trainer
    assert (told["session"], int(told["step"])) == (key, trainer.state.step)
    check_arrays(arrays, probe_layers(trainer, LAYERS, fixed=False))


def check_arrays(arrays: Arrays, expected: Mapping[str, np.ndarray]) -> None:
    for name, array in expected.items():
        np.testing.assert_allclose(arrays[name].astype(np.float32), array, rtol=1e-4, atol=1e-5, err_msg=name)


def test_the_frames_of_a_stack_are_made_in_one_turn_and_each_shows_its_own_run(shop: Shop) -> None:
    for key in RUNS:
        shop.want(key, LAYERS)
    plan = shop.plan()
    assert [len(due) for due in plan.looks.values()] == [9]
    look(shop)
    assert [frame.run for frame, _ in shop.frames] == RUNS
    for frame, body in shop.frames:
        check_frame(shop, frame.run, body)
    steps = {shop.run(key).trainer.state.step for key in RUNS}
    assert len(steps) == 9


def test_who_looks_at_something_else_or_needs_what_is_fixed_is_shown_that(shop: Shop) -> None:
    for key in RUNS[:7]:
        shop.want(key, LAYERS, fixed=key == "2")
    shop.want("7", ("surface",))
    look(shop)
    shown = {frame.run: set(decode_frame(body)[0]) for frame, body in shop.frames}
    assert shown.keys() == set(RUNS[:8])
    assert shown["7"] == {"surface"}
    assert shown["2"] == shown["1"] | {"z"}
    check_frame(shop, "2", next(body for frame, body in shop.frames if frame.run == "2"))


def test_a_turn_ends_after_a_part_of_a_group_and_the_rest_comes_next(shop: Shop) -> None:
    most = 4
    assert (
        count_numbers(check_config({"generator": {"width": 256}}, build_catalog()), (LAYERS, False, 0))
        > MOST_NUMBERS / 2
    )
    for key in RUNS:
        shop.want(key, LAYERS)
    (waiting,) = shop.plan().looks.values()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.engine.worker.looks.MOST_NUMBERS", most * 1600 * 8)
        for reached in (4, 8, 9):
            shop.worker._look(waiting, lambda: False)
            assert [frame.run for frame, _ in shop.frames] == RUNS[:reached]


def test_what_is_made_run_by_run_is_made_of_few_runs_in_a_part_and_small_frames_of_many() -> None:
    config = check_config(SMALL, build_catalog())
    assert MOST_NUMBERS // count_numbers(config, (("generated", "optimum"), False, 0)) == MOST_APART
    full, smallest = (MOST_NUMBERS // count_numbers(config, (LAYERS, False, level)) for level in (0, 2))
    assert MOST_APART < full < smallest / 2


def test_steps_wait_for_a_long_look_as_often_as_it_has_runs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MOST_DEBT", 1e-6)
    monkeypatch.setattr(loop, "SLICE_SECONDS", 1.0)
    for key in RUNS:
        shop.want(key, LAYERS)
    plan = shop.plan()
    kinds = shop.worker._kinds
    before = {kind: kinds._find_start(kind) for kind in SHARES}
    plan.training.clear()
    shop.worker.take_turn(plan)
    assert len(shop.frames) == len(RUNS)
    assert kinds._had["looks"] - max(before["looks"], kinds._clock) == pytest.approx(len(RUNS) * 1e-6, rel=1e-3)


def test_a_run_that_cannot_be_looked_at_is_stopped_alone(shop: Shop) -> None:
    for key in RUNS:
        shop.want(key, LAYERS)
    broken = shop.run("3").trainer
    broken.state = broken.state._replace(tensors={**broken.state.tensors, "generator": torch.zeros(3)})
    look(shop)
    assert [report.run for report in shop.told if isinstance(report, reports.Failed)] == ["3"]
    assert [frame.run for frame, _ in shop.frames] == [key for key in RUNS if key != "3"]
    for frame, body in shop.frames:
        check_frame(shop, frame.run, body)


def test_who_waits_longest_for_a_frame_has_it_first(shop: Shop) -> None:
    shop.want("5", LAYERS)
    look(shop)
    readers = shop.run("5").readers
    readers.frame_seconds, readers._readers[1].next_at = 0.0, 1.0
    readers._next_at.clear()
    shop.run("5").trainer.state = shop.run("5").trainer.state.copy()  # there is something new to see
    for key in ("5", "6"):
        shop.want(key, LAYERS)
    look(shop)
    assert [frame.run for frame, _ in shop.frames] == ["5", "6", "5"]


def test_neither_a_frame_nor_a_packed_state_keeps_the_memory_of_a_stack(shop: Shop) -> None:
    run = shop.run("0")
    shop.want("0", LAYERS)
    look(shop)
    run._journal.pack(run.trainer.state)
    seen = run.trainer.state.tensors
    assert isinstance(seen, Row)
    stack = weakref.ref(seen.together["generator"])
    del seen
    step = run.position.step
    while run.position.step < step + 2:
        shop.work()
    gc.collect()
    assert stack() is None


def test_a_run_that_pauses_leaves_the_memory_of_its_stack(shop: Shop) -> None:
    before = shop.run("0").trainer.state.copy()
    shop.give(orders.Pause, "0")
    after = shop.run("0").trainer.state
    assert is_same(before, after)
    assert not isinstance(after.tensors, Row)
    assert all(tensor.untyped_storage().nbytes() == tensor.nbytes for tensor in after.tensors.values())


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[Pool]:
    async with open_pool() as pool:
        yield pool


@pytest.mark.asyncio(loop_scope="module")
async def test_frames_of_playing_runs_are_true_for_the_step_they_name_and_change_nothing(pool: Pool) -> None:
    listeners = [Listener(pool, f"shown {seed}", {**SMALL, "seed": seed}) for seed in range(9)]
    for listener in listeners:
        await listener.answer(listener.run.open(listener.config, 1))
    for listener in listeners:
        listener.run.play(None)
    for _ in range(3):
        for listener in listeners:
            listener.frames.clear()
            listener.run.want(1, LAYERS, fixed=False)
        for listener in listeners:
            await listener.until(lambda shown=listener.frames: bool(shown))  # type: ignore[misc]  # one's own
    for listener in listeners:
        await listener.answer(listener.run.pause())
    for listener in listeners:
        state = RunState.unpack(listener.run.saved[1])
        arrays, told = decode_frame(listener.frames[0])
        step = int(told["step"])
        for wanted in (step, state.step):
            place = Place(b"", 0, reports.Position(step=wanted), is_start=True)
            assert (await listener.answer(listener.run.seek(place))).type == "applied"
            there = RunState.unpack(listener.run.saved[1])
            if wanted == step:
                shown = probe_layers(Trainer(listener.config, state=there), LAYERS, LADDER[0], fixed=False)
                check_arrays(arrays, shown)
            else:
                assert is_same(there, state)
        pool.close_run(listener.run)
