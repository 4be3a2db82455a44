"""The ring of eight once more, with the constants that the papers' own code has: no two of them agree."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin
from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.datasets.base import COMMON, DATASETS, Box, Dataset
from server.gan.mixtures import Mixture, build_mixture
from server.gan.randomness import Draws
from server.gan.registry import Choice

MODES = 8
VIEW = 1.5
"""Half the view's side, in radii."""


class Ring(NamedTuple):
    """A ring's radius and the spread of its modes; `turn` is the angle from the first to the last of the eight."""

    radius: float
    std: float
    turn: float = 7 / 8


RINGS = {
    "unrolled": Ring(2.0, 0.02),
    "pacgan": Ring(1.0, 0.01),
    # Its batches hold the same number of points of every mode, and so do those drawn here.
    "numerics": Ring(1.0, 0.01),
    # Radius 2 and spread 0.02, divided by 1.414.
    "wgan-gp": Ring(2.0 / 1.414, 0.02 / 1.414),
    # Radius 4 and spread 0.5, divided by 1.414.
    "ffjord": Ring(4.0 / 1.414, 0.5 / 1.414),
    # Its code gives a spread where a variance is expected: 0.1 was meant to be the variance, and is its square.
    "flow-matching": Ring(5.0, 0.1**0.25),
    # It trains on 500 fixed points of this law.
    "ntk": Ring(5.0, 0.5),
    # A copy of the first that counts its eight angles from 0 to a full turn, both included: two modes fall together.
    "seven": Ring(1.0, 0.01, 1.0),
}


def _find_angles(ring: Ring) -> list[float]:
    return [2 * pi * ring.turn * k / (MODES - 1) for k in range(MODES)]


@lru_cache(maxsize=len(RINGS))
def published_ring_law(source: str) -> Mixture:
    """Give the law of `published_ring`: two modes at the same place are one with twice the weight."""
    ring = RINGS[source]
    angles = [angle for angle in _find_angles(ring) if angle < 2 * pi]
    weights = [1.0 + (k == 0) * (MODES - len(angles)) for k in range(len(angles))]
    return build_mixture([(ring.radius * cos(a), ring.radius * sin(a)) for a in angles], ring.std, weights)


def draw_published_ring(count: int, draws: Draws, source: str) -> Tensor:
    """The ring of eight with the numbers of one paper's code: the same picture, other sizes and spreads."""
    ring = RINGS[source]
    centres = torch.tensor([(ring.radius * cos(a), ring.radius * sin(a)) for a in _find_angles(ring)])
    mode = torch.arange(count) % MODES if source == "numerics" else draws.integers(MODES, count)
    return centres[mode] + ring.std * draws.normal(count, 2)


def fit_ring_box(source: str) -> Box:
    """Give the square of one and a half radii around the ring."""
    return Box((0.0, 0.0), VIEW * RINGS[source].radius)


DATASETS.add(
    Dataset(
        "published_ring", "Published rings", draw_published_ring,
        r"p = \tfrac18 \sum_{k=0}^{7} \mathcal{N}\big(r (\cos \alpha_k, \sin \alpha_k), \sigma^2 I\big), \quad"
        r" \alpha_k = \tfrac{2 \pi k}{8}",
        None,
        (Choice("source", "Whose numbers", "unrolled", tuple(RINGS),
                "Unrolled GAN, PacGAN, The Numerics of GANs, WGAN-GP, FFJORD, Conditional Flow Matching, GAN(TK)²,"
                " or the copy of the first in which two of the eight modes fall together."), *COMMON),
        view=fit_ring_box("unrolled"), mixture=published_ring_law, separate=True, fit_box=fit_ring_box,
        see="The picture is the ring of eight; the numbers on the axes and the width of the dots change with "
        "the paper. With \"seven\", seven dots are seen, one of them twice as full.",
        code='radius, std = {\n'
        '    "unrolled": (2.0, 0.02),\n'
        '    "pacgan": (1.0, 0.01),\n'
        '    "numerics": (1.0, 0.01),\n'
        '    "wgan-gp": (2.0 / 1.414, 0.02 / 1.414),\n'
        '    "ffjord": (4.0 / 1.414, 0.5 / 1.414),\n'
        '    "flow-matching": (5.0, 0.1**0.25),\n'
        '    "ntk": (5.0, 0.5),\n'
        '    "seven": (1.0, 0.01),\n'
        '}[source]\n'
        'turn = 1 if source == "seven" else 7 / 8\n'
        'angles = [2 * math.pi * turn * k / 7 for k in range(8)]\n'
        'places = [(radius * math.cos(a), radius * math.sin(a)) for a in angles]\n'
        'mode = torch.arange(count) % 8\n'
        'if source != "numerics":\n'
        '    mode = draws.integers(8, count)\n'
        'x_real = torch.tensor(places)[mode] + std * draws.normal(count, 2)',
        box_code='radii = {"unrolled": 2.0, "wgan-gp": 2.0 / 1.414, "ffjord": 4.0 / 1.414}\n'
        'radii |= {"flow-matching": 5.0, "ntk": 5.0}\n'
        'centre, half_extent = (0.0, 0.0), 1.5 * radii.get(source, 1.0)',
    )
)  # fmt: skip
