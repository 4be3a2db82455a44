"""Techniques that change what the discriminator sees."""

from __future__ import annotations

from torch import Tensor

from server.gan.randomness import Draws
from server.gan.registry import Number, Paper
from server.gan.techniques.base import TECHNIQUES, InputTechnique
from server.gan.values import Value


def instance_noise(points: Tensor, draws: Draws, step: int, sigma: Value, steps: float) -> Tensor:
    """Real and generated points are blurred alike, less and less, so that early on the two clouds overlap."""
    left = max(0.0, 1 - step / steps)
    return points + draws.normal(*points.shape[-2:]).to(points) * (sigma * left)


TECHNIQUES.add(
    InputTechnique(
        "instance_noise",
        "Instance noise",
        instance_noise,
        r"d(x + \sigma_t n),\; d(G(z) + \sigma_t n), \quad n \sim \mathcal{N}(0, I),"
        r" \quad \sigma_t = \sigma \max(0, 1 - t / T)",
        Paper("Sønderby, Caballero, Theis, Shi, Huszár", "Amortised MAP Inference for Image Super-resolution", 2017),
        (
            Number("sigma", "Noise", 0.5, 0.0, 3.0, "How strong the blur is at step 0, in lab units.", live=True),
            Number("steps", "Until step", 2400, 1, 1e6, "The step at which it is gone.", integer=True, scale="log"),
        ),
        see="The points are drawn as they are; only the discriminator sees them blurred. Its surface is soft "
        "while the blur is wide and sharpens as it fades, and the modes of the ring of eight are covered "
        "more evenly than without.",
        code="left = max(0, 1 - step / steps)\n"
        "x_real = x_real + sigma * left * torch.randn_like(x_real)\n"
        "x_fake = x_fake + sigma * left * torch.randn_like(x_fake)",
        script={
            "points": "instance_noise",
            "functions": "def instance_noise(points, draws, step):\n"
            '    """Blur points as the discriminator sees them, less and less."""\n'
            "    left = max(0.0, 1 - step / steps)\n"
            "    return points + draws.normal(*points.shape) * (sigma * left)",
        },
    )
)
