"""Adversarial losses: functions of logits, per example; a high logit means real, for every loss.

Shape letters: N examples; leading axes are runs.
d(x) is `real_logits`, d(y) with y = G(z) is `fake_logits`; sp is softplus, so -log sigmoid(d) = sp(-d).
Every loss is minimised by its player; the mean over examples is the trainer's, last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor, sigmoid
from torch.nn.functional import softplus

from server.gan.registry import Paper, Registry, Unit


class AdversarialLoss:
    """What each player pays per example (..., N); each side is computed when it is asked for."""

    def __init__(self, discriminator: Callable[[], Tensor], generator: Callable[[], Tensor]) -> None:
        self._discriminator = discriminator
        self._generator = generator

    @cached_property
    def discriminator(self) -> Tensor:
        """The discriminator's loss (..., N)."""
        return self._discriminator()

    @cached_property
    def generator(self) -> Tensor:
        """The generator's loss (..., N)."""
        return self._generator()


@dataclass(frozen=True)
class Loss(Unit[Callable[[Tensor, Tensor], AdversarialLoss]]):
    """A loss; `pairs` tells whether the generator's side needs the real logits too.

    `extra["score"]` says how a picture reads a logit: as a probability, against targets, or only relative to others.
    `extra["legacy"]`: it is here so that another tool's runs can be repeated; the page offers it when asked to.
    """

    pairs: bool = False


GAN_LAB_WEIGHT = 0.95
LOSSES: Registry[Loss] = Registry("loss")
GAN_LAB = Paper(
    "Kahng, Thorat, Chau, Viégas, Wattenberg",
    "GAN Lab: Understanding Complex Deep Generative Models using Interactive Visual Experimentation",
    2018,
)
GOODFELLOW = Paper("Goodfellow et al.", "Generative Adversarial Networks", 2014)


def non_saturating(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The generator maximises the log-probability that its samples are taken for real: its gradient never dies."""
    return AdversarialLoss(
        discriminator=lambda: softplus(-real_logits) + softplus(fake_logits),
        generator=lambda: softplus(-fake_logits),
    )


def minimax(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The original game: the generator minimises what the discriminator maximises, and stalls when it loses clearly."""
    return AdversarialLoss(
        discriminator=lambda: softplus(-real_logits) + softplus(fake_logits),
        generator=lambda: -softplus(fake_logits),
    )


def least_squares(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """Scores are pulled to 1 for real and 0 for generated samples: even a sure one still feels a pull."""
    return AdversarialLoss(
        discriminator=lambda: 0.5 * (real_logits - 1).square() + 0.5 * fake_logits.square(),
        generator=lambda: 0.5 * (fake_logits - 1).square(),
    )


def ganlab_log(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """GAN Lab's own: real points count 0.95 for the discriminator, so that the game is even at D = 0.487, not 0.5."""
    return AdversarialLoss(
        discriminator=lambda: GAN_LAB_WEIGHT * softplus(-real_logits) + softplus(fake_logits),
        generator=lambda: softplus(-fake_logits),
    )


def ganlab_least_squares(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """GAN Lab's own: squares of probabilities instead of scores, which hardly pull where the discriminator is sure."""
    return AdversarialLoss(
        discriminator=lambda: sigmoid(-real_logits).square() + sigmoid(fake_logits).square(),
        generator=lambda: sigmoid(-fake_logits).square(),
    )


LOSSES.add(
    Loss(
        "non_saturating",
        "Non-saturating",
        non_saturating,
        r"L_D = \mathbb{E}[\mathrm{sp}(-d(x))] + \mathbb{E}[\mathrm{sp}(d(G(z)))],"
        r" \quad L_G = \mathbb{E}[\mathrm{sp}(-d(G(z)))]",
        GOODFELLOW,
        extra={"score": {"kind": "probability"}},
    )
)
LOSSES.add(
    Loss(
        "minimax",
        "Minimax (saturating)",
        minimax,
        r"L_D = \mathbb{E}[\mathrm{sp}(-d(x))] + \mathbb{E}[\mathrm{sp}(d(G(z)))],"
        r" \quad L_G = -\mathbb{E}[\mathrm{sp}(d(G(z)))]",
        GOODFELLOW,
        extra={"score": {"kind": "probability"}},
    )
)
LOSSES.add(
    Loss(
        "least_squares",
        "Least squares",
        least_squares,
        r"L_D = \tfrac{1}{2} \mathbb{E}[(d(x) - 1)^2] + \tfrac{1}{2} \mathbb{E}[d(G(z))^2],"
        r" \quad L_G = \tfrac{1}{2} \mathbb{E}[(d(G(z)) - 1)^2]",
        Paper("Mao et al.", "Least Squares Generative Adversarial Networks", 2017),
        extra={"score": {"kind": "target", "fake": 0.0, "real": 1.0}},
    )
)
LOSSES.add(
    Loss(
        "ganlab_log",
        "GAN Lab's log loss (0.95)",
        ganlab_log,
        r"L_D = 0.95\, \mathbb{E}[\mathrm{sp}(-d(x))] + \mathbb{E}[\mathrm{sp}(d(G(z)))],"
        r" \quad L_G = \mathbb{E}[\mathrm{sp}(-d(G(z)))]",
        GAN_LAB,
        extra={"score": {"kind": "probability"}, "legacy": True},
    )
)
LOSSES.add(
    Loss(
        "ganlab_least_squares",
        "GAN Lab's least squares (on probabilities)",
        ganlab_least_squares,
        r"L_D = \mathbb{E}[(\sigma(d(x)) - 1)^2] + \mathbb{E}[\sigma(d(G(z)))^2],"
        r" \quad L_G = \mathbb{E}[(\sigma(d(G(z))) - 1)^2]",
        GAN_LAB,
        extra={"score": {"kind": "probability"}, "legacy": True},
    )
)
