"""Metrics that ask who is near: precision and recall, density and coverage, and the nearest neighbour's kind.

Shape letters: N real points, M generated ones; `...` are leading axes of independent runs.
Distances are squared: only their order counts.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.metrics.base import METRICS, Facts, Metric, score_each
from server.gan.metrics.distances import reach_neighbour, walk_blocks
from server.gan.registry import Paper

PRECISION_NEIGHBOURS = 3
DENSITY_NEIGHBOURS = 5


@score_each
def precision(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """What share of the generated points is no farther from some real one than its third nearest real one."""
    return _share_reached(x_fake, x_real)


@score_each
def recall(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """What share of the real points is no farther from some generated one than its third nearest generated one."""
    return _share_reached(x_real, x_fake)


@score_each
def density(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How many real points a generated one is nearer to than their fifth nearest real one, divided by five."""
    reach = reach_neighbour(x_real, DENSITY_NEIGHBOURS)
    counts = [(squares < reach).sum() for _, squares in walk_blocks(x_fake, x_real)]
    return torch.stack(counts).sum().to(x_fake) / (DENSITY_NEIGHBOURS * len(x_fake))


@score_each
def coverage(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """What share of the real points has a generated point nearer than its fifth nearest real neighbour."""
    return (_find_nearest(x_real, x_fake) < reach_neighbour(x_real, DENSITY_NEIGHBOURS)).to(x_fake).mean()


@score_each
def one_nn(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How often the nearest other point is of a point's own kind, real or generated: half the time if none can tell."""
    sides = [reach_neighbour(own, 1) < _find_nearest(own, other) for own, other in ((x_real, x_fake), (x_fake, x_real))]
    return torch.cat(sides).to(x_fake).mean()


def _share_reached(points: Tensor, centres: Tensor) -> Tensor:
    """Give the share () of points that lie in some ball around a centre, of its reach to its third neighbour."""
    reach = reach_neighbour(centres, PRECISION_NEIGHBOURS)
    reached = [(squares <= reach).any(-1) for _, squares in walk_blocks(points, centres)]
    return torch.cat(reached).to(points).mean()


def _find_nearest(points: Tensor, others: Tensor) -> Tensor:
    """Give each point's squared distance to the nearest of the others: (N,)."""
    return torch.cat([squares.amin(-1) for _, squares in walk_blocks(points, others)])


KYNKAANNIEMI = Paper(
    "Kynkäänniemi, Karras, Laine, Lehtinen, Aila",
    "Improved Precision and Recall Metric for Assessing Generative Models",
    2019,
)
NAEEM = Paper("Naeem, Oh, Uh, Choi, Yoo", "Reliable Fidelity and Diversity Metrics for Generative Models", 2020)
METRICS.add(
    Metric(
        "precision", "Precision", precision,
        r"\frac{1}{N} \#\{j : \exists\, i,\; \|y_j - x_i\| \le r_3(x_i)\}, \quad"
        r" r_k(x) = \text{distance to its } k\text{-th nearest real neighbour}",
        KYNKAANNIEMI,
        lowest=0.0, highest=1.0, better="higher", unit="share", cost="dear",
        lies="It does not ask what is missing: a generator that makes one mode of eight and no other loses little.",
        floors={"ring8": 0.98, "swiss_roll": 0.96},
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "recall", "Recall", recall,
        r"\frac{1}{N} \#\{i : \exists\, j,\; \|x_i - y_j\| \le r_3(y_j)\}, \quad"
        r" r_k(y) = \text{distance to its } k\text{-th nearest generated neighbour}",
        KYNKAANNIEMI,
        lowest=0.0, highest=1.0, better="higher", unit="share", cost="dear",
        lies="Points thinly spread have far neighbours and reach much: modes ten times too wide score as right ones.",
        floors={"ring8": 0.97, "swiss_roll": 0.96},
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "density", "Density", density,
        r"\frac{1}{5 N} \sum_{j} \#\{i : \|y_j - x_i\| < r_5(x_i)\}",
        NAEEM,
        lowest=0.0, highest=None, better="higher", unit="times fair", cost="dear",
        lies="It does not ask what is missing: one mode of eight scores as all eight do. Above 1 is no better than 1.",
        floors={"ring8": 1.0, "swiss_roll": 1.0},
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "coverage", "Coverage", coverage,
        r"\frac{1}{N} \#\{i : \exists\, j,\; \|x_i - y_j\| < r_5(x_i)\}",
        NAEEM,
        lowest=0.0, highest=1.0, better="higher", unit="share", cost="dear",
        lies="New points of the data's own law score 0.97, copies of the data 1: the last steps up are no progress.",
        floors={"ring8": 0.97, "swiss_roll": 0.97},
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "one_nn", "1-NN accuracy", one_nn,
        r"\frac{1}{2 N} \#\{p : \text{the nearest other of all } 2 N \text{ points is of } p\text{'s kind}\}",
        Paper("Lopez-Paz, Oquab", "Revisiting Classifier Two-Sample Tests", 2017),
        lowest=0.0, highest=1.0, better="lower", unit="share", cost="dear",
        lies="Below 0.5 is not better: a generator that copies the data scores 0, because every point meets its copy.",
        floors={"ring8": 0.5, "swiss_roll": 0.5},
    )
)  # fmt: skip
