"""Distances of two laws as means over pairs of points, unbiased: the kernel distance and the energy distance.

Shape letters: N real points, M generated ones; `...` are leading axes of independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.datasets import LAB_HALF_EXTENT
from server.gan.metrics.base import METRICS, Facts, Metric, score_each
from server.gan.metrics.distances import average_between, average_within
from server.gan.registry import Paper

BANDWIDTHS = (0.1, 0.5, 2.0)
"""Of the kernels, in lab units, so that they follow the data's scale: from a small part of the view to most of it."""
SMALLEST_EXPONENT = -80.0
"""A kernel is cut off here, at 2e-35: below, numbers lose their digits one by one, and arithmetic its speed."""


@score_each
def mmd(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How much more alike points are within the data and within the generated points than between the two."""
    lab = LAB_HALF_EXTENT / facts.box.half_extent

    def compare(squares: Tensor) -> Tensor:
        exponents = (squares * (-(lab**2) / (2 * width**2)) for width in BANDWIDTHS)
        return torch.stack([each.clamp_min_(SMALLEST_EXPONENT).exp_().sum() for each in exponents])

    within = average_within(x_real, compare) + average_within(x_fake, compare)
    return (within - 2 * average_between(x_real, x_fake, compare)).to(x_fake)


@score_each
def energy(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """Twice the mean distance from real to generated points, less those among the real and among the generated ones."""
    within = average_within(x_real, torch.sqrt) + average_within(x_fake, torch.sqrt)
    return (2 * average_between(x_real, x_fake, torch.sqrt) - within).to(x_fake)


METRICS.add(
    Metric(
        "mmd", "Kernel distance", mmd,
        r"\mathrm{MMD}^2 = \frac{1}{N (N - 1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{N (N - 1)} \sum_{i \ne j}"
        r" k(y_i, y_j) - \frac{2}{N^2} \sum_{i, j} k(x_i, y_j), \quad"
        r" k(a, b) = \sum_{\sigma} e^{-\|a - b\|^2 / 2 \sigma^2},\; \sigma \in \{0.1, 0.5, 2\} \text{ lab units}",
        Paper("Gretton, Borgwardt, Rasch, Schölkopf, Smola", "A Kernel Two-Sample Test", 2012),
        lowest=None, highest=2.0 * len(BANDWIDTHS), better="lower", unit="likeness", cost="dear",
        lies="Detail finer than its narrowest kernel is lost on it: narrow modes made twice as wide look right to it.",
        floors={"ring8": -0.0011, "swiss_roll": -0.00091},
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "energy", "Energy distance", energy,
        r"2\, \mathbb{E} \|x - y\| - \mathbb{E} \|x - x'\| - \mathbb{E} \|y - y'\|",
        Paper("Székely, Rizzo", "Energy statistics: A class of statistics based on distances", 2013),
        lowest=None, highest=None, better="lower", unit="published units", cost="dear",
        lies="Far moves count most: modes ten times too wide cost less than a twentieth of what four lost modes do.",
        floors={"ring8": -0.0014, "swiss_roll": -0.00077},
    )
)  # fmt: skip
