"""Turns in proportion to what each has had, and what a worker's runs make of them."""

import gc
import select
import socket
import time
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

import pytest
import torch

from server.engine import orders, reports
from server.engine.wire import Unpacker, pack_envelope
from server.engine.worker import loop
from server.engine.worker.group import LEAST_JOINED, split_again
from server.engine.worker.loop import Worker
from server.engine.worker.plan import Plan
from server.engine.worker.runs import Run
from server.engine.worker.turns import Turns
from server.gan.config import check_config
from tests.tools.engine import EXPLODING
from tests.tools.shop import SMALL, Shop
from tests.tools.states import is_same


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(loop, "SLICE_SECONDS", 0.0)  # a turn is a step, however fast the machine is
    shop = Shop()
    yield shop
    shop.close()


def test_those_that_wait_have_the_same_of_the_time_however_long_their_turns_are() -> None:
    turns, had = Turns[str](), {"short": 0.0, "long": 0.0}
    for _ in range(600):
        chosen = turns.choose(["short", "long"])
        cost = {"short": 1.0, "long": 5.0}[chosen]
        turns.charge(chosen, cost)
        had[chosen] += cost
    assert abs(had["short"] - had["long"]) <= 5


def test_who_was_away_has_the_next_turn_but_has_saved_nothing_up() -> None:
    turns = Turns[str]()
    for _ in range(100):
        turns.charge(turns.choose(["here"]), 1.0)
    after = []
    for _ in range(10):
        after.append(turns.choose(["here", "back"]))
        turns.charge(after[-1], 1.0)
    assert "back" in after[:2]
    assert Counter(after) == {"here": 5, "back": 5}


def split(parts: list[list[int]], runs: Sequence[int], most: int = 8) -> list[list[int]]:
    return split_again(parts, runs, most)  # type: ignore[arg-type,return-value]  # whatever they are


def test_parts_of_a_group_differ_by_one_at_most() -> None:
    for count in range(1, 40):
        parts = split([], range(count))
        assert [*chain(*parts)] == [*range(count)]
        assert max(map(len, parts)) <= 8
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_who_comes_and_who_goes_leaves_the_other_parts_as_they_are() -> None:
    parts = split([], range(20))
    gone = [run for run in range(20) if run not in (7, 8)]
    after = split(parts, gone)
    assert after == [parts[0], [run for run in parts[1] if run in gone], parts[2]]
    assert split(after, [50, *gone]) == [after[0], [*after[1], 50], after[2]]


def test_parts_are_made_anew_where_fewer_do_or_one_is_too_small_for_a_stack() -> None:
    parts = split([], range(20))
    assert split(parts, range(15)) == split([], range(15))
    left = [*parts[0], *parts[1], *parts[2][:LEAST_JOINED]]
    assert split(parts, left)[0] == parts[0]
    assert split(parts, left[:-1]) == split([], left[:-1])
    assert split([[0], [1], [2]], [0, 2, 5], most=0) == [[0], [5], [2]]


def test_thirty_playing_runs_make_the_same_steps_though_some_are_looked_at(shop: Shop) -> None:
    for seed in range(30):
        shop.open(f"{seed}", seed)
    for turn in range(300):
        for seed in range(0, 30, 3):
            shop.want(f"{seed}")
        shop.work()
        if turn == 150:
            shop.open("late", 30)
    reached = [shop.run(f"{seed}").position.step for seed in range(30)]
    assert min(reached) > 20
    assert max(reached) - min(reached) <= 0.2 * max(reached)
    assert shop.run("late").position.step > 0


def test_runs_that_are_no_stack_make_steps_in_equal_numbers_too(shop: Shop) -> None:
    for seed in range(3):
        shop.open(f"{seed}", seed, plays=False)
    shop.play_together("0", "1", "2")
    shop.work(200)
    reached = [shop.run(f"{seed}").position.step for seed in range(3)]
    assert min(reached) > 20
    assert max(reached) - min(reached) <= 1


def test_a_member_goes_on_the_same_whatever_the_others_do(shop: Shop) -> None:
    calm = [f"calm {seed}" for seed in range(5)]
    for seed, key in enumerate(calm):
        shop.open(key, seed, plays=False)
    shop.play_together(*calm)
    undisturbed = shop.work_until("calm 0", 60)
    for seed, key in enumerate(calm):
        shop.open(key, seed, plays=False)
    shop.play_together(*calm)
    shop.work_until("calm 0", 10)
    shop.give(orders.Configure, "calm 1", config=check_config(
        SMALL | {"seed": 1, "d_optimizer": {"name": "adam", "learning_rate": 0.02}}, shop.worker.catalog
    ).to_json())  # fmt: skip
    shop.work_until("calm 0", 20)
    shop.give(orders.Fork, "calm 2", revision=2)
    for seed in range(10, 20):
        shop.open(f"joins {seed}", seed)
    shop.work_until("calm 0", 30)
    shop.worker._obey(orders.Close(run="calm 3"), b"")
    shop.give(orders.Pause, "joins 10")
    shop.give(orders.Seek, "joins 11", step=3)
    assert is_same(shop.work_until("calm 0", 60), undisturbed)


def test_a_member_that_diverges_stops_alone(shop: Shop) -> None:
    names = {"loss": EXPLODING["loss"], "d_optimizer": {"name": "sgd"}, "g_optimizer": {"name": "sgd"}}
    calm = [f"calm {seed}" for seed in range(4)]
    for seed, key in enumerate(calm):
        shop.open(key, seed, plays=False, **names)
    shop.play_together(*calm)
    expected = shop.work_until("calm 0", 80)
    for seed, key in enumerate(calm):
        shop.open(key, seed, plays=False, **names)
    shop.open("wild", 9, plays=False, **EXPLODING)
    shop.play_together(*calm, "wild")
    assert shop.run("wild").kind == shop.run("calm 0").kind != ""
    assert is_same(shop.work_until("calm 0", 80), expected)
    assert [report.run for report in shop.told if isinstance(report, reports.Failed)] == ["wild"]
    assert all(torch.isfinite(tensor).all() for tensor in shop.run("wild").trainer.state.tensors.values())
    assert all(shop.run(f"calm {seed}").position.step >= 79 for seed in range(4))


def test_a_mistake_in_a_stack_stops_the_run_that_it_is_of_and_the_others_go_on_in_a_stack(shop: Shop) -> None:
    for seed in range(5):
        shop.open(f"{seed}", seed)
    shop.work_until("0", 5)
    trainer = shop.run("2").trainer
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, "g_optimizer.mean": torch.zeros(3)})
    for key in ("0", "1", "3", "4"):
        while shop.run(key).position.step < 12:
            shop.work()
    assert [report.run for report in shop.told if isinstance(report, reports.Failed)] == ["2"]
    assert sorted(shop.worker.runs) == ["0", "1", "3", "4"]
    last = shop.run("0")._journey._course.legs[-2:]
    assert [leg.made.joined for leg in last] == [True, False]
    assert last[1].step == shop.run("0").position.step


def test_a_mistake_costs_the_others_one_stack_however_long_the_turn_is(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(6):
        shop.open(f"{seed}", seed)
    shop.work_until("0", 5)
    trainer = shop.run("2").trainer
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, "g_optimizer.mean": torch.zeros(3)})
    monkeypatch.setattr(loop, "SLICE_SECONDS", 3_600.0)
    goes_on = iter([True] * 5 + [False])
    monkeypatch.setattr(shop.worker, "_make_slice", lambda began: lambda: next(goes_on))
    while "2" in shop.worker.runs:
        shop.work()
    assert [run.stack_troubles for run in shop.worker.runs.values()] == [1] * 5
    assert all(run.kind for run in shop.worker.runs.values())


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device would answer")
def test_a_worker_whose_device_does_not_answer_any_more_ends_and_stops_no_run(shop: Shop) -> None:
    shop.open("a")
    shop.work_until("a", 5)
    trainer = shop.run("a").trainer
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, "g_optimizer.mean": torch.zeros(3)})
    shop.worker.device = torch.device("cuda")
    with pytest.raises(RuntimeError):
        shop.work(20)
    assert not any(isinstance(report, reports.Failed) for report in shop.told)


def test_who_is_left_of_a_stack_does_not_keep_it(shop: Shop) -> None:
    for seed in range(5):
        shop.open(f"{seed}", seed)
    shop.work_until("0", 5)
    gone = weakref.ref(shop.run("4").trainer)
    for seed in range(1, 5):
        shop.worker._obey(orders.Close(run=f"{seed}"), b"")
    shop.work(3)
    gc.collect()
    assert gone() is None
    assert shop.run("0").position.step > 5


def test_a_worker_that_was_held_up_while_it_looked_at_its_runs_looks_again_soon(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.open("alone")
    shop.work_until("alone", 1)
    now = [time.monotonic()]
    monkeypatch.setattr("server.engine.worker.plan.time.monotonic", lambda: now[0])
    find_due = Run.find_look_due

    def find_due_late(run: Run) -> float:
        now[0] += 1.0
        return find_due(run)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "find_look_due", find_due_late)
        plan = shop.plan()
    assert not plan.is_old
    now[0] += 0.2
    assert plan.is_old


def test_what_is_new_to_see_is_shown_before_all_runs_are_looked_at_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(8):
        shop.open(f"{seed}", seed)
    shop.work_until("0", 1)
    shop.plan()
    monkeypatch.setattr(Plan, "is_old", False)
    for frames in range(1, 4):
        for seed in range(8):
            shop.want(f"{seed}")  # there is nothing new to see yet, except at first
        for _ in range(1_000):
            if len(shop.frames) < 8 * frames:
                shop.work()
    assert Counter(frame.run for frame, _ in shop.frames) == {f"{seed}": 3 for seed in range(8)}


def test_who_wants_to_see_what_is_there_need_not_wait_for_another_step(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(8):
        shop.open(f"{seed}", seed, plays=False)
    shop.play_together(*"01234567")
    shop.work_until("0", 1)
    monkeypatch.setattr(Plan, "is_old", False)
    shop.plan().looks.clear()  # rows may be due
    shop.want("5")
    assert list(chain.from_iterable(shop.worker.plan().looks.values())) == ["5"]


def test_the_stacks_of_runs_that_are_closed_are_let_go(shop: Shop) -> None:
    for seed in range(5):
        shop.open(f"{seed}", seed)
    shop.work_until("0", 5)
    (group,) = shop.worker._groups.values()
    assert group._joined
    for seed in range(5):
        shop.worker._obey(orders.Close(run=f"{seed}"), b"")
    assert not shop.worker.plan().kinds
    assert not shop.worker._groups


def test_a_step_by_hand_has_the_very_next_turn_and_its_frame_one_soon_after(shop: Shop) -> None:
    for seed in range(30):
        shop.open(f"{seed}", seed)
    shop.open("by hand", 30, plays=False)
    shop.work_until("0", 60)
    for seed in range(30):
        shop.want(f"{seed}")
    shop.want("by hand")
    shop.work_until("0", 80)
    shop.told.clear()
    shop.want("by hand")
    shop.give(orders.Step, "by hand", player="both", count=1)
    shop.work()
    assert shop.run("by hand").position.step == 1
    shop.work(40)
    assert [r.run for r in shop.told if isinstance(r, reports.Frame) and r.run == "by hand"] == ["by hand"]


def test_a_turn_ends_after_a_step_as_soon_as_somebody_waits_for_an_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SLICE_SECONDS", 3_600.0)
    shop.open("alone")
    shop.send(orders.Pause(run="another", number=1))
    shop.work_until("alone", 1)


def test_who_wants_a_frame_or_a_sign_of_life_ends_no_turn_and_is_heard_after_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.open("alone")
    shop.work_until("alone", 1)
    monkeypatch.setattr(loop, "SLICE_SECONDS", 3_600.0)
    goes_on = shop.worker._make_slice(time.monotonic())
    shop.send(orders.Ping(), orders.Want(run="alone", readers=(1,), layers=("generated",), fixed=False))
    assert goes_on()
    assert not any(isinstance(report, reports.Pong) for report in shop.told)
    shop.send(orders.Pause(run="alone", number=9))
    assert not goes_on()
    shop.told.clear()
    assert shop.worker._receive(0.0)
    assert isinstance(shop.told[0], reports.Pong)
    assert isinstance(shop.told[-1], reports.Applied)
    shop.work()
    assert [frame.run for frame, _ in shop.frames] == ["alone"]


def test_answers_to_many_orders_do_not_wait_until_all_are_carried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    near, far = socket.socketpair()
    with near, far:
        worker, ticks = Worker(near, "cpu", 30.0), iter(range(1_000))
        monkeypatch.setattr("server.engine.worker.loop.time.monotonic", lambda: float(next(ticks)))
        for number in range(20):  # nobody has that run: each is refused
            far.sendall(pack_envelope(orders.Pause(run="a", number=number).model_dump_json().encode(), b""))
        assert worker._receive(0.0)
        assert select.select([far], [], [], 0.0)[0], "a worker that says nothing for long is taken for lost"
        assert len(Unpacker().feed(far.recv(1 << 16))) > 10


def test_a_turn_ends_when_the_other_end_is_closed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SLICE_SECONDS", 3_600.0)
    goes_on = shop.worker._make_slice(time.monotonic())
    assert goes_on()
    shop.far.close()
    assert not goes_on()
    assert not shop.worker._receive(0.0)
