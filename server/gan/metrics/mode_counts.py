"""Metrics of data with modes: how many are reached, how evenly, and how closely.

Shape letters: N points, K modes; `...` are leading axes of independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.datasets import Modes
from server.gan.metrics.base import METRICS, Facts, Metric
from server.gan.registry import Paper

QUALITY_STDS = 3.0
FAIR_SHARE = 0.2


def modes(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How many modes have at least one generated point that is nearest to them and within 3 standard deviations."""
    nearest, distance = facts.read(_find_nearest_mode, x_fake)
    close = (distance <= QUALITY_STDS).to(x_fake)
    return (_count_modes(nearest, close, facts) > 0).sum(-1).to(x_fake)


def modes20(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How many modes are the nearest one of at least a fifth of their fair share of generated points."""
    nearest, _ = facts.read(_find_nearest_mode, x_fake)
    counts = _count_modes(nearest, torch.ones_like(x_fake[..., 0]), facts)
    fair = _known(facts).shares.to(x_fake) * x_fake.shape[-2]
    # Counts are whole numbers: a thousandth of a point makes up for the rounding of the share, and for no point.
    return (counts + 1e-3 >= FAIR_SHARE * fair).sum(-1).to(x_fake)


def high_quality(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """What share of the generated points lies within 3 standard deviations of the nearest mode."""
    _, distance = facts.read(_find_nearest_mode, x_fake)
    return (distance <= QUALITY_STDS).to(x_fake).mean(-1)


def reverse_kl(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How far the modes' shares of the generated points are from fair, in nats; each counts for its nearest mode."""
    nearest, _ = facts.read(_find_nearest_mode, x_fake)
    share = _count_modes(nearest, torch.ones_like(x_fake[..., 0]), facts) / x_fake.shape[-2]
    terms: Tensor = torch.special.xlogy(share, share / _known(facts).shares.to(x_fake))
    return terms.sum(-1)


def _known(facts: Facts) -> Modes:
    assert facts.modes is not None, "this metric is defined for data with modes only"
    return facts.modes


def _find_nearest_mode(points: Tensor, facts: Facts) -> tuple[Tensor, Tensor]:
    """Give each point's nearest mode (..., N) and the distance to it in that mode's standard deviations (..., N)."""
    law = _known(facts)
    columns = points.mT.contiguous().unsqueeze(-3)  # (..., 1, D, N): a sum over neighbours in memory is slow
    means, stds = (of_modes.to(points).unsqueeze(-1) for of_modes in (law.means, law.stds))
    smallest, nearest = ((columns - means) / stds).square().sum(-2).min(-2)
    return nearest, smallest.sqrt()


def _count_modes(nearest: Tensor, weight: Tensor, facts: Facts) -> Tensor:
    """Give the sum of the weights (..., N) of the points whose nearest mode is each of K: (..., K)."""
    counts = weight.new_zeros(*nearest.shape[:-1], len(_known(facts).means))
    return counts.scatter_add_(-1, nearest, weight)


VEEGAN = Paper(
    "Srivastava, Valkov, Russell, Gutmann, Sutton",
    "VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning",
    2017,
)
METRICS.add(
    Metric(
        "modes", "Modes reached", modes,
        r"\#\{k : \exists\, i,\; k = \operatorname{argmin}_j d_{ij},\; d_{ik} \le 3\},"
        r" \quad d_{ij} = \|y_i - \mu_j\| / \sigma_j",
        VEEGAN,
        lowest=0.0, highest=None, better="higher", unit="modes", cost="cheap", needs_modes=True,
        lies="One point is enough for a mode, so stray noise makes a collapsed generator look as if it covered all.",
        floors={"ring8": 8.0},
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "modes20", "Modes covered", modes20,
        r"\#\{k : q_k \ge 0.2\, p_k\}, \quad q_k = \text{share of points whose nearest mode is } k,"
        r"\; p_k = \text{its share of the data}",
        lowest=0.0, highest=None, better="higher", unit="modes", cost="cheap", needs_modes=True,
        lies="It asks which mode is nearest, not how near: a blur over the whole view covers every mode.",
        floors={"ring8": 8.0},
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "high_quality", "High-quality share", high_quality,
        r"\frac{1}{N} \#\{i : \min_j \|y_i - \mu_j\| / \sigma_j \le 3\}",
        VEEGAN,
        lowest=0.0, highest=1.0, better="higher", unit="share", cost="cheap", needs_modes=True,
        lies="The data score 0.989 in the plane and 0.997 on the line; a higher share means that points have shrunk"
        " towards the modes' centres.",
        floors={"ring8": 0.99},
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "reverse_kl", "Reverse KL over modes", reverse_kl,
        r"\mathrm{KL}(q \,\|\, p) = \sum_k q_k \ln \frac{q_k}{p_k}, \quad"
        r" q_k = \text{share of points whose nearest mode is } k,\; p_k = \text{its share of the data}",
        lowest=0.0, highest=None, better="lower", unit="nat", cost="cheap", needs_modes=True,
        lies="Every point counts for some mode, however far: blurred points cost nothing if they are balanced.",
        floors={"ring8": 0.0014},
    )
)  # fmt: skip
