"""What a loss is: of a game, a function of logits, per example, where a high logit means real; or one of samples.

Shape letters: N examples, M others; leading axes are runs.
d(x) is `real_logits`, d(y) with y = G(z) is `fake_logits`; sp is softplus, so -log sigmoid(d) = sp(-d).
Every loss is minimised by its player; the mean over examples is the trainer's, last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import add
from typing import Any, ClassVar

from torch import Tensor

from server.gan.randomness import Draws
from server.gan.registry import Registry, Unit

Part = Callable[[], Tensor]
Answer = Callable[[Tensor], Tensor]
"""The generator's network as a function of what it reads (..., N, I): it answers (..., N, D)."""


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

    `goes_with` names, by section of a config, the units beside which it means something, and `because` says why.
    `needs` names, by dotted path, numbers of a config that may not be 0 beside it, each with one that does.

    A loss also decides what the generator is: what its network reads and answers, and how a sample comes of noise. With
    most it reads the noise and answers the sample; `follow`, `pose`, `read` and `aim` are where others differ, and
    `sampling_code` makes x_fake from z and `generator` in plain PyTorch. Where points have codes, `moving_code` is
    how a batch's slopes move these.
    """

    is_game: ClassVar[bool] = True
    """Whether a discriminator learns too, and judges; without one the generator's samples are compared themselves."""
    answers: ClassVar[str] = "x_fake"
    """What the generator's network answers, by its name in a phase: samples, or something else than these."""
    slope: ClassVar[str] = "slope"
    """What the slope of the loss at these answers is called there."""
    beside: ClassVar[int] = 0
    """How many numbers the generator's network reads beside those of the noise."""
    reads_noise: ClassVar[bool] = True
    """Whether an update of the generator is about noise that is drawn for it."""
    moves_noise: ClassVar[bool] = False
    """Whether samples are the noise itself, moved: it is a point then, and the network's answers are of any size."""
    has_codes: ClassVar[bool] = False
    """Whether each point of the data has a latent of its own that is learned with the generator: its code."""
    pairs: bool = False
    goes_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict, kw_only=True)
    needs: Mapping[str, int] = field(default_factory=dict, kw_only=True)
    because: str = field(default="", kw_only=True)
    sampling_code: str = field(default="x_fake = generator(z)", kw_only=True)
    moving_code: str = field(default="", kw_only=True)
    d_parts: tuple[str, ...] = field(kw_only=True)
    g_parts: tuple[str, ...] = field(kw_only=True)
    d_slopes: tuple[str, ...] = field(default=(), kw_only=True)
    g_slopes: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def makes_points(self) -> bool:
        """Whether the generator's network answers samples; else they come of its other answers, and none is priced."""
        return self.answers == "x_fake"

    @property
    def couples(self) -> bool:
        """Whether what one example costs depends on the whole batch."""
        return any("<mean_" in part for part in (*self.d_parts, *self.g_parts))

    @property
    def has_probability(self) -> bool:
        """Whether the sigmoid of a logit is a probability of being real."""
        return bool(self.extra.get("score") == PROBABILITY["score"])

    def follow(self, answer: Answer, z: Tensor, *, codes: Tensor | None = None, **numbers: Any) -> list[Tensor]:
        """Give where samples are on their way from the noise z (..., N, Z), each (..., N, D); they are the last.

        `codes` (..., n, Z) are those of the data, where it has such.
        """
        return [answer(z)]

    def pose(self, known: Mapping[str, Tensor], draws: Callable[[str], Draws]) -> dict[str, Tensor]:
        """Give what a batch of the generator has beside its noise and its real points, by name: nothing.

        `draws` gives draws of the batch for a purpose.
        """
        return {}

    def read(self, known: Mapping[str, Tensor], answer: Answer) -> Tensor:
        """Give what the generator's network reads of such a batch (..., N, I): the noise.

        Where some of it follows from what the network answers to other, `answer` gives that.
        """
        return known["z"]

    def aim(self, known: Mapping[str, Tensor]) -> Tensor:
        """Give what the network's answers to such a batch are compared with where nobody judges: the real points."""
        return known["x_real"]

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        company = {
            "goes_with": {k: list(v) for k, v in self.goes_with.items()},
            "needs": dict(self.needs),
            "because": self.because,
        }
        shape = {
            "answers": self.answers,
            "makes_points": self.makes_points,
            "beside": self.beside,
            "reads_noise": self.reads_noise,
            "moves_noise": self.moves_noise,
            "has_codes": self.has_codes,
            "sampling_code": self.sampling_code,
            "moving_code": self.moving_code,
        }
        return {**super().describe(), "is_game": self.is_game, **shape, **company}


@dataclass(frozen=True)
class LoneLoss(Loss):
    """A loss without a discriminator: `(aims (..., M, D), answers (..., N, D), **numbers) -> (..., N)`.

    It is what each answer of the generator's network costs.
    `words` are those of the page for what else is other than in a game, each a sentence: "part" why the discriminator
    takes none, "draw" and "count" the captions of drawing and of the loss, "generate" and "loss" the titles of these
    phases, "arrows" how the data flow; and an exported script's: "script" what is learned, "letters" those of the
    formula.
    """

    is_game: ClassVar[bool] = False
    words: ClassVar[Mapping[str, str]]
    pairs: bool = True
    d_parts: tuple[str, ...] = field(default=(), kw_only=True)

    def connect(self, aims: Tensor, answers: Tensor, answer: Answer) -> Tensor:
        """Give the answers (..., N, D) as autograd is to see them, where what is asked hangs on other answers too.

        `answer` gives the network's answers once more; the values stay what they are.
        """
        return answers

    def price(self, aims: Tensor, answers: Tensor, **numbers: Any) -> Tensor:
        """Compute what answers (..., N, D) cost beside what they are to be."""
        prices: Tensor = self.function(aims, answers, **numbers)
        return prices

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "words": dict(self.words)}


@dataclass(frozen=True)
class SampleLoss(LoneLoss):
    """A loss that compares samples themselves: `(x_real (..., M, D), x_fake (..., N, D), **numbers) -> (..., N)`.

    It is what each generated point costs the generator; the mean estimates a distance between the two laws without
    bias, so it is 0 on average, and now and then below it, for two samples of one law.
    It is made of means over pairs of points: `measure` is what is averaged, of a pair's squared distance, and `g_parts`
    has `<near_fake>`, `<near_real>` and `<near_data>` for the parts of `server.gan.losses.samples.Nearness`.
    `pair` is the measure in LaTeX, of points {a} and {b}; `most` examples at most, as their pairs are their square.
    """

    measure: Callable[..., Tensor] = field(kw_only=True)
    words: ClassVar[Mapping[str, str]] = {
        "part": "This loss compares the generated samples with real ones itself.",
        "draw": "Noise and real samples are drawn. The generator turns the noise into samples of its own.",
        "count": "How near are they to the real samples, and to each other? That is counted as the generator’s loss.",
        "generate": "Generate: noise becomes samples",
        "loss": "Loss: how near are they to the real points?",
        "arrows": "Noise goes through the generator and becomes generated samples. The loss compares them with real"
        " samples.",
        "script": "the loss compares the generated points with real ones.",
        "letters": "In the formulas $x$ is a real point, $y = G(z)$ a generated one, and $\\mathbb{E}$ the\n"
        "mean over a batch, of pairs of different points.",
    }
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
