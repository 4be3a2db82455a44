"""What a data set is: its law, its facts, and the box it is viewed in.

A data set keeps its published constants; training happens in lab units, `u = 3 (x - centre) / half_extent`, unless
its parameter `units` is "published".
Shape letters: N points, D coordinates of a point, K modes; `...` are leading axes of independent runs, as the draws
give them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from server.gan.mixtures import Mixture, Point
from server.gan.randomness import Draws, draws_for
from server.gan.registry import Choice, Number, Registry, Unit

LAB_HALF_EXTENT = 3.0
"""In lab units every data set is viewed in [-3, 3]^D."""
PREVIEW_POINTS = 200
FINER = 5
"""A density is averaged over so many points a side of a cell: some laws are much narrower than a cell."""

UNITS = Choice(
    "units",
    "Units",
    "lab",
    ("lab", "published"),
    "Lab units scale every data set to the same view, so that learning rates carry over; published units keep its own.",
)
SIZE = Number(
    "size",
    "Size of the data set",
    0,
    0,
    10_000,
    "So many points are drawn once, and the run learns from them alone; with 0 every batch is drawn afresh.",
    integer=True,
    scale="log",
)
COMMON = (UNITS, SIZE)
"""What every data set can be told; it says how a run trains on the law, and is no part of the law."""

DrawPoints = Callable[..., Tensor]
"""(count, draws, **values) -> (..., N, D) in published units."""


class Box(NamedTuple):
    """A square, or an interval: all within `half_extent` of `centre` along every axis."""

    centre: Point
    half_extent: float

    @property
    def is_lab(self) -> bool:
        """Whether it is what lab units are seen in, so that they are the published ones."""
        return self.half_extent == LAB_HALF_EXTENT and not any(self.centre)

    def describe(self) -> dict[str, Any]:
        """Give the box as plain data."""
        return {"centre": list(self.centre), "half_extent": self.half_extent}


class Modes(NamedTuple):
    """The modes of a law, in published units.

    Their `means` (K, D), their standard deviations `stds` (K, D) along the axes, and their `shares` of the law (K,).
    """

    means: Tensor
    stds: Tensor
    shares: Tensor


LAB_BOX = Box((0.0, 0.0), LAB_HALF_EXTENT)
UNIT_SQUARE = Box((0.5, 0.5), 0.5)


def to_lab(points: Tensor, box: Box) -> Tensor:
    """Map points (..., D) in published units so that `box` becomes [-3, 3]^D."""
    if box.is_lab:
        return points
    return (points - torch.tensor(box.centre).to(points)) * (LAB_HALF_EXTENT / box.half_extent)


def from_lab(points: Tensor, box: Box) -> Tensor:
    """Map points (..., D) in lab units back to published ones: the inverse of `to_lab`."""
    if box.is_lab:
        return points
    return points * (box.half_extent / LAB_HALF_EXTENT) + torch.tensor(box.centre).to(points)


@dataclass(frozen=True)
class Dataset(Unit[DrawPoints]):
    """A law in the plane, or on the line: its points have as many coordinates as its `view`.

    Its methods take the values of its parameters, those of `COMMON` among them or not.
    `mixture` gives the law where it is a mixture of Gaussians; `separate` says that its components are modes to be
    counted. `quadrature` gives a mixture that has the law's density, though its draws are not the law's.
    Otherwise `density` is the logarithm of the density where it is known, (points (..., N, D), **values) ->
    (..., N), minus infinity where there is none. `spread` draws points that lie evenly. `fit_box` gives a box that
    depends on the values, and `box_code` is the same in plain numpy: centre and half_extent from the names of the
    parameters.
    """

    view: Box = field(kw_only=True)
    mixture: Callable[..., Mixture] | None = None
    separate: bool = False
    quadrature: Callable[..., Mixture] | None = None
    density: Callable[..., Tensor] | None = None
    spread: DrawPoints | None = None
    fit_box: Callable[..., Box] | None = None
    box_code: str = ""

    @property
    def dimension(self) -> int:
        """How many coordinates a point has: D."""
        return len(self.view.centre)

    @property
    def __call__(self) -> DrawPoints:
        """Draw points (..., N, D) in published units; the values of `COMMON` are accepted, and change no draw."""
        return lambda count, draws, **values: self.function(count, draws, **of_law(values))

    @property
    def log_density(self) -> Callable[..., Tensor] | None:
        """(points (..., N, D), **values) -> (..., N), natural logarithm in published units; none if it is unknown."""
        return self._log_density if self.mixture or self.quadrature or self.density else None

    def box(self, values: Mapping[str, Any]) -> Box:
        """Give the square or the interval that the data are viewed in, in published units."""
        return self.fit_box(**of_law(values)) if self.fit_box else self.view

    def modes(self, values: Mapping[str, Any]) -> Modes | None:
        """Give the modes; none if the law has no modes."""
        if self.mixture is None or not self.separate:
            return None
        law = self.mixture(**of_law(values))
        return Modes(law.centres, law.stds, law.shares)

    def cell_density(self, edges: Sequence[Tensor], values: Mapping[str, Any]) -> Tensor | None:
        """Give the mean density (Y, X) over each cell between the edges (X + 1,) and (Y + 1,), in published units.

        On the line there are x edges alone, and it is (X,).
        It is exact for a mixture, and the mean of FINER points a side of a cell for another law; none if unknown.
        """
        if law := self.mixture or self.quadrature:
            return law(**of_law(values)).cell_density(*edges)
        if self.density is None:
            return None
        places = torch.meshgrid(*(_refine(along) for along in reversed(edges)), indexing="ij")
        fine = self._log_density(torch.stack(places[::-1], -1), **values).exp()
        shape = [size for along in reversed(edges) for size in (len(along) - 1, FINER)]
        return fine.view(shape).mean(tuple(range(1, len(shape), 2)))

    def stratified(self, count: int, draws: Draws, **values: Any) -> Tensor:
        """Draw points (..., N, D) without chance imbalance: fair counts per component of a mixture, even on a curve.

        Where the law offers neither they are plain draws.
        """
        if self.mixture is not None:
            return self.mixture(**of_law(values)).draw_stratified(count, draws)
        return (self.spread or self.function)(count, draws, **of_law(values))

    def highest_density(self, values: Mapping[str, Any], cells: int = 1000) -> float:
        """Give the largest mean density over any of so many equal cells a side of the view, in published units."""
        box = self.box(values)
        steps = torch.linspace(-1, 1, cells + 1, dtype=torch.float64) * box.half_extent
        density = self.cell_density([middle + steps for middle in box.centre], values)
        assert density is not None, f"the density of {self.key} is not known"
        return float(density.max())

    # "points" is also the name of a parameter, so the points looked at come by position alone.
    def _log_density(self, points: Tensor, /, **values: Any) -> Tensor:
        if law := self.mixture or self.quadrature:
            return law(**of_law(values)).log_density(points)
        assert self.density is not None, f"the density of {self.key} is not known"
        return self.density(points, **of_law(values))

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data, with the view box and a thumbnail's points at the default values."""
        defaults = {p.key: p.default for p in self.parameters}
        points = self(PREVIEW_POINTS, draws_for(0, 0, "preview"), **defaults).tolist()
        modes = self.modes(defaults)
        return {
            **super().describe(),
            "dimension": self.dimension,
            "box": self.box(defaults).describe(),
            "box_code": self.box_code,
            "preview": [[float(f"{x:.4g}") for x in point] for point in points],
            "modes": None if modes is None else len(modes[0]),
            "has_density": self.log_density is not None,
        }


def space_evenly(count: int, parts: int = 1) -> tuple[Tensor, Tensor]:
    """Give `count` places as (part (N,), place along it (N,) from 0 to 1), evenly over equally long parts."""
    place = (torch.arange(count) + 0.5) * parts / count
    part = place.floor()
    return part.long(), place - part


def _refine(edges: Tensor) -> Tensor:
    """Give the middles of FINER parts (E * FINER,) of each of the E intervals between the edges (E + 1,)."""
    parts = (torch.arange(FINER, device=edges.device) + 0.5) / FINER
    return (edges[:-1, None] + edges.diff()[:, None] * parts).flatten()


def of_law(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give those values of a data set's parameters that its law depends on."""
    common = {parameter.key for parameter in COMMON}
    return {key: value for key, value in values.items() if key not in common}


DATASETS: Registry[Dataset] = Registry("data set")
