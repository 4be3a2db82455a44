"""Mixtures of many narrow Gaussians, the literature's tests for mode collapse: rings of eight, grids of 16 and 25."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import cos, pi, sin

from torch import Tensor

from server.gan.datasets.base import COMMON, DATASETS, LAB_BOX, Box, Dataset
from server.gan.mixtures import Mixture, Point, build_mixture
from server.gan.papers import SLOGAN
from server.gan.randomness import Draws
from server.gan.registry import Number, Paper

PACGAN = Paper("Lin, Khetan, Fanti, Oh", "PacGAN: The power of two samples in generative adversarial networks", 2018)
UNROLLED = Paper("Metz, Poole, Pfau, Sohl-Dickstein", "Unrolled Generative Adversarial Networks", 2017)


@lru_cache(maxsize=16)
def ring8_law(std: float) -> Mixture:
    """Give the law of `ring8`."""
    return build_mixture(_on_circle(2.0), std)


def _on_circle(radius: float) -> list[Point]:
    return [(radius * cos(2 * pi * k / 8), radius * sin(2 * pi * k / 8)) for k in range(8)]


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
                scale="log"), *COMMON),
        view=LAB_BOX, mixture=ring8_law, separate=True,
        basic=True,
        see="The real samples are eight dots on a circle. Modes covered counts how many of them the generator"
        " serves, and Reverse KL over modes how evenly.",
        code="angles = [2 * math.pi * k / 8 for k in range(8)]\n"
        "centres = torch.tensor([(2 * math.cos(a), 2 * math.sin(a)) for a in angles])\n"
        "x_real = centres[draws.integers(8, count)] + std * draws.normal(count, 2)",
    )
)  # fmt: skip


IMBALANCED_STD = 0.02


@lru_cache(maxsize=16)
def imbalanced_ring_law(ratio: float) -> Mixture:
    """Give the law of `imbalanced_ring`."""
    return build_mixture(_on_circle(2.0), IMBALANCED_STD, [ratio, 1.0] * 4)


def draw_imbalanced_ring(count: int, draws: Draws, ratio: float) -> Tensor:
    """Eight narrow Gaussians on a circle, four of them rare: it shows whether rare modes are learned too."""
    return imbalanced_ring_law(ratio).draw(count, draws)


DATASETS.add(
    Dataset(
        "imbalanced_ring", "Uneven ring", draw_imbalanced_ring,
        r"p = \frac{1}{4 (r + 1)} \sum_{k=0}^{7} w_k\, \mathcal{N}\big(2 (\cos \tfrac{2 \pi k}{8},"
        r" \sin \tfrac{2 \pi k}{8}), 0.02^2 I\big), \quad w_k = r \text{ for even } k,\; 1 \text{ for odd } k",
        SLOGAN,
        (Number("ratio", "Imbalance", 10.0, 1.0, 100.0,
                "How many times as many points a frequent mode has as a rare one.", scale="log"), *COMMON),
        view=LAB_BOX, mixture=imbalanced_ring_law, separate=True,
        see="Of the eight dots four hold ten times as many real samples as the others. Modes covered asks "
        "each for a fifth of its own share, so a rare mode that is forgotten shows.",
        code="angles = [2 * math.pi * k / 8 for k in range(8)]\n"
        "centres = torch.tensor([(2 * math.cos(a), 2 * math.sin(a)) for a in angles])\n"
        "weights = torch.tensor([ratio, 1.0] * 4)\n"
        "ends = (weights / weights.sum()).cumsum(0)[:-1]\n"
        "mode = torch.bucketize(draws.uniform(count), ends)\n"
        "x_real = centres[mode] + 0.02 * draws.normal(count, 2)",
    )
)  # fmt: skip


GRID16_PLACES = (-1.5, -0.5, 0.5, 1.5)


@lru_cache(maxsize=16)
def grid16_law(std: float) -> Mixture:
    """Give the law of `grid16`."""
    return build_mixture(list(product(GRID16_PLACES, GRID16_PLACES)), std)


def draw_grid16(count: int, draws: Draws, std: float) -> Tensor:
    """Sixteen narrow Gaussians on a square grid: between the ring of eight and the grid of 25."""
    return grid16_law(std).draw(count, draws)


DATASETS.add(
    Dataset(
        "grid16", "Grid of 16", draw_grid16,
        r"p = \tfrac{1}{16} \sum_{i, j} \mathcal{N}\big((i, j), \sigma^2 I\big), \quad"
        r" i, j \in \{-1.5, -0.5, 0.5, 1.5\}",
        Paper("Balduzzi, Racanière, Martens, Foerster, Tuyls, Graepel",
              "The Mechanics of n-Player Differentiable Games", 2018),
        (Number("std", "Spread of a mode", 0.02, 0.005, 0.2, "The standard deviation of each of the 16 Gaussians.",
                scale="log"), *COMMON),
        view=Box((0.0, 0.0), 2.0), mixture=grid16_law, separate=True,
        see="The real samples are sixteen dots on a grid. Modes covered counts those that are served; Reverse"
        " KL over modes tells how evenly.",
        code="places = [-1.5, -0.5, 0.5, 1.5]\n"
        "centres = torch.tensor([(x, y) for x in places for y in places])\n"
        "x_real = centres[draws.integers(16, count)] + std * draws.normal(count, 2)",
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
                scale="log"), *COMMON),
        view=Box((0.0, 0.0), 5.0), mixture=grid25_law, separate=True,
        basic=True,
        see="The real samples are twenty-five dots on a grid. The default networks leave many samples between"
        " them: the high-quality share stays low for thousands of steps.",
        code="places = [-4.0, -2.0, 0.0, 2.0, 4.0]\n"
        "centres = torch.tensor([(x, y) for x in places for y in places])\n"
        "x_real = centres[draws.integers(25, count)] + std * draws.normal(count, 2)",
    )
)  # fmt: skip
