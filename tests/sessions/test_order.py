"""Commands that are not waited for: each finds the run where the ones before it leave it, and none is lost."""

from typing import Any

import pytest

from server.engine.remote import START
from server.engine.reports import Position
from server.gan.state import RunState
from server.protocol.messages import StopBelow
from server.sessions.run_file import read_run, write_run
from tests.tools.engine import EXPLODING
from tests.tools.lockstep import LockstepDesk
from tests.tools.runs import catalog

TINY: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 8},
    "discriminator": {"hidden_layers": 1, "width": 8},
    "batch_size": 8,
}
SGD = TINY | {"d_optimizer": {"name": "sgd"}}
TWICE = TINY | {"g_updates": 2}


def test_two_changes_at_one_step_are_both_made_again() -> None:
    desk = LockstepDesk(TINY)
    desk.do("Step", count=5)
    desk.do("Configure", config=SGD)
    desk.do("Configure", config=TINY)
    desk.do("Step", count=10)
    ending = desk.state
    desk.do("Seek", step=3)
    desk.do("Play")
    assert (desk.status.step, desk.state) == (15, ending)


def test_two_changes_at_the_start_are_both_made_again() -> None:
    desk = LockstepDesk(SGD)
    desk.do("Configure", config=TINY)
    desk.do("Configure", config=TINY | {"regularizers": [{"name": "lecam"}]})
    desk.do("Step", count=6)
    ending = desk.state
    for snapshots in (branch.snapshots for branch in desk.session.branches):
        snapshots.drop({id(packed) for packed in snapshots.packed})
    desk.do("Seek", step=6)
    assert desk.state == ending


@pytest.mark.parametrize(("before", "after"), [(TINY, SGD), (SGD, TINY)])
def test_who_goes_back_to_where_a_change_is_under_way_comes_after_it(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    desk = LockstepDesk(before)
    desk.do("Step", count=5)
    change, seek = desk.begin("Configure", config=after), desk.begin("Seek", step=5)
    assert (desk.end(change), desk.end(seek)) == ("done", "done")
    slots = [name for name in RunState.unpack(desk.state).tensors if name.startswith("d_optimizer.")]
    assert bool(slots) == (after is TINY)
    desk.do("Step")
    assert desk.rows == [1, 2, 3, 4, 5, 6]
    assert len(read_run(write_run(desk.session.branches), catalog())[0]) == 1


def test_what_comes_after_a_held_command_is_held_too() -> None:
    desk = LockstepDesk(TINY)
    desk.do("Step", count=20)
    desk.do("Seek", step=10)
    given = [
        desk.begin("Configure", config=TWICE),
        desk.begin("Seek", step=4),
        desk.begin("Configure", config=TWICE | {"d_updates": 2}),
        desk.begin("Step"),
        desk.begin("Back"),
        desk.begin("Rename", branch=3, name="late"),
    ]
    assert [desk.end(number) for number in given] == ["done"] * 6
    assert desk.tree == [(1, None, 0, 20), (2, 1, 10, 10), (3, 2, 4, 5)]
    assert (desk.status.step, desk.session.branches.current.name) == (4, "late")


def test_a_pause_that_is_held_ends_what_is_under_way_and_what_was_held_before_it() -> None:
    desk = LockstepDesk(TINY)
    desk.do("Step", count=20)
    desk.do("Seek", step=10)
    given = [desk.begin("Configure", config=TWICE), desk.begin("Seek", step=4), desk.begin("Play")]
    pause = desk.begin("Pause")
    assert [desk.end(number) for number in (*given, pause)] == ["done"] * 4
    assert desk.status.state == "paused"
    steps = desk.begin("Step", count=10_000)
    switch = desk.begin("Switch", branch=1)
    desk.wire.take_orders()
    desk.wire.work()
    pause = desk.begin("Pause")
    assert [desk.end(number) for number in (steps, switch, pause)] == ["done"] * 3
    assert desk.tree[1][3] < 10_000


@pytest.mark.parametrize("leaving", ["Switch", "Reset"])
def test_what_was_asked_of_a_branch_is_done_before_it_is_left(leaving: str) -> None:
    desk = LockstepDesk(TINY)
    desk.do("Step", count=3)
    desk.do("Reset", seed=3)
    desk.do("Step", count=5)
    change = desk.begin("Configure", config=TWICE | {"seed": 3})
    steps = desk.begin("Step", count=7)
    left = desk.begin(leaving, **({"branch": 1} if leaving == "Switch" else {}))
    assert [desk.end(number) for number in (change, steps, left)] == ["done"] * 3
    desk.do("Switch", branch=2)
    assert (desk.status.head, desk.session.config.g_updates) == (12, 2)
    assert desk.session.timeline.list_marks()[-1] == (5, "changed")


def test_a_file_is_opened_when_what_was_asked_of_the_run_is_done() -> None:
    desk = LockstepDesk(TINY)
    desk.do("Step", count=4)
    branches, current = read_run(write_run(desk.session.branches), catalog())
    steps = desk.begin("Step", count=3)
    opening = desk.session.open_tree(branches, current)
    assert not opening.done()
    play = desk.begin("Play", until=6)
    assert [desk.end(number) for number in (steps, play)] == ["done", "done"]
    assert (opening.done(), opening.exception()) == (True, None)
    assert desk.tree == [(1, None, 0, 6)]


def test_a_file_that_nobody_waits_for_any_more_is_not_opened() -> None:
    desk = LockstepDesk(TINY)
    desk.do("Step", count=4)
    branches, current = read_run(write_run(desk.session.branches), catalog())
    steps = desk.begin("Step", count=3)
    assert desk.session.open_tree(branches, current).cancel()
    play = desk.begin("Play", until=9)
    assert [desk.end(number) for number in (steps, play)] == ["done", "done"]
    assert desk.tree == [(1, None, 0, 9)]


def test_a_file_that_waits_as_its_session_ends_is_refused() -> None:
    desk = LockstepDesk(TINY)
    branches, current = read_run(write_run(desk.session.branches), catalog())
    desk.begin("Step", count=3)
    opening = desk.session.open_tree(branches, current)
    desk.session.close()
    assert "the session is closed" in str(opening.exception())


def test_a_stop_condition_does_not_hear_of_another_branch() -> None:
    wild = TINY | {"data": {"name": "gaussians"}}
    desk = LockstepDesk(wild)
    desk.do("Step", count=77)
    score = next(row for row in desk.session.timeline.metrics if row.step == 77).values["grid_kl"]
    assert score is not None
    desk.do("Seek", step=60)
    desk.do("Configure", config=wild | {"g_optimizer": {"name": "sgd", "learning_rate": 1e-5}})
    desk.begin("Play", until=90, stop=StopBelow(metric="grid_kl", below=score + 1e-6))
    desk.wire.settle()
    assert (desk.status.step, "where it was to stop" in str(desk.status.reason)) == (90, True)


def test_rows_come_before_the_answer_to_play_when_it_plays_already() -> None:
    desk = LockstepDesk(TINY)
    desk.begin("Play")
    desk.wire.take_orders()
    desk.wire.work(3)
    desk.begin("Play", rate=500.0)
    desk.wire.take_orders()
    desk.wire.take_reports()
    assert desk.rows == list(range(1, desk.status.step + 1)) != []


def test_the_start_is_scored_before_it_is_left() -> None:
    scores = []
    for hurried in (False, True):
        desk = LockstepDesk(TINY)
        desk.begin("Reset", seed=7)
        if hurried:
            desk.begin("Advance")
        desk.wire.settle()
        scores.append([row for row in desk.session.timeline.metrics if row.step == 0])
    assert scores[0] == scores[1] != []


def test_a_newer_way_back_ends_the_one_under_way_and_nothing_is_told_twice() -> None:
    desk = LockstepDesk(TINY)
    desk.do("Step", count=400)
    for snapshots in (branch.snapshots for branch in desk.session.branches):
        snapshots.drop({id(packed) for packed in snapshots.packed})
    far = desk.begin("Seek", step=399)
    desk.wire.take_orders()
    desk.wire.work()
    near = desk.begin("Seek", step=2)
    desk.wire.take_orders()
    desk.wire.take_reports()
    assert desk.find_answer(far) == "done"
    assert desk.status.step < 399
    assert (desk.end(near), desk.status.step, desk.status.head) == ("done", 2, 400)
    desk.do("Play")
    assert (desk.status.step, desk.rows) == (400, list(range(1, 401)))


def test_who_goes_back_while_a_lost_run_is_brought_back_loses_nothing_of_its_record() -> None:
    desk = LockstepDesk(TINY)
    desk.do("Step", count=400)
    ending = desk.state
    desk.wire.remote._kept = START  # as if its newest state were old
    desk.wire.lose_worker()
    desk.wire.take_orders()
    desk.wire.work()
    desk.do("Seek", step=2)
    desk.do("Play")
    assert (desk.status.step, desk.rows, desk.state) == (400, list(range(1, 401)), ending)


def test_a_run_that_is_lost_again_on_its_way_back_remembers_how_far_it_was() -> None:
    desk = LockstepDesk(TINY)
    desk.do("Step", count=400)
    desk.wire.remote._kept = START  # as if its newest state were old
    desk.wire.lose_worker()
    desk.wire.take_orders()
    desk.wire.work()
    desk.begin("Pause")
    desk.begin("Seek", step=2)  # ends the way to step 400; the pause is answered where that ends
    desk.wire.settle()
    desk.wire.lose_worker()
    desk.do("Play")
    assert (desk.status.step, desk.rows) == (400, list(range(1, 401)))


def test_a_step_that_was_walked_into_is_none_of_those_by_hand_that_a_next_worker_has_to_make() -> None:
    desk = LockstepDesk(TINY)
    desk.do("Advance")
    number = desk.begin("Step", player="discriminator", count=400)
    desk.wire.take_orders()
    while desk.wire.remote.position.step < 2:
        desk.wire.work()
        desk.wire.take_reports()
    desk.wire.lose_worker()
    assert (desk.end(number), desk.status.step) == ("done", 401)


def test_a_pause_ends_a_way_back_where_it_is() -> None:
    desk = LockstepDesk(TINY)
    desk.do("Step", count=400)
    for snapshots in (branch.snapshots for branch in desk.session.branches):
        snapshots.drop({id(packed) for packed in snapshots.packed})
    seek = desk.begin("Seek", step=399)
    desk.wire.take_orders()
    desk.wire.work()
    pause = desk.begin("Pause")
    assert (desk.end(seek), desk.end(pause)) == ("done", "done")
    assert 0 < desk.status.step < 399
    assert (desk.status.state, desk.status.head) == ("paused", 400)
    desk.do("Seek", step=400)
    assert desk.status.step == 400


def test_a_record_that_diverges_here_says_that_it_cannot_be_reached_and_leads_back() -> None:
    desk = LockstepDesk(TINY | EXPLODING)
    source = desk.session.branches.current
    source.move(Position(step=500, d_updates=500, g_updates=500))
    desk.do("Reset", seed=1)
    switch = desk.begin("Switch", branch=1)
    assert "the record goes on to step 500, which cannot be reached on this machine" in desk.end(switch)
    assert (desk.status.state, desk.status.head) == ("failed", 500)
    assert 0 < desk.status.step < 500
    assert "cannot be reached" in str(desk.status.failure and desk.status.failure.message)
    desk.do("Seek", step=0)
    assert (desk.status.step, desk.status.state) == (0, "paused")


def test_a_state_of_other_settings_is_refused_and_the_run_stays() -> None:
    desk, other = LockstepDesk(TINY), LockstepDesk(SGD)
    desk.do("Step", count=3)
    desk.session.branches.current.snapshots.put(2, other.state)
    refused = desk.end(desk.begin("Seek", step=2))
    assert refused == "seek: expected a state of the settings at its step, got another one in d_optimizer.mean"
    desk.do("Step")
    assert desk.rows == [1, 2, 3, 4]
