"""Real points give way to a generator's own samples, where a technique has it so.

Shape letters: N samples, D coordinates; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from server.gan.craft import Craft
from server.gan.randomness import Draws
from server.gan.source import Source
from server.gan.state import RunState


@torch.no_grad()
def renew_points(craft: Craft, source: Source, make: Callable[[int, Draws], Tensor], state: RunState) -> RunState:
    """Give a state after a step with real points replaced, where it is time.

    `make` generates points in lab units, (count, draws) -> (..., count, D).
    """
    if source.points is None or not craft.is_due(state.step):
        return state
    draws = source.draws_at(state.step, "retraining")
    own = make(source.points.shape[-2], draws)
    return state._replace(tensors=craft.renew_points(state.tensors, source.points, own, draws))
