"""What an adversarial loss is: a function of logits, per example; a high logit means real, for every loss.

Shape letters: N examples; leading axes are runs.
d(x) is `real_logits`, d(y) with y = G(z) is `fake_logits`; sp is softplus, so -log sigmoid(d) = sp(-d).
Every loss is minimised by its player; the mean over examples is the trainer's, last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import add

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
class Loss(Unit[Callable[[Tensor, Tensor], AdversarialLoss]]):
    """A loss; `pairs` tells whether the generator's side needs the real logits too.

    `d_parts` and `g_parts` are the parts of each side in LaTeX, as `server.gan.worked` writes them: `<real_logit>`
    stands for d(x), `<fake_logit>` for d(G(z)), `<mean_real_logit>` and `<mean_fake_logit>` for the batch's means.

    `d_slopes` (real, fake) and `g_slopes` (fake,) say in the same way how what one example costs grows with its scores;
    H(h) is 1 for a positive h and 0 otherwise. Empty where a score counts in every example's price, by a mean.

    `extra["score"]` says how a picture reads a logit: as a probability, against targets, or only relative to others.
    `extra["legacy"]`: it is here so that another tool's runs can be repeated; the page offers it when asked to.
    """

    pairs: bool = False
    d_parts: tuple[str, ...] = field(kw_only=True)
    g_parts: tuple[str, ...] = field(kw_only=True)
    d_slopes: tuple[str, ...] = field(default=(), kw_only=True)
    g_slopes: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def couples(self) -> bool:
        """Whether what one example costs depends on the whole batch."""
        return any("<mean_" in part for part in (*self.d_parts, *self.g_parts))


LOSSES: Registry[Loss] = Registry("loss")
PROBABILITY = {"score": {"kind": "probability"}}
"""The best discriminator's logit is log p/q, so that its sigmoid is the probability p / (p + q) of being real."""
RELATIVE = {"score": {"kind": "relative"}}
"""Only differences between logits mean something."""
