"""Runs of one structure that train together for a while, though each began by itself and stands at a step of its own.

Each draws what it would draw alone, and has its own numbers. In such a stack the arithmetic of a run depends neither
on the others nor on how many there are (`server.gan.stacks`), but in the last digits it is another one than that of a
run by itself: who wants a step again, bit for bit, makes it as it was made, and a run joined with nobody is enough.

Shape letters: R runs, padded to the stack's width.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from server.gan.config import RunConfig
from server.gan.phases import Diverged, Losses
from server.gan.randomness import Draws, Seeds, draws_for
from server.gan.source import Source
from server.gan.stacks import STACK_UNIT, structure
from server.gan.state import COUNTERS, RunState
from server.gan.trainer import Trainer
from server.gan.values import Value

MOST_NUMBERS = 1 << 16
"""Numbers that a layer of a stack may have: where they are more, the stack is no faster than its runs one by one."""
MOST_RUNS = 64


def find_width(config: RunConfig) -> int:
    """Tell how many runs like this one are worth joining at most; 0 where none are."""
    widest = max(config.generator.width, config.discriminator.width)
    return min(MOST_RUNS, MOST_NUMBERS // (config.batch_size * widest) // STACK_UNIT * STACK_UNIT)


def find_kind(trainer: Trainer) -> str:
    """Tell what a single run must share with others to be joined with them; empty where it can't be.

    A technique may count the steps that a run has made, and a stack has one count for all.
    """
    config = trainer.config
    if config.techniques or config.encoder or not find_width(config):
        return ""
    return json.dumps([structure(config), str(trainer.device), sorted(trainer.state.tensors)])


class Joined(Trainer):
    """Single runs of one kind, trained as a stack; after each step every one of their trainers has its state."""

    def __init__(self, trainers: Sequence[Trainer]) -> None:
        """Join the runs where they stand.

        Raises:
            EngineError: they are not of one kind.
        """
        self._trainers = tuple(trainers)
        self._begun = tuple(trainer.state for trainer in trainers)
        names = self._begun[0].tensors
        padding = self._begun[-1:] * (-len(self._begun) % STACK_UNIT)
        rows = [state.tensors for state in self._begun + padding]
        together = RunState({name: torch.stack([row[name] for row in rows]) for name in names})
        super().__init__([trainer.config for trainer in trainers], trainers[0].device, together)
        self._left = self._begun

    def holds(self, trainers: Sequence[Trainer]) -> bool:
        """Tell whether these are the runs, in this order, and none was changed since."""
        return self._trainers == tuple(trainers) and all(
            trainer.state is state and trainer.config is config
            for trainer, state, config in zip(trainers, self._left, self.configs, strict=True)
        )

    def advance(self) -> list[Losses | Diverged]:
        """Train one step; gives each run's losses, or why it stays where it was.

        A run that has diverged is to be left out of the next stack.
        """
        together = [None if values is None else values.unbind() for values in self.step()]
        rows = zip(*(tensor.unbind() for tensor in self.state.tensors.values()), strict=True)
        told: list[Losses | Diverged] = []
        left = []
        for run, (trainer, begun, row) in enumerate(zip(self._trainers, self._begun, rows, strict=False)):
            if failure := self.failures[run]:
                told.append(Diverged(begun.step + failure.step, failure.player, failure.quantity))
            else:
                counts = {name: getattr(begun, name) + getattr(self.state, name) for name in COUNTERS}
                trainer.state = RunState(dict(zip(self.state.tensors, row, strict=True)), **counts)
                told.append(Losses(*(values[run] if values else None for values in together)))
            left.append(trainer.state)
        self._left = tuple(left)
        return told

    # Each run's own steps ---------------------------------------------------------------------------------------

    def _make_source(self) -> Source:
        sources = [trainer.source for trainer in self._trainers]
        padding = sources[-1:] * (self.width - self.runs)
        return JoinedSource(self.config, self._seeds, self.device, sources + padding, self._list_counts("step"))

    def _draws_at(self, player: str, update: int, step: int) -> Callable[[str], Draws]:
        steps = [ahead + step for ahead in self._list_counts("step")]
        return lambda purpose: draws_for(self._seeds, steps, f"{player} {purpose} {update}")

    def _count_steps(self, player: str) -> Value:
        name = f"{player}_optimizer_steps"
        ahead = torch.tensor(self._list_counts(name), dtype=torch.float64, device=self.device)
        return ahead.unsqueeze(-1) + int(getattr(self.state, name))

    def _list_counts(self, name: str) -> list[int]:
        """Give a counter of each run, and of the padding, as it was when they were joined."""
        counts = [int(getattr(state, name)) for state in self._begun]
        return counts + counts[-1:] * (self.width - self.runs)


class JoinedSource(Source):
    """Where each of the runs draws what its own source has for the step that it stands at."""

    def __init__(
        self, config: RunConfig, seeds: Seeds, device: torch.device, sources: Sequence[Source], ahead: Sequence[int]
    ) -> None:
        super().__init__(config, seeds, device)
        self._sources, self._ahead = sources, ahead

    def _batch(self, player: str, kind: Literal["data", "latent"], update: int, step: int) -> Tensor:
        drawn = [
            source._batch(player, kind, update, ahead + step)
            for source, ahead in zip(self._sources, self._ahead, strict=True)
        ]
        return torch.stack(drawn)
