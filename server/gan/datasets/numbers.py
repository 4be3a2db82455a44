"""Laws of single numbers: points of one coordinate, so that densities are curves over a line.

Shape letters: N points; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from functools import lru_cache
from math import log

import torch
from torch import Tensor

from server.gan.datasets.base import COMMON, DATASETS, Box, Dataset
from server.gan.mixtures import Mixture, build_mixture
from server.gan.papers import FGAN, GAN
from server.gan.randomness import Draws
from server.gan.registry import Number

INTERVAL = Box((0.0,), 3.0)
"""The view of all of them: its units are those of training."""


# One bump -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def one_bump_law(mean: float, std: float) -> Mixture:
    """Give the law of `one_bump`."""
    return build_mixture([(mean,)], std)


def draw_one_bump(count: int, draws: Draws, mean: float, std: float) -> Tensor:
    """Single numbers by one bell curve: the picture by which GANs were first explained."""
    return one_bump_law(mean, std).draw(count, draws)


DATASETS.add(
    Dataset(
        "one_bump", "One bump in 1D", draw_one_bump,
        r"p = \mathcal{N}(\mu, \sigma^2)",
        GAN,
        (Number("mean", "Middle", 1.0, -1.5, 1.5, "Where the bump stands."),
         Number("std", "Spread", 0.4, 0.1, 0.5, "The standard deviation of the numbers.", scale="log"), *COMMON),
        view=INTERVAL, mixture=one_bump_law,
        see="Points have one coordinate, so the densities of the real and of the generated ones are curves, and the"
        " discriminator is one too. The generated curve moves over the real one, and the discriminator becomes flat.",
        code="x_real = mean + std * draws.normal(count, 1)",
    )
)  # fmt: skip


# Two bumps ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def two_bumps_law(apart: float, std: float, share: float) -> Mixture:
    """Give the law of `two_bumps`."""
    return build_mixture([(-apart / 2,), (apart / 2,)], std, [1 - share, share])


def draw_two_bumps(count: int, draws: Draws, apart: float, std: float, share: float) -> Tensor:
    """Single numbers by two bell curves: a generator that can make one only must choose, or cover the gap too."""
    return two_bumps_law(apart, std, share).draw(count, draws)


DATASETS.add(
    Dataset(
        "two_bumps", "Two bumps in 1D", draw_two_bumps,
        r"p = (1 - w)\, \mathcal{N}(-\tfrac{a}{2}, \sigma^2) + w\, \mathcal{N}(\tfrac{a}{2}, \sigma^2)",
        FGAN,
        (Number("apart", "Distance", 3.0, 1.0, 4.0, "How far the two middles are from each other."),
         Number("std", "Spread", 0.3, 0.05, 0.3, "The standard deviation of the numbers of a bump.", scale="log"),
         Number("share", "Share of the right one", 0.5, 0.05, 0.95, "How large a part of the numbers it has."),
         *COMMON),
        view=INTERVAL, mixture=two_bumps_law, separate=True,
        see="The density of the real points has two bumps. A generator that has fallen for one of them shows a single"
        " curve over it, and the discriminator is high over the other.",
        code="places = torch.tensor([-apart / 2, apart / 2])\n"
        "weights = torch.tensor([1 - share, share])\n"
        "ends = (weights / weights.sum()).cumsum(0)[:-1]\n"
        "bump = torch.bucketize(draws.uniform(count), ends)\n"
        "x_real = places[bump].unsqueeze(1) + std * draws.normal(count, 1)",
    )
)  # fmt: skip


# Five bumps ---------------------------------------------------------------------------------------------------------

FIVE_PLACES = (-2.4, -1.2, 0.0, 1.2, 2.4)
FIVE_WEIGHTS = (10.0, 40.0, 15.0, 30.0, 5.0)


@lru_cache(maxsize=16)
def five_bumps_law(std: float) -> Mixture:
    """Give the law of `five_bumps`."""
    return build_mixture([(place,) for place in FIVE_PLACES], std, FIVE_WEIGHTS)


def draw_five_bumps(count: int, draws: Draws, std: float) -> Tensor:
    """Single numbers by five bell curves, from 5 to 40 percent of them each: the rare ones are easily forgotten."""
    return five_bumps_law(std).draw(count, draws)


DATASETS.add(
    Dataset(
        "five_bumps", "Five uneven bumps in 1D", draw_five_bumps,
        r"p = \sum_{k=1}^{5} w_k\, \mathcal{N}(1.2\, (k - 3), \sigma^2), \quad w = (0.1, 0.4, 0.15, 0.3, 0.05)",
        None,
        (Number("std", "Spread", 0.1, 0.02, 0.2, "The standard deviation of the numbers of a bump.", scale="log"),
         *COMMON),
        view=INTERVAL, mixture=five_bumps_law, separate=True,
        see="The density of the real points has five bumps of five heights. Modes covered asks each for a fifth of its"
        " own share, so the lowest, at the right, is not excused.",
        code="places = torch.tensor([-2.4, -1.2, 0.0, 1.2, 2.4])\n"
        "weights = torch.tensor([10.0, 40.0, 15.0, 30.0, 5.0])\n"
        "ends = (weights / weights.sum()).cumsum(0)[:-1]\n"
        "bump = torch.bucketize(draws.uniform(count), ends)\n"
        "x_real = places[bump].unsqueeze(1) + std * draws.normal(count, 1)",
    )
)  # fmt: skip


# Even ---------------------------------------------------------------------------------------------------------------

STRATA = 25
"""Into so many equal parts is the even law cut where it is drawn without chance imbalance."""


def draw_even(count: int, draws: Draws, reach: float) -> Tensor:
    """Single numbers, all equally likely from one end to the other: two sharp edges that a generator must learn."""
    return reach * (2 * draws.uniform(count, 1) - 1)


def spread_even(count: int, draws: Draws, reach: float) -> Tensor:
    """Draw fair counts from each of STRATA parts of the interval."""
    part = (torch.arange(count) * STRATA // count).unsqueeze(-1)
    return reach * (2 * (part + draws.uniform(count, 1)) / STRATA - 1)


def even_log_density(points: Tensor, reach: float) -> Tensor:
    """Give log p at points (..., N, 1): the same between the ends, and minus infinity beyond them."""
    inside = points.squeeze(-1).abs() <= reach
    return torch.where(inside, -log(2 * reach), -torch.inf).to(points)


DATASETS.add(
    Dataset(
        "even", "Even in 1D", draw_even,
        r"p = U(-r, r)",
        None,
        (Number("reach", "Reach", 2.0, 0.5, 2.9, "How far the two ends are from the middle, 0."), *COMMON),
        view=INTERVAL, density=even_log_density, spread=spread_even,
        see="The density of the real points is a box. The generated curve fills it soon, and rounds its corners off"
        " for long.",
        code="x_real = reach * (2 * draws.uniform(count, 1) - 1)",
    )
)  # fmt: skip
