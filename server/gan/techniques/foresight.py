"""Techniques of a generator that looks ahead to what the discriminator will make of its points.

Shape letters: Q numbers that the discriminator trains; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from server.gan.registry import Number, Paper
from server.gan.techniques.base import TECHNIQUES, ForesightTechnique
from server.gan.values import Value


def unrolled(play: Callable[[Tensor], Tensor], parameters: Tensor, k: float, rate: Value) -> Tensor:
    """The generator answers to the discriminator of some steps later, and sees how these steps depend on its points.

    Metz et al. (2017), equations 2 to 5. The steps are plain gradient descent on the loss, with a rate of their own:
    Adam, which the authors' example for points has there, would need its memory differentiated too.
    """
    for _ in range(int(k)):
        (slope,) = torch.autograd.grad(play(parameters), parameters, create_graph=True)
        parameters = parameters - rate * slope
    return parameters


NOT_THE_OTHER = "it foresees the discriminator's steps by the loss alone, and that one learns by more than it"
NOT_PLAIN = "it lets the generator answer to a later discriminator, and there it is to answer to the present one"

TECHNIQUES.add(
    ForesightTechnique(
        "unrolled",
        "Unrolled GAN",
        unrolled,
        r"L_G = -L_D(\theta, \phi^k), \quad \phi^0 = \phi, \;"
        r" \phi^{i+1} = \phi^i - \eta\, \nabla_{\phi} L_D(\theta, \phi^i)",
        Paper("Metz, Poole, Pfau, Sohl-Dickstein", "Unrolled Generative Adversarial Networks", 2017),
        (
            Number("k", "Steps ahead", 5, 0, 10, "How many steps it sees ahead; with 0 it is off.", integer=True),
            Number(
                "rate",
                "Rate ahead",
                0.05,
                0.001,
                1.0,
                "How large these steps are: plain gradient descent, whatever the discriminator's own optimizer is. A"
                " rate that is too large foresees a discriminator that never comes.",
                scale="log",
                live=True,
            ),
        ),
        goes_with={
            "loss": (
                "minimax",
                "wasserstein",
                "fgan_kl",
                "fgan_reverse_kl",
                "fgan_squared_hellinger",
                "fgan_pearson",
            )
        },
        because="it lets the generator raise the very loss that the discriminator lowers, and only there are they one",
        apart={
            "simultaneous": NOT_PLAIN,
            "extragradient": NOT_PLAIN,
            "bigan": "it looks at points alone, and there pairs are judged",
            **dict.fromkeys(
                (
                    "san",
                    "r1",
                    "r2",
                    "gradient_penalty",
                    "dragan",
                    "lecam",
                    "drift",
                    "label_smoothing",
                    "weight_clipping",
                    "orthogonal",
                    "adaptive_mix",
                    "historical_averaging",
                    "manifold_entropy",
                    "consensus",
                ),
                NOT_THE_OTHER,
            ),
        },
        see="With the minimax loss and a small, slow discriminator, where all points would stay in one clump, they are"
        " strewn over the whole ring of eight, hardly one inside of a mode. A step takes some five times as long.",
        code="def score(weights):\n"
        "    points = torch.cat([x_real, x_fake])\n"
        "    return torch.func.functional_call(discriminator, weights, points)\n"
        "\n"
        "\n"
        "def find_loss(logits):  # the discriminator's, as the minimax game has it\n"
        "    real_logits, fake_logits = logits.chunk(2)\n"
        "    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()\n"
        "\n"
        "\n"
        "later = dict(discriminator.named_parameters())\n"
        "for _ in range(k):\n"
        "    weights = list(later.values())\n"
        "    d_loss = find_loss(score(later))\n"
        "    slopes = torch.autograd.grad(d_loss, weights, create_graph=True)\n"
        "    moved = (w - rate * slope for w, slope in zip(weights, slopes))\n"
        "    later = dict(zip(later, moved))\n"
        "g_loss = -find_loss(score(later))",
        script={
            "ahead": "both = torch.cat([x_real, x_fake])\n"
            "later = dict(discriminator.named_parameters())\n"
            "for _ in range(k):\n"
            "    logits = torch.func.functional_call(discriminator, later, both).squeeze(1)\n"
            "    real_logits, fake_logits = logits.chunk(2)\n"
            "    play\n"
            "    weights = list(later.values())\n"
            "    slopes = torch.autograd.grad(loss, weights, create_graph=True)\n"
            "    moved = (w - rate * slope for w, slope in zip(weights, slopes))\n"
            "    later = dict(zip(later, moved))\n"
            "logits = torch.func.functional_call(discriminator, later, both).squeeze(1)\n"
            "real_logits, fake_logits = logits.chunk(2)\n"
            "play\n"
            "g_loss = -loss",
        },
    )
)
