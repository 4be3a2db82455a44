"""Where captured graphs are kept: made once, where somebody plays, for as long as they are used; what goes wrong."""

import logging
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from server.gan.compiled.captures import IDLE_SECONDS, Captures, find_slots
from server.gan.compiled.foundry import LOOK_SECONDS, PATIENCE_SECONDS, Foundry
from server.gan.compiled.graphs import Compute
from server.gan.compiled.keys import find_graph_key
from server.gan.compiled.programs import Program
from server.gan.joined import Joined
from server.gan.trainer import Trainer
from tests.tools.captures import PARTS, WIDE, find_captured, lean, read_once, refuse
from tests.tools.compiled import COMPILING, CONFIG, SMALL, call_again
from tests.tools.runs import make_config

pytestmark = COMPILING


def test_a_graph_is_captured_once_and_only_where_it_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "server.gan.compiled")
    captures = Captures(call_again)
    assert captures.find(Trainer(CONFIG), build=False) is None
    program = find_captured(captures, Trainer(CONFIG))
    assert program
    assert program.key == captures.find_key(Trainer(CONFIG))
    assert captures.find(Trainer(CONFIG.with_seed(9)), build=False) is program
    assert caplog.text.count("steps are captured, 16 at a time") == 1


@pytest.mark.parametrize(
    ("what", "said"),
    [("a graph that is wrong", "a step is not captured"), ("a device that refuses", "no more steps are captured")],
)
def test_what_cannot_be_captured_is_said_once_and_left_to_the_eager_trainer(
    what: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    captures = Captures(read_once if "wrong" in what else refuse)
    for _ in range(2):
        assert find_captured(captures, Trainer(CONFIG)) is None
    (line,) = caplog.messages
    assert line.startswith(f"{said}: ")
    assert "and much more" not in line


def test_after_a_capture_that_failed_on_its_way_this_process_makes_no_more_and_has_those_that_it_has() -> None:
    fails = False

    def capture_at_first(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
        if fails:
            raise RuntimeError("capture failed")
        return call_again(compute)

    captures, other = Captures(capture_at_first), Trainer(make_config(*SMALL, "loss.name=energy"))
    assert find_captured(captures, Trainer(CONFIG))
    fails = True
    assert find_captured(captures, Trainer(WIDE)) is None
    fails = False
    assert find_captured(captures, other) is None
    assert captures.find(Trainer(CONFIG))


def test_after_a_capture_that_failed_one_that_was_captured_before_may_be_refused_and_still_no_more_are_made() -> None:
    devices, told = iter([lean, refuse, call_again]), list[bool]()
    captures, other = Captures(lambda compute: next(devices)(compute), note_risk=told.append), Trainer(WIDE)
    captures.find(Trainer(CONFIG))
    assert captures.recall(other, captures.find_key(other)) is None
    assert find_captured(captures, Trainer(CONFIG)) is None
    assert find_captured(captures, Trainer(make_config(*SMALL, "loss.name=energy"))) is None
    assert told[-1]


@pytest.mark.parametrize("error", [RuntimeError, TypeError, AttributeError, AssertionError])
def test_whatever_goes_wrong_in_a_capture_is_said_and_stops_no_run(
    error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
        raise error

    captures, trainer = Captures(fail), Trainer(CONFIG)
    assert find_captured(captures, trainer) is None
    assert captures.recall(trainer, captures.find_key(trainer)) is None
    assert caplog.messages == [f"no more steps are captured: {error.__name__}"]


def test_what_may_take_the_process_down_is_told_before_it_is_done_and_after_that_where_it_went_well() -> None:
    told: list[bool] = []

    def capture_at_risk(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
        assert told == [True]
        return call_again(compute)

    captures = Captures(capture_at_risk, note_risk=told.append)
    captures.find(Trainer(CONFIG), build=False)
    assert told == []
    assert find_captured(captures, Trainer(CONFIG))
    assert told == [True, False] * (len(told) // 2)
    told.clear()
    assert find_captured(Captures(refuse, note_risk=told.append), Trainer(CONFIG)) is None
    assert told == [True]


def test_runs_have_a_program_as_wide_as_the_next_power_of_two_and_by_themselves_one_of_their_own() -> None:
    captures = Captures(call_again)
    keys = [captures.find_key(Trainer(WIDE[:1] * runs)) for runs in (3, 8, 9, 16, 17, 32)]
    assert [keys.index(key) for key in keys] == [0, 0, 2, 2, 4, 4]
    assert [find_slots(width) for width in (1, 8, 24, 64, 72)] == [1, 8, 32, 64, 128]
    others = [Trainer(CONFIG), Trainer(make_config(*SMALL, "batch_size=32"))]
    assert len({*keys, *map(captures.find_key, others)}) == 5
    assert captures.find_key(Trainer(WIDE[:1] * 257)) == ""
    assert captures.find_key(Trainer(make_config(*SMALL, regularizers=[{"name": "r1"}]))) == ""


def test_a_step_is_made_again_by_the_program_of_the_stack_that_it_was_made_in() -> None:
    captures, alone = Captures(call_again), Joined([Trainer(CONFIG)])
    key = captures.find_key(Trainer(WIDE))
    program = captures.recall(alone, key)
    assert program
    assert program.key == key != captures.find_key(alone)
    assert program.step(alone)
    assert captures.recall(alone, "0" * 32) is None
    assert captures.recall(Trainer(CONFIG), key) is None


def test_what_was_captured_to_make_a_step_again_makes_new_ones_when_it_is_proved_only() -> None:
    captures, wrong = Captures(call_again), Captures(lean)
    for one in (captures, wrong):
        assert one.recall(Trainer(CONFIG), one.find_key(Trainer(CONFIG)))
        assert one.find(Trainer(CONFIG), build=False) is None
    assert find_captured(captures, Trainer(CONFIG))
    assert find_captured(wrong, Trainer(CONFIG)) is None
    assert wrong.recall(Trainer(CONFIG), wrong.find_key(Trainer(CONFIG))) is None


def test_the_graph_that_was_used_longest_ago_makes_room_unless_all_are_in_use() -> None:
    now = 0.0
    captures = Captures(call_again, most=2, clock=lambda: now)
    quick = (*SMALL, "loss.name=energy", "generator.hidden_layers=1")
    first, second, third = (Trainer(make_config(*quick, f"generator.width={width}")) for width in (4, 5, 6))
    kept, dropped = find_captured(captures, first), find_captured(captures, second)
    assert kept
    assert dropped
    assert find_captured(captures, third) is None
    kept.step(first)
    now += IDLE_SECONDS
    kept.step(first)  # it was made ahead
    assert find_captured(captures, third)
    assert captures.find(first, build=False) is kept
    assert captures.find(second, build=False) is None
    assert (kept.closed, dropped.closed) == (False, True)
    assert captures.recall(second, captures.find_key(second)), "what is to be made again is captured whoever plays"


def test_steps_are_captured_when_somebody_has_played_for_a_while_and_never_before() -> None:
    now, captures = 0.0, Captures(call_again)
    foundry = Foundry(clock=lambda: now, makers={"cpu": lambda: captures})
    trainer = Trainer(CONFIG)

    def look() -> Program | None:
        nonlocal now
        now += LOOK_SECONDS
        return foundry.find(trainer)

    while now < PATIENCE_SECONDS:
        assert look() is None
    assert not captures._found
    program = next(program for _ in range(PARTS) if (program := look()))
    assert look() is program
    captures.close()
    assert look() is None


def test_a_step_is_made_again_by_the_program_that_its_key_names_whatever_the_stack_is_now() -> None:
    foundry, alone = Foundry(makers={"cpu": lambda: Captures(call_again)}), Joined([Trainer(CONFIG)])
    key = find_graph_key(alone, 16)
    program = foundry.recall(alone, key)
    assert program
    assert foundry.recall(alone, key) is program


def test_a_lab_that_is_not_to_compile_captures_nothing_and_says_where_a_step_was_captured(
    caplog: pytest.LogCaptureFixture,
) -> None:
    foundry, trainer, cuda = Foundry(builds=False), Trainer(CONFIG), torch.device("cuda")
    foundry.prepare(CONFIG, cuda)
    trainer.device = cuda
    assert foundry.find(trainer) is None
    assert foundry.recall(trainer, "0" * 32) is None
    assert "cuda" not in foundry._opened
    assert len(caplog.messages) == 1
