"""Divergences of histograms on the view, and those of GAN Lab's evaluator.

Shape letters: N points, D coordinates of one, B bins a side, C = B^D cells; `...` are leading axes of independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan import ganlab_grid
from server.gan.datasets import Box
from server.gan.metrics.base import METRICS, Facts, Metric
from server.gan.papers import GAN_LAB
from server.gan.registry import Paper

BINS = 30
SMOOTHING = 1e-4


def count_cells(points: Tensor, box: Box) -> Tensor:
    """Give the share of points (..., N, D) in each cell of the box: (..., C), every row adds up to 1.

    Points outside are counted in the nearest cell of the border, so that no generator can hide them.
    """
    corner = torch.tensor(box.centre).to(points) - box.half_extent
    place = (points - corner) * (BINS / (2 * box.half_extent))
    cell = place.clamp(0, BINS - 1).long()  # clamped before it is made whole, which would wrap a huge number
    index = (cell * BINS ** torch.arange(cell.shape[-1], device=cell.device)).sum(-1)
    counts = points.new_zeros(*index.shape[:-1], BINS ** cell.shape[-1])
    counts.scatter_add_(-1, index, torch.ones_like(points[..., 0]))
    return counts / points.shape[-2]


def grid_kl(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How badly the generated histogram explains the data, in bits: KL(real || generated), high if data are missed."""
    real, fake = facts.read(_smooth_cells, x_real), facts.read(_smooth_cells, x_fake)
    return _divergence(real, fake)


def grid_js(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How well one can tell which histogram a point came from, in bits: 0 if they agree, 1 if they never overlap."""
    real, fake = facts.read(_smooth_cells, x_real), facts.read(_smooth_cells, x_fake)
    middle = (real + fake) / 2
    return (_divergence(real, middle) + _divergence(fake, middle)) / 2


def _smooth_cells(points: Tensor, facts: Facts) -> Tensor:
    """Mix a little of the uniform law in, so that no cell is empty and the logarithms are finite."""
    shares = count_cells(points, facts.box)
    return (shares + SMOOTHING) / (1 + SMOOTHING * shares.shape[-1])


def _divergence(p: Tensor, q: Tensor) -> Tensor:
    return (p * (p / q).log2()).sum(-1)


METRICS.add(
    Metric(
        "grid_kl", "KL divergence", grid_kl,
        r"\mathrm{KL}(p \,\|\, q) = \sum_i p_i \log_2 \frac{p_i}{q_i}, \quad"
        r" p_i = \frac{h_i + \varepsilon}{1 + \varepsilon b^n},\; b = 30,\; \varepsilon = 10^{-4}, \; x \in"
        r" \mathbb{R}^n",
        lowest=0.0, highest=None, better="lower", unit="bit", cost="cheap",
        lies="Points where there are no data cost little: covering too much scores far better than missing a mode.",
        floors={"ring8": 0.015, "swiss_roll": 0.09},
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "grid_js", "JS divergence", grid_js,
        r"\mathrm{JS}(p, q) = \tfrac12 \mathrm{KL}(p \,\|\, m) + \tfrac12 \mathrm{KL}(q \,\|\, m), \quad"
        r" m = \tfrac12 (p + q)",
        Paper("Lin", "Divergence Measures Based on the Shannon Entropy", 1991),
        lowest=0.0, highest=1.0, better="lower", unit="bit", cost="cheap",
        lies="Once nothing overlaps it stays near 1: a miss by one cell scores as badly as one across the whole view.",
        floors={"ring8": 0.0038, "swiss_roll": 0.02},
    )
)  # fmt: skip


def ganlab_kl(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """GAN Lab's KL as its code computes it: 150 generated points against the 151 of 450 real ones that it counts."""
    return ganlab_grid.kl_divergence(facts.read(_count_real, x_real), facts.read(_count_fake, x_fake))


def ganlab_js(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """GAN Lab's JS as its code computes it: 150 generated points against the 151 of 450 real ones that it counts."""
    return ganlab_grid.js_divergence(facts.read(_count_real, x_real), facts.read(_count_fake, x_fake))


def _count_real(points: Tensor, facts: Facts) -> Tensor:
    return ganlab_grid.count_real(points, facts.box)


def _count_fake(points: Tensor, facts: Facts) -> Tensor:
    return ganlab_grid.count_fake(points, facts.box)


METRICS.add(
    Metric(
        "ganlab_kl", "GAN Lab's KL divergence", ganlab_kl,
        r"\sum_i (p_i + \varepsilon) \log_2 \frac{p_i + \varepsilon}{q_i + \varepsilon},"
        r" \quad \textstyle\sum_i p_i \approx 0.34,\; \varepsilon = 10^{-4}",
        GAN_LAB,
        extra={"legacy": True}, lowest=None, highest=None, better="lower", unit="bit", cost="cheap", needs_plane=True,
        lies="Two thirds of the data go uncounted, so it compares shares of different sums: it may even be negative.",
        floors={"ring8": -0.41, "swiss_roll": 0.32},
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "ganlab_js", "GAN Lab's JS divergence", ganlab_js,
        r"\tfrac12 \sum_i p'_i \log_2 \frac{p'_i}{m_i} + \tfrac12 \sum_i q'_i \log_2 \frac{q'_i}{m_i},"
        r" \quad p' = p + \varepsilon,\; q' = q + \varepsilon,\; m = \tfrac12 (p' + q')",
        GAN_LAB,
        extra={"legacy": True}, lowest=0.0, highest=1.0, better="lower", unit="bit", cost="cheap", needs_plane=True,
        lies="On GAN Lab's two Gaussians a perfect generator scores about 0.41, a fully collapsed one only 0.63.",
        floors={"ring8": 0.16, "swiss_roll": 0.31},
    )
)  # fmt: skip
