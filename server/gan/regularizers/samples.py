"""What the generator pays for its samples, besides its loss.

Shape letters: N examples, Z latent dimensions; `...` are leading axes of independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.registry import Paper
from server.gan.regularizers.base import REGULARIZERS, SampleRegularizer, weight_number
from server.gan.values import Value

LEAST = 1e-5
"""Added to the ratio, so that a generator that has collapsed pays much, but not infinitely much."""
LEAST_APART = 1e-12


def mode_seeking(z: Tensor, x_fake: Tensor, weight: Value) -> Tensor:
    """The generator pays when noise that is far apart becomes points that are close together: samples spread out.

    Where there is no noise apart, in a batch of one or of one latent, there is nothing to keep apart, and it is 0.
    """
    z_apart = _measure_apart(z)
    price = weight / (_measure_apart(x_fake) / z_apart.clamp_min(LEAST_APART) + LEAST)
    return torch.where(z_apart > LEAST_APART, price, 0.0)


def _measure_apart(points: Tensor) -> Tensor:
    """Give how far the first half is from the second (..., 1): the mean absolute difference of coordinates.

    The ratio is one of batch means, as in the authors' code, and no mean of ratios. A batch of one has no pairs.
    """
    half = points.shape[-2] // 2
    apart = points[..., :half, :] - points[..., half : 2 * half, :]
    return apart.abs().sum((-2, -1)).unsqueeze(-1) / max(1, half * points.shape[-1])


REGULARIZERS.add(
    SampleRegularizer(
        "mode_seeking",
        "Mode seeking",
        mode_seeking,
        r"\lambda \Big/ \left(\frac{\tfrac{1}{n} \mathbb{E} \lVert G(z) - G(z') \rVert_1}"
        r"{\tfrac{1}{Z} \mathbb{E} \lVert z - z' \rVert_1} + 10^{-5}\right), \quad z \in \mathbb{R}^Z, \;"
        r" G(z) \in \mathbb{R}^n",
        Paper(
            "Mao, Lee, Tseng, Ma, Yang",
            "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis",
            2019,
        ),
        (weight_number("weight", "Weight", 1.0, 100.0, "How much points that stay together cost the generator."),),
        see="The generated points keep apart: where the preset Mode collapse has them in one clump, they are strewn"
        " over five to eight modes after 3,000 steps. But hardly one in a hundred lies inside a mode.",
        code="half = len(z) // 2  # the first half of the batch beside the second\n"
        "gaps = [points[:half] - points[half : 2 * half] for points in (x_fake, z)]\n"
        "apart, z_apart = [gap.abs().sum() / max(1, gap.numel()) for gap in gaps]\n"
        "price = weight / (apart / z_apart.clamp_min(1e-12) + 1e-5)\n"
        "penalty = torch.where(z_apart > 1e-12, price, 0.0)",
    )
)
