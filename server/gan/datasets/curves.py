"""Curves with noise around them: a Swiss roll, two moons, two spirals.

The law of a curve with Gaussian noise is an integral along the curve. Its density is a sum over Gauss-Legendre nodes,
a mixture whose components lie so close together that it is the integral to four digits and more.
Shape letters: N points, P nodes; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, pi

import numpy as np
import torch
from torch import Tensor

from server.gan.datasets.base import COMMON, DATASETS, Box, Dataset, space_evenly
from server.gan.mixtures import Mixture
from server.gan.papers import WGAN_GP
from server.gan.randomness import Draws
from server.gan.registry import Number, Paper

FFJORD = Paper(
    "Grathwohl, Chen, Bettencourt, Sutskever, Duvenaud",
    "FFJORD: Free-form Continuous Dynamics for Scalable Reversible Generative Models",
    2019,
)
NODES = 6
REACH = 4.0
"""Each stretch of a curve has NODES nodes, and is at most so many standard deviations of its noise long."""


def lay_nodes(edges: Tensor) -> tuple[Tensor, Tensor]:
    """Give nodes (P,) and weights (P,), float64: the Gauss-Legendre rule in each interval between the edges."""
    places, weights = (torch.from_numpy(each) for each in np.polynomial.legendre.leggauss(NODES))
    starts, lengths = edges[:-1, None], edges.diff().unsqueeze(-1)
    return (starts + lengths * (places + 1) / 2).flatten(), (lengths * weights / 2).flatten()


def mix_along(centres: Tensor, weights: Tensor, std: float) -> Mixture:
    """Make a mixture of round Gaussians along a curve: centres (P, 2), weights (P,) up to a factor."""
    means = centres.float()
    return Mixture(means, torch.full_like(means, std), (weights / weights.sum()).float())


# A roll -------------------------------------------------------------------------------------------------------------

ROLL_SCALE = 7.5
ROLL_START, ROLL_TURN = 1.5 * pi, 3 * pi


def _roll(along: Tensor) -> Tensor:
    """Places (..., 2) on the roll before it is scaled; `along` (...) from 0 to 1."""
    angle = ROLL_START + ROLL_TURN * along
    return angle.unsqueeze(-1) * torch.stack([angle.cos(), angle.sin()], -1)


@lru_cache(maxsize=16)
def swiss_roll_law(noise: float) -> Mixture:
    """Give the law of `swiss_roll` as a sum over nodes; they lie evenly in the angle."""
    longest = ROLL_TURN * (ROLL_START + ROLL_TURN + 1)  # no stretch is longer than the angle's range times the radius
    along, weights = lay_nodes(torch.linspace(0, 1, ceil(longest / (REACH * noise)) + 1, dtype=torch.float64))
    return mix_along(_roll(along) / ROLL_SCALE, weights, noise / ROLL_SCALE)


def draw_swiss_roll(count: int, draws: Draws, noise: float) -> Tensor:
    """A strip that is rolled up: two points may be near in the plane and far apart along the roll."""
    return (_roll(draws.uniform(count)) + noise * draws.normal(count, 2)) / ROLL_SCALE


def spread_swiss_roll(count: int, draws: Draws, noise: float) -> Tensor:
    """Draw points whose angles are evenly spaced."""
    return (_roll(space_evenly(count)[1]) + noise * draws.normal(count, 2)) / ROLL_SCALE


DATASETS.add(
    Dataset(
        "swiss_roll", "Swiss roll", draw_swiss_roll,
        r"x = \tfrac{1}{7.5} \big(t \cos t + \sigma n_1,\; t \sin t + \sigma n_2\big), \quad"
        r" t \sim U\big(\tfrac32 \pi, \tfrac92 \pi\big)",
        WGAN_GP,
        (Number("noise", "Noise", 0.25, 0.1, 1.0, "The standard deviation of the noise, before the roll is scaled.",
                scale="log"), *COMMON),
        view=Box((0.2, 0.2), 2.0), quadrature=swiss_roll_law, spread=spread_swiss_roll,
        see="The real samples lie on a rolled-up strip. The generated ones fill the roll as a disc at first; "
        "then the gaps between its turns must open.",
        code="t = 1.5 * math.pi + 3 * math.pi * draws.uniform(count)\n"
        "roll = t.unsqueeze(1) * torch.stack([t.cos(), t.sin()], 1)\n"
        "x_real = (roll + noise * draws.normal(count, 2)) / 7.5",
    )
)  # fmt: skip


# Moons --------------------------------------------------------------------------------------------------------------

MOONS = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.5, -1.0]])
"""For each moon the circle's centre (x, y), and which way it bends."""


def _bend(moon: Tensor, along: Tensor) -> Tensor:
    """Places (..., 2) on the moons; `moon` (...) is 0 or 1, `along` (...) goes from 0 to 1."""
    angle = pi * along
    x, y, sign = MOONS.to(along)[moon].unbind(-1)
    return torch.stack([x + sign * angle.cos(), y + sign * angle.sin()], -1)


@lru_cache(maxsize=16)
def moons_law(noise: float) -> Mixture:
    """Give the law of `moons` as a sum over nodes on both."""
    along, weights = lay_nodes(torch.linspace(0, 1, ceil(pi / (REACH * noise)) + 1, dtype=torch.float64))
    moon = torch.tensor([0, 1]).repeat_interleave(len(along))
    return mix_along(_bend(moon, along.repeat(2)), weights.repeat(2), noise)


def draw_moons(count: int, draws: Draws, noise: float) -> Tensor:
    """Two half circles that reach into each other: no straight line keeps them apart."""
    moon = draws.integers(2, count)
    return _bend(moon, draws.uniform(count)) + noise * draws.normal(count, 2)


def spread_moons(count: int, draws: Draws, noise: float) -> Tensor:
    """Draw points whose places on the moons are evenly spaced."""
    return _bend(*space_evenly(count, 2)) + noise * draws.normal(count, 2)


DATASETS.add(
    Dataset(
        "moons", "Two moons", draw_moons,
        r"x = (\cos \theta, \sin \theta) + \sigma n \;\text{ or }\;"
        r" (1 - \cos \theta, \tfrac12 - \sin \theta) + \sigma n, \quad \theta \sim U(0, \pi)",
        None,
        (Number("noise", "Noise", 0.05, 0.02, 0.2, "The standard deviation of the noise around the half circles.",
                scale="log"), *COMMON),
        view=Box((0.5, 0.25), 2.0), quadrature=moons_law, spread=spread_moons,
        see="The real samples are two half circles that reach into each other. The surface winds between "
        "them, and the warp leaves a bridge of large cells from one to the other.",
        code="moon = draws.integers(2, count).unsqueeze(1)\n"
        "angle = math.pi * draws.uniform(count)\n"
        "upper = torch.stack([angle.cos(), angle.sin()], 1)\n"
        "lower = torch.tensor([1.0, 0.5]) - upper\n"
        "x_real = torch.where(moon == 0, upper, lower)\n"
        "x_real = x_real + noise * draws.normal(count, 2)",
    )
)  # fmt: skip


# Spirals ------------------------------------------------------------------------------------------------------------

SPIRAL_TURN, SPIRAL_SCALE, SPIRAL_STD = 3 * pi, 3.0, 0.1
SPIRAL_WIDTH = 0.5
"""Before the scale and the noise, points lie anywhere in a square of this side from the spiral on, up and right."""


def _wind(along: Tensor) -> Tensor:
    """Places (..., 2) on the first spiral before it is scaled; `along` (...) from 0 to 1."""
    angle = SPIRAL_TURN * along
    return angle.unsqueeze(-1) * torch.stack([-angle.cos(), angle.sin()], -1)


@lru_cache(maxsize=1)
def spirals_law() -> Mixture:
    """Give the law of `spirals` as a sum over nodes along both, and over three by three nodes in the square."""
    length = SPIRAL_TURN * (SPIRAL_TURN / 2 + 1) / SPIRAL_SCALE  # an upper bound
    stretches = ceil(length / (REACH * SPIRAL_STD))
    along, weights = lay_nodes(torch.linspace(0, 1, stretches + 1, dtype=torch.float64).sqrt())
    weights = weights * along  # the density along the spiral grows with the angle
    inside, shares = (torch.from_numpy(each) for each in np.polynomial.legendre.leggauss(3))
    inside = SPIRAL_WIDTH * (inside + 1) / 2
    square = torch.cartesian_prod(inside, inside)
    places = (_wind(along).unsqueeze(1) + square).flatten(0, 1) / SPIRAL_SCALE
    weights = (weights.unsqueeze(1) * torch.outer(shares, shares).flatten()).flatten()
    return mix_along(torch.cat([places, -places]), weights.repeat(2), SPIRAL_STD)


def draw_spirals(count: int, draws: Draws) -> Tensor:
    """Two spirals wound into each other: a long way from the middle to the ends, and thin gaps between the arms."""
    return _blur_spirals(draws.integers(2, count), draws.uniform(count), draws)


def spread_spirals(count: int, draws: Draws) -> Tensor:
    """Draw points whose places on the spirals are evenly spaced."""
    return _blur_spirals(*space_evenly(count, 2), draws)


def _blur_spirals(arm: Tensor, share: Tensor, draws: Draws) -> Tensor:
    """Points (..., N, 2) on arm 0 or 1; `share` is that of the arm's points which lie farther in."""
    count = arm.shape[-1]
    places = _wind(share.sqrt()) + SPIRAL_WIDTH * draws.uniform(count, 2)
    return (1 - 2 * arm).unsqueeze(-1) * places / SPIRAL_SCALE + SPIRAL_STD * draws.normal(count, 2)


DATASETS.add(
    Dataset(
        "spirals", "Two spirals", draw_spirals,
        r"x = \pm \tfrac13 \big(t (-\cos t, \sin t) + \tfrac12 u\big) + 0.1\,n, \quad"
        r" t = 3 \pi \sqrt{v},\; u \sim U(0, 1)^2,\; v \sim U(0, 1)",
        FFJORD, COMMON, view=Box((0.0, 0.0), 4.0), quadrature=spirals_law, spread=spread_spirals,
        see="The real samples are two spirals with narrow gaps. The generated ones fill them as a disc at "
        "first, and the surface needs many bends to tell the arms from the gaps.",
        code="sign = 1 - 2 * draws.integers(2, count).unsqueeze(1)\n"
        "angle = 3 * math.pi * draws.uniform(count).sqrt()\n"
        "arm = angle.unsqueeze(1) * torch.stack([-angle.cos(), angle.sin()], 1)\n"
        "arm = arm + 0.5 * draws.uniform(count, 2)\n"
        "x_real = sign * arm / 3 + 0.1 * draws.normal(count, 2)",
    )
)  # fmt: skip
