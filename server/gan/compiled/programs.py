"""A program: one step of a run, or of a stack, as machine code, called with the run's state, draws and numbers.

A stack's program is for STACK_UNIT runs, and makes the steps of a wider stack part by part: which runs a stack has,
and how many, is nothing to it, so that a run's steps can be had again bit for bit without the others.
It makes one step a call. Several would save a twentieth of the time (measured), and the last digits would depend on
where a call begins; so they depend on nothing but which steps a program made.
The random numbers are the eager trainer's own, drawn by it ahead of the call.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Literal
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from server.gan.phases import Learner, Losses
from server.gan.stacks import STACK_UNIT
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.gan.values import Value

CODE, FACTS, REFUSAL = "step.so", "step.json", "refusal.txt"
"""The files of a program's folder; the last one is alone, and says why there is none."""
DIGEST = "sha256"
Draw = tuple[Learner, Literal["data", "latent"], int]
"""Who draws what, in which of its updates: see `Source.draw_batch`."""


@dataclass(frozen=True)
class Signature:
    """What a program takes, in order: tensors of the state, draws, numbers of the optimizers, their counts of steps.

    It gives those tensors after the step, the losses of those who `play`, and a sum that is not finite as soon as one
    number is not.
    """

    tensors: tuple[str, ...]
    draws: tuple[Draw, ...]
    numbers: tuple[tuple[str, str], ...]
    play: tuple[Learner, ...]

    def write(self, folder: Path) -> None:
        """Write the signature beside its code, with a digest of that."""
        facts = {**asdict(self), DIGEST: hash_code(folder)}
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Signature:
        """Read what `write` wrote.

        Raises:
            ValueError: the code is not what was written, or the facts are not whole.
        """
        plain = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        if plain.pop(DIGEST) != hash_code(folder):
            raise ValueError("its code is not what was written")
        lists = {name: tuple(map(tuple, plain[name])) for name in ("draws", "numbers")}
        return cls(tensors=tuple(plain["tensors"]), play=tuple(plain["play"]), **lists)


Run = Callable[[list[Tensor]], Sequence[Tensor]]


class Program:
    """What computes a step, and what it takes."""

    closed = False
    """Whether it was let go of, and makes no steps any more."""
    slots = 2 * STACK_UNIT
    """In so many slots of a stack it is tried whether a run's last digits depend on which one it is in."""

    def __init__(self, signature: Signature, run: Run, key: str = "") -> None:
        self.signature, self._run, self.key = signature, run, key
        self._numbers: WeakKeyDictionary[Trainer, tuple[object, list[Tensor]]] = WeakKeyDictionary()

    @classmethod
    def load(cls, folder: Path) -> Program:
        """Load the machine code in a folder of the cache.

        Raises:
            RuntimeError, OSError, ValueError, KeyError, TypeError, AttributeError: it is none for this machine, or not
                whole.
        """
        signature = Signature.read(folder)
        return cls(signature, torch._C._aoti.AOTIModelContainerRunnerCpu(str(folder / CODE), 1).run, folder.name)

    def step(self, trainer: Trainer) -> Losses | None:
        """Train one step of both players, in the middle of whichever run; its losses.

        None, and nothing has changed, where a number was not finite: the eager trainer then says which.
        """
        outputs = self._make(trainer)
        return None if outputs is None else self._take_in(trainer, outputs)

    def _make(self, trainer: Trainer) -> Sequence[Tensor] | None:
        """Give what the next step gives, as `Signature` has it; none where a number is not finite."""
        drawn = self._draw(trainer, trainer.state.step)
        given = [*self._know(trainer), *drawn, *self._hold(trainer)]
        return self._compute(given, 0 if trainer.single else trainer.width)

    def _take_in(self, trainer: Trainer, outputs: Sequence[Tensor]) -> Losses:
        """Let the trainer go to where a step has led."""
        state, signature = trainer.state, self.signature
        losses = outputs[len(signature.tensors) : -1]
        tensors = {**state.tensors, **dict(zip(signature.tensors, outputs, strict=False))}
        made = trainer.config.count_updates()
        d_updates, g_updates = made["discriminator"], made["generator"]
        after = RunState(
            tensors,
            state.step + 1,
            state.d_updates + d_updates,
            state.g_updates + g_updates,
            state.d_optimizer_steps + d_updates,
            state.g_optimizer_steps + g_updates,
        )
        said = {player: trainer.of_runs(loss) for player, loss in zip(signature.play, losses, strict=True)}
        return trainer.adopt_step(after, Losses(**said))

    def _compute(self, given: list[Tensor], width: int) -> Sequence[Tensor] | None:
        """Run the code, for a wider stack than it is made for part by part; none where a number is not finite."""
        parts = []
        for begin in range(0, max(width, 1), STACK_UNIT):
            part = given if width <= STACK_UNIT else [cut(tensor, begin) for tensor in given]
            parts.append(self._run(part))
            if not isfinite(parts[-1][-1].item()):
                return None
        if len(parts) == 1:
            return parts[0]
        *columns, totals = zip(*parts, strict=True)
        return [*map(torch.cat, columns), torch.stack(totals)]

    def _know(self, trainer: Trainer) -> list[Tensor]:
        """Give the tensors of the state that a step goes on from."""
        return [trainer.state.tensors[name] for name in self.signature.tensors]

    def _draw(self, trainer: Trainer, step: int) -> list[Tensor]:
        """Give what is drawn in a step."""
        return [trainer.source.draw_batch(*draw, step, trainer.known) for draw in self.signature.draws]

    def _hold(self, trainer: Trainer) -> list[Tensor]:
        """Give the numbers of the optimizers, and how many steps each of the two has made."""
        counts = [make_count(trainer.count_steps(player), trainer) for player in ("d", "g")]
        return [*self._read_numbers(trainer), *counts]

    def _read_numbers(self, trainer: Trainer) -> Sequence[Tensor]:
        of, made = self._numbers.get(trainer, (None, []))
        if of is not trainer.numbers:
            numbers = [trainer.numbers[player][key] for player, key in self.signature.numbers]
            made = [make_number(number, trainer.device) for number in numbers]
            self._numbers[trainer] = trainer.numbers, made
        return made


def hash_code(folder: Path) -> str:
    """Give a digest of the code in a folder: a file may be torn when the power fails."""
    return hashlib.sha256((folder / CODE).read_bytes()).hexdigest()


def cut(given: Tensor, begin: int) -> Tensor:
    """Give what the part of a stack that begins with that run is given; () is for all runs."""
    return given[begin : begin + STACK_UNIT] if given.dim() else given


def make_number(value: Value, device: torch.device) -> Tensor:
    """Give a number of an optimizer as a program takes it: () or (R, 1), in float64."""
    return torch.as_tensor(value, dtype=torch.float64, device=device)


def make_count(count: Value, trainer: Trainer) -> Tensor:
    """Give how many steps an optimizer has made as a program of such runs takes it: (), or for a stack (R, 1)."""
    made = make_number(count, trainer.device)
    return made if trainer.single else made.expand(trainer.width, 1).contiguous()
