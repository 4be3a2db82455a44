"""Lessons of few data: what a discriminator learns by heart, and what keeps it from that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.gan.claims import Claim
from server.gan.preset import Preset

STEPS = 2500
BASELINE = "few_data"
FEW: Mapping[str, Any] = {
    "data": {"name": "ring8", "std": 0.4, "size": 32},
    "discriminator": {"hidden_layers": 3, "width": 96},
    "batch_size": 64,
}
"""A wide ring, of which 32 points are all there is, and a discriminator with room for each of them."""

FEW_DATA = (
    Preset(
        BASELINE,
        "Few data by heart",
        "A wide ring of which 32 points are all that the run ever sees, and a large discriminator.",
        "Its surface breaks up into islands around the 32 points: real ones score high, and the land between, where"
        " just as many could lie, scores low.",
        FEW,
        claims=(Claim("memory_gap", "at least", 1.5, STEPS),),
    ),
    Preset(
        "few_data_more",
        "Few data, and more of them",
        "The same wide ring and the same large discriminator, with 1,000 points instead of 32.",
        "No islands: the points lie so close that none can be singled out, and both sorts score nearly alike.",
        {**FEW, "data": {**FEW["data"], "size": 1000}},
        claims=(Claim("memory_gap", "at most", 0.05, STEPS),),
    ),
    Preset(
        "few_data_r1",
        "Few data, with R1",
        "The same 32 points, and a penalty on steep scores at them.",
        "The islands stay flat: known and fresh points of the ring score nearly alike.",
        {**FEW, "regularizers": [{"name": "r1", "gamma": 1.0}]},
        claims=(Claim("memory_gap", "at most", 0.15, STEPS),),
    ),
    Preset(
        "few_data_lecam",
        "Few data, with LeCam",
        "The same 32 points, and a penalty on real points that score above the usual generated one.",
        "The islands are still there, but low: no score goes far from that of the other sort.",
        {**FEW, "regularizers": [{"name": "lecam", "weight": 0.3}]},
        claims=(
            Claim("memory_gap", "at most", 0.8, STEPS),
            Claim("memory_gap", "at most", 0.4, STEPS, beside=BASELINE),
        ),
    ),
    Preset(
        "few_data_ada",
        "Few data, with augmentation (ADA)",
        "The same 32 points, turned, scaled and shifted at random, as often as the discriminator's sureness asks for.",
        "The islands stay low; a click on the discriminator tells p, which rises while real points score too surely.",
        {**FEW, "techniques": [{"name": "ada", "target": 0.2, "kimg": 10.0}]},
        claims=(Claim("memory_gap", "at most", 0.5, STEPS, share=0.8, beside=BASELINE),),
    ),
)
