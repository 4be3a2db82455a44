"""Optimizers: elementwise functions `(gradient, slots, step, **values) -> (update, slots)`.

Shape letters: P parameters; leading axes are runs.
`gradient`, `update` and every slot are (..., P); `update` is added to the parameters; nothing is changed in place.
`step` counts this optimizer's steps from 1. A value is a float, or (..., 1) along the run axis in float64: what is made
of numbers alone, 1 - beta^t say, is rounded to the gradient's precision last, as torch.optim does it.
Each agrees with torch.optim's optimizer of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from server.gan.registry import Number, Paper, Registry, Unit

Value = float | Tensor
Slots = Mapping[str, Tensor]
EPSILON = 1e-8


@dataclass(frozen=True)
class Optimizer(Unit[Callable[..., tuple[Tensor, dict[str, Tensor]]]]):
    """An optimizer; `slots` names what it remembers of each parameter, zero at the start."""

    slots: tuple[str, ...] = ()

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "slots": list(self.slots)}


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer")


def sgd(gradient: Tensor, slots: Slots, step: int, learning_rate: Value) -> tuple[Tensor, dict[str, Tensor]]:
    """Walks straight downhill, a step in proportion to the slope."""
    return _round(-learning_rate, gradient) * gradient, {}


def momentum(
    gradient: Tensor, slots: Slots, step: int, learning_rate: Value, momentum: Value
) -> tuple[Tensor, dict[str, Tensor]]:
    """Rolls like a heavy ball: past slopes keep pushing."""
    velocity = slots["velocity"] * _round(momentum, gradient) + gradient
    return _round(-learning_rate, gradient) * velocity, {"velocity": velocity}


def rmsprop(
    gradient: Tensor, slots: Slots, step: int, learning_rate: Value, alpha: Value
) -> tuple[Tensor, dict[str, Tensor]]:
    """Divides each slope by its usual size, so that every weight moves at a similar pace."""
    square = slots["square"].lerp(gradient.square(), _round(1 - alpha, gradient))
    return _round(-learning_rate, gradient) * gradient / square.sqrt().add_(EPSILON), {"square": square}


def adam(
    gradient: Tensor, slots: Slots, step: int, learning_rate: Value, beta1: Value, beta2: Value
) -> tuple[Tensor, dict[str, Tensor]]:
    """Averages the slope and divides by its usual size: the usual choice for GANs, with a small beta 1."""
    mean = slots["mean"].lerp(gradient, _round(1 - beta1, gradient))
    square = slots["square"].lerp(gradient.square(), _round(1 - beta2, gradient))
    scale = square.sqrt().mul_(_round((1 - beta2**step) ** -0.5, gradient)).add_(EPSILON)
    return (mean * _round(-learning_rate / (1 - beta1**step), gradient)).div_(scale), {"mean": mean, "square": square}


def _round(value: Value, like: Tensor) -> Value:
    return value.to(like.dtype) if isinstance(value, Tensor) else value


def start_slots(optimizer: Optimizer, parameters: Tensor) -> dict[str, Tensor]:
    """Give the slots of an optimizer that has not stepped yet."""
    return {name: torch.zeros_like(parameters) for name in optimizer.slots}


def _rate(default: float) -> Number:
    return Number(
        "learning_rate", "Learning rate", default, 1e-5, 10.0, "How far one update moves the weights.",
        scale="log", live=True,
    )  # fmt: skip


OPTIMIZERS.add(
    Optimizer("sgd", "SGD", sgd, r"\theta \leftarrow \theta - \eta\, g", parameters=(_rate(0.01),)),
)
OPTIMIZERS.add(
    Optimizer(
        "momentum",
        "SGD with momentum",
        momentum,
        r"v \leftarrow \mu v + g, \quad \theta \leftarrow \theta - \eta\, v",
        Paper("Polyak", "Some methods of speeding up the convergence of iteration methods", 1964),
        (_rate(0.01), Number("momentum", "Momentum", 0.9, 0.0, 0.999, "How much of the old speed is kept.", live=True)),
        slots=("velocity",),
    )
)
OPTIMIZERS.add(
    Optimizer(
        "rmsprop",
        "RMSProp",
        rmsprop,
        r"v \leftarrow \alpha v + (1 - \alpha) g^2,"
        r" \quad \theta \leftarrow \theta - \eta \frac{g}{\sqrt{v} + \epsilon}",
        Paper("Tieleman and Hinton", "Lecture 6.5: RMSProp", 2012),
        (
            _rate(0.001),
            Number(
                "alpha", "Alpha", 0.99, 0.0, 0.9999, "How slowly the usual size of the slope is forgotten.", live=True
            ),
        ),
        slots=("square",),
    )
)
OPTIMIZERS.add(
    Optimizer(
        "adam",
        "Adam",
        adam,
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, "
        r"\quad \theta \leftarrow \theta - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}",
        Paper("Kingma and Ba", "Adam: A Method for Stochastic Optimization", 2015),
        (
            _rate(0.001),
            Number("beta1", "Beta 1", 0.5, 0.0, 0.999, "How slowly the average slope is forgotten.", live=True),
            Number(
                "beta2", "Beta 2", 0.999, 0.0, 0.9999, "How slowly the usual size of the slope is forgotten.", live=True
            ),
        ),
        slots=("mean", "square"),
    )
)
