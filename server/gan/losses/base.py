"""What a loss is: of a game, a function of logits, per example, where a high logit means real; or one of samples.

Shape letters: N examples, M others; leading axes are runs.
d(x) is `real_logits`, d(y) with y = G(z) is `fake_logits`; sp is softplus, so -log sigmoid(d) = sp(-d).
Every loss is minimised by its player; the mean over examples is the trainer's, last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import add
from typing import Any, ClassVar

from torch import Tensor

from server.gan.registry import Registry, Unit

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
class Loss(Unit[Callable[..., Any]]):
    """A loss of a game, `(real_logits, fake_logits) -> AdversarialLoss`; other sorts of losses derive from it.

    `pairs` tells whether the generator's side needs the real examples too.

    `d_parts` and `g_parts` are the parts of each side in LaTeX, as `server.gan.worked` writes them: `<real_logit>`
    stands for d(x), `<fake_logit>` for d(G(z)), `<mean_real_logit>` and `<mean_fake_logit>` for the batch's means.

    `d_slopes` (real, fake) and `g_slopes` (fake,) say in the same way how what one example costs grows with its scores;
    H(h) is 1 for a positive h and 0 otherwise. Empty where a score counts in every example's price, by a mean.

    `extra["score"]` says how a picture reads a logit: as a probability, against targets, or only relative to others.
    `extra["optimum"]` is what the best discriminator answers: "log_ratio" for log p/q, "share" for p / (p + q), where p
    is the density of the data and q that of the generated samples; nothing where it is something else.
    `extra["legacy"]`: it is here so that another tool's runs can be repeated; the page offers it when asked to.
    """

    is_game: ClassVar[bool] = True
    """Whether a discriminator learns too, and judges; without one the generator's samples are compared themselves."""
    pairs: bool = False
    d_parts: tuple[str, ...] = field(kw_only=True)
    g_parts: tuple[str, ...] = field(kw_only=True)
    d_slopes: tuple[str, ...] = field(default=(), kw_only=True)
    g_slopes: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def couples(self) -> bool:
        """Whether what one example costs depends on the whole batch."""
        return any("<mean_" in part for part in (*self.d_parts, *self.g_parts))

    @property
    def has_probability(self) -> bool:
        """Whether the sigmoid of a logit is a probability of being real."""
        return bool(self.extra.get("score") == PROBABILITY["score"])

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "is_game": self.is_game}


@dataclass(frozen=True)
class SampleLoss(Loss):
    """A loss without a discriminator: `(x_real (..., M, D), x_fake (..., N, D), **numbers) -> (..., N)`.

    It is what each generated point costs the generator; the mean estimates a distance between the two laws without
    bias, so it is 0 on average, and now and then below it, for two samples of one law.
    It is made of means over pairs of points: `measure` is what is averaged, of a pair's squared distance, and `g_parts`
    has `<near_fake>`, `<near_real>` and `<near_data>` for the parts of `server.gan.losses.samples.Nearness`.
    `pair` is the measure in LaTeX, of points {a} and {b}; `most` examples at most, as their pairs are their square.
    """

    is_game: ClassVar[bool] = False
    pairs: bool = True
    d_parts: tuple[str, ...] = field(default=(), kw_only=True)
    measure: Callable[..., Tensor] = field(kw_only=True)
    pair: str = field(kw_only=True)
    most: int = field(default=1024, kw_only=True)

    @property
    def couples(self) -> bool:
        """Whether what one example costs depends on the whole batch: always."""
        return True

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "most": self.most}


LOSSES: Registry[Loss] = Registry("loss")
PROBABILITY = {"score": {"kind": "probability"}, "optimum": "log_ratio"}
"""The best discriminator's logit is log p/q, so that its sigmoid is the probability p / (p + q) of being real."""
RELATIVE = {"score": {"kind": "relative"}}
"""Only differences between logits mean something."""
