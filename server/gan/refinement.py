"""Refined samples: what a run's technique of drawing makes of the two players as they are.

Shape letters: R runs (the leading axis of a stack, absent for a single run), N samples. Points are in lab units.
"""

from __future__ import annotations

from functools import partial

from torch import Tensor

from server.gan.randomness import Draws, pick_points
from server.gan.techniques.base import Players
from server.gan.trainer import Trainer


def refine_samples(trainer: Trainer, count: int, draws: Draws) -> Tensor | None:
    """Draw samples (..., N, D) as the run's technique has it; none where the run has no such technique.

    `draws` give numbers for every run of a stack. The run's state is only looked at.
    """
    technique = trainer.craft.sampling
    if technique is None:
        return None
    points: Tensor = technique.unit(make_players(trainer), count, draws, **technique.numbers)
    return points.detach()


def sample_known(trainer: Trainer, count: int, draws: Draws) -> Tensor:
    """Draw real points (..., count, D) to learn from: of the law, or of the finite data, with replacement."""
    known = trainer.known
    return trainer.source.sample_data(count, draws) if known is None else pick_points(known, count, draws)


def make_players(trainer: Trainer) -> Players:
    """Give the players of a run as they are now; the data are those that the run learns from."""
    return Players(
        dimension=trainer.source.dimension,
        draw_latent=trainer.sample_latent,
        draw_data=partial(sample_known, trainer),
        generate=lambda z: trainer.make_points(z.to(trainer.device)),
        score=trainer.score,
    )
