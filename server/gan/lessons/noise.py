"""Lessons of what the generator begins with: a line of noise, a few points of it, and clumps of it."""

from __future__ import annotations

from server.gan.claims import Claim
from server.gan.lessons.training import R3GAN
from server.gan.preset import Preset

NOISE = (
    Preset(
        "noise_line",
        "Noise of one dimension",
        "Relativistic pairs with R1 and R2, but every sample is made from a single random number.",
        "The generator bends a line: it threads all eight modes, and the bridges between them hold more points than"
        " with noise of two dimensions.",
        {**R3GAN, "latent": {"name": "normal", "dimension": 1}},
        claims=(
            Claim("modes20", "at least", 8, 3000, share=0.8),
            Claim("high_quality", "at most", 0.75, 3000, share=0.8, beside="rpgan_r1_r2"),
        ),
    ),
    Preset(
        "noise_finite",
        "Noise of four points",
        "Relativistic pairs with R1 and R2, but the noise is picked from four points that never change.",
        "Four noise points make four generated points, for ever: at most four modes can be reached, and the distance"
        " to the data cannot vanish.",
        {**R3GAN, "latent": {"name": "finite", "size": 4}},
        claims=(
            Claim("modes20", "at most", 4, 3000),
            Claim("sliced_w2", "at least", 2, 3000, beside="rpgan_r1_r2"),
        ),
    ),
    Preset(
        "noise_mixture",
        "Noise in eight clumps",
        "The default run, but the noise has eight clumps, as the data have: no sheet must be torn.",
        "Each clump of noise goes to a mode of its own: the shares are fair from early on, and few points lie between.",
        {"latent": {"name": "mixture", "components": 8, "spread": 0.2}},
        claims=(
            Claim("modes20", "at least", 8, 3000),
            Claim("reverse_kl", "at most", 0.01, 3000),
            Claim("high_quality", "at least", 0.5, 3000, share=0.8),
        ),
    ),
)
