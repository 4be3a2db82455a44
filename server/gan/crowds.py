"""Minibatch discrimination: beside a point's last hidden features, how like those of its company they are.

Shape letters: N points, n and m of one group, H features, K kernels, S coordinates of a kernel; leading axes are runs.
A tensor T (..., H, K S) takes the features f to K small vectors each, M = f T. A kernel's answer to a point i is the
mean over the others j of exp(-|M_i - M_j|_1). The paper adds them up; the mean is that, but for a constant factor, and
means the same whether a batch is scored or as many samples as are looked at.
Memory grows with K n m: pairs are never held for each coordinate of a kernel at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

Group = tuple[slice, slice]
"""Points, and the points that are their company: the same ones, or others."""


class Crowd(NamedTuple):
    """So many kernels, each of so many coordinates, that compare a point's features with those of its company."""

    kernels: int
    size: int

    def meet(self, features: Tensor, tensor: Tensor, groups: Sequence[Group]) -> Tensor:
        """Put beside the features (..., N, H) how like its company each point is: (..., N, H + K)."""
        vectors = self._project(features, tensor)
        answers = [_compare(vectors, rows, columns).sum(-1) for rows, columns in groups]
        return torch.cat((features, torch.cat(answers, -1).mT), -1)

    def pull(
        self, upstream: Tensor, features: Tensor, tensor: Tensor, groups: Sequence[Group]
    ) -> tuple[Tensor, Tensor]:
        """Carry a gradient (..., N, H + K) back to the features (..., N, H) and to T: the others' scores pull too."""
        with torch.enable_grad():
            features, tensor = (one.detach().requires_grad_() for one in (features, tensor))
            met = self.meet(features, tensor, groups)
        slopes = torch.autograd.grad(met, (features, tensor), upstream)
        return slopes[0], slopes[1]

    def push(self, change: Tensor, moved: Tensor, features: Tensor, tensor: Tensor, groups: Sequence[Group]) -> Tensor:
        """Give the change (..., N, H + K), to first order, as the features move by `change` and T along `moved`."""
        vectors = self._project(features, tensor)
        steps = self._project(change, tensor) + self._project(features, moved)
        answers = []
        for rows, columns in groups:
            apart = sum(
                _difference(vectors, rows, columns, place).sign() * _difference(steps, rows, columns, place)
                for place in range(self.size)
            )
            answers.append((-_compare(vectors, rows, columns) * apart).sum(-1))
        return torch.cat((change, torch.cat(answers, -1).mT), -1)

    def _project(self, features: Tensor, tensor: Tensor) -> Tensor:
        """Compute M = f T, laid out as (..., K, N, S)."""
        vectors = features @ tensor
        return vectors.view(*vectors.shape[:-1], self.kernels, self.size).transpose(-3, -2)


def _compare(vectors: Tensor, rows: slice, columns: slice) -> Tensor:
    """Give each pair's share of the mean likeness of points to their company, of M (..., K, N, S): (..., K, n, m).

    A point is not in its own company: where both are the same points, the diagonal is 0.
    """
    one, other = vectors[..., rows, :], vectors[..., columns, :]
    likeness = (-torch.cdist(one, other, p=1.0)).exp()
    if rows != columns:
        return likeness / other.shape[-2]
    own = torch.eye(one.shape[-2], device=one.device, dtype=one.dtype)
    return likeness * ((1 - own) / max(1, one.shape[-2] - 1))


def _difference(vectors: Tensor, rows: slice, columns: slice, place: int) -> Tensor:
    """Give how far all pairs are apart along one coordinate of every kernel: (..., K, n, m)."""
    return vectors[..., rows, place].unsqueeze(-1) - vectors[..., columns, place].unsqueeze(-2)
