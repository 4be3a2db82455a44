"""Lessons of a generator that is retrained on its own samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.gan.claims import Claim
from server.gan.lessons.training import R3GAN
from server.gan.preset import Preset

OWN: Mapping[str, Any] = {**R3GAN, "data": {"name": "ring8", "size": 200}}
EVERY, STEPS = 200, 1000

RETRAINING = (
    Preset(
        "retraining_alone",
        "Trained on its own samples",
        "Relativistic pairs with R1 and R2 on 200 points, which every 200 steps are replaced by generated ones.",
        "The real samples are the generator's own: what it blurs stays blurred, and modes smear out more each time.",
        {**OWN, "techniques": [{"name": "retraining", "k": EVERY, "share": 0.0}]},
        claims=(Claim("sliced_w2", "at least", 0.35, STEPS), Claim("high_quality", "at most", 0.05, STEPS)),
    ),
    Preset(
        "retraining_half",
        "Its own samples, and half of the real ones",
        "The same, but every time half of the 200 real points are kept among the generated ones.",
        "The real half holds the others together: the generated points stay close to the modes.",
        {**OWN, "techniques": [{"name": "retraining", "k": EVERY, "share": 0.5}]},
        claims=(Claim("sliced_w2", "at most", 0.35, STEPS),),
    ),
)
