"""The latent laws: where the noise comes from that a generator turns into samples.

Shape letters: N samples, Z latent dimensions, K points of a finite set; `...` are leading axes of independent runs, as
the draws give them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import pi, sqrt
from typing import Any

import torch
from torch import Tensor

from server.gan.papers import SLOGAN
from server.gan.randomness import Draws, pick_points
from server.gan.registry import Number, Paper, Registry, Unit

DrawLatent = Callable[..., Tensor]
"""(count, dimension, draws, **numbers) -> (..., N, Z)."""


@dataclass(frozen=True)
class LearnedMeans:
    """Noise that lies around K means, which are trained with the generator.

    `begin` gives the means at step 0, (dimension, **numbers) -> (K, Z).
    `draw` gives what is random, whatever they are later: (count, dimension, draws, **numbers) -> (..., N, Z + 1), how
    far each is from its mean, and the number of that; `code` does the same in PyTorch, and calls it `z`.
    """

    begin: Callable[..., Tensor]
    draw: Callable[..., Tensor]
    code: str


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
    """A law of the noise that a generator begins with.

    Where the coordinates are independent and equally distributed, `quantile` maps probabilities in (0, 1) to one, so
    that a lattice of them has cells of equal probability; there is none for other laws.
    Where noise is picked from finitely many points, `points` draws these, once a run, (dimension, draws, **numbers) ->
    (..., K, Z), and the function takes them as `points` in place of the numbers. `points_code` is the same in PyTorch:
    `latents` from `draws`, dimension and the numbers, for `code` to pick from.
    Where noise lies around means that are `learned`, the function draws with those of step 0, and `points_code` makes
    these, called `means`. `apart` then names the techniques and regularizers that cannot be on beside it, and why.
    """

    quantile: Callable[[Tensor], Tensor] | None = field(kw_only=True)
    points: Callable[..., Tensor] | None = field(default=None, kw_only=True)
    points_code: str = field(default="", kw_only=True)
    learned: LearnedMeans | None = field(default=None, kw_only=True)
    apart: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        facts = {"has_lattice": self.quantile is not None, "points_code": self.points_code, "apart": dict(self.apart)}
        return {**super().describe(), **facts, "learned_code": self.learned.code if self.learned else ""}


CIRCLE = sqrt(2)
"""The radius of the mixture's circle: three centres or more have variance 1 in each of the first two coordinates."""
TRUNCATION = 2.0
"""How many standard deviations of the truncated normal law lie between its middle and either end."""

APART = {
    "bigan": "it puts the noise beside each point, and the centres would be moved by that side's slope too",
    "ema": "it averages the generator alone, and its average would be shown noise of other centres than it learned",
    "lookahead": "it takes two players back a part of their way, and the noise's centres would go on",
    "extragradient": "it takes two players ahead and back, and the noise's centres would go on",
    "consensus": "it prices the slopes of two players, and those of the noise's centres would be left out",
    "historical_averaging": "it prices how far two players are from their past, and leaves out the noise's centres",
    "batch_norm": "it changes a sample with the others of its batch, and the centres' slopes are taken of each alone",
    "parallel_tempering": "it puts a level beside the noise, and the slope there would be taken for a centre's",
    "mode_seeking": "it compares how far samples and noise are apart, and the noise would be paid for moving together",
}
"""What cannot be on beside means that are trained, and why: "it" is the unit of the name."""

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


def draw_mixture(count: int, dimension: int, draws: Draws, components: float, spread: float) -> Tensor:
    """One of a few Gaussians is chosen at random; they stand evenly on a circle, with empty space between them.

    SLOGAN learns their centres and how likely each is; here both are fixed. In one dimension the circle is seen from
    its edge.
    """
    angles = draws.integers(int(components), count) * (2 * pi / components)
    z = spread * draws.normal(count, dimension)
    z[..., 0] += CIRCLE * angles.cos()
    if dimension > 1:
        z[..., 1] += CIRCLE * angles.sin()
    return z


def draw_around(count: int, dimension: int, draws: Draws, components: float, spread: float) -> Tensor:
    """Draw how far each is from its mean, and the number of that (count, Z + 1)."""
    chosen = draws.integers(int(components), count).unsqueeze(-1)
    away = spread * draws.normal(count, dimension)
    return torch.cat((away, chosen.to(away)), -1)


def begin_means(dimension: int, components: float, spread: float) -> Tensor:
    """Give the means (K, Z) at step 0: evenly on the mixture's circle."""
    angles = torch.arange(int(components)) * (2 * pi / components)
    means = torch.zeros(int(components), dimension)
    means[:, 0] = CIRCLE * angles.cos()
    if dimension > 1:
        means[:, 1] = CIRCLE * angles.sin()
    return means


def draw_learned(count: int, dimension: int, draws: Draws, components: float, spread: float) -> Tensor:
    """One of a few Gaussians is chosen at random, all equally likely; their centres are trained with the generator.

    They begin evenly on a circle. In the generator's turn the slope that reaches the noise moves them, by the
    generator's optimizer and at its rate. Of SLOGAN this is the learned centres alone: there the spreads and how likely
    each is are learned too, and the centres by a slope of its own (Stein's lemma), ten times as fast.
    """
    return draw_mixture(count, dimension, draws, components, spread)


def draw_finite(count: int, dimension: int, draws: Draws, points: Tensor) -> Tensor:
    """One of a few fixed points is picked at random: the generator can make as many different samples, and no more."""
    return pick_points(points, count, draws)


def draw_points(dimension: int, draws: Draws, size: float) -> Tensor:
    """Give the points of the finite set: draws of the standard normal law."""
    return draws.normal(int(size), dimension)


LATENTS.add(
    Latent(
        "normal", "Normal", draw_normal, r"z \sim \mathcal{N}(0, I)", None, (DIMENSION,),
        quantile=torch.special.ndtri, basic=True,
        see="The noise is a round cloud. The grid over it is fine in the middle and coarse at the rim, because each"
        " cell holds equally many samples.",
        code="z = draws.normal(count, dimension)",
    )
)  # fmt: skip
LATENTS.add(
    Latent(
        "uniform", "Uniform", draw_uniform, r"z \sim U(-1, 1)^Z", None, (DIMENSION,),
        quantile=lambda p: 2 * p - 1, basic=True,
        see="The noise is an evenly filled square with sharp edges, and the grid over it is even: all its "
        "cells are of one size before the generator bends them.",
        code="z = 2 * draws.uniform(count, dimension) - 1",
    )
)  # fmt: skip
LATENTS.add(
    Latent(
        "unit_uniform", "Uniform on [0, 1]", draw_unit_uniform, r"z \sim U(0, 1)^Z", None, (DIMENSION,),
        quantile=lambda p: p,
        see="The noise is an evenly filled square whose lower left corner is at 0. On the ring of eight the "
        "generated points take longer to spread than with a square around 0.",
        code="z = draws.uniform(count, dimension)",
    )
)  # fmt: skip
LATENTS.add(
    Latent(
        "truncated", "Truncated normal", draw_truncated,
        r"z_i \sim \mathcal{N}(\tfrac12, \tfrac1{16}) \;\text{given}\; 0 \le z_i \le 1",
        None, (DIMENSION,), quantile=quantile_truncated,
        see="The noise is a round cloud, cut off by a square from 0 to 1. On the ring of eight the generated "
        "points take longer to spread than with noise around 0.",
        code="tail = torch.special.ndtr(torch.tensor(-2.0))\n"
        "p = tail + (1 - 2 * tail) * draws.uniform(count, dimension)\n"
        "z = 0.5 + 0.25 * torch.special.ndtri(p)",
    )
)  # fmt: skip
LATENTS.add(
    Latent(
        "mixture", "Mixture of Gaussians", draw_mixture,
        r"z \sim \tfrac{1}{K} \sum_{k=1}^{K} \mathcal{N}(\mu_k, s^2 I), \quad"
        r" \mu_k = \sqrt{2}\, (\cos \tfrac{2 \pi k}{K}, \sin \tfrac{2 \pi k}{K}, 0, \ldots)",
        SLOGAN,
        (
            DIMENSION,
            Number("components", "Gaussians", 8, 2, 64, "How many stand on the circle, all equally likely.",
                   integer=True, scale="log"),
            Number("spread", "Spread", 0.2, 0.01, 1.0, "The standard deviation of each of them.", scale="log"),
        ),
        quantile=None,
        see="The noise is a ring of round clumps; no grid is laid over it, so the generator is shown as its "
        "samples. On the ring of eight each of eight clumps goes to a mode of its own, and few samples "
        "lie between.",
        code="angles = draws.integers(components, count) * (2 * math.pi / components)\n"
        "z = spread * draws.normal(count, dimension)\n"
        "z[:, 0] += 2**0.5 * angles.cos()\n"
        "z[:, 1:2] += 2**0.5 * angles.sin()[:, None]",
    )
)  # fmt: skip
LATENTS.add(
    Latent(
        "learned_mixture", "Mixture with learned centres", draw_learned,
        r"z = \mu_k + s\, \varepsilon, \quad k \in \{1, \ldots, K\} \;\text{equally likely}, \quad"
        r" \varepsilon \sim \mathcal{N}(0, I), \quad \mu_1, \ldots, \mu_K \;\text{trained with}\; G",
        SLOGAN,
        (
            DIMENSION,
            Number("components", "Gaussians", 8, 2, 64, "How many there are, all equally likely.",
                   integer=True, scale="log"),
            Number("spread", "Spread", 0.2, 0.01, 1.0, "The standard deviation of each of them.", scale="log"),
        ),
        quantile=None, learned=LearnedMeans(
            begin_means, draw_around,
            "chosen = draws.integers(components, count)[:, None]\n"
            "z = torch.cat([spread * draws.normal(count, dimension), chosen], 1)",
        ),
        apart=APART,
        see="The noise is a ring of round clumps that wander while the run trains; each dot keeps its place in its"
        " clump. On the ring of eight they go outwards, by 0.2 to 0.5 in 1,500 steps; the samples are about as good as"
        " with fixed centres.",
        points_code="angles = torch.arange(components) * (2 * math.pi / components)\n"
        "means = torch.zeros(components, dimension)\n"
        "means[:, 0] = 2**0.5 * angles.cos()\n"
        "means[:, 1:2] = 2**0.5 * angles.sin()[:, None]\n"
        "means.requires_grad_()",
        code="chosen = draws.integers(components, count)\nz = means[chosen] + spread * draws.normal(count, dimension)",
    )
)  # fmt: skip
LATENTS.add(
    Latent(
        "finite", "Finite set", draw_finite,
        r"z \in \{z_1, \ldots, z_K\}, \;\text{each equally likely}, \quad z_k \sim \mathcal{N}(0, I) \;\text{once}",
        Paper("Zhu, Xu, Li, Wang", "Noise Dimension of GAN: An Image Compression Perspective", 2024),
        (
            DIMENSION,
            Number("size", "Points", 4, 1, 4096, "How many points the noise is picked from.",
                   integer=True, scale="log"),
        ),
        quantile=None, points=draw_points, points_code="latents = draws.normal(size, dimension)",
        see="The noise is a few dots, and all generated samples lie on as many. On the ring of eight, Modes "
        "covered never passes the number of dots. No grid is laid over them, so the generator is shown as"
        " its samples.",
        code="z = latents[draws.integers(size, count)]",
    )
)  # fmt: skip
