"""What a reader is told of a run without a browser: while it trains, and at its end."""

import math

import pytest
import torch

from server.commands.outcomes import Outcome, describe_outcome, pick_number, tell_progress


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_none(value: float) -> None:
    numbers = torch.tensor([1.0, value])
    assert (pick_number(numbers, 0), pick_number(numbers, 1), pick_number(None, 0)) == (1.0, None, None)


def test_an_outcome_names_numbers_as_the_page_does_and_leaves_out_what_is_not_known() -> None:
    metrics = {"modes20": 8.0, "high_quality": 0.0071, "recall": None, "grid_kl": 4.787}
    outcome = Outcome(2, 1400, "ok", {"d_loss": 1.25, "g_loss": None}, metrics, 0.5)
    assert describe_outcome(outcome).splitlines() == [
        "seed 2: 1,400 steps in 0.5 s",
        "  Discriminator's loss  1.25",
        "  Modes covered         8          higher is better",
        "  High-quality share    0.0071     higher is better",
        "  KL divergence (bit)   4.787      lower is better",
    ]


def test_a_run_that_broke_says_so() -> None:
    words = describe_outcome(Outcome(2, 1, "diverged", {}, {}, 0.5))
    assert words == "seed 2: broke after 1 step in 0.5 s: a number became infinite, or is none"


def test_where_no_bar_can_be_drawn_a_line_comes_now_and_then() -> None:
    said: list[str] = []
    # Seven seconds a step: a line after every second one, and none before the first step is done.
    times = iter(range(0, 700, 7))
    assert list(tell_progress(range(5), 5, said.append, lambda: next(times))) == [0, 1, 2, 3, 4]
    assert said == [
        "training: 1 of 5 steps, about 56 s left",
        "training: 3 of 5 steps, about 19 s left",
    ]
