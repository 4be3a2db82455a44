"""What a technique is: a change of how the two networks are trained, beyond loss, regularizers and optimizers.

Shape letters: R runs (the leading axis of a stack, absent for a single run), N examples, P parameters.
Each sort acts at one place of a step. What a technique remembers is part of the run's state, as named tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from server.gan.networks import Network
from server.gan.randomness import Draws
from server.gan.registry import Registry, Unit

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Technique(Unit[Callable[..., Any]]):
    """A technique; `code` is it as a student would write it, and `slots` names what it remembers, and of which shape.

    A shape is "generator" or "discriminator" for as many numbers as the network has parameters, "d_neurons" for one a
    neuron of the discriminator.
    `script` is what an exported run does, to the last digit, by its place there: "functions" and "begin" before
    training, "step" and "end" around a step, "before" before every update. "points" names a function that the points
    go through, "scoring" the network that the generator learns from.
    """

    slots: Mapping[str, str] = field(default_factory=dict)
    script: Mapping[str, str] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "slots": dict(self.slots), "script": dict(self.script)}


@dataclass(frozen=True)
class InputTechnique(Technique):
    """Changes what the discriminator sees: `(points (..., N, 2), draws, step, **numbers) -> (..., N, 2)`.

    Real and generated points are changed alike, in the updates of both players, and each by draws of its own.
    """


@dataclass(frozen=True)
class WeightTechnique(Technique):
    """Changes what the discriminator computes with: `(network, parameters (..., P), slots) -> (..., P)`.

    Autograd sees through it. `begin` makes its slots, `(network, parameters, draws) -> slots`; `renew` moves them on
    before every update, `(network, parameters, slots) -> slots`.
    """

    begin: Callable[[Network, Tensor, Draws], dict[str, Tensor]] = field(kw_only=True)
    renew: Callable[[Network, Tensor, Tensors], dict[str, Tensor]] = field(kw_only=True)


@dataclass(frozen=True)
class StepTechnique(Technique):
    """Acts at the end of a step: `(networks, slots, step, **numbers) -> (networks, slots)`.

    `networks` are the parameters by name; the slots begin as copies of those that they are named after.
    `averaged` names the slot that is a generator to be shown beside the one that trains.
    """

    averaged: str = ""

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "averaged": self.averaged}


@dataclass(frozen=True)
class OrderTechnique(Technique):
    """Lets the generator learn from the discriminator as it was before the step; its function does nothing."""


TECHNIQUES: Registry[Technique] = Registry("technique")
