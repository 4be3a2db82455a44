"""Circles around one centre, with noise: two, or four.

Along a closed curve the trapezoidal rule is exact as soon as its steps are shorter than the noise is wide.
Shape letters: N points, C circles; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, cos, pi, sin

import torch
from torch import Tensor

from server.gan.datasets.base import COMMON, DATASETS, Box, Dataset, space_evenly
from server.gan.datasets.curves import FFJORD
from server.gan.mixtures import Mixture, build_mixture
from server.gan.randomness import Draws
from server.gan.registry import Number

STEP = 0.9
"""The longest step along a circle, in standard deviations of its noise."""


def _lay_circles(radii: Sequence[float], std: float) -> Mixture:
    """Give the law of circles that are equally likely: as many Gaussians on each, so close that they are the circle."""
    count = ceil(2 * pi * max(radii) / (STEP * std))
    angles = [2 * pi * k / count for k in range(count)]
    return build_mixture([(r * cos(a), r * sin(a)) for r in radii for a in angles], std)


def _draw_circles(radii: Sequence[float], std: float, which: Tensor, turn: Tensor, draws: Draws) -> Tensor:
    """Points (..., N, 2) around circle `which` of C at `turn` in whole turns, both (..., N)."""
    angle = 2 * pi * turn
    circle = torch.tensor(radii)[which].unsqueeze(-1) * torch.stack([angle.cos(), angle.sin()], -1)
    return circle + std * draws.normal(turn.shape[-1], 2)


# Two circles --------------------------------------------------------------------------------------------------------

SCALE = 3.0
CIRCLES = (1.0 * SCALE, 0.5 * SCALE)


@lru_cache(maxsize=16)
def circles_law(noise: float) -> Mixture:
    """Give the law of `circles`."""
    return _lay_circles(CIRCLES, SCALE * noise)


def draw_circles(count: int, draws: Draws, noise: float) -> Tensor:
    """A circle within a circle: the generator must leave the gap between them empty."""
    return _draw_circles(CIRCLES, SCALE * noise, draws.integers(2, count), draws.uniform(count), draws)


def spread_circles(count: int, draws: Draws, noise: float) -> Tensor:
    """Draw points whose angles are evenly spaced on both circles."""
    return _draw_circles(CIRCLES, SCALE * noise, *space_evenly(count, 2), draws)


DATASETS.add(
    Dataset(
        "circles", "Two circles", draw_circles,
        r"x = 3 \big(r (\cos \theta, \sin \theta) + \sigma n\big), \quad r \in \{\tfrac12, 1\},"
        r"\; \theta \sim U(0, 2 \pi)",
        FFJORD,
        (Number("noise", "Noise", 0.08, 0.02, 0.2, "The standard deviation of the noise, before the scale of 3.",
                scale="log"), *COMMON),
        view=Box((0.0, 0.0), 4.0), quadrature=circles_law, spread=spread_circles,
        see="The real samples are a circle within a circle. Generated samples in the gap between them are "
        "what the discriminator must find; the warp crosses the gap with large cells.",
        code="radius = torch.tensor([3.0, 1.5])[draws.integers(2, count)]\n"
        "angle = 2 * math.pi * draws.uniform(count)\n"
        "circle = torch.stack([angle.cos(), angle.sin()], 1)\n"
        "noises = 3 * noise * draws.normal(count, 2)\n"
        "x_real = radius.unsqueeze(1) * circle + noises",
    )
)  # fmt: skip


# Four rings ---------------------------------------------------------------------------------------------------------

RINGS, RINGS_STD = (0.75, 1.5, 2.25, 3.0), 0.08


@lru_cache(maxsize=1)
def rings_law() -> Mixture:
    """Give the law of `rings`."""
    return _lay_circles(RINGS, RINGS_STD)


def draw_rings(count: int, draws: Draws) -> Tensor:
    """Four narrow rings, each with as many points, so that the inner ones are denser."""
    return _draw_circles(RINGS, RINGS_STD, draws.integers(4, count), draws.uniform(count), draws)


def spread_rings(count: int, draws: Draws) -> Tensor:
    """Draw points whose angles are evenly spaced on every ring."""
    return _draw_circles(RINGS, RINGS_STD, *space_evenly(count, 4), draws)


DATASETS.add(
    Dataset(
        "rings", "Four rings", draw_rings,
        r"x = r (\cos \theta, \sin \theta) + 0.08\,n, \quad r \in \{0.75, 1.5, 2.25, 3\},\; \theta \sim U(0, 2 \pi)",
        FFJORD, COMMON, view=Box((0.0, 0.0), 3.5), quadrature=rings_law, spread=spread_rings,
        see="The real samples are four rings, the inner ones denser. At the width of the default networks the"
        " gaps between the rings stay filled for long.",
        code="radii = torch.tensor([0.75, 1.5, 2.25, 3.0])\n"
        "radius = radii[draws.integers(4, count)]\n"
        "angle = 2 * math.pi * draws.uniform(count)\n"
        "circle = torch.stack([angle.cos(), angle.sin()], 1)\n"
        "x_real = radius.unsqueeze(1) * circle + 0.08 * draws.normal(count, 2)",
    )
)  # fmt: skip
