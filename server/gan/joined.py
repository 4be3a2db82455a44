"""Runs of one structure that train together for a while, though each began by itself and stands at a step of its own.

Each draws what it would draw alone, and has its own numbers. In such a stack the arithmetic of a run depends neither
on the others nor on how many there are (`server.gan.stacks`), but in the last digits it is another one than that of a
run by itself: who wants a step again, bit for bit, makes it as it was made, and a run joined with nobody is enough.

Shape letters: R runs, padded to the stack's width.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from operator import add
from typing import Literal

import torch
from torch import Tensor

from server.gan.compiled.programs import Program
from server.gan.config import RunConfig
from server.gan.phases import Diverged, Losses, Numbers
from server.gan.randomness import Draws, JoinedBatches, draws_for
from server.gan.source import Source
from server.gan.stacks import STACK_UNIT, structure
from server.gan.state import Row, RunState
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

    A technique may count the steps that a run has made, and a stack has one count for all. The counts that its runs
    bring along are in double precision, which not every device has.
    """
    config = trainer.config
    if config.techniques or config.encoder or trainer.device.type == "mps" or not find_width(config):
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
        padded = self._begun + self._begun[-1:] * (-len(self._begun) % STACK_UNIT)
        rows = [state.tensors for state in padded]
        together = RunState({name: torch.stack([row[name] for row in rows]) for name in names})
        super().__init__([trainer.config for trainer in trainers], trainers[0].device, together)
        self._left = self._begun
        self._counted = {
            name: torch.tensor(
                [getattr(state, name) for state in padded], dtype=torch.float64, device=self.device
            ).unsqueeze(-1)
            for name in ("d_optimizer_steps", "g_optimizer_steps")
        }

    def holds(self, trainers: Sequence[Trainer]) -> bool:
        """Tell whether these are the runs, in this order, and none was changed since."""
        return self._trainers == tuple(trainers) and all(
            trainer.state is state and trainer.config is config
            for trainer, state, config in zip(trainers, self._left, self.configs, strict=True)
        )

    def advance(self) -> list[Numbers | Diverged]:
        """Train one step; gives each run's losses, or why it stays where it was.

        A run that has diverged is to be left out of the next stack.
        """
        return self._hand_out(self.step())

    def advance_by(self, program: Program) -> list[Numbers | Diverged] | None:
        """Train one step by the program of such a stack, as `advance` does.

        None, and nothing has changed, where a number was not finite: the eager trainer then says whose.
        """
        losses = None if any(self.failures) else program.step(self)
        return None if losses is None else self._hand_out(losses)

    def _hand_out(self, together: Losses) -> list[Numbers | Diverged]:
        """Give every trainer its state after a step."""
        losses = together.read_runs(self.runs)
        tensors, *made = self.state
        told: list[Numbers | Diverged] = []
        for run, (trainer, begun) in enumerate(zip(self._trainers, self._begun, strict=True)):
            if failure := self.failures[run]:
                told.append(Diverged(begun.step + failure.step, failure.player, failure.quantity))
            else:
                trainer.state = RunState(Row(tensors, run), *map(add, begun[1:], made))
                told.append(losses[run])
        self._left = tuple(trainer.state for trainer in self._trainers)
        return told

    # Each run's own steps ---------------------------------------------------------------------------------------

    def _make_source(self) -> Source:
        sources = [trainer.source for trainer in self._trainers]
        seeds = [config.seed for config in self._padded]
        return JoinedSource(self.config, seeds, self.device, sources, [state.step for state in self._begun])

    def _draws_at(self, player: str, update: int, step: int) -> Callable[[str], Draws]:
        def draws(purpose: str) -> Draws:
            steps = [begun.step + step for begun in self._begun]
            steps += steps[-1:] * (self.width - self.runs)
            return draws_for(self._seeds, steps, f"{player} {purpose} {update}")

        return draws

    def count_steps(self, player: str) -> Value:
        """Count the steps (R, 1) that a player's optimizer has made in each run."""
        name = f"{player}_optimizer_steps"
        return self._counted[name] + int(getattr(self.state, name))


class JoinedSource(Source):
    """Where each of the runs draws what its own source has for the step that it stands at."""

    def __init__(
        self,
        config: RunConfig,
        seeds: Sequence[int],
        device: torch.device,
        sources: Sequence[Source],
        ahead: Sequence[int],
    ) -> None:
        super().__init__(config, seeds, device)
        self._sources, self._ahead, self._width = sources, ahead, len(seeds)
        self._joined: dict[tuple[str, str, int], JoinedBatches] = {}

    def _batch(self, player: str, kind: Literal["data", "latent"], update: int, step: int) -> Tensor:
        joined = self._joined.get((player, kind, update))
        if joined is None:
            batches = [source.find_batches(player, kind, update) for source in self._sources]
            joined = self._joined[player, kind, update] = JoinedBatches(batches, self._ahead, self._width)
        return joined.at(step)
