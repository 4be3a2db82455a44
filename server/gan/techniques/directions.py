"""Techniques that turn the slopes which the discriminator follows.

Shape letters: N examples of a sort, H inputs of the last layer; `...` are leading axes of independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.registry import Paper
from server.gan.techniques.base import TECHNIQUES, SlopeTechnique

EPSILON = 1e-12


def san(weight: Tensor, slope: Tensor, real: Tensor, fake: Tensor) -> Tensor:
    """The last layer's weights get their length from the loss, but turn where real and generated points differ most.

    Takida et al. (2024), section 5: with d = h . omega for a direction omega = w / |w|, and h that has the length in
    it, the loss is that of h . sg(omega), and omega lowers E sg(h(y)) . omega - E sg(h(x)) . omega. Written for w
    itself: the slope of the loss along omega stays, and what is across omega is that of the other aim.
    """
    omega = torch.nn.functional.normalize(weight, dim=-2, eps=EPSILON)
    away = (fake.mean(-2) - real.mean(-2)).unsqueeze(-1)
    return away + omega * (omega * (slope - away)).sum(-2, keepdim=True)


OTHER_WEIGHTS = "it turns the very weights that are trained, and there others are computed with"
OTHER_AIM = (
    "it gives the last layer another aim than the loss, so that the score is no logarithm of p/q, which that reads"
)

FUNCTION = '''def turn_last_layer(points):
    """Leave the slope of the last layer's weights its length, and turn the rest."""
    last = discriminator[-1]
    with torch.no_grad():
        real, fake = discriminator[:-1](points).chunk(2)
        omega = F.normalize(last.weight, dim=0)
        away = (fake.mean(0) - real.mean(0))[:, None]
        last.weight.grad = away + omega * (omega * (last.weight.grad - away)).sum(0)'''

TECHNIQUES.add(
    SlopeTechnique(
        "san",
        "SAN (normalized last layer)",
        san,
        r"d = h^{\top} \omega, \; \lVert \omega \rVert = 1: \quad h \text{ lowers } L_D,"
        r" \quad \omega \text{ lowers } \mathbb{E}\, h(G(z))^{\top} \omega - \mathbb{E}\, h(x)^{\top} \omega",
        Paper(
            "Takida et al.",
            "SAN: Inducing Metrizability of GAN with Discriminative Normalized Linear Layer",
            2024,
        ),
        goes_with={"loss": ("non_saturating", "minimax", "least_squares", "hinge")},
        because="it gives the last layer's direction an aim of its own, which is known to suit these losses",
        apart={
            **dict.fromkeys(("spectral_norm", "weight_norm", "equalized_rate"), OTHER_WEIGHTS),
            **dict.fromkeys(("rejection", "metropolis_hastings", "langevin"), OTHER_AIM),
            "consensus": "it leaves the slopes of no one loss, and it is their length that consensus prices",
        },
        see="The surface stays gentler: on the ring of eight the highest scores after 1,000 steps are 2 to 4; some"
        " runs have 5 or 6 without it. All eight modes are found by then in four seeds of five, instead of one.",
        code="# After d_loss.backward(), before the optimizer's step.\n"
        "last = discriminator[-1]\n"
        "with torch.no_grad():\n"
        "    hidden = discriminator[:-1]\n"
        "    away = hidden(x_fake).mean(0) - hidden(x_real).mean(0)\n"
        "    omega = F.normalize(last.weight, dim=1)\n"
        "    along = (omega * (last.weight.grad - away)).sum()\n"
        "    last.weight.grad = away + along * omega",
        script={"functions": FUNCTION, "slopes": "turn_last_layer(torch.cat([x_real, x_fake]))"},
    )
)
