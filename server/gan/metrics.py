"""The metrics: how far generated points are from the data, by definitions that are exact and noise that is known.

Every metric compares 2500 generated points with 2500 fresh real ones, in published units; the reals are stratified
(equal counts per mode), because the chance imbalance of a plain sample would drown what is measured.
Its floor is what a perfect generator, one that draws from the true law itself, scores on average.
Shape letters: N points, K modes, B bins a side; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite, pi
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from server.gan import ganlab_grid
from server.gan.config import RunConfig, UnitConfig
from server.gan.datasets import DATASETS, Box
from server.gan.losses import GAN_LAB
from server.gan.randomness import draws_for
from server.gan.registry import Paper, Registry, Unit

if TYPE_CHECKING:
    from server.gan.trainer import Trainer

EVALUATION_POINTS = 2500
RUNS_AT_ONCE = 32
"""How many runs of a stack are scored together; a metric may need some 2 MB for each."""
EVALUATION_SEED = 1000
FLOOR_DRAWS = 20

BINS = 30
SMOOTHING = 1e-4
DIRECTIONS = 200
QUALITY_STDS = 3.0
FAIR_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Facts:
    """What a metric may know of the data: the view, and the modes' means (K, 2) and spreads (K, 2) if there are any."""

    box: Box
    modes: tuple[Tensor, Tensor] | None = None


Measure = Callable[[Tensor, Tensor, Facts], Tensor]
"""(x_real (..., N, 2), x_fake (..., N, 2), facts) -> (...)."""


@dataclass(frozen=True)
class Metric(Unit[Measure]):
    """A score of generated points.

    `lowest` and `highest` bound it (none: unbounded), `better` says which way is good, `cost` is "cheap" (under a
    millisecond) or "dear", `lies` tells when it misleads, `needs_modes` that it is defined for data with modes only.
    """

    lowest: float | None = field(kw_only=True)
    highest: float | None = field(kw_only=True)
    better: str = field(kw_only=True)
    unit: str = field(kw_only=True)
    cost: str = field(kw_only=True)
    lies: str = field(kw_only=True)
    needs_modes: bool = False

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        names = ("lowest", "highest", "better", "unit", "cost", "lies", "needs_modes")
        return {**super().describe(), **{name: getattr(self, name) for name in names}}


METRICS: Registry[Metric] = Registry("metric")
"""Those whose `extra` says `legacy` repeat another tool's numbers; they are shown only to who asks for them."""


# Histograms on the view ---------------------------------------------------------------------------------------------


def count_cells(points: Tensor, box: Box) -> Tensor:
    """Give the share of points (..., N, 2) in each of B x B cells of the box: (..., B * B), every row adds up to 1.

    Points outside are counted in the nearest cell of the border, so that no generator can hide them.
    """
    corner = torch.tensor(box.centre).to(points) - box.half_extent
    place = (points - corner) * (BINS / (2 * box.half_extent))
    cell = place.clamp(0, BINS - 1).long()  # clamped before it is made whole, which would wrap a huge number
    index = cell[..., 1] * BINS + cell[..., 0]
    counts = points.new_zeros(*index.shape[:-1], BINS * BINS)
    counts.scatter_add_(-1, index, torch.ones_like(points[..., 0]))
    return counts / points.shape[-2]


def grid_kl(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How badly the generated histogram explains the data, in bits: KL(real || generated), high if data are missed."""
    real, fake = _smooth_cells(x_real, facts.box), _smooth_cells(x_fake, facts.box)
    return _divergence(real, fake)


def grid_js(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How well one can tell which histogram a point came from, in bits: 0 if they agree, 1 if they never overlap."""
    real, fake = _smooth_cells(x_real, facts.box), _smooth_cells(x_fake, facts.box)
    middle = (real + fake) / 2
    return (_divergence(real, middle) + _divergence(fake, middle)) / 2


def _smooth_cells(points: Tensor, box: Box) -> Tensor:
    """Mix a little of the uniform law in, so that no cell is empty and the logarithms are finite."""
    return (count_cells(points, box) + SMOOTHING) / (1 + SMOOTHING * BINS**2)


def _divergence(p: Tensor, q: Tensor) -> Tensor:
    return (p * (p / q).log2()).sum(-1)


METRICS.add(
    Metric(
        "grid_kl", "KL divergence", grid_kl,
        r"\mathrm{KL}(p \,\|\, q) = \sum_i p_i \log_2 \frac{p_i}{q_i}, \quad"
        r" p_i = \frac{h_i + \varepsilon}{1 + \varepsilon b^2},\; b = 30,\; \varepsilon = 10^{-4}",
        lowest=0.0, highest=None, better="lower", unit="bit", cost="cheap",
        lies="Points where there are no data cost little: covering too much scores far better than missing a mode.",
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "grid_js", "JS divergence", grid_js,
        r"\mathrm{JS}(p, q) = \tfrac12 \mathrm{KL}(p \,\|\, m) + \tfrac12 \mathrm{KL}(q \,\|\, m), \quad"
        r" m = \tfrac12 (p + q)",
        Paper("Lin", "Divergence Measures Based on the Shannon Entropy", 1991),
        lowest=0.0, highest=1.0, better="lower", unit="bit", cost="cheap",
        lies="Once nothing overlaps it stays near 1: a miss by one cell scores as badly as one across the whole view.",
    )
)  # fmt: skip


def ganlab_kl(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """GAN Lab's KL as its code computes it: 150 generated points against the 151 of 450 real ones that it counts."""
    return ganlab_grid.kl_divergence(x_real, x_fake, facts.box)


def ganlab_js(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """GAN Lab's JS as its code computes it: 150 generated points against the 151 of 450 real ones that it counts."""
    return ganlab_grid.js_divergence(x_real, x_fake, facts.box)


METRICS.add(
    Metric(
        "ganlab_kl", "GAN Lab's KL divergence", ganlab_kl,
        r"\sum_i (p_i + \varepsilon) \log_2 \frac{p_i + \varepsilon}{q_i + \varepsilon},"
        r" \quad \textstyle\sum_i p_i \approx 0.34,\; \varepsilon = 10^{-4}",
        GAN_LAB,
        extra={"legacy": True}, lowest=None, highest=None, better="lower", unit="bit", cost="cheap",
        lies="Two thirds of the data go uncounted, so it compares shares of different sums: it may even be negative.",
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "ganlab_js", "GAN Lab's JS divergence", ganlab_js,
        r"\tfrac12 \sum_i p'_i \log_2 \frac{p'_i}{m_i} + \tfrac12 \sum_i q'_i \log_2 \frac{q'_i}{m_i},"
        r" \quad p' = p + \varepsilon,\; q' = q + \varepsilon,\; m = \tfrac12 (p' + q')",
        GAN_LAB,
        extra={"legacy": True}, lowest=0.0, highest=1.0, better="lower", unit="bit", cost="cheap",
        lies="On GAN Lab's two Gaussians a perfect generator scores about 0.41, a fully collapsed one only 0.63.",
    )
)  # fmt: skip


# Optimal transport --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def build_directions() -> Tensor:
    """Give unit directions (200, 2), evenly spaced over a half circle: the other half would repeat them."""
    angles = torch.arange(DIRECTIONS, dtype=torch.float64) * (pi / DIRECTIONS)
    return torch.stack([angles.cos(), angles.sin()], -1).float()


def sliced_w2(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How far the points must be carried, averaged over 200 directions in which they are compared in order of size."""
    real, fake = _project_sorted(x_real), _project_sorted(x_fake)
    return (real - fake).square().mean((-2, -1)).sqrt()


def _project_sorted(points: Tensor) -> Tensor:
    projected = build_directions().to(points) @ points.mT
    # torch.sort also keeps track of where each number came from, and takes four times as long.
    return torch.from_numpy(np.sort(projected.cpu().numpy(), -1))


METRICS.add(
    Metric(
        "sliced_w2", "Sliced Wasserstein distance", sliced_w2,
        r"\mathrm{SW}_2 = \sqrt{\frac{1}{200 N} \sum_{\theta} \sum_{i}"
        r" \big(\langle \theta, x \rangle_{(i)} - \langle \theta, y \rangle_{(i)}\big)^2}",
        Paper("Bonneel, Rabin, Peyré, Pfister", "Sliced and Radon Wasserstein Barycenters of Measures", 2015),
        lowest=0.0, highest=None, better="lower", unit="published units", cost="dear",
        lies="On separate modes chance imbalance alone keeps it well above 0: compare it with its floor.",
    )
)  # fmt: skip


# Modes --------------------------------------------------------------------------------------------------------------


def modes(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How many modes have at least one generated point that is nearest to them and within 3 standard deviations."""
    nearest, distance = _find_nearest_mode(x_fake, facts)
    close = (distance <= QUALITY_STDS).to(x_fake)
    return (_count_modes(nearest, close, facts) > 0).sum(-1).to(x_fake)


def modes20(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How many modes are the nearest one of at least a fifth of their fair share of generated points."""
    share = _share_modes(x_fake, facts)
    return (share * share.shape[-1] >= FAIR_SHARE).sum(-1).to(x_fake)


def high_quality(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """What share of the generated points lies within 3 standard deviations of the nearest mode."""
    _, distance = _find_nearest_mode(x_fake, facts)
    return (distance <= QUALITY_STDS).to(x_fake).mean(-1)


def reverse_kl(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How unevenly the generated points are spread over the modes, in nats; each counts for its nearest mode."""
    share = _share_modes(x_fake, facts)
    terms: Tensor = torch.special.xlogy(share, share * share.shape[-1])
    return terms.sum(-1)


def _find_nearest_mode(points: Tensor, facts: Facts) -> tuple[Tensor, Tensor]:
    """Give each point's nearest mode (..., N) and the distance to it in that mode's standard deviations (..., N)."""
    assert facts.modes is not None, "this metric is defined for data with modes only"
    centres, stds = (each.to(points) for each in facts.modes)
    distances = ((points.unsqueeze(-2) - centres) / stds).square().sum(-1)
    smallest, nearest = distances.min(-1)
    return nearest, smallest.sqrt()


def _share_modes(points: Tensor, facts: Facts) -> Tensor:
    """Give the share of points whose nearest mode is each of K: (..., K)."""
    nearest, _ = _find_nearest_mode(points, facts)
    return _count_modes(nearest, torch.ones_like(points[..., 0]), facts) / points.shape[-2]


def _count_modes(nearest: Tensor, weight: Tensor, facts: Facts) -> Tensor:
    assert facts.modes is not None, "this metric is defined for data with modes only"
    counts = weight.new_zeros(*nearest.shape[:-1], len(facts.modes[0]))
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
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "modes20", "Modes covered", modes20,
        r"\#\{k : q_k \ge 0.2 / K\}, \quad q_k = \text{share of points whose nearest mode is } k",
        lowest=0.0, highest=None, better="higher", unit="modes", cost="cheap", needs_modes=True,
        lies="It asks which mode is nearest, not how near: a blur over the whole plane covers every mode.",
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "high_quality", "High-quality share", high_quality,
        r"\frac{1}{N} \#\{i : \min_j \|y_i - \mu_j\| / \sigma_j \le 3\}",
        VEEGAN,
        lowest=0.0, highest=1.0, better="higher", unit="share", cost="cheap", needs_modes=True,
        lies="The data score 0.989; a higher share means that points have shrunk towards the modes' centres.",
    )
)  # fmt: skip
METRICS.add(
    Metric(
        "reverse_kl", "Reverse KL over modes", reverse_kl,
        r"\mathrm{KL}(q \,\|\, p) = \sum_k q_k \ln (q_k K), \quad"
        r" q_k = \text{share of points whose nearest mode is } k",
        lowest=0.0, highest=None, better="lower", unit="nat", cost="cheap", needs_modes=True,
        lies="Every point counts for some mode, however far: blurred points cost nothing if they are balanced.",
    )
)  # fmt: skip


# Scoring runs -------------------------------------------------------------------------------------------------------


def evaluate_metrics(trainer: Trainer, keys: Collection[str]) -> dict[str, float | None]:
    """Score a single run; none where a metric is not defined for the data, or the generator's points are not finite."""
    assert trainer.single, "a stack is scored by evaluate_stack"
    (scores,) = evaluate_stack(trainer, keys)
    return scores


def evaluate_stack(trainer: Trainer, keys: Collection[str]) -> list[dict[str, float | None]]:
    """Score every run of a stack, in order; every run is shown the same latents and the same real points."""
    facts, x_real = _build_reference(*_key(trainer.config.data))
    z = trainer.sample_latent(EVALUATION_POINTS, draws_for(EVALUATION_SEED, 0, "evaluation"))
    x_fake = trainer.generate(z).reshape(-1, EVALUATION_POINTS, 2).cpu()
    parts = x_fake.split_with_sizes([min(RUNS_AT_ONCE, len(x_fake) - i) for i in range(0, len(x_fake), RUNS_AT_ONCE)])
    return [row for part in parts for row in _tabulate(x_real, part, facts, keys)]


def metric_floors(config: RunConfig, keys: Collection[str]) -> dict[str, float]:
    """Give what a perfect generator scores on average, for those of `keys` that are defined for the run's data."""
    data = _key(config.data)
    facts, _ = _build_reference(*data)
    return {key: _measure_floor(key, *data) for key in keys if _applies(METRICS[key], facts)}


def _tabulate(x_real: Tensor, x_fake: Tensor, facts: Facts, keys: Collection[str]) -> list[dict[str, float | None]]:
    finite = x_fake.isfinite().all(-1).all(-1)
    x_fake = x_fake.nan_to_num()
    rows: list[dict[str, float | None]] = [{} for _ in x_fake]
    for key in keys:
        metric = METRICS[key]
        values = metric(x_real, x_fake, facts).tolist() if _applies(metric, facts) else [None] * len(rows)
        for row, value, fine in zip(rows, values, finite.tolist(), strict=True):
            row[key] = value if fine and value is not None and isfinite(value) else None
    return rows


def _applies(metric: Metric, facts: Facts) -> bool:
    return facts.modes is not None or not metric.needs_modes


DataKey = tuple[str, tuple[tuple[str, Any], ...]]


def _key(data: UnitConfig) -> DataKey:
    """Name the law that `data` describes; its units are no part of it."""
    return data.name, tuple(sorted((key, value) for key, value in data.values.items() if key != "units"))


@lru_cache(maxsize=16)
def _build_reference(name: str, values: tuple[tuple[str, Any], ...]) -> tuple[Facts, Tensor]:
    dataset, given = DATASETS[name], dict(values)
    x_real = dataset.stratified(EVALUATION_POINTS, draws_for(EVALUATION_SEED, 0, "evaluation data"), **given)
    return Facts(dataset.box(given), dataset.modes(given)), x_real


@lru_cache(maxsize=256)
def _measure_floor(key: str, name: str, values: tuple[tuple[str, Any], ...]) -> float:
    facts, x_real = _build_reference(name, values)
    seeds = [EVALUATION_SEED + i for i in range(FLOOR_DRAWS)]
    perfect = DATASETS[name].function(EVALUATION_POINTS, draws_for(seeds, 0, "floor"), **dict(values))
    return float(METRICS[key](x_real, perfect, facts).mean())
