"""Optimizers: elementwise functions `(gradient, slots, step, **values) -> (update, slots)`.

Shape letters: P parameters; leading axes are runs.
`gradient`, `update` and every slot are (..., P); `update` is added to the parameters; nothing is changed in place.
`step` counts this optimizer's steps from 1. A value is a float, or (..., 1) along the run axis in float64: what is made
of numbers alone, 1 - beta^t say, is rounded to the gradient's precision last, as torch.optim does it.
Each agrees with torch.optim's optimizer of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from server.gan.registry import Number, Paper, Registry, Unit
from server.gan.worked import Line

Value = float | Tensor
Slots = Mapping[str, Tensor]
EPSILON = 1e-8


@dataclass(frozen=True)
class Optimizer(Unit[Callable[..., tuple[Tensor, dict[str, Tensor]]]]):
    """An optimizer; `slots` names what it remembers of each parameter, zero at the start.

    `lines` is its arithmetic for one parameter, told step by step and ending with the change. They know its slots
    after the update and, as `<slot>_before`, before it; its values; and gradient, change, t and epsilon.
    `symbols` are those of its slots, of its values and of what its lines compute on the way.
    `arithmetic` is one step as lines of PyTorch: `change` and the new slots from `gradient`, `step` and the names of
    the slots and parameters. It is the function to the last digit, which `code` is not: torch.optim fuses operations.
    """

    slots: tuple[str, ...] = ()
    lines: tuple[Line, ...] = field(kw_only=True)
    arithmetic: str = field(kw_only=True)
    symbols: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "slots": list(self.slots), "arithmetic": self.arithmetic}


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
    Optimizer(
        "sgd",
        "SGD",
        sgd,
        r"\theta \leftarrow \theta - \eta\, g",
        parameters=(_rate(0.01),),
        lines=(
            Line("change", r"-<learning_rate> \cdot <gradient>", "The weight moves against its slope, by the rate."),
        ),
        code="optimizer = torch.optim.SGD(parameters, lr=learning_rate)",
        arithmetic="change = -learning_rate * gradient",
    )
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
        symbols={"velocity": "v_t", "velocity_before": "v_{t-1}", "momentum": r"\mu"},
        lines=(
            Line(
                "velocity",
                r"<momentum> \cdot <velocity_before> + <gradient>",
                "The speed is what is left of the old speed, and the new slope on top.",
            ),
            Line("change", r"-<learning_rate> \cdot <velocity>", "The weight moves against its speed, by the rate."),
        ),
        code="optimizer = torch.optim.SGD(parameters, lr=learning_rate, momentum=momentum)",
        arithmetic="velocity = velocity * momentum + gradient\nchange = -learning_rate * velocity",
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
        symbols={"square": "v_t", "square_before": "v_{t-1}", "alpha": r"\alpha"},
        lines=(
            Line(
                "square",
                r"<alpha> \cdot <square_before> + (1 - <alpha>) \cdot <gradient>^2",
                "How large the slope usually is: the old average of its square, and a little of the new one.",
            ),
            Line(
                "change",
                r"-<learning_rate> \cdot \frac{<gradient>}{\sqrt{<square>} + <epsilon>}",
                "The slope is divided by its usual size, so that every weight moves at a similar pace.",
            ),
        ),
        code="optimizer = torch.optim.RMSprop(parameters, lr=learning_rate, alpha=alpha)",
        arithmetic="square = square.lerp(gradient.square(), 1 - alpha)\n"
        "change = -learning_rate * gradient / (square.sqrt() + 1e-8)",
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
        symbols={
            "mean": "m_t",
            "mean_before": "m_{t-1}",
            "mean_hat": r"\hat{m}_t",
            "square": "v_t",
            "square_before": "v_{t-1}",
            "square_hat": r"\hat{v}_t",
            "beta1": r"\beta_1",
            "beta2": r"\beta_2",
        },
        lines=(
            Line(
                "mean",
                r"<beta1> \cdot <mean_before> + (1 - <beta1>) \cdot <gradient>",
                "The usual slope: the old average, and a part of the new slope.",
            ),
            Line(
                "square",
                r"<beta2> \cdot <square_before> + (1 - <beta2>) \cdot <gradient>^2",
                "How large the slope usually is: the old average of its square, and a little of the new one.",
            ),
            Line(
                "mean_hat",
                r"\frac{<mean>}{1 - <beta1>^{<t>}}",
                "The average began at zero, so the first ones are too small; this makes up for it.",
                value=lambda n: n["mean"] / (1 - n["beta1"] ** n["t"]),
            ),
            Line(
                "square_hat",
                r"\frac{<square>}{1 - <beta2>^{<t>}}",
                "The same for the average of the squares.",
                value=lambda n: n["square"] / (1 - n["beta2"] ** n["t"]),
            ),
            Line(
                "change",
                r"-<learning_rate> \cdot \frac{<mean_hat>}{\sqrt{<square_hat>} + <epsilon>}",
                "The usual slope, divided by its usual size: every weight moves at a similar pace.",
            ),
        ),
        code="optimizer = torch.optim.Adam(parameters, lr=learning_rate, betas=(beta1, beta2))",
        arithmetic="mean = mean.lerp(gradient, 1 - beta1)\n"
        "square = square.lerp(gradient.square(), 1 - beta2)\n"
        "scale = square.sqrt() * (1 - beta2**step) ** -0.5 + 1e-8\n"
        "change = -learning_rate / (1 - beta1**step) * mean / scale",
    )
)
