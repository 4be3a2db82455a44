"""The four laws of GAN Lab on the unit square: a line, two Gaussians, a ring and three blobs.

Shape letters: N points; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, hypot, log, pi, sin, sqrt

import torch
from torch import Tensor

from server.gan.datasets.base import COMMON, DATASETS, UNIT_SQUARE, Dataset, space_evenly
from server.gan.mixtures import Mixture, Point, build_mixture
from server.gan.papers import GAN_LAB
from server.gan.randomness import Draws

SEGMENTS = 256
"""How many Gaussians stand for the ring's law: 0.29 standard deviations apart, so the sum is exact to float32."""


# A line -------------------------------------------------------------------------------------------------------------

LINE_START, LINE_WAY, LINE_STD = (0.8, 0.6), (-0.75, 0.3), 0.01


def draw_line(count: int, draws: Draws) -> Tensor:
    """A line segment with a little noise around it: the simplest law, one that a generator of few neurons can learn."""
    return _blur_line(draws.uniform(count), draws)


def spread_line(count: int, draws: Draws) -> Tensor:
    """Draw points whose places along the segment are evenly spaced."""
    return _blur_line(space_evenly(count)[1], draws)


def _blur_line(along: Tensor, draws: Draws) -> Tensor:
    places = torch.tensor(LINE_START) + along.unsqueeze(-1) * torch.tensor(LINE_WAY)
    return places + LINE_STD * draws.normal(along.shape[-1], 2)


def line_log_density(points: Tensor) -> Tensor:
    """Give log p at points (..., N, 2): uniform along the segment, convolved with an isotropic Gaussian.

    Along the segment the convolution is a difference of two normal distribution functions, across it a normal density.
    """
    length = hypot(*LINE_WAY)
    way = torch.tensor(LINE_WAY).to(points) / length
    offset = points - torch.tensor(LINE_START).to(points)
    along = (offset * way).sum(-1)
    across = offset[..., 0] * way[1] - offset[..., 1] * way[0]
    # By symmetry about the middle both arguments lie in the lower tail, where log_ndtr keeps its precision.
    from_middle = (along - length / 2).abs()
    upper = torch.special.log_ndtr((length / 2 - from_middle) / LINE_STD)
    lower = torch.special.log_ndtr((-length / 2 - from_middle) / LINE_STD)
    mass: Tensor = upper + torch.log1p(-torch.exp(lower - upper))
    return mass - log(length) - (across / LINE_STD).square() / 2 - log(sqrt(2 * pi) * LINE_STD)


DATASETS.add(
    Dataset(
        "line", "Line", draw_line,
        r"x = (0.8 - 0.75\,u,\; 0.6 + 0.3\,u) + 0.01\,n, \quad u \sim U(0, 1),\; n \sim \mathcal{N}(0, I)",
        GAN_LAB, COMMON, view=UNIT_SQUARE, density=line_log_density, spread=spread_line,
        basic=True,
        see="The real samples lie on one slanted line. The warp turns towards it and is pressed flat until "
        "its cells are slivers.",
        code="start, way = torch.tensor([0.8, 0.6]), torch.tensor([-0.75, 0.3])\n"
        "x_real = start + draws.uniform(count, 1) * way\n"
        "x_real = x_real + 0.01 * draws.normal(count, 2)",
    )
)  # fmt: skip


# Mixtures on the unit square ----------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def gaussians_law() -> Mixture:
    """Give the law of `gaussians`."""
    return build_mixture([(0.3, 0.7), (0.7, 0.4)], [(0.1, 0.1), (0.05, 0.2)])


def draw_gaussians(count: int, draws: Draws) -> Tensor:
    """Two Gaussian clouds, one round and one tall."""
    return gaussians_law().draw(count, draws)


DATASETS.add(
    Dataset(
        "gaussians", "Two Gaussians", draw_gaussians,
        r"p = \tfrac12 \mathcal{N}\big((0.3, 0.7), \operatorname{diag}(0.1, 0.1)^2\big)"
        r" + \tfrac12 \mathcal{N}\big((0.7, 0.4), \operatorname{diag}(0.05, 0.2)^2\big)",
        GAN_LAB, COMMON, view=UNIT_SQUARE, mixture=gaussians_law, separate=True,
        basic=True,
        see="The real samples are a round and a tall cloud. The warp stretches from one to the other: its "
        "few, large cells between them are the thin bridge that the generator leaves.",
        code="centres = torch.tensor([[0.3, 0.7], [0.7, 0.4]])\n"
        "stds = torch.tensor([[0.1, 0.1], [0.05, 0.2]])\n"
        "mode = draws.integers(2, count)\n"
        "x_real = centres[mode] + stds[mode] * draws.normal(count, 2)",
    )
)  # fmt: skip


RING_CENTRE, RING_RADII, RING_STD = (0.5, 0.45), (0.3, 0.25), 0.025


@lru_cache(maxsize=1)
def ring_law() -> Mixture:
    """Give the law of `ring` as many narrow Gaussians along the ellipse: the trapezoidal rule over the angle."""
    angles = [2 * pi * k / SEGMENTS for k in range(SEGMENTS)]
    return build_mixture([_on_ring(cos(a), sin(a)) for a in angles], RING_STD)


def _on_ring(x: float, y: float) -> Point:
    return RING_CENTRE[0] + RING_RADII[0] * x, RING_CENTRE[1] + RING_RADII[1] * y


def draw_ring(count: int, draws: Draws) -> Tensor:
    """An ellipse with a little noise around it: a law with a hole."""
    return _blur_ring(draws.uniform(count), draws)


def spread_ring(count: int, draws: Draws) -> Tensor:
    """Draw points whose angles are evenly spaced."""
    return _blur_ring(space_evenly(count)[1], draws)


def _blur_ring(turn: Tensor, draws: Draws) -> Tensor:
    angle = 2 * pi * turn
    circle = torch.stack([angle.cos(), angle.sin()], -1)
    places = torch.tensor(RING_CENTRE) + torch.tensor(RING_RADII) * circle
    return places + RING_STD * draws.normal(turn.shape[-1], 2)


DATASETS.add(
    Dataset(
        "ring", "Ring", draw_ring,
        r"x = (0.5 + 0.3 \cos\theta,\; 0.45 + 0.25 \sin\theta) + 0.025\,n, \quad \theta \sim U(0, 2\pi)",
        GAN_LAB, COMMON, view=UNIT_SQUARE, quadrature=ring_law, spread=spread_ring,
        basic=True,
        see="The real samples lie around an ellipse with nothing inside. A sheet cannot cover "
        "that without folding over or crossing the hole: the warp shows where, by its large cells.",
        code="angle = 2 * math.pi * draws.uniform(count)\n"
        "circle = torch.stack([angle.cos(), angle.sin()], 1)\n"
        "x_real = torch.tensor([0.5, 0.45]) + torch.tensor([0.3, 0.25]) * circle\n"
        "x_real = x_real + 0.025 * draws.normal(count, 2)",
    )
)  # fmt: skip


@lru_cache(maxsize=1)
def disjoint_law() -> Mixture:
    """Give the law of `disjoint`."""
    # GAN Lab chooses with probabilities .333, .333 and .334; a third each is what it means.
    return build_mixture([(0.35, 0.75), (0.75, 0.6), (0.45, 0.35)], 0.025)


def draw_disjoint(count: int, draws: Draws) -> Tensor:
    """Three small blobs far apart: a generator must learn to jump between them."""
    return disjoint_law().draw(count, draws)


DATASETS.add(
    Dataset(
        "disjoint", "Three blobs", draw_disjoint,
        r"p = \tfrac13 \sum_{k=1}^{3} \mathcal{N}(\mu_k, 0.025^2 I), \quad"
        r" \mu = (0.35, 0.75), (0.75, 0.6), (0.45, 0.35)",
        GAN_LAB, COMMON, view=UNIT_SQUARE, mixture=disjoint_law, separate=True,
        basic=True,
        see="The real samples are three small blobs. Between them the cells of the warp are large and the "
        "generated samples few; a blob that is left out shows in Modes covered.",
        code="centres = torch.tensor([[0.35, 0.75], [0.75, 0.6], [0.45, 0.35]])\n"
        "x_real = centres[draws.integers(3, count)] + 0.025 * draws.normal(count, 2)",
    )
)  # fmt: skip
