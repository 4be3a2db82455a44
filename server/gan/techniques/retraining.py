"""Retraining on own samples: after every few steps the generator's samples take the place of real points.

Shape letters: n points of the data, D coordinates; `...` are leading axes of independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.randomness import Draws
from server.gan.registry import Number, Paper
from server.gan.techniques.base import TECHNIQUES, DataTechnique
from server.gan.values import Value


def retraining(first: Tensor, own: Tensor, draws: Draws, share: Value) -> Tensor:
    """Every few steps the real points give way to the generator's own samples, all but a share of them.

    Which of the n points that the run began with are kept is drawn anew each time. In the paper all of them stay and
    samples join them; here their number stays, so `share` is 1 / (1 + the paper's lambda).
    """
    count = first.shape[-2]
    place = draws.uniform(count).to(first).argsort(stable=True, dim=-1).argsort(-1)
    # In single precision, as a stack has its numbers: what is halfway there is so in a run alone too.
    kept = (torch.as_tensor(share, dtype=torch.float32) * count).round()
    return torch.where((place < kept).unsqueeze(-1), first, own)


TECHNIQUES.add(
    DataTechnique(
        "retraining",
        "Retraining on own samples",
        retraining,
        r"\text{every } k \text{ steps: } \quad \hat p \leftarrow s\, \hat p_0 + (1 - s)\, \hat q,"
        r" \quad \hat q \text{ of } G(z_1), \ldots, G(z_n)",
        Paper(
            "Bertrand, Bose, Duplessis, Jiralerspong, Gidel",
            "On the Stability of Iterative Retraining of Generative Models on their own Data",
            2024,
        ),
        (
            Number("k", "Every", 500, 1, 100_000, "After so many steps the real points are replaced.",
                   integer=True, scale="log"),
            Number("share", "Share of real points", 0.0, 0.0, 1.0,
                   "Which part of them stays real: at 0 all are generated, at 1 none.", live=True),
        ),
        every="k",
        slots={"points": "data"},
        needs={"data.size": 100},
        because="it replaces real points, and a law has no end of them",
        see="The real samples jump, every so many steps, to where generated ones are. With RpGAN, R1, R2 and 200 points"
        " of the ring of eight they smear out more each time; with half of them kept they stay close to the modes.",
        code="if (step + 1) % k == 0:\n"
        "    order = torch.rand(len(first)).argsort()\n"
        "    kept = order.argsort() < round(share * len(first))\n"
        "    with torch.no_grad():\n"
        "        own = generator(torch.randn(len(first), dimension))\n"
        "    known = torch.where(kept[:, None], first, own)",
        script={
            "begin": "first = known",
            "end": "if (step + 1) % k == 0:\n"
            '    draws = Draws(step + 1, "retraining")\n'
            "    with torch.no_grad():\n"
            "        own = generator(draw_latent(len(first), draws))\n"
            "    order = draws.uniform(len(first)).argsort(stable=True)\n"
            "    kept = order.argsort() < (torch.tensor(share) * len(first)).round()\n"
            "    known = torch.where(kept[:, None], first, own)",
        },
    )
)  # fmt: skip
