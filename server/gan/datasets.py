"""The data sets: laws in the plane that a generator learns, with the box each is viewed in.

A data set keeps its published constants; training happens in lab units, `u = 3 (x - centre) / half_extent`, unless
its parameter `units` is "published".
Shape letters: N points; `...` are leading axes of independent runs, as the draws give them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from math import cos, hypot, log, pi, sin, sqrt
from typing import Any, NamedTuple

import torch
from torch import Tensor

from server.gan.mixtures import Mixture, Point, build_mixture
from server.gan.randomness import Draws, draws_for
from server.gan.registry import Choice, Number, Paper, Points, Registry, Unit

LAB_HALF_EXTENT = 3.0
"""In lab units every data set is viewed in [-3, 3]^2."""
PREVIEW_POINTS = 200
SEGMENTS = 256
"""How many Gaussians stand for the ring's law: 0.29 standard deviations apart, so the sum is exact to float32."""

UNITS = Choice(
    "units",
    "Units",
    "lab",
    ("lab", "published"),
    "Lab units scale every data set to the same view, so that learning rates carry over; published units keep its own.",
)

DrawPoints = Callable[..., Tensor]
"""(count, draws, **values) -> (..., N, 2) in published units."""


class Box(NamedTuple):
    """A square in the plane: all within `half_extent` of `centre` along both axes."""

    centre: Point
    half_extent: float

    def describe(self) -> dict[str, Any]:
        """Give the box as plain data."""
        return {"centre": list(self.centre), "half_extent": self.half_extent}


LAB_BOX = Box((0.0, 0.0), LAB_HALF_EXTENT)
UNIT_SQUARE = Box((0.5, 0.5), 0.5)


def to_lab(points: Tensor, box: Box) -> Tensor:
    """Map points (..., 2) in published units so that `box` becomes [-3, 3]^2."""
    if box == LAB_BOX:
        return points
    return (points - torch.tensor(box.centre).to(points)) * (LAB_HALF_EXTENT / box.half_extent)


def from_lab(points: Tensor, box: Box) -> Tensor:
    """Map points (..., 2) in lab units back to published ones: the inverse of `to_lab`."""
    if box == LAB_BOX:
        return points
    return points * (box.half_extent / LAB_HALF_EXTENT) + torch.tensor(box.centre).to(points)


@dataclass(frozen=True)
class Dataset(Unit[DrawPoints]):
    """A law in the plane. Its methods take the values of its parameters, `units` among them or not.

    `mixture` gives the law where it is a mixture of Gaussians; `separate` says that its components are modes to be
    counted. Otherwise `density` is the logarithm of the density where it is known, (points (..., N, 2), **values) ->
    (..., N), and `spread` draws points that lie evenly. `fit_box` gives a box that depends on the values.
    """

    view: Box = field(kw_only=True)
    mixture: Callable[..., Mixture] | None = None
    separate: bool = False
    density: Callable[..., Tensor] | None = None
    spread: DrawPoints | None = None
    fit_box: Callable[..., Box] | None = None

    @property
    def __call__(self) -> DrawPoints:
        """Draw points (..., N, 2) in published units; `units` is accepted, and changes no draw."""
        return lambda count, draws, **values: self.function(count, draws, **_of_law(values))

    @property
    def log_density(self) -> Callable[..., Tensor] | None:
        """(points (..., N, 2), **values) -> (..., N), natural logarithm in published units; none if it is unknown."""
        return None if self.mixture is None and self.density is None else self._log_density

    def box(self, values: Mapping[str, Any]) -> Box:
        """Give the square that the data are viewed in, in published units."""
        return self.fit_box(**_of_law(values)) if self.fit_box else self.view

    def modes(self, values: Mapping[str, Any]) -> tuple[Tensor, Tensor] | None:
        """Give the modes' means (K, 2) and standard deviations along x and y (K, 2); none if the law has no modes."""
        if self.mixture is None or not self.separate:
            return None
        law = self.mixture(**_of_law(values))
        return law.centres, law.stds

    def stratified(self, count: int, draws: Draws, **values: Any) -> Tensor:
        """Draw points (..., N, 2) without chance imbalance: equal counts per component of a mixture, even on a curve.

        Where the law offers neither they are plain draws.
        """
        if self.mixture is not None:
            return self.mixture(**_of_law(values)).draw_stratified(count, draws)
        return (self.spread or self.function)(count, draws, **_of_law(values))

    # "points" is also the name of a parameter, so the points looked at come by position alone.
    def _log_density(self, points: Tensor, /, **values: Any) -> Tensor:
        if self.mixture is not None:
            return self.mixture(**_of_law(values)).log_density(points)
        assert self.density is not None, f"the density of {self.key} is not known"
        return self.density(points, **_of_law(values))

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data, with the view box and a thumbnail's points at the default values."""
        defaults = {p.key: p.default for p in self.parameters}
        points = self(PREVIEW_POINTS, draws_for(0, 0, "preview"), **defaults).tolist()
        modes = self.modes(defaults)
        return {
            **super().describe(),
            "dimension": 2,
            "box": self.box(defaults).describe(),
            "preview": [[float(f"{x:.4g}"), float(f"{y:.4g}")] for x, y in points],
            "modes": None if modes is None else len(modes[0]),
        }


def _of_law(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != UNITS.key}


DATASETS: Registry[Dataset] = Registry("data set")

GAN_LAB = Paper(
    "Kahng, Thorat, Chau, Viégas, Wattenberg",
    "GAN Lab: Understanding Complex Deep Generative Models using Interactive Visual Experimentation",
    2019,
)
PACGAN = Paper("Lin, Khetan, Fanti, Oh", "PacGAN: The power of two samples in generative adversarial networks", 2018)
UNROLLED = Paper("Metz, Poole, Pfau, Sohl-Dickstein", "Unrolled Generative Adversarial Networks", 2017)


# A line -------------------------------------------------------------------------------------------------------------

LINE_START, LINE_WAY, LINE_STD = (0.8, 0.6), (-0.75, 0.3), 0.01


def draw_line(count: int, draws: Draws) -> Tensor:
    """A line segment with a little noise around it: the simplest law, one that a generator of few neurons can learn."""
    return _blur_line(draws.uniform(count), draws)


def spread_line(count: int, draws: Draws) -> Tensor:
    """Draw points whose places along the segment are evenly spaced."""
    return _blur_line(_space_evenly(count), draws)


def _blur_line(along: Tensor, draws: Draws) -> Tensor:
    places = torch.tensor(LINE_START) + along.unsqueeze(-1) * torch.tensor(LINE_WAY)
    return places + LINE_STD * draws.normal(along.shape[-1], 2)


def _space_evenly(count: int) -> Tensor:
    return (torch.arange(count) + 0.5) / count


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
        GAN_LAB, (UNITS,), view=UNIT_SQUARE, density=line_log_density, spread=spread_line,
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
        GAN_LAB, (UNITS,), view=UNIT_SQUARE, mixture=gaussians_law, separate=True,
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
    return _blur_ring(_space_evenly(count), draws)


def _blur_ring(turn: Tensor, draws: Draws) -> Tensor:
    angle = 2 * pi * turn
    circle = torch.stack([angle.cos(), angle.sin()], -1)
    places = torch.tensor(RING_CENTRE) + torch.tensor(RING_RADII) * circle
    return places + RING_STD * draws.normal(turn.shape[-1], 2)


def ring_log_density(points: Tensor) -> Tensor:
    """Give log p at points (..., N, 2)."""
    return ring_law().log_density(points)


DATASETS.add(
    Dataset(
        "ring", "Ring", draw_ring,
        r"x = (0.5 + 0.3 \cos\theta,\; 0.45 + 0.25 \sin\theta) + 0.025\,n, \quad \theta \sim U(0, 2\pi)",
        GAN_LAB, (UNITS,), view=UNIT_SQUARE, density=ring_log_density, spread=spread_ring,
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
        GAN_LAB, (UNITS,), view=UNIT_SQUARE, mixture=disjoint_law, separate=True,
    )
)  # fmt: skip


# Mode mixtures of the literature ------------------------------------------------------------------------------------


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
    )
)  # fmt: skip


# Given points -------------------------------------------------------------------------------------------------------

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


@lru_cache(maxsize=8)
def points_law(points: tuple[Point, ...], noise: float) -> Mixture:
    """Give the law of `points`."""
    return build_mixture(points, noise)


def draw_given(count: int, draws: Draws, points: tuple[Point, ...], noise: float) -> Tensor:
    """Your own points: one of them is chosen at random, and a little noise is added."""
    return points_law(points, noise).draw(count, draws)


def fit_points_box(points: tuple[Point, ...], noise: float) -> Box:
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
                scale="log"), UNITS),
        view=fit_points_box(HEART, 0.02), mixture=points_law, fit_box=fit_points_box,
    )
)  # fmt: skip
