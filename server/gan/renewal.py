"""Real points give way to a generator's own samples, where a technique has it so.

Shape letters: N samples, D coordinates, n real points that are finitely many; `...` are leading axes of independent
runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.randomness import Draws
from server.gan.slots import name_slot
from server.gan.source import Source
from server.gan.state import RunState
from server.gan.techniques.base import DataTechnique
from server.gan.values import Value


class Renewal(NamedTuple):
    """A technique that replaces real points of D = `dimension` coordinates, with its numbers."""

    unit: DataTechnique
    numbers: Mapping[str, Value]
    dimension: int

    def is_due(self, step: int) -> bool:
        """Tell whether the real points are replaced at the end of a step, the `step`-th of the run."""
        return not step % int(self.numbers[self.unit.every])

    def find(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """Give the real points (..., n, D) of the present."""
        points = tensors[self._slot]
        return points.view(*points.shape[:-1], -1, self.dimension)

    def replace(self, tensors: Mapping[str, Tensor], first: Tensor, own: Tensor, draws: Draws) -> Mapping[str, Tensor]:
        """Give `tensors` with the real points replaced: `first` are those of the beginning, `own` generated ones."""
        numbers = {name: number for name, number in self.numbers.items() if name != self.unit.every}
        points: Tensor = self.unit(first, own, draws, **numbers)
        return {**tensors, self._slot: points.flatten(-2)}

    @property
    def _slot(self) -> str:
        (slot,) = self.unit.slots
        return name_slot(self.unit, slot)


@torch.no_grad()
def renew_points(
    renewal: Renewal | None, source: Source, make: Callable[[int, Draws], Tensor], state: RunState
) -> RunState:
    """Give a state after a step with real points replaced, where they are, and it is time.

    `make` generates points in lab units, (count, draws) -> (..., count, D).
    """
    if renewal is None or source.points is None or not renewal.is_due(state.step):
        return state
    draws = source.draws_at(state.step, "retraining")
    own = make(source.points.shape[-2], draws)
    return state._replace(tensors=renewal.replace(state.tensors, source.points, own, draws))
