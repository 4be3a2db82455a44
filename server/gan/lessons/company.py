"""Lessons of what keeps the game from collapsing: company for the points, or foresight for the generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.gan.claims import Claim
from server.gan.preset import Preset

COLLAPSE: Mapping[str, Any] = {
    "latent": {"name": "normal", "dimension": 64},
    "discriminator": {"hidden_layers": 1},
    "d_optimizer": {"name": "adam", "learning_rate": 0.0001},
}
"""What makes the default run collapse: much noise, and a discriminator that is small and slow."""

COMPANY = (
    Preset(
        "pacgan",
        "Packs against mode collapse",
        "The preset Mode collapse again, but the discriminator sees four points at once.",
        "The clump bursts: four points in one place never come from the data, so the generated points spread out until"
        " they have found all eight modes.",
        {**COLLAPSE, "techniques": [{"name": "pacgan", "size": 4}]},
        claims=(Claim("modes20", "at least", 8, 3000, share=0.8),),
    ),
    Preset(
        "minibatch_stddev",
        "The spread of the batch against mode collapse",
        "The preset Mode collapse again, but beside each point the discriminator reads how widely its batch is spread.",
        "The clump is torn apart and some modes are found. In most runs others stay empty, because a few far modes are"
        " spread as widely as all eight.",
        {**COLLAPSE, "techniques": [{"name": "minibatch_stddev"}]},
        claims=(Claim("modes20", "at least", 3, 3000, share=0.8),),
    ),
    Preset(
        "unrolled",
        "Foresight against mode collapse",
        "The preset Mode collapse again with the minimax loss, but the generator sees what the discriminator will make"
        " of its points: five steps of it.",
        "No clump: a generator that knows where the discriminator goes next gains nothing by gathering in one place."
        " Within some five hundred steps its points are strewn over all eight modes; but hardly one lies inside.",
        {**COLLAPSE, "loss": {"name": "minimax"}, "techniques": [{"name": "unrolled", "k": 5, "rate": 0.05}]},
        claims=(Claim("modes20", "at least", 8, 1000), Claim("high_quality", "at most", 0.05, 1000)),
    ),
)
