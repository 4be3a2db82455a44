"""A process that trains when it is told to: `python -m tests.bench.contestant KIND RUNS THREADS CONFIG`.

It writes a line when it is ready.
For each line on stdin, a number of seconds, it trains that long and writes `steps seconds cpu_seconds`.
Between the lines it does nothing, so that contestants can take turns on a noisy machine.
"""

import json
import sys
import time
from collections.abc import Callable

import torch

from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config
from server.gan.trainer import Trainer
from tests.bench.plain import build_plain_loop

WARM_STEPS = 20


def build_step(kind: str, runs: int, config: RunConfig) -> Callable[[], object]:
    """Give what trains one step: `plain`, `one` (a single run), or `stack` (that many runs together)."""
    if kind == "plain":
        return build_plain_loop(config)
    if kind == "one":
        return Trainer(config).step
    return Trainer([config.with_seed(seed) for seed in range(runs)]).step


def train_for(step: Callable[[], object], seconds: float) -> tuple[int, float, float]:
    """Train for about `seconds`: the number of steps, and the time and the processor's time that they took."""
    steps, began, cpu_began = 0, time.perf_counter(), time.process_time()
    while (took := time.perf_counter() - began) < seconds:
        step()
        steps += 1
    return steps, took, time.process_time() - cpu_began


def say_line(text: str) -> None:
    """Write a line that the other side reads at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Take turns until stdin ends."""
    kind, runs, threads, config = sys.argv[1:]
    torch.set_num_threads(int(threads))
    step = build_step(kind, int(runs), check_config(json.loads(config), build_catalog()))
    for _ in range(WARM_STEPS):
        step()
    say_line("ready")
    for line in sys.stdin:
        say_line(" ".join(map(str, train_for(step, float(line)))))


if __name__ == "__main__":
    main()
