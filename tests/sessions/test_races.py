"""Commands that nobody waits for, slow wires and lost workers: each branch is what a plain replay of its course gives.

What a page is told (rows, marks, settings) must be what was computed, and every step must be there again, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.lockstep import LockstepDesk
from tests.tools.replay import replay

TINY: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 4},
    "discriminator": {"hidden_layers": 1, "width": 4},
    "batch_size": 4,
}
LIVE: list[dict[str, Any]] = [
    {},
    {"d_updates": 2},
    {"g_optimizer": {"name": "sgd"}},
    {"loss": {"name": "least_squares"}},
    {"d_updates": 0},
]
Deed = tuple[str, float]

COMMANDS: dict[str, Callable[[LockstepDesk, float], dict[str, Any]]] = {
    "Step": lambda desk, x: {"count": 1 + int(6 * x)},
    "StepAlone": lambda desk, x: {"player": "generator" if x < 0.5 else "discriminator", "count": 1 + int(4 * x) % 2},
    "Play": lambda desk, x: {"phases_per_second": 100.0 if x < 0.3 else None},
    "Pause": lambda desk, x: {},
    "Advance": lambda desk, x: {},
    "Seek": lambda desk, x: {"step": round(x * max(1, desk.status.head))},
    "Back": lambda desk, x: {"by": "step" if x < 0.5 else "phase"},
    "Configure": lambda desk, x: {"config": TINY | LIVE[int(x * 4.99)] | {"seed": desk.session.config.seed}},
    "Switch": lambda desk, x: {"branch": pick_branch(desk, x)},
    "Delete": lambda desk, x: {"branch": pick_branch(desk, x)},
    "Reset": lambda desk, x: {},
}
OFTEN = ("Step", "Seek", "Configure", "Configure", "Play")
WIRE: dict[str, Callable[[LockstepDesk, float], None]] = {
    "orders": lambda desk, x: desk.wire.take_orders(1 + int(3 * x)),
    "work": lambda desk, x: desk.wire.work(1 + int(3 * x)),
    "reports": lambda desk, x: desk.wire.take_reports(1 + int(8 * x)),
}


def pick_branch(desk: LockstepDesk, where: float) -> int:
    numbers = [branch.number for branch in desk.session.branches]
    return numbers[round(where * (len(numbers) - 1))]


def check_branch(desk: LockstepDesk, number: int) -> None:
    desk.do("Switch", branch=number)
    branch = desk.session.branches.current
    states, rows = replay(branch)
    told = [tuple(None if math.isnan(loss) else loss for loss in pair) for pair in zip(*branch.timeline.columns[1:])]  # noqa: B905 - columns are of one length
    assert dict(zip(desk.rows, told, strict=True)) == rows
    assert len(desk.rows) == len(rows)
    changes = [leg.step for leg in branch.course.legs[1:] if leg.config]
    assert [step for step, text in desk.session.timeline.list_marks() if text == "changed"] == changes
    for step in {branch.first, (branch.first + branch.head) // 2, branch.head}:
        desk.do("Seek", step=step)
        assert (desk.status.step, desk.state == states[step]) == (step, True)
        assert desk.session.config.to_json() == branch.course.find_config(step)


def do_all(deeds: list[Deed]) -> None:
    desk = LockstepDesk(TINY)
    given = []
    for kind, x in deeds:
        if kind == "lose":
            desk.wire.take_reports()
            desk.wire.lose_worker()
        elif kind in WIRE:
            WIRE[kind](desk, x)
        else:
            given.append(desk.begin(kind.removesuffix("Alone"), **COMMANDS[kind](desk, x)))
    given.append(desk.begin("Pause"))
    assert "unanswered" not in [desk.end(number) for number in given]
    assert desk.status.state in ("paused", "stepping")
    for number in [branch.number for branch in desk.session.branches if not branch.is_deleted]:
        check_branch(desk, number)


def list_deeds(*kinds: str) -> st.SearchStrategy[list[Deed]]:
    return st.lists(st.tuples(st.sampled_from(kinds), st.floats(0, 1, width=16)), min_size=20, max_size=60)


BOUNDS = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.mark.timeout(300)
@BOUNDS
@given(list_deeds(*COMMANDS, *OFTEN, *WIRE, *WIRE))
def test_commands_that_nobody_waits_for_leave_branches_that_are_plain_replays(deeds: list[Deed]) -> None:
    do_all(deeds)


@pytest.mark.timeout(300)
@BOUNDS
@given(list_deeds(*COMMANDS, *OFTEN, *WIRE, *WIRE, "lose"))
def test_lost_workers_leave_branches_that_are_plain_replays(deeds: list[Deed]) -> None:
    do_all(deeds)
