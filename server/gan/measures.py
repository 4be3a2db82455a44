"""What the claims of lessons measure beyond the metrics: numbers of the networks themselves, one a run.

Shape letters: R runs, N points. Steepness is in lab units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.metrics import METRICS, evaluate_stack
from server.gan.state import RunState
from server.gan.trainer import Trainer

POINTS = 2000
LATELY = 100
"""Steps over which a drift is measured."""


class Sight(NamedTuple):
    """A stack of runs at the step of a claim, and its state LATELY steps before, or at the start."""

    trainer: Trainer
    earlier: RunState


class Measure(NamedTuple):
    """A number a run (R,), and what it is in words."""

    words: str
    function: Callable[[Sight], Tensor]


def measure_stack(sight: Sight, keys: Sequence[str]) -> list[dict[str, float | None]]:
    """Measure every run of a stack: metrics and measures by name; none of a run that diverged."""
    trainer = sight.trainer
    metrics = [key for key in keys if key in METRICS]
    rows: list[dict[str, float | None]] = evaluate_stack(trainer, metrics)
    for key in keys:
        if key not in METRICS:
            for row, value in zip(rows, MEASURES[key].function(sight).tolist(), strict=False):
                row[key] = value
    return [
        dict.fromkeys(row) if failure else row for row, failure in zip(rows, trainer.failures[: len(rows)], strict=True)
    ]


def describe_measure(key: str) -> str:
    """Say in words what is measured."""
    return METRICS[key].label if key in METRICS else MEASURES[key].words


def clipped_share(sight: Sight) -> Tensor:
    """Give the share of the discriminator's weights that stand at the largest size any of them has."""
    weights = sight.trainer.state.tensors["discriminator"].abs()
    share: Tensor = (weights > 0.99 * weights.amax(-1, keepdim=True)).float().mean(-1)
    return share


def steepness(sight: Sight) -> Tensor:
    """Give the mean length of the score's slope at real points."""
    trainer = sight.trainer
    slope = measure_slope(trainer, trainer.sample_data(POINTS, trainer.draws("data")))
    lengths: Tensor = torch.linalg.vector_norm(slope, dim=-1)
    return lengths.mean(-1)


def largest_gradient(sight: Sight) -> Tensor:
    """Give how far at most the score rises between two of many points of the view, a unit of their distance."""
    trainer = sight.trainer
    a, b = (6 * trainer.draws(name).uniform(POINTS, 2) - 3 for name in ("one end", "other end"))
    rise = (classify(trainer, a) - classify(trainer, b)).abs()
    distance: Tensor = torch.linalg.vector_norm(a - b, dim=-1)
    return (rise / distance).amax(-1)


def largest_score(sight: Sight) -> Tensor:
    """Give the largest size of a score of real and generated points."""
    trainer = sight.trainer
    real = trainer.sample_data(POINTS, trainer.draws("data"))
    return torch.maximum(classify(trainer, real).abs().amax(-1), classify(trainer, generate(trainer)).abs().amax(-1))


def drift(sight: Sight) -> Tensor:
    """Give how far the samples of the same noise moved lately, in lab units."""
    now, before = (generate(sight.trainer, state) for state in (sight.trainer.state, sight.earlier))
    moved: Tensor = torch.linalg.vector_norm(now - before, dim=-1)
    return moved.mean(-1)


def averaged_quality(sight: Sight) -> Tensor:
    """Give the high-quality share of the averaged generator."""
    trainer, state = sight.trainer, sight.trainer.state
    try:
        averaged = {**state.tensors, "generator": state.tensors["technique.ema.generator"]}
        trainer.state = state._replace(tensors=averaged)
        rows = evaluate_stack(trainer, ["high_quality"])
    finally:
        trainer.state = state
    return torch.tensor([row["high_quality"] if row["high_quality"] is not None else torch.nan for row in rows])


def measure_slope(trainer: Trainer, points: Tensor) -> Tensor:
    """Give how the scores grow as points (R, N, 2) move."""
    weights = trainer.weights("discriminator")
    trace = trainer.discriminator.trace(weights, points)
    return trainer.discriminator.input_gradient(weights, trace, torch.ones_like(trace.outputs))


@torch.no_grad()
def classify(trainer: Trainer, points: Tensor) -> Tensor:
    """Give the logits (R, N) of points (R, N, 2) in lab units."""
    return trainer.discriminator(trainer.weights("discriminator"), points).squeeze(-1)


@torch.no_grad()
def generate(trainer: Trainer, state: RunState | None = None) -> Tensor:
    """Give generated points (R, N, 2) in lab units, of the same noise in every state."""
    weights = trainer.weights_at(state or trainer.state, "generator")
    return trainer.generator(weights, trainer.sample_latent(POINTS, trainer.draws("latent")))


MEASURES: Mapping[str, Measure] = {
    "clipped_share": Measure("Share of weights at the bound", clipped_share),
    "steepness": Measure("Mean steepness of the score at real points", steepness),
    "largest_gradient": Measure("Steepest rise of the score", largest_gradient),
    "largest_score": Measure("Largest score", largest_score),
    "drift": Measure(f"Drift in {LATELY} steps", drift),
    "averaged_quality": Measure("High-quality share, averaged generator", averaged_quality),
}
