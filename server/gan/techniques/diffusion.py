"""Diffusion-GAN: all points are drowned in noise, each to a depth of its own, which the discriminator is told.

Shape letters: N examples, D coordinates, T steps of the diffusion; `...` are leading axes of independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.randomness import Draws
from server.gan.registry import Number, Paper
from server.gan.techniques.base import TECHNIQUES, LevelTechnique, Tensors
from server.gan.techniques.overfitting import (
    ADJUST_SCRIPT,
    BECAUSE,
    BEGIN_SCRIPT,
    LIMITS,
    SLOTS,
    WITH_A_ZERO,
    adjust,
    describe_numbers,
)
from server.gan.values import Value

SHORTEST = 10
"""Steps of the diffusion at p = 0, as in the authors' code."""
FIRST, LAST = 1e-4, 2e-2
"""beta of a diffusion's first step and of its last, however many lie between."""


def diffusion(
    points: Tensor, level: Tensor, draws: Draws, step: int, slots: Tensors, longest: float, sigma: Value, **_: Value
) -> Tensor:
    """Points are drowned in noise to a random depth t before they are scored, and the discriminator reads t as well.

    The surer the real ones are told, the deeper it may be. `level` (..., N, 1) is t by the longest diffusion.
    Penalties on slopes look at the points as they are seen, and count the slope along t too; the authors' R1 looks at
    those before.
    """
    kept = find_kept(count_steps(slots["p"].squeeze(-1), longest), int(longest))
    kept = kept.gather(-1, (level.squeeze(-1) * longest).round().long()).unsqueeze(-1)
    noise = sigma * draws.normal(*points.shape[-2:]).to(points)
    return kept.sqrt().to(points) * points + (1 - kept).sqrt().to(points) * noise


def draw_level(count: int, draws: Draws, slots: Tensors, longest: float, **_: Value) -> Tensor:
    """Draw t by the longest diffusion (..., N, 1): half of the points stay as they are, for the others p(t) ~ t.

    So the paper; the authors' code has p(t) ~ t - 1, and picks from 32 such draws until T moves on.
    """
    steps = count_steps(slots["p"], longest)
    still, share = (draws.uniform(count, 1).to(steps) for _ in range(2))
    # The first t with t (t + 1) / (T (T + 1)) not below the share.
    t = ((1 + 4 * share.double() * steps * (steps + 1)).sqrt() / 2 - 0.5).ceil().clamp_min(1)
    return torch.where(still < 0.5, 0.0, t / longest).to(steps)


def count_steps(p: Tensor, longest: float) -> Tensor:
    """Count the steps T of the diffusion, for p from 0 to 1; whole numbers of p's shape.

    A file may hold any p; one beyond the ends counts as the end.
    """
    return SHORTEST + (p.clamp(0, 1) * (longest - SHORTEST)).round()


def find_kept(steps: Tensor, longest: int) -> Tensor:
    """Find what is kept of a square after t = 0 ... longest steps: T (..., 1) -> float64 (..., longest + 1).

    The product of 1 - beta_s over s up to t; beta grows evenly from the first step to the T-th, and no further.
    """
    share = torch.arange(longest, dtype=torch.float64, device=steps.device) / (steps - 1)
    kept = (1 - (FIRST + (LAST - FIRST) * share.clamp(max=1))).cumprod(-1)
    return torch.cat((torch.ones_like(kept[..., :1]), kept), -1)


SCRIPT = f'''class Diffusion:
    """Drowns points in noise, and puts how deep beside each; p says how deep at most."""

    def __init__(self):
        {BEGIN_SCRIPT}

    def __call__(self, points, draws, step):
        steps = {SHORTEST} + (self.p * (longest - {SHORTEST})).round()
        still, share = draws.uniform(len(points), 1), draws.uniform(len(points), 1)
        t = (1 + 4 * share.double() * steps * (steps + 1)).sqrt() / 2 - 0.5
        level = torch.where(still < 0.5, 0.0, t.ceil().clamp_min(1) / longest).float()
        beta = torch.arange(longest, dtype=torch.float64) / (steps - 1)
        beta = {FIRST} + {LAST - FIRST} * beta.clamp(max=1)
        kept = torch.cat([torch.ones(1, dtype=torch.float64), (1 - beta).cumprod(0)])
        kept = kept[(level * longest).round().long()]
        noise = sigma * draws.normal(*points.shape)
        noisy = kept.sqrt().float() * points + (1 - kept).sqrt().float() * noise
        return torch.cat([noisy, level], 1)

{ADJUST_SCRIPT}'''

TECHNIQUES.add(
    LevelTechnique(
        "diffusion",
        "Diffused points (Diffusion-GAN)",
        diffusion,
        r"d(x_t, t),\; d(G(z)_t, t), \quad x_t = \sqrt{\bar\alpha_t}\, x + \sqrt{1 - \bar\alpha_t}\, \sigma n,"
        r" \quad n \sim \mathcal{N}(0, I), \quad \bar\alpha_t = \prod_{s \le t} (1 - \beta_s), \quad"
        r" T \leftarrow T + \operatorname{sign}\big(\mathbb{E}[\operatorname{sign} d(x_t, t)] - r\big)\, C",
        Paper("Wang, Zheng, He, Chen, Zhou", "Diffusion-GAN: Training GANs with Diffusion", 2023),
        (
            Number("sigma", "Noise", 1.0, 0.01, 3.0, "How strong the noise is where nothing is left of a point, in lab"
                   " units. The paper's 0.05 is for images.", live=True),
            Number("longest", "Steps at most", 500, SHORTEST, 1000,
                   f"How many steps the diffusion takes at most, T at p = 1; at p = 0 it takes {SHORTEST}.",
                   integer=True),
            *describe_numbers(0.6, "0.6 is the paper's.", "The smaller, the faster T moves."),
        ),
        slots=SLOTS,
        limits=LIMITS,
        adjust=adjust,
        draw_level=draw_level,
        level="t, how far a point is diffused",
        tells={"p": f"how long the diffusion may be, from {SHORTEST} steps at 0 to the most at 1"},
        apart={
            **dict.fromkeys(
                ("pacgan", "minibatch_stddev"),
                "it puts a number of its own beside each point, and the discriminator reads one sort of row",
            ),
            "dragan": "it looks around points as far as they are spread, and depths have a spread of their own",
            "gradient_penalty": "it looks between a real and a generated point, and the two are at different depths",
        },
        goes_with={"loss": WITH_A_ZERO},
        because=BECAUSE,
        see="Only the discriminator sees half of the points drowned in noise. The modes of the ring of eight are found"
        " sooner: all within 600 steps, where some are often empty without it. A click on the discriminator tells p.",
        code=f"T = round({SHORTEST} + p * (longest - {SHORTEST}))\n"
        "beta = torch.linspace(1e-4, 2e-2, T)\n"
        "kept = torch.cat([torch.ones(1), (1 - beta).cumprod(0)])\n\n\n"
        "def diffusion(points):\n"
        "    count = len(points)\n"
        "    t = 1 + torch.multinomial(torch.arange(1.0, T + 1), count, True)\n"
        "    t = torch.where(torch.rand(count) < 0.5, 0, t)[:, None]\n"
        "    noise = sigma * torch.randn_like(points)\n"
        "    noisy = kept[t].sqrt() * points + (1 - kept[t]).sqrt() * noise\n"
        "    return torch.cat([noisy, t / longest], 1)\n\n\n"
        "x_real, x_fake = diffusion(x_real), diffusion(x_fake)",
        script={
            "points": "diffusion",
            "functions": SCRIPT,
            "begin": "diffusion = Diffusion()",
            "after": "diffusion.adjust(real_logits)",
        },
    )
)  # fmt: skip
