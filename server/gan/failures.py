"""Which runs of a stack met a number that is not finite, and how they are kept where they were before it.

Shape letters: R runs (the leading axis of a stack, absent for a single run).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

import torch
from torch import Tensor

from server.gan.phases import BESIDE, Diverged, Losses
from server.gan.state import RunState


class Failures:
    """The failures of `width` runs; a single run stops at its first."""

    def __init__(self, width: int, single: bool, device: torch.device) -> None:
        self.known: list[Diverged | None] = [None] * width
        self._single, self._device = single, device

    def __bool__(self) -> bool:
        return any(self.known)

    def keep_finite(
        self, state: RunState, player: str, loss: Tensor, gradient: Tensor, moved: Mapping[str, Tensor]
    ) -> Mapping[str, Tensor]:
        """Give the tensors that a player's update `moved`, those of failed runs as they were in `state`.

        What moves beside the generator, or the codes of the data, is looked at with it.

        Raises:
            Diverged: a single run met a number that is not finite.
        """
        total = sum(one.item() for one in sum_up(player, loss, gradient, moved))
        if not self and isfinite(total):
            return moved
        self._find(state.step + 1, player, self._sum_up_runs(player, loss, gradient, moved))
        going = self._going.unsqueeze(-1)
        return {name: torch.where(going, tensor, state.tensors[name]) for name, tensor in moved.items()}

    def undo(self, state: RunState, start: RunState) -> RunState:
        """Give `state` with the failed runs put back to where they were at the `start` of the step."""
        going = self._going.unsqueeze(-1)
        tensors = {name: torch.where(going, tensor, start.tensors[name]) for name, tensor in state.tensors.items()}
        return state._replace(tensors=tensors)

    def keep_losses(self, losses: Losses, before: Losses) -> Losses:
        """Give the losses of a step, those of failed runs as they were `before`; padding has none."""
        kept = (
            new if new is None or old is None else torch.where(self._going[: new.numel()], new, old.to(new.device))
            for new, old in zip(losses, before, strict=True)
        )
        return Losses(*kept)

    @property
    def _going(self) -> Tensor:
        return torch.tensor([failure is None for failure in self.known], device=self._device)

    def _sum_up_runs(
        self, player: str, loss: Tensor, gradient: Tensor, moved: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Give the three numbers (R,) of each run of a stack, as `sum_up` does of a single one.

        So a run fails by what it fails by alone, whoever else has failed: all runs together may be too much for a sum.
        """
        runs = len(self.known)
        return {
            "loss": loss.reshape(runs),
            "gradient": torch.linalg.vector_norm(gradient.reshape(runs, -1), dim=-1),
            "weights": gather_weights(player, moved).reshape(runs, -1).sum(-1),
        }

    def _find(self, step: int, player: str, quantities: Mapping[str, Tensor]) -> None:
        """Remember which runs failed and by what; a single one stops at once."""
        finite = torch.stack([torch.isfinite(values) for values in quantities.values()])
        for run, fine in enumerate(finite.T.tolist()):
            if all(fine) or self.known[run]:
                continue
            failure = Diverged(step, player, list(quantities)[fine.index(False)])
            if self._single:
                raise failure
            self.known[run] = failure


def sum_up(player: str, loss: Tensor, gradient: Tensor, moved: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Give three numbers () of an update, of which one is not finite as soon as any number of the update is not.

    A norm of the gradient, not its sum, because it is infinite before an optimizer's squares are.
    """
    return loss.sum(), torch.linalg.vector_norm(gradient), gather_weights(player, moved).sum()


def gather_weights(player: str, moved: Mapping[str, Tensor]) -> Tensor:
    """Give all that an update of a player moved, (..., P)."""
    return torch.cat([moved[name] for name in (player, *BESIDE, "codes") if name in moved], -1)
