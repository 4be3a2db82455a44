"""What a session remembers is bounded: states by their bytes, branches by their number, changes by theirs."""

from itertools import pairwise
from typing import Any

import pytest

from server.engine.course import MOST_LEGS, ROOM, Course
from server.engine.remote import START, Place
from server.engine.reports import Position
from server.errors import CommandError
from server.sessions.branches import MOST_BRANCHES, Branch, Branches
from server.sessions.snapshots import Past
from tests.tools.lockstep import LockstepDesk

CONFIG = {"seed": 0}
TINY: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 4},
    "discriminator": {"hidden_layers": 1, "width": 4},
    "batch_size": 4,
}


def begin(branches: Branches, start: Place = START) -> Branch:
    branches.make_room(start.packed)
    return branches.begin(Course.begin(start.step, CONFIG), start)


def train(branches: Branches, last: int, apart: int = 1, size: int = 1000) -> None:
    branch = branches.current
    for step in range(branch.head + apart, last + 1, apart):
        branch.move(Position(step=step))
        branches.keep(step, branch.number.to_bytes(2) + step.to_bytes(8) + bytes(size))


def test_memory_is_bounded_at_every_moment_over_many_branches() -> None:
    branches = Branches(50_000)
    for _ in range(MOST_BRANCHES):
        begin(branches)
        for last in range(1, 12):
            train(branches, last, size=3000)
            assert branches.count_bytes() <= 50_000
    assert branches.count_bytes() > 40_000


def test_the_model_that_a_run_begins_at_counts_and_makes_room_for_itself() -> None:
    branches = Branches(50_000)
    begin(branches)
    train(branches, 60)
    begin(branches, Place(bytes(20_000), 7, Position(step=7), is_start=True))
    assert branches.count_bytes() <= 50_000
    with pytest.raises(CommandError, match="room for one more"):
        branches.make_room(bytes(40_000))


def test_gaps_between_states_grow_gently_with_their_age() -> None:
    branches = Branches(240 * 1010)
    begin(branches)
    train(branches, 100_000, apart=10)
    steps = branches.current.snapshots.steps
    gaps = [(after - before, 100_000 - before) for before, after in pairwise((0, *steps))]
    assert 200 < len(steps) <= 240
    assert max(gap for gap, _ in gaps) < 2500
    assert max(gap for gap, age in gaps if age < 1000) <= 200
    assert steps[-1] == 100_000


def test_states_of_deleted_branches_go_first() -> None:
    branches = Branches(60_000)
    begin(branches)
    train(branches, 20)
    begin(branches)
    train(branches, 20)
    branches.delete(1)
    train(branches, 40)
    assert len(branches.find(1).snapshots) < len(branches.find(2).snapshots)
    assert len(branches.find(2).snapshots) == 40


def test_a_state_that_branches_share_is_worth_what_it_is_to_the_one_that_needs_it() -> None:
    branches = Branches(1 << 20)
    source = begin(branches)
    train(branches, 10)
    fork = branches.fork(source, source.course, Position(step=5))
    assert [id(one) for one in fork.snapshots.packed] == [id(one) for one in source.snapshots.packed[:5]]
    worths = [dict(Past(one.snapshots, 0, one.head, False).weigh()) for one in (source, fork)]
    newest = fork.snapshots.packed[-1]
    assert worths[1][newest] > worths[0][newest]


def test_deleted_branches_and_then_the_oldest_without_names_make_room() -> None:
    branches = Branches(1 << 25)
    for _ in range(MOST_BRANCHES):
        begin(branches)
        branches.current.move(Position(step=5))
    branches.find(1).name = "mine"
    branches.delete(9)
    assert branches.make_room() == ["Run 9"]
    begin(branches).move(Position(step=5))
    assert branches.make_room() == ["Run 2"]
    begin(branches)
    assert branches.find(1).name == "mine"


def test_branches_with_names_are_never_forgotten() -> None:
    branches = Branches(1 << 25)
    for number in range(MOST_BRANCHES):
        begin(branches).move(Position(step=5))
        branches.current.name = f"mine {number}"
    with pytest.raises(CommandError, match="those with names are never forgotten"):
        branches.make_room()
    assert len(list(branches)) == MOST_BRANCHES


def test_a_model_that_was_not_trained_on_stays_and_an_empty_run_makes_way() -> None:
    branches = Branches(1 << 25)
    begin(branches)
    begin(branches, Place(b"model", 7, Position(step=7), is_start=True))
    begin(branches)
    assert [branch.number for branch in branches] == [2, 3]


def test_a_session_says_which_branches_it_forgot_and_refuses_a_change_when_all_have_names() -> None:
    desk = LockstepDesk(TINY)
    for seed in range(MOST_BRANCHES):
        desk.do("Reset", seed=seed)
        desk.do("Step", count=2)
    assert desk.session.timeline.list_marks() == [(0, "new seed")]
    desk.do("Reset")
    assert desk.session.timeline.list_marks() == [(0, "reset"), (0, "forgotten to make room: Run 2")]
    desk.do("Step", count=2)
    for branch in desk.session.branches:
        desk.do("Rename", branch=branch.number, name=f"mine {branch.number}")
    desk.do("Seek", step=1)
    before = desk.session.config
    refused = desk.end(desk.begin("Configure", config=TINY | {"seed": before.seed, "g_updates": 2}))
    assert "those with names are never forgotten" in refused
    assert (desk.session.config, desk.session.revision) == (before, desk.status.revision)
    assert "those with names" in desk.end(desk.begin("Reset"))


def test_a_run_takes_only_so_many_changes_and_says_so() -> None:
    desk = LockstepDesk(TINY)
    course = desk.session._run.course
    while len(course.legs) <= MOST_LEGS - ROOM:
        course.note_config(0, desk.session.config.to_json())
    assert "this one has nearly 4,096" in desk.end(desk.begin("Configure", config=TINY | {"g_updates": 2}))
    assert "this one has nearly 4,096" in desk.end(desk.begin("Step", player="generator"))
    desk.do("Step")
