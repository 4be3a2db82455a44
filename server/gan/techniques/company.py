"""Techniques that let the discriminator see a point in company, so that a clump of points is found out.

Shape letters: N examples, m points of a pack; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from server.gan.papers import PROGRESSIVE
from server.gan.registry import Number, Paper
from server.gan.techniques.base import TECHNIQUES, CompanyTechnique

TINY = 1e-8
"""Added under the root, whose slope is infinite at 0."""


def pacgan(points: Tensor, others: Sequence[Tensor], size: float) -> Tensor:
    """The discriminator judges several points at once, side by side: a clump is found out, however real each point is.

    In the paper, and in its code, packs are drawn anew and share no point. Here every point of a batch begins one, with
    those after it, around the end: as many packs as points, which overlap. The expected gradient is the same, and an
    update needs no more points than without.
    """
    others = others or [points.roll(-place, -2) for place in range(1, int(size))]
    return torch.cat((points, *others), -1)


def minibatch_stddev(points: Tensor, others: Sequence[Tensor]) -> Tensor:
    """Beside each point the discriminator reads how widely its batch is spread: a number that gives a clump away.

    The paper appends it to the features of a late layer of a deep network for images. A point's coordinates are enough,
    so here the points' own spread goes in with them. Real and generated batches are measured apart.
    It is a coordinate like the others: penalties on slopes count the slope along it too.
    """
    # Contiguous, because a sum runs in the order of the memory; exported runs add up in the same one.
    crowd = torch.stack((points, *others), -2) if others else points.contiguous()
    spread = (crowd.var(-2, correction=0, keepdim=not others) + TINY).sqrt().mean(-1, keepdim=True)
    return torch.cat((points, spread.expand(*points.shape[:-1], 1)), -1)


TECHNIQUES.add(
    CompanyTechnique(
        "pacgan",
        "Packs of points (PacGAN)",
        pacgan,
        r"d(x_1, \dots, x_m), \; d(G(z_1), \dots, G(z_m)) \quad \text{instead of} \quad d(x), \; d(G(z))",
        Paper("Lin, Khetan, Fanti, Oh", "PacGAN: The Power of Two Samples in Generative Adversarial Networks", 2018),
        (Number("size", "Points in a pack", 4, 2, 8, "How many points the discriminator sees at once.", integer=True),),
        packs="size",
        see="From the preset Mode collapse, the clump bursts after some hundred steps, and all eight modes are found"
        " within 3,000. The surface shows the score that a place has beside generated samples.",
        code="def pack(points):\n"
        "    others = [points.roll(-i, 0) for i in range(1, size)]\n"
        "    return torch.cat([points, *others], 1)\n\n\n"
        "x_real, x_fake = pack(x_real), pack(x_fake)",
        script={
            "company": "pack",
            "functions": "def pack(points):\n"
            '    """Put every point beside those after it in the batch, around the end."""\n'
            "    others = [points.roll(-place, 0) for place in range(1, size)]\n"
            "    return torch.cat([points, *others], 1)",
        },
    )
)
TECHNIQUES.add(
    CompanyTechnique(
        "minibatch_stddev",
        "Spread of the batch (minibatch standard deviation)",
        minibatch_stddev,
        r"d(x, s), \quad s = \tfrac{1}{n} \sum_{k=1}^{n} \sqrt{\mathrm{Var}(x_k) + 10^{-8}}"
        r" \quad \text{over the batch of } x",
        PROGRESSIVE,
        adds=1,
        apart={"pacgan": "it shows the discriminator a point's company in another way, and one is enough"},
        see="From the preset Mode collapse, the clump is torn apart and some modes are found. In most runs others stay"
        " empty, because a few far modes are spread as widely as all eight.",
        code="def add_spread(points):\n"
        "    spread = (points.var(0, correction=0) + 1e-8).sqrt().mean()\n"
        "    return torch.cat([points, spread.expand(len(points), 1)], 1)\n\n\n"
        "x_real, x_fake = add_spread(x_real), add_spread(x_fake)",
        script={
            "company": "add_spread",
            "functions": "def add_spread(points):\n"
            '    """Put beside every point how widely its batch is spread."""\n'
            "    variances = points.contiguous().var(0, correction=0, keepdim=True)\n"
            "    spread = (variances + 1e-8).sqrt().mean(1, keepdim=True)\n"
            "    return torch.cat([points, spread.expand(len(points), 1)], 1)",
        },
    )
)
