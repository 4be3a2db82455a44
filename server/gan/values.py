"""The numbers of units as a run or a stack of runs takes them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from server.gan.config import UnitConfig
from server.gan.registry import Number, Parameter

Value = float | Tensor
"""A number for a run, (R, 1) for a stack in which each run has its own."""


def read_numbers(
    parameters: Sequence[Parameter],
    units: Sequence[UnitConfig],
    single: bool,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
) -> dict[str, Value]:
    """Give the numbers of a unit that the runs of a stack, or the only run, have in `units`, by key."""
    numbers: dict[str, Value] = {}
    for parameter in parameters:
        if isinstance(parameter, Number):
            column = [float(unit.values[parameter.key]) for unit in units]  # type: ignore[arg-type]  # checked
            shared = single or not parameter.live
            made = column[0] if shared else torch.tensor(column, dtype=dtype, device=device).unsqueeze(-1)
            numbers[parameter.key] = made
    return numbers
