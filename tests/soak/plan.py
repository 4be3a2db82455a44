"""What goes wrong when: drawn from a seed before the soak begins, so that it can be repeated."""

import random
from dataclasses import dataclass
from typing import Literal, get_args

Fault = Literal["kill", "stop", "deaf", "full", "lock", "clock"]
MOST_PAUSE = 8.0
LEAST_PAUSE = 4.0
"""Seconds between two faults: a run whose workers are lost one after another is itself suspected, and rightly."""


@dataclass(frozen=True)
class Plan:
    """A soak: `clients` live one life after another for `seconds`; `faults` come at their seconds."""

    seed: int
    clients: int
    seconds: float
    faults: tuple[tuple[float, Fault], ...]

    def describe(self) -> str:
        """Say how to repeat it, and what will go wrong."""
        told = ", ".join(f"{fault} at {second:.0f} s" for second, fault in self.faults) or "none"
        options = f"--seed {self.seed} --clients {self.clients} --seconds {self.seconds:g}"
        return f"the plan of {options}: faults: {told}"


def draw_plan(seed: int, clients: int, seconds: float) -> Plan:
    """Draw the faults of a soak; each kind has its turn before one comes again."""
    chance = random.Random(seed)
    faults: list[tuple[float, Fault]] = []
    second, waiting = chance.uniform(1, LEAST_PAUSE), list[Fault]()
    while second < seconds:
        if not waiting:
            waiting = list(get_args(Fault))
            chance.shuffle(waiting)
        faults.append((second, waiting.pop()))
        second += chance.uniform(LEAST_PAUSE, MOST_PAUSE)
    return Plan(seed, clients, seconds, tuple(faults))
