"""The lesson of a discriminator that sees points at all depths of a diffusion."""

from __future__ import annotations

from server.gan.claims import Claim
from server.gan.preset import Preset

DIFFUSION = (
    Preset(
        "diffusion",
        "Diffused points find the ring",
        "The default run, but the discriminator sees half of the points drowned in noise, and is told how deep.",
        "Far modes reach one another through the noise, so the generated points are drawn to all of them from early on:"
        " at step 600 all eight are covered, where the default run often misses some.",
        {"techniques": [{"name": "diffusion"}]},
        claims=(Claim("modes20", "at least", 8, 600), Claim("reverse_kl", "at most", 0.05, 600)),
    ),
)
