"""What an optimizer is: an elementwise function `(gradient, slots, step, **values) -> (update, slots)`.

Shape letters: P parameters; leading axes are runs.
`gradient`, `update` and every slot are (..., P); `update` is added to the parameters; nothing is changed in place.
`step` counts this optimizer's steps from 1; runs that have made different numbers of them have (..., 1) in float64.
A value is a float, or (..., 1) along the run axis in float64: what is made of numbers alone, 1 - beta^t say, is rounded
to the gradient's precision last, as torch.optim does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from server.gan.registry import Number, Registry, Unit
from server.gan.values import Value
from server.gan.worked import Line

Slots = Mapping[str, Tensor]
Step = tuple[Tensor, dict[str, Tensor]]
EPSILON = 1e-8


@dataclass(frozen=True)
class Optimizer(Unit[Callable[..., Step]]):
    """An optimizer; `slots` names what it remembers of each parameter, zero at the start.

    `lines` is its arithmetic for one parameter, told step by step and ending with the change. They know its slots
    after the update and, as `<slot>_before`, before it; its values; and gradient, change, t and `epsilon`.
    `symbols` are those of its slots, of its values and of what its lines compute on the way.
    `arithmetic` is one step as lines of PyTorch: `change` and the new slots from `gradient`, `step` and the names of
    the slots and parameters. It is the function to the last digit, which `code` is not: torch.optim fuses operations.
    """

    slots: tuple[str, ...] = ()
    lines: tuple[Line, ...] = field(kw_only=True)
    arithmetic: str = field(kw_only=True)
    symbols: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    epsilon: float = field(default=EPSILON, kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "slots": list(self.slots), "arithmetic": self.arithmetic}


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer")


def start_slots(optimizer: Optimizer, parameters: Tensor) -> dict[str, Tensor]:
    """Give the slots of an optimizer that has not stepped yet."""
    return {name: torch.zeros_like(parameters) for name in optimizer.slots}


def round_value(value: Value, like: Tensor) -> Value:
    """Round a value along the run axis to the precision of `like`; a float stays."""
    return value.to(like.dtype) if isinstance(value, Tensor) else value


def describe_rate(default: float) -> Number:
    """Describe the learning rate, which every optimizer has."""
    return Number(
        "learning_rate", "Learning rate", default, 1e-5, 10.0, "How far one update moves the weights.",
        scale="log", live=True,
    )  # fmt: skip
