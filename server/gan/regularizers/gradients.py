"""Gradient penalties: what a discriminator pays for a steep score, at points of its choosing.

Shape letters: N examples; `...` are leading axes of independent runs.
The slope is that of each example's own logit: the sum of the logits has it, since no example looks at another.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.papers import WGAN_GP, WHICH_CONVERGE
from server.gan.randomness import Draws
from server.gan.registry import Choice, Number, Paper
from server.gan.regularizers.base import REGULARIZERS, Critic, Regularizer, weight_number
from server.gan.values import Value

TINY = 1e-12
"""Added under a root, whose slope is infinite at 0."""
SIDES = Choice(
    "sides",
    "Sides",
    "two",
    ("two", "one"),
    "Two: every slope other than the target costs. One: only a steeper one does.",
)


def slope(critic: Critic, points: Tensor) -> Tensor:
    """Give how each point's score grows as the point moves (..., N, D); autograd sees through it."""
    points = points.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return gradient


def steepness(critic: Critic, points: Tensor) -> Tensor:
    """Give the length (..., N) of each point's slope."""
    return (slope(critic, points).square().sum(-1) + TINY).sqrt()


def r1(critic: Critic, x_real: Tensor, x_fake: Tensor, draws: Draws, gamma: Value) -> Tensor:
    """Steep scores at the real points cost: the discriminator flattens there, and the generator can come to rest."""
    return 0.5 * gamma * slope(critic, x_real).square().sum(-1)


def r2(critic: Critic, x_real: Tensor, x_fake: Tensor, draws: Draws, gamma: Value) -> Tensor:
    """Steep scores at the generated points cost: the generator is never thrown far by one update."""
    return 0.5 * gamma * slope(critic, x_fake).square().sum(-1)


def gradient_penalty(
    critic: Critic, x_real: Tensor, x_fake: Tensor, draws: Draws, gp_weight: Value, target: Value, sides: str
) -> Tensor:
    """Between real and generated points the score should rise by one a unit, as the best critic of WGAN does."""
    share = draws.uniform(x_real.shape[-2], 1).to(x_real)
    excess = steepness(critic, share * x_real + (1 - share) * x_fake) - target
    return gp_weight * (torch.relu(excess) if sides == "one" else excess).square()


def dragan(critic: Critic, x_real: Tensor, x_fake: Tensor, draws: Draws, gp_weight: Value) -> Tensor:
    """Around the real points the score should rise by one a unit: the penalty looks near the data alone."""
    spread = x_real.std((-2, -1), correction=0, keepdim=True)
    noise = draws.uniform(*x_real.shape[-2:]).to(x_real)
    return gp_weight * (steepness(critic, x_real + 0.5 * spread * noise) - 1).square()


GAMMA = weight_number("gamma", "Gamma", 0.1, 1000.0, "How much steepness costs.")
REGULARIZERS.add(
    Regularizer(
        "r1",
        "R1",
        r1,
        r"R_1 = \tfrac{\gamma}{2}\, \mathbb{E}\big[\lVert \nabla d(x) \rVert^2\big]",
        WHICH_CONVERGE,
        (GAMMA,),
        basic=True,
        see="The surface flattens around the real points, and the needles there shrink. On the ring of eight "
        "the modes come to hold equally many points: Reverse KL over modes falls under 0.01 and stays "
        "there.",
        code="x_real = x_real.detach().requires_grad_()\n"
        "score = discriminator(x_real).sum()\n"
        "(slope,) = torch.autograd.grad(score, x_real, create_graph=True)\n"
        "penalty = 0.5 * gamma * slope.square().sum(-1)",
    )
)
REGULARIZERS.add(
    Regularizer(
        "r2",
        "R2",
        r2,
        r"R_2 = \tfrac{\gamma}{2}\, \mathbb{E}\big[\lVert \nabla d(G(z)) \rVert^2\big]",
        WHICH_CONVERGE,
        (GAMMA,),
        basic=True,
        see="The surface flattens where the generated points are, and scores stay small: on the ring of eight"
        " about 2, where most default runs pass 7. The shares of the modes become even.",
        code="x_fake = x_fake.detach().requires_grad_()\n"
        "score = discriminator(x_fake).sum()\n"
        "(slope,) = torch.autograd.grad(score, x_fake, create_graph=True)\n"
        "penalty = 0.5 * gamma * slope.square().sum(-1)",
    )
)
REGULARIZERS.add(
    Regularizer(
        "gradient_penalty",
        "Gradient penalty (WGAN-GP)",
        gradient_penalty,
        r"\lambda\, \mathbb{E}\big[(\lVert \nabla d(\hat{x}) \rVert - 1)^2\big],"
        r" \quad \hat{x} = \epsilon x + (1 - \epsilon) G(z), \quad \epsilon \sim U(0, 1)",
        WGAN_GP,
        (
            weight_number("gp_weight", "Weight", 0.1, 1000.0, "How much a wrong steepness costs; images use 10."),
            Number("target", "Target", 1.0, 0.0, 100.0, "The steepness that costs nothing.", live=True),
            SIDES,
        ),
        basic=True,
        see="Instead of cliffs the surface has slopes that are much the same everywhere: on the ring of eight"
        " it rises by about 1.4 a unit at the real points, where most default runs have more than 4. "
        "Scores stay near 2.",
        code="share = draws.uniform(len(x_real), 1)\n"
        "between = share * x_real + (1 - share) * x_fake\n"
        "between = between.detach().requires_grad_()\n"
        "score = discriminator(between).sum()\n"
        "(slope,) = torch.autograd.grad(score, between, create_graph=True)\n"
        "excess = (slope.square().sum(-1) + 1e-12).sqrt() - target\n"
        'excess = torch.relu(excess) if sides == "one" else excess\n'
        "penalty = gp_weight * excess.square()",
    )
)
REGULARIZERS.add(
    Regularizer(
        "dragan",
        "DRAGAN",
        dragan,
        r"\lambda\, \mathbb{E}\big[(\lVert \nabla d(x + \tfrac{1}{2} s\, u) \rVert - 1)^2\big],"
        r" \quad u \sim U(0, 1)^n, \quad s = \text{standard deviation of the batch}",
        Paper("Kodali, Abernethy, Hays, Kira", "On Convergence and Stability of GANs", 2017),
        (weight_number("gp_weight", "Weight", 1.0, 1000.0, "How much a wrong steepness near the data costs."),),
        see="The surface rises towards the data from all sides, by about one a unit. On the ring of eight the"
        " modes are found late, within some 1,500 steps, and remain a little blurred for long.",
        code="spread = x_real.std(correction=0)\n"
        "near = x_real + 0.5 * spread * draws.uniform(*x_real.shape)\n"
        "near = near.detach().requires_grad_()\n"
        "score = discriminator(near).sum()\n"
        "(slope,) = torch.autograd.grad(score, near, create_graph=True)\n"
        "steepness = (slope.square().sum(-1) + 1e-12).sqrt()\n"
        "penalty = gp_weight * (steepness - 1).square()",
    )
)
