"""Which run of a stack has failed: the one that would have failed alone, and no other."""

import pytest
import torch
from torch import Tensor

from server.gan.failures import Failures
from server.gan.phases import Diverged
from server.gan.state import RunState

CPU = torch.device("cpu")
HUGE = 1e25
"""Finite, and so is its sum; its square is not."""


def take_update(loss: Tensor, weights: Tensor) -> tuple[Tensor, list[Diverged | None]]:
    """The weights (R, 2) that are kept of an update of a stack, and who failed."""
    failures = Failures(len(loss), False, CPU)
    state = RunState({"discriminator": torch.zeros_like(weights)})
    moved = failures.keep_finite(state, "discriminator", loss, torch.ones_like(weights), {"discriminator": weights})
    return moved["discriminator"], failures.known


@pytest.mark.parametrize("other", [0.0, float("nan")])
def test_a_run_with_huge_weights_goes_on_whether_another_one_fails_or_not(other: float) -> None:
    weights = torch.full((8, 2), HUGE)
    kept, known = take_update(torch.tensor([other] + [0.0] * 7), weights)
    assert [failure is not None for failure in known] == [other != other] + [False] * 7
    assert torch.equal(kept[1:], weights[1:])


def test_runs_whose_weights_are_too_much_for_a_sum_together_all_go_on() -> None:
    weights = torch.full((8, 2), 1e38)
    kept, known = take_update(torch.zeros(8), weights)
    assert not any(known)
    assert torch.equal(kept, weights)


def test_what_a_run_has_failed_by_is_told() -> None:
    weights = torch.ones(8, 2)
    weights[3, 1] = float("inf")
    kept, known = take_update(torch.zeros(8), weights)
    assert [failure and failure.quantity for failure in known] == [None] * 3 + ["weights"] + [None] * 4
    assert kept[3].tolist() == [0, 0]
