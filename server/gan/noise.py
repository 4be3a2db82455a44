"""Noise around means that are trained: where it stands, and how it pulls at them.

Shape letters: N samples, Z latent dimensions, K means; `...` are leading axes of independent runs.
What is drawn is (..., N, Z + 1): how far each is from its mean, and the number of that mean, counted from 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.randomness import take_points


def place_noise(drawn: Tensor, means: Tensor) -> Tensor:
    """Give the noise (..., N, Z) for the means (..., K * Z) in one row: z = mu_k + s eps."""
    size = drawn.shape[-1] - 1
    centres = means.view(*means.shape[:-1], -1, size)
    return drawn[..., :-1] + take_points(centres, drawn[..., -1].long())


def pull_means(chosen: Tensor, slope: Tensor, means: Tensor) -> Tensor:
    """Carry the slope (..., N, Z) at the noise to the means (..., K * Z): each has the sum of its own noise's slopes.

    `chosen` (..., N) are the numbers of the means. A product with zeros and ones adds in one order on every device.
    """
    numbers = torch.arange(means.shape[-1] // slope.shape[-1], device=slope.device)
    belongs = (chosen.unsqueeze(-2) == numbers.unsqueeze(-1)).to(slope)
    return (belongs @ slope).flatten(-2)
