"""The metrics: how far generated points are from the data, by definitions that are exact and noise that is known.

Every metric compares 2500 generated points with 2500 fresh real ones, in published units; the reals are stratified
(equal counts per mode), because the chance imbalance of a plain sample would drown what is measured.
Its floor is what a perfect generator, one that draws from the true law itself, scores on average.
One family a module; a table has them in this order.
"""

from server.gan.metrics import histograms, transport, mode_counts, kernels, moments, neighbours  # isort: skip  # noqa: F401  # importing a family registers it
from server.gan.metrics.base import METRICS, Facts, Measure, Metric
from server.gan.metrics.histograms import count_cells
from server.gan.metrics.scoring import (
    EVALUATION_POINTS,
    EVALUATION_SEED,
    draw_evaluation_latent,
    evaluate_metrics,
    evaluate_stack,
    metric_floors,
    score_points,
)
from server.gan.metrics.transport import build_directions

__all__ = [
    "EVALUATION_POINTS",
    "EVALUATION_SEED",
    "METRICS",
    "Facts",
    "Measure",
    "Metric",
    "build_directions",
    "count_cells",
    "draw_evaluation_latent",
    "evaluate_metrics",
    "evaluate_stack",
    "metric_floors",
    "score_points",
]
