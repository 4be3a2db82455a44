"""Mixtures of Gaussians whose axes are parallel to the plot's: most toy laws are one.

Shape letters: K components, N points, D coordinates of a point; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import log, pi
from operator import add

import torch
from torch import Tensor

from server.gan.randomness import Draws

Point = tuple[float, ...]
"""A place by its D coordinates."""

PAIRS_AT_ONCE = 1 << 22
"""How many pairs of a point and a component are held in memory at a time."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """K Gaussians with means `centres` (K, D) and standard deviations `stds` (K, D), float32.

    `weights` (K,) are the components' shares of the law, float32, adding up to 1; none: all are equally likely.
    """

    centres: Tensor
    stds: Tensor
    weights: Tensor | None = None

    @property
    def shares(self) -> Tensor:
        """The components' shares of the law (K,), float64, whether they are equal or not."""
        if self.weights is not None:
            return self.weights.double()
        return torch.full((len(self.centres),), 1 / len(self.centres), dtype=torch.float64)

    def draw(self, count: int, draws: Draws) -> Tensor:
        """Draw `count` points (..., N, D), each from a component chosen at random."""
        if self.weights is None:
            return self._spread(draws.integers(len(self.centres), count), draws, count)
        return self._spread(_find_component(draws.uniform(count), self.weights), draws, count)

    def draw_stratified(self, count: int, draws: Draws) -> Tensor:
        """Draw `count` points (..., N, D): every component has its share of them, or as near to it as `count` allows.

        They come in the components' order.
        """
        if self.weights is None:
            return self._spread(torch.arange(count) * len(self.centres) // count, draws, count)
        return self._spread(_find_component((torch.arange(count) + 0.5) / count, self.weights), draws, count)

    def log_density(self, points: Tensor) -> Tensor:
        """Give the natural logarithm of the density (..., N) at points (..., N, D)."""
        centres, stds, shares = self.centres.to(points), self.stds.to(points), self.shares.to(points)
        dimension = centres.shape[-1]
        highest = shares.log() - dimension / 2 * log(2 * pi) - stds.log().sum(-1)
        pieces = []
        for piece in torch.split(points.reshape(-1, dimension), max(1, PAIRS_AT_ONCE // len(centres))):
            squares = (
                ((piece[:, axis, None] - centres[:, axis]) / stds[:, axis]).square() for axis in range(dimension)
            )
            pieces.append(torch.logsumexp(highest - reduce(add, squares) / 2, -1))
        return torch.cat(pieces).reshape(points.shape[:-1])

    def cell_density(self, *edges: Tensor) -> Tensor:
        """Give the mean density (Y, X) over each cell of a lattice whose edges are (X + 1,) and (Y + 1,), float64.

        On the line there are x edges alone, and it is (X,).
        A component's share of a cell is the product of its shares along x and along y, so the sum over components is
        one matrix product: exact, and quick for thousands of components.
        """
        along_x, *above = (
            _mean_over(along, self.centres[:, axis], self.stds[:, axis]) for axis, along in enumerate(edges)
        )
        shared = self.shares.to(along_x).unsqueeze(-1) * along_x
        return above[0].T @ shared if above else shared.sum(0)

    def _spread(self, component: Tensor, draws: Draws, count: int) -> Tensor:
        # Picked in one row: indexing with them as they are takes several times as long.
        centres, stds = (of.index_select(0, component.flatten()) for of in (self.centres, self.stds))
        shape = (*component.shape, self.centres.shape[-1])
        return centres.view(shape) + stds.view(shape) * draws.normal(count, shape[-1])


def _mean_over(edges: Tensor, centres: Tensor, stds: Tensor) -> Tensor:
    """Give the mean over each interval (E - 1,) of K normal densities along one axis: (K, E - 1), float64."""
    # In single precision the difference of two shares close to 1 would have no digits left.
    edges, centres, stds = edges.double(), centres.to(edges.device).double(), stds.to(edges.device).double()
    below: Tensor = torch.special.ndtr((edges - centres.unsqueeze(-1)) / stds.unsqueeze(-1))
    return below.diff(dim=-1) / edges.diff()


def _find_component(place: Tensor, weights: Tensor) -> Tensor:
    """Give the component (...) in whose part of [0, 1) each place (...) lies; the parts are as long as the weights."""
    return torch.bucketize(place, weights.cumsum(0)[:-1])


def build_mixture(
    centres: Sequence[Point], stds: float | Sequence[Point], weights: Sequence[float] | None = None
) -> Mixture:
    """Make a mixture from its means, one standard deviation for all or those along the axes for each, and weights.

    Weights are relative, as 1 and 2 for a third and two thirds; none: all are equally likely.
    """
    means = torch.tensor(centres, dtype=torch.float32)
    spreads = torch.full_like(means, stds) if isinstance(stds, float) else torch.tensor(stds, dtype=torch.float32)
    if weights is None:
        return Mixture(means, spreads)
    relative = torch.tensor(weights, dtype=torch.float32)
    return Mixture(means, spreads, relative / relative.sum())
