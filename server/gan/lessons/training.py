"""Lessons of how the two players are trained: losses, penalties, techniques and optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.gan.claims import Claim
from server.gan.preset import Preset


def _adam(beta2: float = 0.999, learning_rate: float = 0.001) -> dict[str, Any]:
    return {"name": "adam", "learning_rate": learning_rate, "beta1": 0.5, "beta2": beta2}


def _sgd(learning_rate: float) -> dict[str, Any]:
    return {"name": "sgd", "learning_rate": learning_rate}


def _rmsprop(learning_rate: float) -> dict[str, Any]:
    return {"name": "rmsprop", "learning_rate": learning_rate}


R1: Mapping[str, Any] = {"name": "r1", "gamma": 0.1}
R2: Mapping[str, Any] = {"name": "r2", "gamma": 0.1}
R3GAN: Mapping[str, Any] = {"loss": {"name": "rpgan"}, "regularizers": [R1, R2]}
EVEN = (Claim("modes20", "at least", 8, 3000), Claim("reverse_kl", "at most", 0.01, 3000))
"""All modes, and evenly: the default run's shares are some twenty times as uneven."""

TRAINING = (
    Preset(
        "r1",
        "R1: a flat landscape",
        "The default run with a penalty on steep scores at the real points.",
        "The surface flattens around the data, the needles shrink, and the generated points stay where they are good.",
        {"regularizers": [R1]},
        claims=(*EVEN, Claim("steepness", "at most", 0.5, 3000, beside="ring8")),
    ),
    Preset(
        "rpgan",
        "Relativistic pairs alone",
        "Each generated point is compared with a real one; nothing keeps the discriminator gentle.",
        "All eight modes are covered, but their shares keep sloshing: pairing alone does not even them out.",
        {"loss": {"name": "rpgan"}},
        claims=(
            Claim("modes20", "at least", 7, 3000, share=0.8),
            Claim("reverse_kl", "at least", 0.0125, 3000, share=0.6),
        ),
    ),
    Preset(
        "rpgan_r1_r2",
        "Relativistic pairs, R1 and R2",
        "The loss and the two penalties of R3GAN: pairs are compared, and steep scores cost on both sides.",
        "All eight modes are covered evenly, and stay so: nothing sloshes any more.",
        R3GAN,
        claims=EVEN,
    ),
    Preset(
        "wgan_gp",
        "Wasserstein with a gradient penalty",
        "A critic without probabilities, five updates ahead of the generator, whose slope is held near one a unit.",
        "All eight modes are covered evenly after a few hundred steps, a little blurred.",
        {
            "loss": {"name": "wasserstein"},
            "regularizers": [{"name": "gradient_penalty", "gp_weight": 0.1}],
            "d_updates": 5,
            "d_optimizer": _adam(0.9),
            "g_optimizer": _adam(0.9),
        },
        claims=(Claim("modes20", "at least", 8, 1500), Claim("reverse_kl", "at most", 0.01, 1500)),
    ),
    Preset(
        "wgan_clip",
        "Wasserstein with clipped weights",
        "The first way to keep a critic gentle: every weight is cut off at 0.01.",
        "The weights pile up at the bound, the surface is almost a plane, and the points stay a wide, blurred blob.",
        {
            "loss": {"name": "wasserstein"},
            "regularizers": [{"name": "weight_clipping", "bound": 0.01}],
            "d_updates": 5,
            "d_optimizer": _rmsprop(5e-5),
            "g_optimizer": _rmsprop(5e-5),
        },
        claims=(
            Claim("clipped_share", "at least", 0.5, 1500),
            Claim("sliced_w2", "at least", 2, 1500, beside="wgan_gp"),
        ),
    ),
    Preset(
        "ragan",
        "Relativistic average",
        "Each point is compared with the average of the other sort.",
        "Like the pairs alone: all modes are found, and their shares stay uneven.",
        {"loss": {"name": "ragan"}},
        claims=(Claim("modes20", "at least", 7, 3000, share=0.8),),
    ),
    Preset(
        "spectral_norm",
        "Spectral normalization",
        "The hinge loss, and a discriminator whose every layer is divided by how much it can stretch.",
        "The slopes are gentle everywhere: between two places the score never rises faster than one a unit.",
        {"loss": {"name": "hinge"}, "techniques": [{"name": "spectral_norm"}], "d_updates": 5},
        claims=(Claim("largest_gradient", "at most", 1.02, 1500),),
    ),
    Preset(
        "ema",
        "The averaged generator",
        "Relativistic pairs with R1 and R2, and beside the generator the average of its recent selves.",
        "The averaged points stay calm while the others jitter, and more of them lie inside the modes.",
        {**R3GAN, "techniques": [{"name": "ema", "beta": 0.995}]},
        claims=(Claim("averaged_quality", "at least", 0.5, 3000, share=0.8),),
    ),
    Preset(
        "instance_noise",
        "Instance noise",
        "Real and generated points are blurred before the discriminator sees them, less and less until step 2,400.",
        "While the clouds overlap no mode is lost, and all eight are covered more evenly than without the blur.",
        {"techniques": [{"name": "instance_noise", "sigma": 0.5, "steps": 2400}]},
        claims=(
            Claim("modes20", "at least", 8, 3000, share=0.8),
            Claim("reverse_kl", "at most", 0.05, 3000, share=0.8),
        ),
    ),
    Preset(
        "label_smoothing",
        "One-sided label smoothing",
        "The discriminator is told that real points are real with 90 percent only.",
        "The discriminator is never quite sure of a real point: its largest scores stay smaller than without.",
        {"regularizers": [{"name": "label_smoothing", "target": 0.9}]},
        claims=(Claim("largest_score", "at most", 1, 3000, share=0.8, beside="ring8"),),
    ),
    Preset(
        "plain_sgd",
        "Plain SGD goes in circles",
        "The default run without Adam: both players walk straight downhill, with a rate of 0.1.",
        "The players chase each other: the generated points gather in one clump that wanders from mode to mode.",
        {"d_optimizer": _sgd(0.1), "g_optimizer": _sgd(0.1)},
        claims=(Claim("modes20", "at most", 2, 3000, share=0.8),),
    ),
    Preset(
        "lookahead",
        "Lookahead: half the way back",
        "Plain SGD again, but every five steps both players go back half of the way that they came.",
        "The chase is calmed: the points spread over most modes, where plain SGD alone stays with one or two.",
        {
            "d_optimizer": _sgd(0.1),
            "g_optimizer": _sgd(0.1),
            "techniques": [{"name": "lookahead", "k": 5, "alpha": 0.5}],
        },
        claims=(Claim("modes20", "at least", 4, 3000, share=0.8),),
    ),
    Preset(
        "dragan",
        "DRAGAN",
        "A penalty that wants a slope of one a unit just around the real points.",
        "The modes are covered evenly, and the scores rise towards the data from all sides.",
        {"regularizers": [{"name": "dragan", "gp_weight": 1.0}]},
        claims=(Claim("modes20", "at least", 7, 3000, share=0.8),),
    ),
)
