"""Mixtures of many narrow Gaussians, the literature's tests for mode collapse: a ring of eight, a grid of 25."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import cos, pi, sin

from torch import Tensor

from server.gan.datasets.base import DATASETS, LAB_BOX, UNITS, Box, Dataset
from server.gan.mixtures import Mixture, build_mixture
from server.gan.randomness import Draws
from server.gan.registry import Number, Paper

PACGAN = Paper("Lin, Khetan, Fanti, Oh", "PacGAN: The power of two samples in generative adversarial networks", 2018)
UNROLLED = Paper("Metz, Poole, Pfau, Sohl-Dickstein", "Unrolled Generative Adversarial Networks", 2017)


@lru_cache(maxsize=16)
def ring8_law(std: float) -> Mixture:
    """Give the law of `ring8`."""
    return build_mixture([(2 * cos(2 * pi * k / 8), 2 * sin(2 * pi * k / 8)) for k in range(8)], std)


def draw_ring8(count: int, draws: Draws, std: float) -> Tensor:
    """Eight narrow Gaussians evenly on a circle of radius 2: the field's test for mode collapse."""
    return ring8_law(std).draw(count, draws)


DATASETS.add(
    Dataset(
        "ring8", "Ring of eight", draw_ring8,
        r"p = \tfrac18 \sum_{k=0}^{7} \mathcal{N}\big(2 (\cos \tfrac{2 \pi k}{8}, \sin \tfrac{2 \pi k}{8}),"
        r" \sigma^2 I\big)",
        UNROLLED,
        (Number("std", "Spread of a mode", 0.02, 0.005, 0.5, "The standard deviation of each of the eight Gaussians.",
                scale="log"), UNITS),
        view=LAB_BOX, mixture=ring8_law, separate=True,
        code="angles = [2 * math.pi * k / 8 for k in range(8)]\n"
        "centres = torch.tensor([(2 * math.cos(a), 2 * math.sin(a)) for a in angles])\n"
        "x_real = centres[draws.integers(8, count)] + std * draws.normal(count, 2)",
    )
)  # fmt: skip


@lru_cache(maxsize=16)
def grid25_law(std: float) -> Mixture:
    """Give the law of `grid25`."""
    places = (-4.0, -2.0, 0.0, 2.0, 4.0)
    return build_mixture(list(product(places, places)), std)


def draw_grid25(count: int, draws: Draws, std: float) -> Tensor:
    """Twenty-five narrow Gaussians on a square grid: many modes, hard to cover with a small network."""
    return grid25_law(std).draw(count, draws)


DATASETS.add(
    Dataset(
        "grid25", "Grid of 25", draw_grid25,
        r"p = \tfrac{1}{25} \sum_{i, j} \mathcal{N}\big((i, j), \sigma^2 I\big), \quad i, j \in \{-4, -2, 0, 2, 4\}",
        PACGAN,
        (Number("std", "Spread of a mode", 0.05, 0.01, 0.5, "The standard deviation of each of the 25 Gaussians.",
                scale="log"), UNITS),
        view=Box((0.0, 0.0), 5.0), mixture=grid25_law, separate=True,
        code="places = [-4.0, -2.0, 0.0, 2.0, 4.0]\n"
        "centres = torch.tensor([(x, y) for x in places for y in places])\n"
        "x_real = centres[draws.integers(25, count)] + std * draws.normal(count, 2)",
    )
)  # fmt: skip
