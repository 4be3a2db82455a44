"""A worker whose device captures its steps: who goes back has them again bit for bit, whoever trains beside."""

from collections.abc import Iterator
from itertools import count

import pytest

from server.engine import orders
from server.engine.course import Leg
from server.engine.worker.runs import Run
from server.gan.compiled.captures import Captures
from server.gan.compiled.foundry import LOOK_SECONDS, Foundry
from tests.tools.compiled import COMPILING, call_again
from tests.tools.shop import Shop
from tests.tools.states import is_same

pytestmark = COMPILING
TURNS = 2_000


@pytest.fixture
def shop() -> Iterator[Shop]:
    clock = count(step=LOOK_SECONDS).__next__  # whoever looks for a program may look again next time
    shop = Shop(Foundry(patience=0.0, clock=clock, makers={"cpu": lambda: Captures(call_again)}))
    yield shop
    shop.close()


def find_captured(run: Run) -> list[Leg]:
    return [leg for leg in run._journey._course.legs if leg.made.program]


def play_until_captured(shop: Shop, *keys: str) -> None:
    """Let runs play until each has made more steps by a program than are made ahead."""
    for _ in range(TURNS):
        shop.work()
        legs = [find_captured(shop.run(key)) for key in keys]
        if all(one and shop.run(key).position.step > one[-1].step + 20 for key, one in zip(keys, legs, strict=True)):
            return
    raise AssertionError("no steps were captured")


def go_back_and_return(shop: Shop, key: str) -> None:
    """Make all steps of a run again from its beginning."""
    shop.give(orders.Seek, key, step=shop.run(key).position.step, at_start=True)
    for _ in range(TURNS):
        shop.work()
        if not shop.run(key)._replay:
            return
    raise AssertionError("the run is not back")


def test_captured_steps_of_a_run_by_itself_come_again(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.open("alone")
    play_until_captured(shop, "alone")
    shop.give(orders.Pause, "alone")
    state = shop.run("alone").trainer.state
    go_back_and_return(shop, "alone")
    assert is_same(shop.run("alone").trainer.state, state)
    assert caplog.text == "", "it says so where another program, or none, makes the steps"


def test_captured_steps_of_a_wide_stack_come_again_without_the_others(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    keys = [f"run {number}" for number in range(11)]
    for seed, key in enumerate(keys):
        shop.open(key, seed, plays=False)
    shop.play_together(*keys)
    play_until_captured(shop, *keys)
    assert {leg.made.joined for key in keys for leg in find_captured(shop.run(key))} == {True}
    for key in keys:
        shop.give(orders.Pause, key)
    states = {key: shop.run(key).trainer.state for key in keys}
    for key in keys[4:6]:
        go_back_and_return(shop, key)
        assert is_same(shop.run(key).trainer.state, states[key])
    assert caplog.text == "", "it says so where another program, or none, makes the steps"
