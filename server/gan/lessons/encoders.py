"""The lesson of a third network, which learns the way back."""

from __future__ import annotations

from server.gan.claims import Claim
from server.gan.preset import Preset

ENCODERS = (
    Preset(
        "way_back",
        "The way back",
        "An encoder answers each real point with noise, and the discriminator judges points together with their noise.",
        "Switch on Reconstructions: an arrow goes from each real point to what the generator makes of the encoder's"
        " answer. Nobody measures these arrows in training, yet they shorten: at first all points come back near the"
        " middle, 2 away, and within 1,000 steps half of them or more come back to the mode that they are of.",
        {"techniques": [{"name": "bigan"}], "regularizers": [{"name": "r1", "gamma": 1.0}]},
        claims=(
            Claim("reconstruction", "at least", 1.9, 1),
            Claim("reconstruction", "at most", 1.25, 1000),
            Claim("modes20", "at least", 8, 1000),
        ),
    ),
)
