"""Losses without a discriminator: the generated points are compared with real ones themselves, pair by pair.

Shape letters: N generated examples, M real ones, D coordinates of a point; leading axes are runs.
Both distances are of one form, twice a mean over pairs of a real and a generated point against the means over pairs of
one sort. Those leave out the pairs of a point with itself: with them two samples of one law would seem to differ, and
the more so the fewer they are (Gretton et al. 2012, equation 3).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from operator import add
from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.losses.base import LOSSES, SampleLoss
from server.gan.registry import Number, Paper

BANDWIDTHS = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Of the kernels, in the units of training: lab units, in which every data set is viewed from -3 to 3."""
SMALLEST_EXPONENT = -80.0
"""A kernel is cut off here, at 2e-35: below, numbers lose their digits one by one, and arithmetic its speed."""
SMALLEST_SQUARE = 1e-24
"""Below it a distance has no slope: two points that coincide do not pull at each other."""


class Nearness(NamedTuple):
    """Means over pairs: of each generated point with the others `fake` (..., N) and with the real ones `real` (..., N),
    and of the real ones among themselves `data` (..., 1)."""

    fake: Tensor
    real: Tensor
    data: Tensor


def compare_samples(x_real: Tensor, x_fake: Tensor, measure: Callable[[Tensor], Tensor]) -> Nearness:
    """Average a measure of the squared distance over pairs of points; a point is no pair with itself."""
    real = measure(_measure_squares(x_fake, x_real)).mean(-1)
    return Nearness(_average_others(x_fake, measure), real, _average_others(x_real, measure).mean(-1, True))


def mmd(x_real: Tensor, x_fake: Tensor, scale: float = 1.0) -> Tensor:
    """No discriminator: a generated point pays for being near others of its kind, and earns by being near real ones."""
    near = compare_samples(x_real, x_fake, partial(measure_likeness, scale=scale))
    return near.fake - 2 * near.real + near.data


def energy(x_real: Tensor, x_fake: Tensor) -> Tensor:
    """No discriminator: a generated point pays its distance to the real ones, and earns that to others of its kind."""
    near = compare_samples(x_real, x_fake, measure_distance)
    return 2 * near.real - near.fake - near.data


def measure_likeness(squares: Tensor, scale: float = 1.0) -> Tensor:
    """Give the sum of Gaussian kernels of squared distances: 5 for points that coincide, 0 for those far apart."""
    exponents = [squares * (-0.5 / (scale * width) ** 2) for width in BANDWIDTHS]
    return reduce(add, [exponent.clamp_min(SMALLEST_EXPONENT).exp() for exponent in exponents])


def measure_distance(squares: Tensor) -> Tensor:
    """Give distances, whose slope is 0 where they are."""
    return squares.clamp_min(SMALLEST_SQUARE).sqrt()


def _measure_squares(points: Tensor, others: Tensor) -> Tensor:
    """Give the squared distances (..., N, M) from points (..., N, D) to others (..., M, D)."""
    axes = zip(points.unbind(-1), others.unbind(-1), strict=True)
    return reduce(add, [(own.unsqueeze(-1) - other.unsqueeze(-2)).square() for own, other in axes])


def _average_others(points: Tensor, measure: Callable[[Tensor], Tensor]) -> Tensor:
    """Average over each point's pairs with the others (..., N); a point without others has the mean 0."""
    count = points.shape[-2]
    others = 1 - torch.eye(count, dtype=points.dtype, device=points.device)
    return (measure(_measure_squares(points, points)) * others).sum(-1) / max(1, count - 1)


PAIRS = (
    "pairs = [(x_fake, x_real), (x_fake, x_fake), (x_real, x_real)]\n"
    "gaps = [a[:, None] - b for a, b in pairs]\n"
    "squares = [(gap**2).sum(-1) for gap in gaps]\n"
)
OTHERS = "others = 1 - torch.eye(len(x_fake))  # a point is no pair with itself\ncount = max(1, len(x_fake) - 1)\n"

LOSSES.add(
    SampleLoss(
        "mmd",
        "MMD (no discriminator)",
        mmd,
        r"L_G = \mathbb{E}[k(y, y')] - 2\, \mathbb{E}[k(x, y)] + \mathbb{E}[k(x, x')], \quad y = G(z), \quad"
        r" k(a, b) = \sum_{\sigma} e^{-\lVert a - b \rVert^2 / 2 (s \sigma)^2},"
        r" \; \sigma \in \{0.1, 0.2, 0.5, 1, 2\}",
        Paper("Li, Swersky, Zemel", "Generative Moment Matching Networks", 2015),
        (
            Number("scale", "Width of the kernels", 1.0, 0.1, 10.0,
                   "The five widths are multiplied by this; the view is 6 wide.", scale="log"),
        ),
        g_parts=(r"<near_fake> - 2 \cdot <near_real> + <near_data>",),
        measure=measure_likeness,
        pair="k({a}, {b})",
        see="There is no surface and no prediction, as nobody judges. On the ring of eight all modes are "
        "reached within 100 steps and shared evenly; after 1,500 about a quarter of the points lie inside"
        " them.",
        code=PAIRS + "widths = [scale * width for width in (0.1, 0.2, 0.5, 1.0, 2.0)]\n"
        "exponents = [[s * (-0.5 / width**2) for width in widths] for s in squares]\n"
        "kernels = [[e.clamp_min(-80.0).exp() for e in each] for each in exponents]\n"
        "to_real, to_fake, in_data = map(sum, kernels)\n"
        + OTHERS
        + "near_fake = (to_fake * others).sum(-1) / count\n"
        "near_data = ((in_data * others).sum(-1) / count).mean()\n"
        "g_loss = (near_fake - 2 * to_real.mean(-1) + near_data).mean()",
    )
)  # fmt: skip
LOSSES.add(
    SampleLoss(
        "energy",
        "Energy distance (no discriminator)",
        energy,
        r"L_G = 2\, \mathbb{E} \lVert x - y \rVert - \mathbb{E} \lVert y - y' \rVert"
        r" - \mathbb{E} \lVert x - x' \rVert, \quad y = G(z)",
        Paper("Székely, Rizzo", "Energy statistics: A class of statistics based on distances", 2013),
        g_parts=(r"2 \cdot <near_real> - <near_fake> - <near_data>",),
        measure=measure_distance,
        pair=r"\lVert {a} - {b} \rVert",
        see="There is no surface and no prediction, as nobody judges. On the ring of eight all modes are "
        "reached within 100 steps and shared evenly; after 1,500 only about one point in twenty lies "
        "inside them.",
        code=PAIRS + "to_real, to_fake, in_data = [s.clamp_min(1e-24).sqrt() for s in squares]\n" + OTHERS +
        "far_fake = (to_fake * others).sum(-1) / count\n"
        "far_data = ((in_data * others).sum(-1) / count).mean()\n"
        "g_loss = (2 * to_real.mean(-1) - far_fake - far_data).mean()",
    )
)  # fmt: skip
