"""Adversarial losses: functions of logits, per example; a high logit means real, for every loss.

Shape letters: N examples; leading axes are runs.
d(x) is `real_logits`, d(y) with y = G(z) is `fake_logits`; sp is softplus, so -log sigmoid(d) = sp(-d).
Every loss is minimised by its player; the mean over examples is the trainer's, last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import add

from torch import Tensor, sigmoid
from torch.nn.functional import softplus

from server.gan.registry import Paper, Registry, Unit

Part = Callable[[], Tensor]


class AdversarialLoss:
    """What each player pays per example (..., N), the sum of its parts; each side is computed when it is asked for."""

    def __init__(self, discriminator: tuple[Part, ...], generator: tuple[Part, ...]) -> None:
        self._discriminator = discriminator
        self._generator = generator

    @property
    def discriminator_parts(self) -> list[Tensor]:
        """What the discriminator's loss consists of, each (..., N): the price of the real example, of the generated."""
        return [part() for part in self._discriminator]

    @property
    def generator_parts(self) -> list[Tensor]:
        """What the generator's loss consists of, each (..., N)."""
        return [part() for part in self._generator]

    @cached_property
    def discriminator(self) -> Tensor:
        """The discriminator's loss (..., N)."""
        return reduce(add, self.discriminator_parts)

    @cached_property
    def generator(self) -> Tensor:
        """The generator's loss (..., N)."""
        return reduce(add, self.generator_parts)


@dataclass(frozen=True)
class Loss(Unit[Callable[[Tensor, Tensor], AdversarialLoss]]):
    """A loss; `pairs` tells whether the generator's side needs the real logits too.

    `d_parts` and `g_parts` are the parts of each side in LaTeX, as `server.gan.worked` writes them: `<real_logit>`
    stands for d(x), `<fake_logit>` for d(G(z)).

    `extra["score"]` says how a picture reads a logit: as a probability, against targets, or only relative to others.
    `extra["legacy"]`: it is here so that another tool's runs can be repeated; the page offers it when asked to.
    """

    pairs: bool = False
    d_parts: tuple[str, ...] = field(kw_only=True)
    g_parts: tuple[str, ...] = field(kw_only=True)


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
        discriminator=(lambda: softplus(-real_logits), lambda: softplus(fake_logits)),
        generator=(lambda: softplus(-fake_logits),),
    )


def minimax(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The original game: the generator minimises what the discriminator maximises, and stalls when it loses clearly."""
    return AdversarialLoss(
        discriminator=(lambda: softplus(-real_logits), lambda: softplus(fake_logits)),
        generator=(lambda: -softplus(fake_logits),),
    )


def least_squares(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """Scores are pulled to 1 for real and 0 for generated samples: even a sure one still feels a pull."""
    return AdversarialLoss(
        discriminator=(lambda: 0.5 * (real_logits - 1).square(), lambda: 0.5 * fake_logits.square()),
        generator=(lambda: 0.5 * (fake_logits - 1).square(),),
    )


def ganlab_log(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """GAN Lab's own: real points count 0.95 for the discriminator, so that the game is even at D = 0.487, not 0.5."""
    return AdversarialLoss(
        discriminator=(lambda: GAN_LAB_WEIGHT * softplus(-real_logits), lambda: softplus(fake_logits)),
        generator=(lambda: softplus(-fake_logits),),
    )


def ganlab_least_squares(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """GAN Lab's own: squares of probabilities instead of scores, which hardly pull where the discriminator is sure."""
    return AdversarialLoss(
        discriminator=(lambda: sigmoid(-real_logits).square(), lambda: sigmoid(fake_logits).square()),
        generator=(lambda: sigmoid(-fake_logits).square(),),
    )


LOSSES.add(
    Loss(
        "non_saturating",
        "Non-saturating",
        non_saturating,
        r"L_D = \mathbb{E}[\mathrm{sp}(-d(x))] + \mathbb{E}[\mathrm{sp}(d(G(z)))],"
        r" \quad L_G = \mathbb{E}[\mathrm{sp}(-d(G(z)))]",
        GOODFELLOW,
        d_parts=(r"\mathrm{sp}(-<real_logit>)", r"\mathrm{sp}(<fake_logit>)"),
        g_parts=(r"\mathrm{sp}(-<fake_logit>)",),
        extra={"score": {"kind": "probability"}},
        code="d_loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()\n"
        "g_loss = F.softplus(-fake_logits).mean()",
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
        d_parts=(r"\mathrm{sp}(-<real_logit>)", r"\mathrm{sp}(<fake_logit>)"),
        g_parts=(r"-\mathrm{sp}(<fake_logit>)",),
        extra={"score": {"kind": "probability"}},
        code="d_loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()\n"
        "g_loss = -F.softplus(fake_logits).mean()",
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
        d_parts=(r"0.5 \cdot (<real_logit> - 1)^2", r"0.5 \cdot <fake_logit>^2"),
        g_parts=(r"0.5 \cdot (<fake_logit> - 1)^2",),
        extra={"score": {"kind": "target", "fake": 0.0, "real": 1.0}},
        code="real_loss = (real_logits - 1).square().mean()\n"
        "fake_loss = fake_logits.square().mean()\n"
        "d_loss = 0.5 * real_loss + 0.5 * fake_loss\n"
        "g_loss = 0.5 * (fake_logits - 1).square().mean()",
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
        d_parts=(r"0.95 \cdot \mathrm{sp}(-<real_logit>)", r"\mathrm{sp}(<fake_logit>)"),
        g_parts=(r"\mathrm{sp}(-<fake_logit>)",),
        extra={"score": {"kind": "probability"}, "legacy": True},
        code="real_loss = (0.95 * F.softplus(-real_logits)).mean()\n"
        "fake_loss = F.softplus(fake_logits).mean()\n"
        "d_loss = real_loss + fake_loss\n"
        "g_loss = F.softplus(-fake_logits).mean()",
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
        d_parts=(r"(\sigma(<real_logit>) - 1)^2", r"\sigma(<fake_logit>)^2"),
        g_parts=(r"(\sigma(<fake_logit>) - 1)^2",),
        extra={"score": {"kind": "probability"}, "legacy": True},
        code="real_loss = torch.sigmoid(-real_logits).square().mean()\n"
        "fake_loss = torch.sigmoid(fake_logits).square().mean()\n"
        "d_loss = real_loss + fake_loss\n"
        "g_loss = torch.sigmoid(-fake_logits).square().mean()",
    )
)
