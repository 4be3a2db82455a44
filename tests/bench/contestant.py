"""A process that trains when it is told to: `python -m tests.bench.contestant KIND RUNS THREADS CONFIG`.

It writes a line when it is ready.
For each line on stdin, a number of seconds, it trains that long and writes `steps seconds cpu_seconds`.
Between the lines it does nothing, so that contestants can take turns on a noisy machine.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import torch

from server.gan.catalog import build_catalog
from server.gan.compiled.workshop import Workshop
from server.gan.config import RunConfig, check_config
from server.gan.trainer import Trainer
from server.settings import find_cache
from tests.bench.plain import build_plain_loop

WARM_CALLS = 20


@dataclass(frozen=True)
class Training:
    """What trains: each call makes `steps` steps of every run."""

    call: Callable[[], object]
    steps: int = 1


def build_plain(runs: int, config: RunConfig) -> Training:
    """The loop that anyone would write."""
    return Training(build_plain_loop(config))


def build_jax(runs: int, config: RunConfig) -> Training:
    """The same in JAX, where it is installed."""
    from tests.bench.scan import SCANNED, build_scan

    return Training(build_scan(config), SCANNED)


def build_one(runs: int, config: RunConfig) -> Training:
    """A single run of the lab."""
    return Training(Trainer(config).step)


def build_stack(runs: int, config: RunConfig) -> Training:
    """So many runs of the lab, together."""
    return Training(Trainer([config.with_seed(seed) for seed in range(runs)]).step)


def build_compiled_one(runs: int, config: RunConfig) -> Training:
    """A single run of the lab, with machine code."""
    return build_compiled(Trainer(config))


def build_compiled_stack(runs: int, config: RunConfig) -> Training:
    """So many runs of the lab, together, with machine code."""
    return build_compiled(Trainer([config.with_seed(seed) for seed in range(runs)]))


def build_compiled(trainer: Trainer) -> Training:
    """The program of a trainer's runs, as soon as it is built."""
    with closing(Workshop(find_cache() / "compiled")) as workshop:
        while (program := workshop.find(trainer)) is None:
            assert workshop.is_building, "there is no compiled step: the log says why"
            time.sleep(0.1)
    return Training(partial(program.step, trainer))


KINDS: Mapping[str, Callable[[int, RunConfig], Training]] = {
    "plain": build_plain,
    "jax": build_jax,
    "one": build_one,
    "stack": build_stack,
    "one compiled": build_compiled_one,
    "stack compiled": build_compiled_stack,
}


def train_for(training: Training, seconds: float) -> tuple[int, float, float]:
    """Train for about `seconds`: the number of steps, and the time and the processor's time that they took."""
    steps, began, cpu_began = 0, time.perf_counter(), time.process_time()
    while (took := time.perf_counter() - began) < seconds:
        training.call()
        steps += training.steps
    return steps, took, time.process_time() - cpu_began


def say_line(text: str) -> None:
    """Write a line that the other side reads at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Take turns until stdin ends."""
    kind, runs, threads, config = sys.argv[1:]
    torch.set_num_threads(int(threads))
    training = KINDS[kind](int(runs), check_config(json.loads(config), build_catalog()))
    for _ in range(WARM_CALLS):
        training.call()
    say_line("ready")
    for line in sys.stdin:
        say_line(" ".join(map(str, train_for(training, float(line)))))


if __name__ == "__main__":
    main()
