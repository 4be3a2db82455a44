"""The codes of a data set: the latent of each of its points, learned beside the generator that turns it into the point.

Shape letters: n points of the data, N of them in a batch, Z latent dimensions; `...` are leading axes of independent
runs. A state has all codes of a run in one row (..., n Z).
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.randomness import Draws

CODES = "codes"
"""Their name among the tensors of a state."""


def start_codes(count: int, dimension: int, draws: Draws) -> Tensor:
    """Draw the codes (..., n Z) that a run begins with: normal, of length 1 on average, and projected to the ball."""
    return project(draws.normal(count, dimension) / dimension**0.5).flatten(-2)


def project(codes: Tensor) -> Tensor:
    """Bring codes (..., n, Z) that lie outside of the unit ball to the nearest places in it."""
    lengths: Tensor = torch.linalg.vector_norm(codes, dim=-1, keepdim=True)
    return codes / lengths.clamp(min=1)


def move_codes(codes: Tensor, chosen: Tensor, slopes: Tensor, rate: float) -> Tensor:
    """Let each `chosen` (..., N) code go against its slope, of `slopes` (..., N, Z): all codes (..., n, Z) after that.

    A point that a batch has twice goes by the sum of both, and every code is in the unit ball then.
    """
    places = chosen.to(codes.device).unsqueeze(-1).expand(slopes.shape)
    return project(codes - rate * torch.zeros_like(codes).scatter_add(-2, places, slopes))


def fit_normal(codes: Tensor) -> tuple[Tensor, Tensor]:
    """Fit a normal law to codes (..., n, Z): their mean (..., 1, Z), and a lower factor (..., Z, Z) of the covariance.

    The covariance is the mean of the products, not that over n - 1. Where codes lie in a plane, or are fewer than their
    dimensions, a billionth keeps its factor real.
    """
    mean = codes.mean(-2, keepdim=True)
    apart = (codes - mean).double()
    covariance = apart.mT @ apart / codes.shape[-2]
    ridge = 1e-9 * torch.eye(codes.shape[-1], dtype=torch.float64, device=codes.device)
    factor, _ = torch.linalg.cholesky_ex(covariance + ridge)
    return mean, factor.to(codes)


def draw_near(codes: Tensor, z: Tensor) -> Tensor:
    """Turn standard normal noise (..., N, Z) into latents of the normal law that is fitted to the codes (..., n, Z)."""
    mean, factor = fit_normal(codes)
    return mean + z @ factor.mT
