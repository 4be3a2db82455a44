"""`ganlab train`: runs without a browser, one a seed, trained together as one stack."""

import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from server.commands.configs import read_config
from server.commands.outcomes import Outcome, describe_outcome, pick_number, tell_progress
from server.errors import ConfigError
from server.gan.compiled.foundry import Foundry, Stepper
from server.gan.config import RunConfig
from server.gan.metrics import METRICS, evaluate_stack
from server.gan.model_file import build_model, write_file, write_model
from server.gan.phases import Diverged, Losses
from server.gan.trainer import Trainer
from server.settings import count_cores, find_cache

MOST_SEEDS = 1024


def train_runs(
    preset: str | None,
    file: Path | None,
    assignments: Iterable[str],
    steps: int,
    seeds: str | None,
    as_json: bool,
    save: Path | None = None,
    compiled: bool = False,
) -> None:
    """Train every seed for `steps` steps and write what became of it to stdout; `save` keeps the model of a single one.

    `compiled`: with machine code as soon as there is some for this structure; what is not yet is built beside it.

    Raises:
        ConfigError: the config, an assignment or the seeds are wrong.
        FileError: the file cannot be read as a config, or the model cannot be written.
    """
    config = read_config(preset, file, assignments)
    chosen = parse_seeds(seeds) if seeds is not None else [config.seed]
    # A run alone trains on one thread, as in the lab's workers: the nets are small. A stack is worth every core.
    if save is not None and len(chosen) != 1:
        raise ConfigError("seeds", f"expected one seed with --save, got {len(chosen)}")
    torch.set_num_threads(1 if len(chosen) == 1 else count_cores())
    configs = [config.with_seed(seed) for seed in chosen]
    trainer = Trainer(configs[0] if len(configs) == 1 else configs)
    with closing(Foundry(find_cache() / "compiled", patience=0.0)) if compiled else nullcontext() as foundry:
        outcomes = train_steps(trainer, steps, Stepper(trainer, foundry).step if foundry else None)
    if save is not None:
        write_file(save, write_model(build_model(trainer.config, trainer.state.pack(), outcomes[0].scalars)))
    for outcome in outcomes:
        line = json.dumps(asdict(outcome), allow_nan=False) if as_json else describe_outcome(outcome)
        sys.stdout.write(line + "\n")


def parse_seeds(text: str) -> list[int]:
    """Read `0-4`, `7`, or `0,3,7-9`: the seeds in the order given, each once.

    Raises:
        ConfigError: it is not a list of such numbers and ranges, or it names too many.
    """
    seeds: dict[int, None] = {}
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,10})\s*(?:-\s*(\d{1,10})\s*)?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not first <= last < 2**32:
            raise ConfigError("seeds", f"expected numbers and ranges like 0-4 or 0,3,7, got {text!r}")
        if len(seeds) + last - first >= MOST_SEEDS:
            raise ConfigError("seeds", f"expected at most {MOST_SEEDS} seeds, got {text!r}")
        seeds |= dict.fromkeys(range(first, last + 1))
    return list(seeds)


def train_stack(configs: Sequence[RunConfig], steps: int) -> list[Outcome]:
    """Train runs that differ in their seed, together; a single one alone, as the lab trains it."""
    return train_steps(Trainer(configs[0] if len(configs) == 1 else configs), steps)


def train_steps(trainer: Trainer, steps: int, step: Callable[[], Losses] | None = None) -> list[Outcome]:
    """Train the runs of a trainer, by its own `step` or another, and tell what became of each."""
    began = time.perf_counter()
    losses, failures = walk_steps(trainer, steps, step or trainer.step)
    seconds = time.perf_counter() - began
    metrics = evaluate_stack(trainer, [key for key in METRICS if not METRICS[key].extra.get("legacy")])
    return [
        Outcome(
            seed=config.seed,
            step=failure.step - 1 if failure else trainer.state.step,
            status="diverged" if failure else "ok",
            scalars={"d_loss": pick_number(losses.discriminator, run), "g_loss": pick_number(losses.generator, run)},
            metrics=metrics[run],
            seconds=round(seconds, 3),
        )
        for run, (config, failure) in enumerate(zip(trainer.configs, failures, strict=True))
    ]


def walk_steps(trainer: Trainer, steps: int, step: Callable[[], Losses]) -> tuple[Losses, list[Diverged | None]]:
    """Train up to `steps` steps; the last losses, and why each run that failed did.

    A terminal has a progress bar on stderr, anything else a line there now and then.

    It ends early where every run has diverged.
    """
    losses, failures = Losses(), trainer.failures[: trainer.runs]
    console = Console(stderr=True)
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        track = progress.track(range(steps))
        for _ in track if console.is_terminal else tell_progress(track, steps, console.print, time.monotonic):
            try:
                losses = step()
                failures = trainer.failures[: trainer.runs]
            except Diverged as failure:
                failures = [failure]
            if all(failures):
                break
    for config, why in zip(trainer.configs, failures, strict=True):
        if why:
            console.print(f"seed {config.seed}: {why}", highlight=False)
    return losses, failures
