"""The latent laws: where the noise comes from that a generator turns into samples.

Shape letters: N samples, Z latent dimensions; `...` are leading axes of independent runs, as the draws give them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from server.gan.randomness import Draws
from server.gan.registry import Number, Registry, Unit

DrawLatent = Callable[[int, int, Draws], Tensor]
"""(count, dimension, draws) -> (..., N, Z)."""

DIMENSION = Number(
    "dimension",
    "Dimensions",
    2,
    1,
    256,
    "How many random numbers the generator gets for each sample.",
    integer=True,
    scale="log",
)


@dataclass(frozen=True)
class Latent(Unit[DrawLatent]):
    """A law of independent, equally distributed coordinates.

    `quantile` maps probabilities in (0, 1) to a coordinate, so that a lattice of them has cells of equal probability.
    """

    quantile: Callable[[Tensor], Tensor] = field(kw_only=True)


TRUNCATION = 2.0
"""How many standard deviations of the truncated normal law lie between its middle and either end."""

LATENTS: Registry[Latent] = Registry("latent")


def draw_normal(count: int, dimension: int, draws: Draws) -> Tensor:
    """Every coordinate comes from a standard normal distribution: most samples lie near the middle."""
    return draws.normal(count, dimension)


def draw_uniform(count: int, dimension: int, draws: Draws) -> Tensor:
    """Every coordinate is uniform between -1 and 1: a square, evenly filled, with sharp edges."""
    return 2 * draws.uniform(count, dimension) - 1


def draw_unit_uniform(count: int, dimension: int, draws: Draws) -> Tensor:
    """Every coordinate is uniform between 0 and 1: GAN Lab's uniform noise, whose middle is not 0."""
    return draws.uniform(count, dimension)


def draw_truncated(count: int, dimension: int, draws: Draws) -> Tensor:
    """Every coordinate is normal around 0.5 with standard deviation 0.25, cut off at 0 and 1: GAN Lab's Gaussian."""
    return quantile_truncated(draws.uniform(count, dimension))


def quantile_truncated(p: Tensor) -> Tensor:
    """Map probabilities to coordinates of the normal law that is cut off two standard deviations from its middle."""
    tail = torch.special.ndtr(torch.tensor(-TRUNCATION, dtype=p.dtype))
    z: Tensor = 0.5 + torch.special.ndtri(tail + p * (1 - 2 * tail)) * (0.5 / TRUNCATION)
    return z


LATENTS.add(
    Latent(
        "normal", "Normal", draw_normal, r"z \sim \mathcal{N}(0, I)", None, (DIMENSION,),
        quantile=torch.special.ndtri, basic=True, code="z = draws.normal(count, dimension)",
    )
)  # fmt: skip
LATENTS.add(
    Latent(
        "uniform", "Uniform", draw_uniform, r"z \sim U(-1, 1)^Z", None, (DIMENSION,),
        quantile=lambda p: 2 * p - 1, basic=True, code="z = 2 * draws.uniform(count, dimension) - 1",
    )
)  # fmt: skip
LATENTS.add(
    Latent(
        "unit_uniform", "Uniform on [0, 1]", draw_unit_uniform, r"z \sim U(0, 1)^Z", None, (DIMENSION,),
        quantile=lambda p: p, code="z = draws.uniform(count, dimension)",
    )
)  # fmt: skip
LATENTS.add(
    Latent(
        "truncated", "Truncated normal", draw_truncated,
        r"z_i \sim \mathcal{N}(\tfrac12, \tfrac1{16}) \;\text{given}\; 0 \le z_i \le 1",
        None, (DIMENSION,), quantile=quantile_truncated,
        code="tail = torch.special.ndtr(torch.tensor(-2.0))\n"
        "p = tail + (1 - 2 * tail) * draws.uniform(count, dimension)\n"
        "z = 0.5 + 0.25 * torch.special.ndtri(p)",
    )
)  # fmt: skip
