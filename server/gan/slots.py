"""What techniques remember: tensors of a run's state, each by the technique's key and a name of its own, a slot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from server.gan.techniques import Technique
from server.gan.values import Value

PREFIX = "technique."


def name_slot(unit: Technique, slot: str) -> str:
    """Name the tensor of a run's state in which a technique keeps something."""
    return f"{PREFIX}{unit.key}.{slot}"


def begin_slot(source: str, tensors: Mapping[str, Tensor]) -> Tensor:
    """Give a slot at its beginning: a copy of a network's parameters, or a number (..., 1), which is 0."""
    return torch.zeros_like(tensors["discriminator"][..., :1]) if source == "number" else tensors[source]


def read_slots(unit: Technique, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give what a technique remembers."""
    return {slot: tensors[name_slot(unit, slot)] for slot in unit.slots}


def align_numbers(unit: Technique, numbers: Mapping[str, Value], tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Give numbers, and what is remembered, with an axis more, so that they meet points (..., N, D)."""
    given: dict[str, Any] = {k: v.unsqueeze(-1) if isinstance(v, Tensor) else v for k, v in numbers.items()}
    if unit.slots:
        given["slots"] = {slot: one.unsqueeze(-1) for slot, one in read_slots(unit, tensors).items()}
    return given
