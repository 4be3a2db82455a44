"""Lessons of how samples are drawn: training is the same with and without, and what is taken of it is not."""

from __future__ import annotations

from server.gan.claims import Claim
from server.gan.preset import Preset

SAMPLING = (
    Preset(
        "truncation",
        "Truncation",
        "A pinwheel and an R1 penalty; beside the generated samples those of noise whose coordinates are at most 1.",
        "The refined samples lie on the data more often, but the ends of the arms are lost: precision for recall.",
        {
            "data": {"name": "pinwheel"},
            "regularizers": [{"name": "r1", "gamma": 0.1}],
            "techniques": [{"name": "truncation", "tau": 1.0}],
        },
        claims=(
            Claim("refined_precision", "at least", 1.0, 1500),
            Claim("refined_recall", "at most", 0.7, 1500),
        ),
    ),
    Preset(
        "langevin",
        "Langevin steps in the noise",
        "Five discriminator updates a step, so that its scores are worth following, and the noise follows them.",
        "The refined samples leave the bridges between the modes and gather in them, and no mode is lost on the way.",
        {"d_updates": 5, "techniques": [{"name": "langevin", "step_size": 0.0002, "steps": 100}]},
        claims=(
            Claim("refined_high_quality", "at least", 1.2, 1000, share=0.8),
            Claim("refined_modes20", "at least", 1.0, 1000, share=0.8),
        ),
    ),
    Preset(
        "rejection",
        "Rejection where scores hardly differ",
        "With R1 all good samples come to score nearly the same; rejection goes by what differences are left.",
        "The generated samples share the modes evenly; of the refined ones most come from the few that score higher.",
        {"regularizers": [{"name": "r1", "gamma": 0.1}], "techniques": [{"name": "rejection"}]},
        claims=(Claim("refined_reverse_kl", "at least", 20, 3000),),
    ),
)
