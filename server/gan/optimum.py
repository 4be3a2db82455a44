"""The optimal discriminator: how well real and generated points can be told apart, with the generator as it is.

It answers p / (p + q), for the density p of the data and q of the generated samples; its logit is log p/q. p is exact,
and q is counted from many samples, by the cells of the view. Both are blurred alike, by a bell one cell wide, because a
few samples say little: so this is the optimum of who sees no finer than that, and of a perfect generator it is 1/2
everywhere.
Shape letters: S cells a side of the view, N points, D coordinates of one. Densities and the view are in published
units. A lattice of cells is (S, S), row 0 at the bottom, or on the line (1, S).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.datasets import Box
from server.gan.trainer import Trainer

POINTS = 4000
"""So many real and so many generated points are looked at."""
BELL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""The weights of a cell and of its neighbours along one axis: binomial, with a variance of 1."""
UNSEEN = 0.5
"""Added to the counts of both sorts: nothing is claimed where neither has as much as half a point."""


class Optimum(NamedTuple):
    """The best score of every cell, `surface` (S, S) or (1, S), and the `gap` () to it.

    The gap is how far what the discriminator says of a place, as a probability of being real, is from what the best one
    would, on average over real and generated points. The words on all points of a place are averaged first: so are
    those of the best discriminator, and the size of a place adds nothing to the gap.
    """

    surface: Tensor
    gap: Tensor


@torch.no_grad()
def find_optimum(trainer: Trainer, density: Tensor, view: Box) -> Optimum | None:
    """Find the optimal discriminator of a single run; `density` (S, S) or (1, S) is the data's mean in each cell.

    None where the loss has another optimum, or a regularizer or technique moves it.
    """
    kind = trainer.loss.extra.get("optimum")
    if kind is None or any(unit.moves_optimum for unit in (*trainer.regularization, *trainer.craft)):
        return None
    source, cells = trainer.source, density.shape[-1]
    latent = trainer.place(source.look_at_latent(POINTS, "optimum noise"))
    real = source.look_at_data(POINTS, "optimum data")
    fake = trainer.make_points(latent)
    words = [_read(trainer.score(points), kind) for points in (real, fake)]
    places = [_find_cells(source.from_lab(points), view, cells) for points in (real, fake)]
    seen_real, seen_fake = (_gather(place, torch.ones(POINTS), density.shape) for place in places)
    said = sum(_gather(place, word, density.shape) for place, word in zip(places, words, strict=True))
    expected = _blur(density.cpu().double()) * ((2 * view.half_extent / cells) ** source.data_dimension * POINTS)
    seen = seen_real + seen_fake
    best = expected / (expected + seen_fake).clamp_min(torch.finfo(torch.float64).tiny)
    gap = (said - seen * best).abs().sum() / seen.sum().clamp_min(1)
    logit = ((expected + UNSEEN) / (seen_fake + UNSEEN)).log()
    return Optimum(logit if kind == "log_ratio" else logit.sigmoid(), gap)


def _read(scores: Tensor, kind: str) -> Tensor:
    """Read scores (N,) as probabilities of being real, as the loss teaches them."""
    return scores.sigmoid() if kind == "log_ratio" else scores


def _find_cells(points: Tensor, view: Box, cells: int) -> Tensor:
    """Give the number (N,) of the cell that each point (N, D) lies in, row by row; S^D for one outside the view."""
    corner, dimension = points.new_tensor(view.centre) - view.half_extent, points.shape[-1]
    place = (points - corner) / (2 * view.half_extent) * cells
    inside = ((place >= 0) & (place < cells)).all(-1)
    along = torch.where(inside.unsqueeze(-1), place, 0).long()
    number = (along * cells ** torch.arange(dimension, device=points.device)).sum(-1)
    return torch.where(inside, number, cells**dimension)


def _gather(place: Tensor, weights: Tensor, shape: torch.Size) -> Tensor:
    """Add up the weights (N,) of the points in each cell of a lattice of this shape, blurred."""
    sums = torch.bincount(place.cpu(), weights.cpu().double(), minlength=shape.numel() + 1)
    return _blur(sums[:-1].view(shape))


def _blur(counts: Tensor) -> Tensor:
    """Spread what is in each cell (S, S) or (1, S) over its neighbours; what leaves the view is lost."""
    cells, reach = counts.shape[-1], len(BELL) // 2
    band = counts.new_zeros(cells, cells)
    for offset, weight in enumerate(BELL, -reach):
        band += torch.full((cells - abs(offset),), weight, dtype=counts.dtype).diag(offset)
    return (band @ counts if len(counts) > 1 else counts) @ band
