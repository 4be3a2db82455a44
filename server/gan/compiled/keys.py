"""Which program makes the steps of which runs: a key of everything that its machine code depends on."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import torch

from server.gan.compiled.machine import describe_machine
from server.gan.stacks import structure
from server.gan.trainer import Trainer

LAB = Path(__file__).parents[1]


class Unfit(Exception):
    """There is no compiled step of such runs, and why; the eager trainer makes theirs."""


def find_key(trainer: Trainer) -> str:
    """Give the key of the program that trains such runs.

    Raises:
        Unfit: these have what is not compiled.
    """
    config = trainer.config
    for said, units in (("techniques", config.techniques), ("regularizers", config.regularizers)):
        if units:
            raise Unfit(f"{said} are at work: {', '.join(unit.name for unit in units)}")
    if trainer.device.type != "cpu":
        raise Unfit(f"it computes on {trainer.device.type}")
    facts = [structure(config), trainer.single, torch.__version__, torch.backends.cpu.get_cpu_capability()]
    facts += [*describe_machine(), hash_lab()]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


@cache
def hash_lab() -> str:
    """Give a digest of the lab's mathematics: other lines of code are another program."""
    digest = hashlib.sha256()
    for path in sorted(LAB.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
