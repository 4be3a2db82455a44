"""A memory of the points that a player last trained with: a queue of fixed length, the newest last.

Shape letters: K rows of the queue, N points, I what is read of a point; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Memory(NamedTuple):
    """Rows (..., K, I), of which the last `filled` (..., 1) have been filled."""

    rows: Tensor
    filled: Tensor

    @property
    def known(self) -> Tensor:
        """Tell which rows (..., K) have been filled."""
        length = self.rows.shape[-2]
        return torch.arange(length, device=self.rows.device) >= length - self.filled

    def add(self, points: Tensor) -> Memory:
        """Give the queue with as many new rows as there are points (..., N, I), and as many old ones fewer."""
        length = self.rows.shape[-2]
        rows = torch.cat((self.rows, points.detach()), -2)[..., -length:, :]
        return Memory(rows, (self.filled + points.shape[-2]).clamp_max(length))
