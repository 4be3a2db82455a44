"""Penalties on the scores themselves.

Shape letters: N examples; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from server.gan.papers import IMPROVED, PROGRESSIVE
from server.gan.randomness import Draws
from server.gan.registry import Number, Paper
from server.gan.regularizers.base import REGULARIZERS, Critic, Regularizer, weight_number
from server.gan.values import Value

PROBABILITIES = ("non_saturating", "minimax")


def lecam(
    critic: Critic,
    x_real: Tensor,
    x_fake: Tensor,
    draws: Draws,
    weight: Value,
    decay: Value,
    averages: Mapping[str, Tensor],
) -> Tensor:
    """A real point scored above the usual generated one costs, and the other way round: few data stay unlearned."""
    real_gap = torch.relu(critic(x_real) - averages["fake_logits"]).square()
    fake_gap = torch.relu(averages["real_logits"] - critic(x_fake)).square()
    return weight * (real_gap + fake_gap)


def drift(critic: Critic, x_real: Tensor, x_fake: Tensor, draws: Draws, weight: Value) -> Tensor:
    """Scores of real points far from zero cost a little, so that a critic whose zero is free does not wander off."""
    return weight * critic(x_real).square()


def label_smoothing(critic: Critic, x_real: Tensor, x_fake: Tensor, draws: Draws, target: Value) -> Tensor:
    """The discriminator is told that real points are real with 90 percent only, so it is never too sure of them."""
    return (1 - target) * critic(x_real)


REGULARIZERS.add(
    Regularizer(
        "lecam",
        "LeCam",
        lecam,
        r"\lambda\, \mathbb{E}\big[\max(0, d(x) - \alpha_F)^2 + \max(0, \alpha_R - d(G(z)))^2\big],"
        r" \quad \alpha_R, \alpha_F = \text{running means of the scores}",
        Paper("Tseng, Jiang, Liu, Yang, Yang", "Regularizing Generative Adversarial Networks under Limited Data", 2021),
        (
            weight_number("weight", "Weight", 0.3, 100.0, "How much a gap between real and generated scores costs."),
            Number("decay", "Decay", 0.99, 0.0, 0.9999, "How slowly the usual scores are forgotten.", live=True),
        ),
        averages=("real_logits", "fake_logits"),
        see="Scores stay small, and those of real and of generated points near each other. On the ring of "
        "eight all modes are found within some 300 steps, where the default run has found them all in one"
        " seed of five.",
        code="real_gap = discriminator(x_real).squeeze(1) - fake_logits_average\n"
        "fake_gap = real_logits_average - discriminator(x_fake).squeeze(1)\n"
        "costs = torch.relu(real_gap).square() + torch.relu(fake_gap).square()\n"
        "penalty = weight * costs",
    )
)
REGULARIZERS.add(
    Regularizer(
        "drift",
        "Drift penalty",
        drift,
        r"\epsilon\, \mathbb{E}[d(x)^2]",
        PROGRESSIVE,
        (weight_number("weight", "Weight", 0.001, 10.0, "How much a score far from zero costs."),),
        see="Beside a Wasserstein loss alone the scores grow less: on the ring of eight to some 20 within "
        "1,500 steps, instead of some 40. Beside other losses its default strength changes hardly "
        "anything.",
        code="penalty = weight * discriminator(x_real).squeeze(1).square()",
    )
)
REGULARIZERS.add(
    Regularizer(
        "label_smoothing",
        "One-sided label smoothing",
        label_smoothing,
        r"\mathbb{E}[\alpha\, \mathrm{sp}(-d(x)) + (1 - \alpha)\, \mathrm{sp}(d(x))] - \mathbb{E}[\mathrm{sp}(-d(x))]"
        r" = (1 - \alpha)\, \mathbb{E}[d(x)]",
        IMPROVED,
        (Number("target", "Target", 0.9, 0.5, 1.0, "How sure the discriminator shall be of a real point.", live=True),),
        goes_with={"loss": PROBABILITIES},
        because="it changes a probability that the discriminator is taught, and other losses teach none",
        moves_optimum=True,
        see="Where nothing can be told apart, the surface reads 0.45 instead of 0.5. The discriminator is "
        "never paid for being surer than 90 percent, so that its largest scores stay smaller than "
        "without.",
        code="penalty = (1 - target) * discriminator(x_real).squeeze(1)",
    )
)
