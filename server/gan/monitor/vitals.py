"""Reads a run, or every run of a stack, for the monitor: a look of a millisecond or two.

Shape letters: R runs (the leading axis of a stack, absent for a single run), N points, D coordinates of one.
Points are in the units that the run trains in.
A look draws from purposes of its own and changes nothing, so a run trains the same with a monitor and without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import nan

import torch
from torch import Tensor

from server.gan.autograd import pull_back
from server.gan.craft import Seen
from server.gan.datasets.base import LAB_HALF_EXTENT
from server.gan.foresight import foresee
from server.gan.losses import LOSSES, Loss
from server.gan.monitor.readings import Reading, Vitals
from server.gan.trainer import Trainer

POINTS = 250
NEARBY = 1 / 6
"""Points lie near each other within this part of the view's half: a twelfth of its side."""
SCORED = ("grid_js", "modes20")
"""The metrics that a reading needs."""

Scores = Mapping[str, float | None]


def read_run(trainer: Trainer, scores: Scores) -> Reading:
    """Read a single run, whose metrics at its step are `scores`."""
    (reading,) = read_stack(trainer, [scores])
    return reading


def read_stack(trainer: Trainer, scores: Sequence[Scores]) -> list[Reading]:
    """Read every run of a trainer, in order, each with its metrics."""
    law = trainer.source.data.modes(trainer.config.data.values)
    modes = None if law is None else len(law[0])
    readings = []
    for vitals, row in zip(measure_vitals(trainer), scores, strict=True):
        js, covered = row["grid_js"], row["modes20"]
        known = None if covered is None else int(covered)
        readings.append(Reading(trainer.state.step, vitals, nan if js is None else js, known, modes))
    return readings


@torch.no_grad()
def measure_vitals(trainer: Trainer) -> list[Vitals]:
    """Measure the vitals of every run of a trainer, in order."""
    x_real = trainer.source.look_at_data(POINTS)
    z = trainer.place(trainer.source.look_at_latent(POINTS))
    x_fake = trainer.make_points(z)
    scoring = trainer.weights("discriminator")
    real_logits = trainer.score(x_real)
    trace = trainer.craft.judge(scoring, trainer.pair(x_fake, z))
    fake_logits = trace.outputs.squeeze(-1)
    pull_to_points = partial(trainer.craft.pull_to_points, scoring, trace)
    if trainer.craft.foresight:
        leaf = x_fake.clone().requires_grad_()
        own = POINTS * foresee(trainer, Seen(x_real), Seen(leaf), leaf).verdict.pull()[1]
    else:
        own = pull_to_points(_differentiate(trainer.loss, real_logits, fake_logits))
    middle, centre = x_real.mean(-2), x_fake.mean(-2)
    width = _measure_width(x_real, middle)
    away = (centre - middle) / width.unsqueeze(-1)
    ranked = rank_logits(real_logits, fake_logits)
    known = _pick_known(trainer)
    columns = (
        ranked if known is None else rank_logits(trainer.score(known), fake_logits),
        ranked,
        _measure_pull(own, pull_to_points(_differentiate(LOSSES["non_saturating"], real_logits, fake_logits))),
        _measure_width(x_fake, centre) / width,
        (torch.cdist(x_real, x_fake).amin(-1) < NEARBY * _measure_view(trainer)).float().mean(-1),
    )
    rows = torch.cat((torch.stack(columns, -1), away), -1).reshape(-1, len(columns) + away.shape[-1])
    return [
        Vitals(ranked, fresh, pull, tuple(apart), spread, reached)
        for ranked, fresh, pull, spread, reached, *apart in rows[: trainer.runs].tolist()
    ]


def _pick_known(trainer: Trainer) -> Tensor | None:
    """Give points (..., N, D) of the finite data that the run learns from; none where fresh ones are all alike.

    Points that were replaced are of another law, and beside fresh ones they would tell nothing of memory.
    """
    points = None if trainer.craft.renewal else trainer.known
    return None if points is None else points[..., :POINTS, :]


def _measure_view(trainer: Trainer) -> float:
    """Measure half a side of the view of the data, in the units that the run trains in."""
    view = trainer.source.data.box(trainer.config.data.values).half_extent
    return view * LAB_HALF_EXTENT / trainer.source.box.half_extent


def rank_logits(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Give the share of pairs (...) in which the real point is scored higher; a tie counts half.

    It is not a number where a score is infinite or none.
    """
    ordered, real_logits = fake_logits.sort(-1).values, real_logits.contiguous()
    below, not_above = (torch.searchsorted(ordered, real_logits, right=right).sum(-1) for right in (False, True))
    share = (below + not_above) / (2 * real_logits.shape[-1] * fake_logits.shape[-1])
    finite = real_logits.isfinite().all(-1) & fake_logits.isfinite().all(-1)
    return torch.where(finite, share, torch.nan)


def _measure_pull(own: Tensor, usual: Tensor) -> Tensor:
    """Give the mean length (...) of the slopes of the own loss at points, (..., N, D), over that with the usual one.

    Where the score is flat everywhere no loss pulls, and this one no less than the other: 1.
    """
    own, usual = (torch.linalg.vector_norm(slopes, dim=-1).mean(-1) for slopes in (own, usual))
    return torch.where(usual > 0, own / usual, 1.0)


def _differentiate(loss: Loss, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Give the slope (..., N, 1) of the generator's loss at each generated point's score."""
    with torch.enable_grad():
        scores = fake_logits.clone().requires_grad_()
        per_example = loss(real_logits, scores).generator
    return pull_back(per_example, scores, torch.ones_like(per_example)).unsqueeze(-1)


def _measure_width(points: Tensor, centre: Tensor) -> Tensor:
    """Give the root mean square distance (...) of points (..., N, D) from their centre (..., D)."""
    return (points - centre.unsqueeze(-2)).square().sum(-1).mean(-1).sqrt()
