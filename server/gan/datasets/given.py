"""Laws around points of one's own: a drawing on the unit square, and points from a file.

Every point is equally likely, and noise is added to it; so the law is a mixture of Gaussians, and its density is exact.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin

from torch import Tensor

from server.gan.datasets.base import COMMON, DATASETS, UNIT_SQUARE, Box, Dataset
from server.gan.mixtures import Mixture, build_mixture
from server.gan.papers import GAN_LAB
from server.gan.randomness import Draws
from server.gan.registry import Number, Points

Place = tuple[float, float]


@lru_cache(maxsize=8)
def points_law(points: tuple[Place, ...], noise: float) -> Mixture:
    """Give equally likely Gaussians of one spread around the points: the law of `drawing` and of `points`."""
    return build_mixture(points, noise)


DRAW_ONE = (
    "centres = torch.tensor(points, dtype=torch.float32)\n"
    "chosen = draws.integers(len(centres), count)\n"
    "x_real = centres[chosen] + noise * draws.normal(count, 2)"
)
"""The code of both: the law is the same."""


# A drawing ----------------------------------------------------------------------------------------------------------


def _arc(centre: Place, radius: float, start: float, turn: float, count: int) -> list[Place]:
    """Points evenly along an arc, from `start` on, over `turn`, both in whole turns."""
    angles = [2 * pi * (start + turn * k / count) for k in range(count)]
    return [(round(centre[0] + radius * cos(a), 4), round(centre[1] + radius * sin(a), 4)) for a in angles]


def _stroke_down(x: float, top: float, count: int) -> list[Place]:
    return [(x, round(top - SPACING * k, 4)) for k in range(count)]


SPACING = 0.01
FACE = (
    *_arc((0.5, 0.5), 0.4, 0.0, 1.0, 251),
    *_arc((0.5, 0.5), 0.24, 0.57, 0.36, 54),
    *_stroke_down(0.38, 0.66, 12),
    *_stroke_down(0.62, 0.66, 12),
)
"""The drawing to begin with: a face whose points follow each other at `SPACING`, so that long strokes weigh more."""


def draw_drawing(count: int, draws: Draws, points: tuple[Place, ...], noise: float) -> Tensor:
    """Your own drawing: one of the pen's positions is chosen at random, and a little noise is added."""
    return points_law(points, noise).draw(count, draws)


DATASETS.add(
    Dataset(
        "drawing", "Draw your own", draw_drawing,
        r"p = \tfrac{1}{K} \sum_{k=1}^{K} \mathcal{N}(x_k, \sigma^2 I), \quad x_k \in [0, 1]^2",
        GAN_LAB,
        (Points("points", "Pen positions", FACE, "Where the pen was, at even distances along every stroke.",
                minimum=0.0, maximum=1.0),
         Number("noise", "Brush width", 0.02, 0.005, 0.1,
                "The standard deviation of the noise around each position: how soft the strokes are.",
                scale="log"), *COMMON),
        view=UNIT_SQUARE, mixture=points_law, basic=True,
        see="The real samples are what you draw, each a little beside the pen's way. Parts of the drawing "
        "that are apart are joined by thin bridges of generated samples.",
        code=DRAW_ONE,
    )
)  # fmt: skip


# Points from a file -------------------------------------------------------------------------------------------------

HEART = tuple(
    (
        round(0.5 + 0.024 * 16 * sin(2 * pi * k / 32) ** 3, 4),
        round(0.53 + 0.024 * (13 * cos(a) - 5 * cos(2 * a) - 2 * cos(3 * a) - cos(4 * a)), 4),
    )
    for k in range(32)
    for a in (2 * pi * k / 32,)
)
MARGIN = 1.15
FINEST_BOX = 1e-3


def draw_given(count: int, draws: Draws, points: tuple[Place, ...], noise: float) -> Tensor:
    """Your own points: one of them is chosen at random, and a little noise is added."""
    return points_law(points, noise).draw(count, draws)


def fit_points_box(points: tuple[Place, ...], noise: float) -> Box:
    """Give the square around all the points and three standard deviations of their noise, with a margin."""
    xs, ys = zip(*points, strict=True)
    centre = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    half_extent = max(max(xs) - min(xs), max(ys) - min(ys)) / 2 + 3 * noise
    # A box that is tiny beside its distance from the origin would have no digits left in float32.
    return Box(centre, max(MARGIN * half_extent, FINEST_BOX * max(abs(c) for c in centre)))


DATASETS.add(
    Dataset(
        "points", "Your points", draw_given,
        r"p = \tfrac{1}{K} \sum_{k=1}^{K} \mathcal{N}(x_k, \sigma^2 I)",
        None,
        (Points("points", "Points", HEART, "The points that the data lie around, each equally likely."),
         Number("noise", "Noise", 0.02, 0.0001, 10.0, "The standard deviation of the noise around each point.",
                scale="log"), *COMMON),
        view=fit_points_box(HEART, 0.02), mixture=points_law, fit_box=fit_points_box, basic=True,
        see="The real samples are your points, each with a little noise around it; the view is fitted to "
        "them.",
        code=DRAW_ONE,
        box_code="low, high = np.min(points, 0), np.max(points, 0)\n"
        "centre = (low + high) / 2\n"
        "half_extent = 1.15 * (max(high - low) / 2 + 3 * noise)\n"
        "half_extent = max(half_extent, 0.001 * max(abs(centre)))",
    )
)  # fmt: skip
