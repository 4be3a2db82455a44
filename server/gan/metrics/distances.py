"""The squared distances of all pairs of points, a block of rows at a time.

Shape letters: N and M points, D coordinates of one, B rows of a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

BLOCK_ROWS = 250
"""A block of 250 x 2500 squared distances takes 2.5 MB: it stays in the processor's cache, which is quickest."""


def walk_blocks(points: Tensor, others: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Give the squared distances from points (N, D) to others (M, D) as (number of its first row, (B, M)).

    From the differences of coordinates: the quicker |a|^2 - 2 a b + |b|^2 has no digits left within a narrow mode.
    """
    for first in range(0, len(points), BLOCK_ROWS):
        across, *above = (
            points[first : first + BLOCK_ROWS, axis].unsqueeze(1) - others[:, axis] for axis in range(points.shape[-1])
        )
        squares = across.square_()
        for gap in above:
            squares.addcmul_(gap, gap)
        yield first, squares


def average_between(points: Tensor, others: Tensor, of: Callable[[Tensor], Tensor]) -> Tensor:
    """Give the mean () of a function of the squared distance over all pairs of a point and another, in float64."""
    sums = [of(squares).sum().double() for _, squares in walk_blocks(points, others)]
    return torch.stack(sums).sum() / (len(points) * len(others))


def average_within(points: Tensor, of: Callable[[Tensor], Tensor]) -> Tensor:
    """Give the mean () of a function of the squared distance over all pairs of two different points, in float64."""
    alone = of(points.new_zeros(1)).double().sum()
    pairs = len(points) * (len(points) - 1)
    return (average_between(points, points, of) * len(points) ** 2 - len(points) * alone) / pairs


def reach_neighbour(points: Tensor, k: int) -> Tensor:
    """Give each point's squared distance to its k-th nearest neighbour (N,); a point is no neighbour of itself."""
    reaches = []
    for first, squares in walk_blocks(points, points):
        squares.diagonal(first).fill_(torch.inf)
        reaches.append(squares.topk(k, largest=False).values[:, -1])
    return torch.cat(reaches)
