"""A verdict on generated points: what each costs the generator, and how that grows as the point moves.

Shape letters: N examples; leading axes are runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.autograd import pull_back


class Verdict(NamedTuple):
    """What generated points cost, `per_example` (..., N), and the slope of its mean.

    `pull` gives that slope with respect to the points (..., N, D), and by name the slopes that it passes on the way.
    """

    per_example: Tensor
    pull: Callable[[], tuple[Mapping[str, Tensor], Tensor]]


def compare(price: Callable[[Tensor, Tensor], Tensor], x_real: Tensor, x_fake: Tensor) -> Verdict:
    """Compare generated points with real ones themselves: `price` gives what they cost (..., N)."""
    x_fake = x_fake.detach().requires_grad_()
    per_example = price(x_real, x_fake)
    return Verdict(per_example, lambda: ({}, pull_mean(per_example, x_fake)))


def pull_mean(per_example: Tensor, inputs: Tensor) -> Tensor:
    """Give the gradient of the runs' means of prices (..., N) with respect to the inputs: runs never mix."""
    return pull_back(per_example, inputs, torch.full_like(per_example, 1 / per_example.shape[-1]))
