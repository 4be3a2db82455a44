"""The distance of the two Gaussians that have the points' means and covariances.

Shape letters: N points, D coordinates of one, which are one or two; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from torch import Tensor

from server.gan.metrics.base import METRICS, Facts, Metric
from server.gan.registry import Paper


def frechet(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
    """How far apart the two Gaussians are that have the same means and covariances as the points."""
    (real_mean, real), (fake_mean, fake) = _measure_moments(x_real), _measure_moments(x_fake)
    product = real @ fake
    # The eigenvalues of a product of covariances are not negative; in the plane their roots have a closed sum.
    trace, rest = _trace(product), 2 * product.det().clamp_min(0).sqrt() if product.shape[-1] == 2 else 0.0
    roots = (trace + rest).clamp_min(0).sqrt()
    apart = (real_mean - fake_mean).square().sum(-1)
    return (apart + _trace(real) + _trace(fake) - 2 * roots).clamp_min(0).to(x_fake)


def _measure_moments(points: Tensor) -> tuple[Tensor, Tensor]:
    """Give the mean (..., D) and the covariance (..., D, D) in float64, because small differences are to come."""
    points = points.double()
    mean = points.mean(-2)
    centred = points - mean.unsqueeze(-2)
    return mean, centred.mT @ centred / (points.shape[-2] - 1)


def _trace(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=-2, dim2=-1).sum(-1)


METRICS.add(
    Metric(
        "frechet", "Fréchet distance", frechet,
        r"\|m_x - m_y\|^2 + \operatorname{tr}(C_x + C_y) - 2 \operatorname{tr} (C_x C_y)^{1/2}, \quad"
        r" \operatorname{tr} (C_x C_y)^{1/2} = \sqrt{\operatorname{tr} (C_x C_y) + 2 \sqrt{\det (C_x C_y)}}"
        r" \text{ in the plane}, \sqrt{C_x C_y} \text{ on the line}",
        Paper(
            "Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter",
            "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
            2017,
        ),
        lowest=0.0, highest=None, better="lower", unit="published units squared", cost="cheap",
        lies="It sees means and covariances alone: one wide blob that has those of the data scores as a perfect one.",
        floors={"ring8": 0.0018, "swiss_roll": 0.001},
    )
)  # fmt: skip
