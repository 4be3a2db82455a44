"""Presets: complete runs to begin with, each with what to look for.

The first is the lab's default, and four are changes of it, three of them made to fail. Four have the networks, the
noise and the pace of GAN Lab's pretrained models, trained here from the start: its "1 hidden layer" is two, and these
say the number there is. Its generators end in a hyperbolic tangent and train on the unit square; ours end in a plain
sum and train in lab units. Where its rates or its ReLUs then fail for most seeds, others stand in their place, and the
help says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.gan.claims import Claim
from server.gan.lessons import LESSONS
from server.gan.lessons.company import COLLAPSE
from server.gan.preset import FIRST, GAN_LABS, Preset


def _perceptron(hidden_layers: int, width: int, activation: str) -> dict[str, Any]:
    return {"hidden_layers": hidden_layers, "width": width, "activation": activation}


def _sgd(learning_rate: float) -> dict[str, Any]:
    return {"name": "sgd", "learning_rate": learning_rate}


GAN_LAB_BATCH = 150

_IN_ORDER = (
    Preset(
        "ring8",
        "Ring of eight, Adam",
        "The lab's default: eight narrow modes on a circle, the non-saturating loss, Adam for both players.",
        "The generated points reach all eight modes early; then the shares of the modes keep sloshing.",
        {},
        group=FIRST,
        claims=(
            Claim("modes20", "at least", 7, 3000, share=0.8),
            Claim("reverse_kl", "at least", 0.0125, 3000, share=0.6),
        ),
    ),
    Preset(
        "least_squares",
        "Ring of eight, least squares",
        "The default run with the least-squares loss on logits: scores are pulled to 1 and 0.",
        "The modes are reached early and sharpen; their shares stay uneven, and some seeds lose a mode or two again.",
        {"loss": {"name": "least_squares"}},
        group=FIRST,
        claims=(Claim("largest_score", "at most", 10, 3000),),
    ),
    Preset(
        "collapse",
        "Mode collapse",
        "The default run with 64 latent dimensions and a starved discriminator: one hidden layer, a tenth of the rate.",
        "All generated points gather in one clump, which hops from mode to mode, away from the discriminator.",
        COLLAPSE,
        group=FIRST,
        claims=(Claim("modes20", "at most", 2, 3000),),
    ),
    Preset(
        "vanishing",
        "Vanishing gradient",
        "The original minimax loss against a discriminator that is far ahead: five updates a step, at five times the"
        " rate.",
        "The discriminator is soon sure of every point; there this loss hardly pulls at all, where the non-saturating"
        " one would, and the points come no closer.",
        {
            "loss": {"name": "minimax"},
            "d_optimizer": {"name": "adam", "learning_rate": 0.005},
            "d_updates": 5,
        },
        group=FIRST,
        claims=(Claim("grid_js", "at least", 0.6, 3000, share=0.8),),
    ),
    Preset(
        "oscillation",
        "Oscillation",
        "The default run with five generator updates a step, so that the discriminator is always late.",
        "The generated points rush from one side of the ring to the other, and the divergence does not fall.",
        {"g_updates": 5},
        group=FIRST,
        claims=(Claim("grid_js", "at least", 0.6, 3000, share=0.8),),
    ),
    Preset(
        "line",
        "GAN Lab's line",
        "Tiny networks and plain SGD on a line segment. Unlike in GAN Lab the ReLUs are leaky, because so few plain"
        " ones die, and the rates are three times as high.",
        "The cloud of generated points turns towards the line, stretches along it, and thins out onto it.",
        {
            "data": {"name": "line"},
            "latent": {"name": "uniform"},
            "generator": _perceptron(2, 5, "leaky_relu"),
            "discriminator": _perceptron(2, 6, "leaky_relu"),
            "d_optimizer": _sgd(0.1),
            "g_optimizer": _sgd(0.03),
            "d_updates": 2,
            "batch_size": GAN_LAB_BATCH,
        },
        pretrained=1250,
        group=GAN_LABS,
    ),
    Preset(
        "gaussians",
        "GAN Lab's two Gaussians",
        "Small networks and plain SGD on two clouds, with GAN Lab's own rates and two discriminator updates a step.",
        "The generated points leave the middle and spread over both clouds, joined by a thin bridge that stays.",
        {
            "data": {"name": "gaussians"},
            "generator": _perceptron(2, 8, "relu"),
            "discriminator": _perceptron(2, 8, "relu"),
            "d_optimizer": _sgd(0.1),
            "g_optimizer": _sgd(0.03),
            "d_updates": 2,
            "batch_size": GAN_LAB_BATCH,
        },
        pretrained=1750,
        group=GAN_LABS,
    ),
    Preset(
        "ring",
        "GAN Lab's ring",
        "Small networks and plain SGD on an ellipse, with GAN Lab's own rates and three discriminator updates a step.",
        "The square of noise is wrapped around the ring until it covers it all; points keep bunching here and there.",
        {
            "data": {"name": "ring"},
            "latent": {"name": "uniform"},
            "generator": _perceptron(2, 10, "relu"),
            "discriminator": _perceptron(3, 9, "relu"),
            "d_optimizer": _sgd(0.1),
            "g_optimizer": _sgd(0.03),
            "d_updates": 3,
            "batch_size": GAN_LAB_BATCH,
        },
        pretrained=1500,
        group=GAN_LABS,
    ),
    Preset(
        "disjoint",
        "GAN Lab's three blobs",
        "Small networks and plain SGD on three blobs. Unlike in GAN Lab the neurons are tanh and the generator's rate"
        " is 0.1, not 0.03, because ReLUs lose blobs here.",
        "About seven seeds in ten come to cover all three blobs; the others lose one and do not find it again.",
        {
            "data": {"name": "disjoint"},
            "generator": _perceptron(3, 10, "tanh"),
            "discriminator": _perceptron(3, 11, "tanh"),
            "d_optimizer": _sgd(0.1),
            "g_optimizer": _sgd(0.1),
            "batch_size": GAN_LAB_BATCH,
        },
        pretrained=3000,
        group=GAN_LABS,
    ),
)
PRESETS: Mapping[str, Preset] = {preset.key: preset for preset in (*_IN_ORDER, *LESSONS)}
