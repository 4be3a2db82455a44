"""Mixtures of Gaussians whose axes are parallel to the plot's, all components equally likely: most toy laws are one.

Shape letters: K components, N points; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, pi

import torch
from torch import Tensor

from server.gan.randomness import Draws

Point = tuple[float, float]

PAIRS_AT_ONCE = 1 << 22
"""How many pairs of a point and a component are held in memory at a time."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """K equally likely Gaussians with means `centres` (K, 2) and standard deviations `stds` (K, 2), float32."""

    centres: Tensor
    stds: Tensor

    def draw(self, count: int, draws: Draws) -> Tensor:
        """Draw `count` points (..., N, 2), each from a component chosen at random."""
        return self._spread(draws.integers(len(self.centres), count), draws, count)

    def draw_stratified(self, count: int, draws: Draws) -> Tensor:
        """Draw `count` points (..., N, 2), the same number from every component, or as near to it as `count` allows."""
        return self._spread(torch.arange(count) * len(self.centres) // count, draws, count)

    def log_density(self, points: Tensor) -> Tensor:
        """Give the natural logarithm of the density (..., N) at points (..., N, 2)."""
        centres, stds = self.centres.to(points), self.stds.to(points)
        constant = log(2 * pi) + stds.log().sum(-1) + log(len(centres))
        flat = points.reshape(-1, 2)
        pieces = [
            torch.logsumexp(-((piece.unsqueeze(1) - centres) / stds).square().sum(-1) / 2 - constant, -1)
            for piece in torch.split(flat, max(1, PAIRS_AT_ONCE // len(centres)))
        ]
        return torch.cat(pieces).reshape(points.shape[:-1])

    def cell_density(self, x_edges: Tensor, y_edges: Tensor) -> Tensor:
        """Give the mean density (Y, X) over each cell of a lattice whose edges are (X + 1,) and (Y + 1,), float64.

        A component's share of a cell is the product of its shares along x and along y, so the sum over components is
        one matrix product: exact, and quick for thousands of components.
        """
        along_x, along_y = (
            _mean_over(edges, self.centres[:, axis], self.stds[:, axis])
            for axis, edges in enumerate((x_edges, y_edges))
        )
        return along_y.T @ along_x / len(self.centres)

    def _spread(self, component: Tensor, draws: Draws, count: int) -> Tensor:
        return self.centres[component] + self.stds[component] * draws.normal(count, 2)


def _mean_over(edges: Tensor, centres: Tensor, stds: Tensor) -> Tensor:
    """Give the mean over each interval (E - 1,) of K normal densities along one axis: (K, E - 1), float64."""
    # In single precision the difference of two shares close to 1 would have no digits left.
    edges, centres, stds = edges.double(), centres.to(edges.device).double(), stds.to(edges.device).double()
    below: Tensor = torch.special.ndtr((edges - centres.unsqueeze(-1)) / stds.unsqueeze(-1))
    return below.diff(dim=-1) / edges.diff()


def build_mixture(centres: Sequence[Point], stds: float | Sequence[Point]) -> Mixture:
    """Make a mixture from its means and one standard deviation for all, or a pair (along x, along y) for each."""
    means = torch.tensor(centres, dtype=torch.float32)
    if isinstance(stds, float):
        return Mixture(means, torch.full_like(means, stds))
    return Mixture(means, torch.tensor(stds, dtype=torch.float32))
