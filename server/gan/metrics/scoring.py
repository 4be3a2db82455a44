"""Scoring runs: every metric compares 2500 generated points with the same 2500 fresh real ones.

Shape letters: N points, D coordinates of one, R runs.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from torch import Tensor

from server.gan.config import RunConfig, UnitConfig
from server.gan.datasets import DATASETS, of_law
from server.gan.metrics.base import METRICS, Facts
from server.gan.randomness import draws_for

if TYPE_CHECKING:
    from server.gan.trainer import Trainer

EVALUATION_POINTS = 2500
RUNS_AT_ONCE = 32
"""How many runs of a stack are scored together; a metric may need some 2 MB for each, and 10 MB once."""
EVALUATION_SEED = 1000
FLOOR_DRAWS = {"cheap": 20, "dear": 8}
"""How many perfect generators a floor is the mean of, by a metric's cost."""

DataKey = tuple[str, tuple[tuple[str, Any], ...]]


def evaluate_metrics(trainer: Trainer, keys: Collection[str]) -> dict[str, float | None]:
    """Score a single run; none where a metric is not defined for the data, or the generator's points are not finite."""
    assert trainer.single, "a stack is scored by evaluate_stack"
    (scores,) = evaluate_stack(trainer, keys)
    return scores


def evaluate_stack(trainer: Trainer, keys: Collection[str]) -> list[dict[str, float | None]]:
    """Score every run of a stack, in order; every run is shown the same latents and the same real points."""
    return score_points(trainer, trainer.generate(draw_evaluation_latent(trainer)), keys)


def draw_evaluation_latent(trainer: Trainer) -> Tensor:
    """Give the latents (EVALUATION_POINTS, Z) that every run of this noise is scored by; kept where they are few.

    In a stack whose means are trained each run has these around its own (R, EVALUATION_POINTS, Z).
    """
    return trainer.place(trainer.source.look_at_latent(EVALUATION_POINTS, "evaluation", EVALUATION_SEED))


def score_points(trainer: Trainer, x_fake: Tensor, keys: Collection[str]) -> list[dict[str, float | None]]:
    """Score points (..., N, D) in published units, those of every run of a stack, in place of its generated ones."""
    facts, x_real = _build_reference(*_key(trainer.config.data))
    x_fake = x_fake.reshape(-1, *x_fake.shape[-2:]).cpu()
    parts = x_fake.split_with_sizes([min(RUNS_AT_ONCE, len(x_fake) - i) for i in range(0, len(x_fake), RUNS_AT_ONCE)])
    return [row for part in parts for row in _tabulate(x_real, part, facts, keys)]


def metric_floors(config: RunConfig, keys: Collection[str]) -> dict[str, float]:
    """Give what a perfect generator scores on average, for those of `keys` that are defined for the run's data."""
    data = _key(config.data)
    facts, _ = _build_reference(*data)
    return {key: _measure_floor(key, *data) for key in keys if METRICS[key].applies(facts)}


def _tabulate(x_real: Tensor, x_fake: Tensor, facts: Facts, keys: Collection[str]) -> list[dict[str, float | None]]:
    finite = x_fake.isfinite().all(-1).all(-1)
    x_fake = x_fake.nan_to_num()
    rows: list[dict[str, float | None]] = [{} for _ in x_fake]
    for key in keys:
        metric = METRICS[key]
        values = metric(x_real, x_fake, facts).tolist() if metric.applies(facts) else [None] * len(rows)
        for row, value, fine in zip(rows, values, finite.tolist(), strict=True):
            row[key] = value if fine and value is not None and isfinite(value) else None
    return rows


def _key(data: UnitConfig) -> DataKey:
    """Name the law that `data` describes, which is what a metric compares with."""
    return data.name, tuple(sorted(of_law(data.values).items()))


@lru_cache(maxsize=16)
def _build_reference(name: str, values: tuple[tuple[str, Any], ...]) -> tuple[Facts, Tensor]:
    dataset, given = DATASETS[name], dict(values)
    x_real = dataset.stratified(EVALUATION_POINTS, draws_for(EVALUATION_SEED, 0, "evaluation data"), **given)
    return Facts(dataset.box(given), dataset.modes(given)), x_real


@lru_cache(maxsize=256)
def _measure_floor(key: str, name: str, values: tuple[tuple[str, Any], ...]) -> float:
    facts, x_real = _build_reference(name, values)
    seeds = [EVALUATION_SEED + i for i in range(FLOOR_DRAWS[METRICS[key].cost])]
    perfect = DATASETS[name].function(EVALUATION_POINTS, draws_for(seeds, 0, "floor"), **dict(values))
    return float(METRICS[key](x_real, perfect, facts).mean())
