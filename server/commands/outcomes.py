"""What became of a run that was trained without a browser: as data, and in words."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from server.gan.metrics import METRICS, Metric

LOSSES = {"d_loss": "Discriminator's loss", "g_loss": "Generator's loss"}
SECONDS_BETWEEN = 10.0
"""How long a reader of lines waits for the next one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one seed; `seconds` is the time that the whole stack trained."""

    seed: int
    step: int
    status: Literal["ok", "diverged"]
    scalars: Mapping[str, float | None]
    metrics: Mapping[str, float | None]
    seconds: float


def pick_number(values: torch.Tensor | None, run: int) -> float | None:
    """Give one run's number out of a tensor () or (R,); none where there is none, or JSON could not say it."""
    number = math.nan if values is None else float(values.reshape(-1)[run])
    return number if math.isfinite(number) else None


def describe_outcome(outcome: Outcome) -> str:
    """Give an outcome to read: a line on the run, then one a number, with which way is better where that is known."""
    steps = f"{outcome.step:,} step{'' if outcome.step == 1 else 's'}"
    ended = f"{steps} in {outcome.seconds:.1f} s"
    if outcome.status == "diverged":
        ended = f"broke after {ended}: a number became infinite, or is none"
    rows = [(LOSSES[key], value, "") for key, value in outcome.scalars.items() if value is not None]
    known = [(METRICS[key], value) for key, value in outcome.metrics.items() if value is not None]
    rows += [(_name_metric(metric), value, f"{metric.better} is better") for metric, value in known]
    width = max((len(label) for label, _, _ in rows), default=0)
    lines = [f"  {label:<{width}}  {value:<9.4g}  {better}".rstrip() for label, value, better in rows]
    return "\n".join([f"seed {outcome.seed}: {ended}", *lines])


def tell_progress(
    steps: Iterable[int], count: int, say: Callable[[str], None], clock: Callable[[], float]
) -> Iterator[int]:
    """Give the steps, and say now and then how many of the `count` are done, where no bar can be drawn.

    `clock` tells the time in seconds.
    """
    began = said = clock()
    for done, step in enumerate(steps):
        now = clock()
        if done and now - said >= SECONDS_BETWEEN:
            said = now
            left = (now - began) / done * (count - done)
            say(f"training: {done:,} of {count:,} steps, about {left:,.0f} s left")
        yield step


def _name_metric(metric: Metric) -> str:
    """Give a metric's label, with its unit where the label does not say it."""
    return metric.label if metric.unit in metric.label.lower() else f"{metric.label} ({metric.unit})"
