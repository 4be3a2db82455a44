"""Which states a run file has: all while they are few, and of many those that lead quickly everywhere."""

import numpy as np

from server.engine.reports import Position
from server.sessions.branches import Branches
from server.sessions.run_states import ENOUGH_BYTES, PLENTY_BYTES, choose_states
from tests.tools.branches import make_branches


def count_chosen(branches: Branches) -> int:
    chosen = choose_states(list(branches), branches.current.number)
    return sum(len(packed) for packed in {p for snapshots in chosen.values() for p in snapshots.packed})


def test_few_states_are_all_kept() -> None:
    branches = make_branches(12, 3)
    chosen = choose_states(list(branches), 2)
    assert [chosen[branch.number].steps for branch in branches] == [b.snapshots.steps for b in branches]


def test_many_states_are_thinned_but_not_where_a_branch_stands_or_ends() -> None:
    branches = make_branches(90, 4)
    first = next(iter(branches))
    first.position = Position(step=121)
    chosen = choose_states(list(branches), 2)[first.number]
    assert PLENTY_BYTES - 300_000 <= count_chosen(branches) <= PLENTY_BYTES
    assert {120, 900} <= set(chosen.steps)
    assert max(np.diff((0, *chosen.steps))) <= 50


def test_states_that_are_too_many_even_so_are_those_of_the_present_branch_first() -> None:
    branches = make_branches(2, 2, 2, 2, width=6_000_000)
    chosen = choose_states(list(branches), 3)
    assert count_chosen(branches) <= ENOUGH_BYTES
    assert chosen[3].steps == (20,)
    assert [len(chosen[branch.number]) for branch in branches] == [1, 1, 1, 0]


def test_chosen_again_they_are_the_same() -> None:
    for branches in (make_branches(90, 4), make_branches(2, 2, 2, 2, width=6_000_000), make_branches(300, 40, 7)):
        chosen = choose_states(list(branches), branches.current.number)
        for branch in branches:
            branch.snapshots = chosen[branch.number]
        again = choose_states(list(branches), branches.current.number)
        assert [again[b.number].steps for b in branches] == [chosen[b.number].steps for b in branches]
