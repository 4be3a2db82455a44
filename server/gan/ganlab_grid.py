"""How GAN Lab measures its KL and JS divergence, faults and all, so that its numbers can be read beside true ones.

Its evaluator (`demo/ganlab_evaluators.ts`) deletes ever longer pieces from the list of real points that it counts from:
of the 450 that it divides by, only 151 are ever counted. It compares them with 150 generated points on 30 x 30 cells,
adds 0.0001 to every cell without renormalising, and reads a point outside as one of another row, or not at all.
Shape letters: N points, B bins a side; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from server.gan.datasets import Box
from server.gan.randomness import draws_for

BINS = 30
ADDED = 1e-4
REAL_DIVISOR = 450
REAL_COUNTED = 151
"""i (i + 3) / 2 is the place of the i-th point that its loop reaches; so many lie within its 11,550 points."""
FAKE_COUNTED = 150
SHUFFLE_SEED = 1000
FARTHEST = 1e6


def count_real(x_real: Tensor, box: Box) -> Tensor:
    """Give the real share of each cell (..., B * B), with what it adds to each."""
    chosen = _shuffle(x_real.shape[-2])[:REAL_COUNTED].to(x_real.device)
    return _count_cells(x_real.index_select(-2, chosen), box) / REAL_DIVISOR + ADDED


def count_fake(x_fake: Tensor, box: Box) -> Tensor:
    """Give the generated share of each cell (..., B * B), with what it adds to each."""
    return _count_cells(x_fake[..., :FAKE_COUNTED, :], box) / FAKE_COUNTED + ADDED


def kl_divergence(real: Tensor, fake: Tensor) -> Tensor:
    """Compute its KL divergence (...) of such shares, in bits."""
    return _weigh(real, fake)


def js_divergence(real: Tensor, fake: Tensor) -> Tensor:
    """Compute its JS divergence (...) of such shares, in bits."""
    middle = (real + fake) / 2
    return (_weigh(real, middle) + _weigh(fake, middle)) / 2


def _weigh(p: Tensor, q: Tensor) -> Tensor:
    return (p * (p / q).log2()).sum(-1)


@lru_cache(maxsize=4)
def _shuffle(count: int) -> Tensor:
    """An order of the real points: they come sorted by mode, and its loop takes them as they were drawn."""
    return draws_for(SHUFFLE_SEED, 0, "gan lab's atlas").uniform(count).argsort()


def _count_cells(points: Tensor, box: Box) -> Tensor:
    """Count points (..., N, 2) as its index does: a column too far is the next row, an index too far is nowhere."""
    corner = torch.tensor(box.centre).to(points) - box.half_extent
    place = ((points - corner) / (2 * box.half_extent)).clamp(-FARTHEST, FARTHEST)
    cell = (place * BINS).trunc().long()
    index = cell[..., 0] + BINS * cell[..., 1]
    counted = ((index >= 0) & (index < BINS**2)).to(points)
    counts = points.new_zeros(*index.shape[:-1], BINS**2)
    return counts.scatter_add_(-1, index.clamp(0, BINS**2 - 1), counted)
