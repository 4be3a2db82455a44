"""What a regularizer is: what a player pays besides its loss, the discriminator where nothing else is said.

Shape letters: N examples, P parameters; `...` are leading axes of independent runs.
A penalty is per example, as a loss is; its mean is the trainer's, last. One convention for all, that of StyleGAN2-ADA
and R3GAN: a zero-centred gradient penalty is gamma/2 times the squared length of the slope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from torch import Tensor

from server.gan.registry import Number, Registry, Unit
from server.gan.worked import Line


class Critic(Protocol):
    """The discriminator as a function that autograd sees through, in its points and in its weights."""

    weights: list[Tensor]
    """Weights (..., I, O) and biases (..., O), in the order of the layers."""

    def __call__(self, points: Tensor) -> Tensor:
        """Give the logits (..., N) of points (..., N, I) in lab units; I is their dimension, and more in company."""

    def read_features(self, points: Tensor) -> Tensor:
        """Give the activations (..., N, W) of the last hidden layer, of W neurons."""


@dataclass(frozen=True)
class Regularizer(Unit[Callable[..., Tensor]]):
    """A penalty `(critic, x_real, x_fake, draws, **numbers) -> (..., N)`, N being 1 where no example is looked at.

    With `averages` it is also given, as `averages`, the running means (..., 1) of the tensors of an update that these
    name; how slowly they forget is its number `decay`.
    With `projects` it is no penalty: `(parameters (..., P), **numbers) -> (..., P)`, applied after every update.
    `code` ends with `penalty` (N,), made of x_real, x_fake, discriminator, draws and the unit's numbers; a running mean
    is called `<name>_average` there. That of a projection changes the parameters.
    `line` tells what a projection does to one parameter: `<weight>`, made of `<moved>` and the unit's numbers.
    `goes_with` names, by section of a config, the units beside which it means something, and `because` says why.
    `moves_optimum` tells whether the discriminator is asked another question by it, as with other labels, so that the
    loss's `optimum` no longer answers it; what only holds a discriminator back leaves the best one where it is.
    `reads_features`: it looks at the discriminator's last hidden layer, which must be there then.
    """

    players: ClassVar[tuple[str, ...]] = ("discriminator",)
    """Who pays it."""
    needs_discriminator: ClassVar[bool] = True
    """Whether it means nothing beside a loss without one."""
    keeps_history: ClassVar[bool] = False
    """Whether the mean of all that the payers' parameters have been is kept for it."""
    reads_field: ClassVar[bool] = False
    """Whether it looks at the slopes of both players' losses, and so at both losses in either's update."""
    averages: tuple[str, ...] = ()
    projects: bool = False
    line: Line | None = None
    goes_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    because: str = ""
    moves_optimum: bool = False
    reads_features: bool = False

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        facts = {"projects": self.projects, "averages": list(self.averages), "because": self.because}
        facts |= {"players": list(self.players), "needs_discriminator": self.needs_discriminator}
        facts |= {"histories": list(self.players) if self.keeps_history else []}
        facts |= {"reads_features": self.reads_features, "reads_field": self.reads_field}
        facts |= {"moves_optimum": self.moves_optimum, "network": "discriminator" if self.projects else ""}
        return {**super().describe(), **facts, "goes_with": {k: list(v) for k, v in self.goes_with.items()}}


@dataclass(frozen=True)
class SampleRegularizer(Regularizer):
    """A penalty of the generator, `(z (..., N, Z), x_fake (..., N, D), **numbers) -> (..., 1)`, with any loss.

    `code` ends with `penalty`, made of z, x_fake and the unit's numbers.
    """

    players: ClassVar[tuple[str, ...]] = ("generator",)
    needs_discriminator: ClassVar[bool] = False


@dataclass(frozen=True)
class FeatureRegularizer(Regularizer):
    """A penalty of the generator, `(real, fake, **numbers) -> (..., 1)`, both (..., N, W) features.

    Features are the activations of the discriminator's last hidden layer of W neurons, for points as it sees them; the
    real points are drawn for the update. `code` ends with `penalty`, made of x_real, x_fake, discriminator and the
    unit's numbers.
    """

    players: ClassVar[tuple[str, ...]] = ("generator",)
    reads_features: bool = True


@dataclass(frozen=True)
class HistoryRegularizer(Regularizer):
    """A penalty of both players, each for itself: `(parameters (..., P), history (..., P), **numbers) -> (..., 1)`.

    The history is the mean of all values that a player's parameters have had while the unit was on, before every update
    and so with the present ones. `code` ends with `penalty`, made of network, history and the unit's numbers.
    """

    players: ClassVar[tuple[str, ...]] = ("discriminator", "generator")
    needs_discriminator: ClassVar[bool] = False
    keeps_history: ClassVar[bool] = True


@dataclass(frozen=True)
class FieldRegularizer(Regularizer):
    """A penalty of both players for the slopes of the game: `(slopes, **numbers) -> (..., 1)`.

    The slopes (..., P) are those of each player's own loss by its own parameters, without any penalties, where both are
    now; each player pays for both. `code` ends with `penalty`, made of d_loss, g_loss, the networks and the numbers.
    """

    players: ClassVar[tuple[str, ...]] = ("discriminator", "generator")
    reads_field: ClassVar[bool] = True


@dataclass(frozen=True)
class MemoryRegularizer(Regularizer):
    """A penalty of both players, each for its own sort of points: real ones the discriminator, generated the generator.

    `(features (..., N, W), past (..., K, W), known (..., K), **numbers) -> (..., 1)`: what the last hidden layer makes
    of the points, and of the K = `remembers` of the same sort before them, of which only the `known` are there yet.
    `code` ends with `penalty`, made of x, memory, discriminator and the unit's numbers.
    """

    players: ClassVar[tuple[str, ...]] = ("discriminator", "generator")
    remembers: int = field(kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "remembers": self.remembers}


REGULARIZERS: Registry[Regularizer] = Registry("regularizer")


def weight_number(key: str, label: str, default: float, most: float, help: str) -> Number:
    """Make the number that a penalty is multiplied with; it may be turned while a run trains."""
    return Number(key, label, default, default / 1000, most, help, scale="log", live=True)
