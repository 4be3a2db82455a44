"""Lessons of what a loss measures: a generator that can make one bump only learns two, and must choose what to miss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.gan.claims import Claim
from server.gan.lessons.training import R1
from server.gan.preset import Preset

ADAM: Mapping[str, Any] = {"name": "adam", "learning_rate": 0.003}
ONE_BELL: Mapping[str, Any] = {
    "data": {"name": "two_bumps"},
    "latent": {"name": "normal", "dimension": 1},
    "generator": {"hidden_layers": 0, "init_gain": 0.6},
    "regularizers": [R1],
    "d_optimizer": ADAM,
    "g_optimizer": ADAM,
}
"""The generator stretches and shifts one normal number: whatever it learns, it makes a single bell."""

DIVERGENCES = (
    Preset(
        "covering",
        "KL covers both bumps",
        "A generator that can make a single bell learns two bumps, by the KL divergence: missing data costs most.",
        "The bell grows wide until it covers both bumps, although that puts many points into the gap between them.",
        {**ONE_BELL, "loss": {"name": "fgan_kl"}},
        claims=(Claim("modes20", "at least", 2, 1000), Claim("high_quality", "at most", 0.75, 1000)),
    ),
    Preset(
        "seeking",
        "Reverse KL seeks one bump",
        "The same single bell, by the reverse KL divergence: points where there are no data cost most.",
        "The bell falls for one of the bumps, takes on its very shape, and leaves the other to itself.",
        {**ONE_BELL, "loss": {"name": "fgan_reverse_kl"}},
        claims=(Claim("modes20", "at most", 1, 1000), Claim("high_quality", "at least", 0.95, 1000)),
    ),
)
