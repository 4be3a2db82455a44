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


LATENTS: Registry[Latent] = Registry("latent")


def draw_normal(count: int, dimension: int, draws: Draws) -> Tensor:
    """Every coordinate comes from a standard normal distribution: most samples lie near the middle."""
    return draws.normal(count, dimension)


def draw_uniform(count: int, dimension: int, draws: Draws) -> Tensor:
    """Every coordinate is uniform between -1 and 1: a square, evenly filled, with sharp edges."""
    return 2 * draws.uniform(count, dimension) - 1


LATENTS.add(
    Latent(
        "normal", "Normal", draw_normal, r"z \sim \mathcal{N}(0, I)", None, (DIMENSION,), quantile=torch.special.ndtri
    )
)
LATENTS.add(
    Latent("uniform", "Uniform", draw_uniform, r"z \sim U(-1, 1)^Z", None, (DIMENSION,), quantile=lambda p: 2 * p - 1)
)
