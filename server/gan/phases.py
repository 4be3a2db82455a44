"""What a step is made of, for those that look on: its phases, its losses, and the number that ended a run.

Shape letters: R runs (the leading axis of a stack, absent for a single run).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from torch import Tensor

Player = Literal["both", "discriminator", "generator"]
Learner = Literal["discriminator", "generator"]
NetworkName = Literal["discriminator", "generator", "encoder"]
"""The encoder, where there is one, learns in the generator's turn."""
BESIDE = ("encoder", "means")
"""What the generator's optimizer moves beside its network, where a run trains it: the parts of the state, by name."""
PhaseName = Literal["sample", "generate", "classify", "loss", "backward", "update"]


class Diverged(Exception):
    """A run met a number that is not finite; the trainer's state is the last finite one, from before this step."""

    def __init__(self, step: int, player: str, quantity: str) -> None:
        super().__init__(f"step {step}: the {player}'s {quantity} became infinite or not a number")
        self.step = step
        self.player = player
        self.quantity = quantity


class Numbers(NamedTuple):
    """The mean losses of one step of a run, none for a player that did not play."""

    discriminator: float | None = None
    generator: float | None = None


class Losses(NamedTuple):
    """The mean losses of one step: () for a run, (R,) for a stack, none for a player that did not play."""

    discriminator: Tensor | None = None
    generator: Tensor | None = None

    def read(self) -> Numbers:
        """Give those of a run as numbers."""
        return Numbers(*(None if loss is None else loss.item() for loss in self))

    def read_runs(self, runs: int) -> list[Numbers]:
        """Give those of each of the runs of a stack as numbers."""
        columns = [[None] * runs if losses is None else losses.tolist() for losses in self]
        return [Numbers(*row) for row in zip(*columns, strict=True)]


class Phase(NamedTuple):
    """One phase of one update: who acts, what has just happened, and its tensors by name.

    `known` holds all tensors of this update so far, those of the phase among them.
    """

    player: Learner
    update: int
    name: PhaseName
    tensors: Mapping[str, Tensor]
    known: Mapping[str, Tensor]


MakePhase = Callable[..., Phase]
"""(name, **tensors) -> Phase, which knows the tensors of those before it."""


def begin_update(player: Learner, update: int) -> MakePhase:
    """Give the maker of an update's phases."""
    known: dict[str, Tensor] = {}

    def phase(name: PhaseName, **made: Tensor) -> Phase:
        known.update(made)
        return Phase(player, update, name, made, dict(known))

    return phase
