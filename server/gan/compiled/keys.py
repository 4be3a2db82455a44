"""Which program makes the steps of which runs: a key of everything that its machine code depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch

from server.gan.compiled.machine import describe_machine
from server.gan.stacks import structure
from server.gan.trainer import Trainer

LAB = Path(__file__).parents[1]


class Unfit(Exception):
    """There is no compiled step of such runs, and why; the eager trainer makes theirs."""


def find_key(trainer: Trainer, machine: Sequence[str] = ()) -> str:
    """Give the key of the program that trains such runs; `machine` is `describe_machine()` where that is known.

    Raises:
        Unfit: these have what is not compiled.
    """
    if trainer.device.type != "cpu":
        raise Unfit(f"it computes on {trainer.device.type}")
    facts = [*list_facts(trainer), torch.backends.cpu.get_cpu_capability(), *(machine or describe_machine())]
    return digest_facts(facts)


def find_graph_key(trainer: Trainer, slots: int) -> str:
    """Give the key of the captured graph that trains such runs on their kind of device, in a stack so wide.

    Raises:
        Unfit: as `find_key`.
    """
    return digest_facts([*list_facts(trainer), slots, *describe_device(trainer.device)])


def describe_device(device: torch.device) -> tuple[object, ...]:
    """Give what a device's arithmetic may depend on: its kind, and of its libraries the build that torch is for."""
    if device.type != "cuda":
        return (device.type,)
    facts = torch.cuda.get_device_properties(device)
    return device.type, torch.version.cuda, facts.name, facts.major, facts.minor, facts.multi_processor_count


def list_facts(trainer: Trainer) -> list[object]:
    """Give what a step of such runs depends on, on whichever machine.

    Raises:
        Unfit: these have what is not traced.
    """
    config = trainer.config
    for said, units in (("techniques", config.techniques), ("regularizers", config.regularizers)):
        if units:
            raise Unfit(f"{said} are at work: {', '.join(unit.name for unit in units)}")
    return [structure(config), trainer.single, torch.__version__, hash_lab()]


def digest_facts(facts: list[object]) -> str:
    """Give a key of all that."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


@cache
def hash_lab() -> str:
    """Give a digest of the lab's mathematics: other lines of code are another program."""
    digest = hashlib.sha256()
    for path in sorted(LAB.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
