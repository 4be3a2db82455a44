"""What the claims of lessons measure beyond the metrics: numbers of the networks themselves, one a run.

Shape letters: R runs, N points, D coordinates of one. Steepness is in lab units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.encoding import reconstruct
from server.gan.metrics import (
    EVALUATION_POINTS,
    METRICS,
    draw_evaluation_latent,
    evaluate_stack,
    score_points,
)
from server.gan.refinement import refine_samples
from server.gan.trainer import Trainer

POINTS = 2000


class Measure(NamedTuple):
    """A number a run (R,), and what it is in words."""

    words: str
    function: Callable[[Trainer], Tensor]


def measure_stack(trainer: Trainer, keys: Sequence[str]) -> list[dict[str, float | None]]:
    """Measure every run of a stack: metrics and measures by name; none of a run that diverged."""
    metrics = [key for key in keys if key in METRICS]
    rows: list[dict[str, float | None]] = evaluate_stack(trainer, metrics)
    for key in keys:
        if key not in METRICS:
            for row, value in zip(rows, MEASURES[key].function(trainer).tolist(), strict=False):
                row[key] = value
    return [
        dict.fromkeys(row) if failure else row for row, failure in zip(rows, trainer.failures[: len(rows)], strict=True)
    ]


def describe_measure(key: str) -> str:
    """Say in words what is measured."""
    return METRICS[key].label if key in METRICS else MEASURES[key].words


def clipped_share(trainer: Trainer) -> Tensor:
    """Give the share of the discriminator's weights that stand at the largest size any of them has."""
    weights = trainer.state.tensors["discriminator"].abs()
    share: Tensor = (weights > 0.99 * weights.amax(-1, keepdim=True)).float().mean(-1)
    return share


def steepness(trainer: Trainer) -> Tensor:
    """Give the mean length of the score's slope at real points."""
    slope = measure_slope(trainer, trainer.source.sample_data(POINTS, trainer.source.draws("data")))
    lengths: Tensor = torch.linalg.vector_norm(slope, dim=-1)
    return lengths.mean(-1)


def largest_gradient(trainer: Trainer) -> Tensor:
    """Give how far at most the score rises between two of many points of the view, a unit of their distance."""
    dimension = trainer.source.data_dimension
    a, b = (6 * trainer.source.draws(name).uniform(POINTS, dimension) - 3 for name in ("one end", "other end"))
    rise = (classify(trainer, a) - classify(trainer, b)).abs()
    distance: Tensor = torch.linalg.vector_norm(trainer.craft.read(a) - trainer.craft.read(b), dim=-1)
    return (rise / distance).amax(-1)


def largest_score(trainer: Trainer) -> Tensor:
    """Give the largest size of a score of real and generated points."""
    real = trainer.source.sample_data(POINTS, trainer.source.draws("data"))
    return torch.maximum(classify(trainer, real).abs().amax(-1), classify(trainer, generate(trainer)).abs().amax(-1))


def memory_gap(trainer: Trainer) -> Tensor:
    """Give how much higher the points that a run learns from are scored than fresh points of the same law."""
    known = trainer.known
    assert known is not None, "a run that never sees a point again claims nothing of its memory"
    fresh = trainer.source.sample_data(POINTS, trainer.source.draws("data"))
    gap: Tensor = classify(trainer, known).mean(-1) - classify(trainer, fresh).mean(-1)
    return gap


def imbalance(trainer: Trainer) -> Tensor:
    """Give how far a game of means stands from its balance: the gap of the two means, and the slope, as two legs."""
    real = trainer.source.sample_data(POINTS, trainer.source.draws("data"))
    gap = generate(trainer).mean(-2) - real.mean(-2)
    slope = measure_slope(trainer, real).mean(-2)
    distance: Tensor = torch.linalg.vector_norm(torch.cat((gap, slope), -1), dim=-1)
    return distance


def averaged_quality(trainer: Trainer) -> Tensor:
    """Give the high-quality share of the averaged generator."""
    average = trainer.craft.find_average(trainer.state.tensors)
    assert average is not None, "a run without an average claims nothing of it"
    z = draw_evaluation_latent(trainer).expand(*average.shape[:-1], -1, -1)
    points = trainer.make_points(z, trainer.split_used("generator", average, trainer.state))
    return _score(trainer, trainer.source.from_lab(points), "high_quality")


def reconstruction(trainer: Trainer) -> Tensor:
    """Give how far real points are from what encoder and generator, one after the other, make of them, on average.

    Where the points that a run learns from have codes it is how far these are from what becomes of their codes.
    """
    if trainer.codes is not None and trainer.known is not None:
        real, made = trainer.known, trainer.rebuild()
    else:
        real = trainer.source.sample_data(POINTS, trainer.source.draws("data"))
        made = reconstruct(trainer, real)
    ends = (trainer.source.from_lab(points) for points in (real, made))
    distances: Tensor = torch.linalg.vector_norm(next(ends) - next(ends), dim=-1)
    return distances.mean(-1)


def compare_refined(trainer: Trainer, metric: str) -> Tensor:
    """Give a metric of the refined samples of a run, over that of its generated samples.

    To both is added what one point of all is worth in a share, so that nothing is divided by 0.
    """
    refined = refine_samples(trainer, EVALUATION_POINTS, trainer.source.draws("scored samples"))
    assert refined is not None, "a run without a technique of drawing claims nothing of its samples"
    generated = trainer.generate(draw_evaluation_latent(trainer))
    above, below = (_score(trainer, points, metric) for points in (trainer.source.from_lab(refined), generated))
    one = 1 / EVALUATION_POINTS
    return (above[: trainer.runs] + one) / (below + one)


def _score(trainer: Trainer, points: Tensor, metric: str) -> Tensor:
    """Give a metric of points (R, N, D) in published units, not a number where it is not defined."""
    values = [row[metric] for row in score_points(trainer, points, [metric])]
    return torch.tensor([torch.nan if value is None else value for value in values])


def measure_slope(trainer: Trainer, points: Tensor) -> Tensor:
    """Give how the score of each of the points (R, N, D) grows as it moves, whatever stands beside it."""
    weights = trainer.weights("discriminator")
    trace = trainer.craft.judge(weights, trainer.pair(points))
    return trainer.discriminator.input_gradient(weights, trace, torch.ones_like(trace.outputs))[..., : points.shape[-1]]


@torch.no_grad()
def classify(trainer: Trainer, points: Tensor) -> Tensor:
    """Give the logits (R, N) of points (R, N, D) in lab units."""
    return trainer.score(points)


@torch.no_grad()
def generate(trainer: Trainer) -> Tensor:
    """Give generated points (R, N, D) in lab units."""
    return trainer.make_points(trainer.sample_latent(POINTS, trainer.source.draws("latent")))


MEASURES: Mapping[str, Measure] = {
    "clipped_share": Measure("Share of weights at the bound", clipped_share),
    "steepness": Measure("Mean steepness of the score at real points", steepness),
    "largest_gradient": Measure("Steepest rise of the score", largest_gradient),
    "largest_score": Measure("Largest score", largest_score),
    "imbalance": Measure("Distance of the two players from their balance", imbalance),
    "memory_gap": Measure("Gap between the scores of known and of fresh real points", memory_gap),
    "reconstruction": Measure("Mean distance of real points from their reconstructions", reconstruction),
    "averaged_quality": Measure("High-quality share, averaged generator", averaged_quality),
    **{
        f"refined_{key}": Measure(
            f"{METRICS[key].label} of the refined samples, over that of the generated",
            partial(compare_refined, metric=key),
        )
        for key in ("high_quality", "modes20", "reverse_kl", "precision", "recall")
    },
}
