"""Proof: a program trains as the eager trainer does, and a run's last digits are its own, or nobody may use it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from server.gan.compiled.keys import Unfit
from server.gan.compiled.programs import Program
from server.gan.config import RunConfig
from server.gan.phases import Diverged
from server.gan.trainer import Trainer

STEPS, TOLERANCE = 20, 1e-4
"""Over so many steps a program's weights agree with the eager trainer's to this, or it is none."""
SLOT_STEPS = 5
OTHER_SEED = 1
"""What is added to the seeds of the runs that are traced, for those that the program is tried on."""


def compare(configs: RunConfig | Sequence[RunConfig], program: Program, device: str | torch.device = "cpu") -> None:
    """Train runs of other seeds with the program and without it.

    Raises:
        Unfit: they part, or nothing can be said of them: the eager one diverges.
    """
    eager, compiled = (Trainer(reseed(configs), device) for _ in range(2))
    for _ in range(STEPS):
        try:
            expected, got = eager.step(), program.step(compiled)
        except Diverged as error:  # a run of another seed has: it is nothing to the one that plays
            raise Unfit(f"it cannot be tried: {error}") from error
        if got is None or any((a is None) != (b is None) for a, b in zip(expected, got, strict=True)):
            raise Unfit("its compiled step does not train as the eager one does")
    if eager.state[1:] != compiled.state[1:]:
        raise Unfit("its compiled step and the eager one count otherwise")
    for name, tensor in eager.state.tensors.items():
        if not torch.allclose(compiled.state.tensors[name], tensor, rtol=TOLERANCE, atol=TOLERANCE):
            raise Unfit(f"its compiled step and the eager one part in {name}")


def compare_slots(
    configs: RunConfig | Sequence[RunConfig],
    program: Program,
    device: str | torch.device = "cpu",
) -> None:
    """Train the same runs in the slots of a stack in one order and in the other one.

    Raises:
        Unfit: the last digits of a run depend on its slot, so that nobody could have its steps again.
    """
    if isinstance(configs, RunConfig):
        return
    there = Trainer([configs[0].with_seed(seed) for seed in range(program.slots)], device)
    back = Trainer(there.configs[::-1], device)
    for _ in range(SLOT_STEPS):
        for trainer in (there, back):
            if program.step(trainer) is None:
                raise Unfit("its compiled step is not finite where the eager one is")
    for name, tensor in there.state.tensors.items():
        if not torch.equal(back.state.tensors[name].flip(0), tensor):
            raise Unfit(f"the last digits of its compiled step depend on a run's slot, in {name}")


def compare_places(
    configs: RunConfig | Sequence[RunConfig], program: Program, device: str | torch.device = "cpu"
) -> None:
    """Train the same runs by steps that are made ahead, and by steps each of which is the first of those.

    Raises:
        Unfit: the last digits of a step depend on how many were made before it at once.
    """
    ahead, first = (Trainer(reseed(configs), device) for _ in range(2))
    for _ in range(STEPS):
        first.stand_apart()  # nothing was made ahead of a state that nobody has seen
        if any(program.step(trainer) is None for trainer in (ahead, first)):
            raise Unfit("its captured step is not finite where the eager one is")
        for name, tensor in first.state.tensors.items():
            if not torch.equal(ahead.state.tensors[name], tensor):
                raise Unfit(f"the last digits of its captured step depend on its place among others, in {name}")


def reseed(configs: RunConfig | Sequence[RunConfig]) -> RunConfig | list[RunConfig]:
    """Give such runs of other seeds."""
    if isinstance(configs, RunConfig):
        return configs.with_seed((configs.seed + OTHER_SEED) % 2**32)
    return [config.with_seed((config.seed + OTHER_SEED) % 2**32) for config in configs]
