"""What techniques that change what is seen by strength p share: p follows how surely the real points are told.

Shape letters: N examples; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from server.gan.registry import Number
from server.gan.techniques.base import Tensors
from server.gan.values import Value

INTERVAL = 4
"""Updates of the discriminator from one move of p to the next, as in the code of both papers' authors."""
SLOTS: Mapping[str, str] = {"p": "number", "signs": "number", "updates": "number"}
LIMITS: Mapping[str, tuple[float, float]] = {
    "p": (0, 1),
    "signs": (1 - INTERVAL, INTERVAL - 1),
    "updates": (0, INTERVAL - 1),
}
"""Between two updates of the discriminator; the mean sign of an update's scores is from -1 to 1."""
WITH_A_ZERO = (
    *("non_saturating", "minimax", "hinge", "ganlab_least_squares"),
    *("fgan_kl", "fgan_reverse_kl", "fgan_pearson", "fgan_squared_hellinger"),
)
"""Losses by which a score of 0 says that a point may as well be real as generated."""
BECAUSE = "it asks how many real scores are above zero, and by other losses zero says nothing"


def adjust(slots: Tensors, real_logits: Tensor, target: Value, kimg: Value, **others: Value) -> dict[str, Tensor]:
    """Move p after an update with these real scores (..., N), if it is the last of an interval.

    p rises where the mean sign of the scores since the last move is above the target, and falls below it.
    ADA's authors cut p off at 0 alone; beyond 1 it would change nothing and only delay the way back, so here it ends.
    """
    signs, updates = slots["signs"] + real_logits.sign().mean(-1, keepdim=True), slots["updates"] + 1
    last = updates >= INTERVAL
    way = torch.sign(signs / INTERVAL - target)
    moved = (slots["p"] + way * (real_logits.shape[-1] * INTERVAL / (1000 * kimg))).clamp(0, 1)
    return {
        "p": torch.where(last, moved, slots["p"]),
        "signs": torch.where(last, 0.0, signs),
        "updates": torch.where(last, 0.0, updates),
    }


def describe_numbers(target: float, rule: str, paper: str) -> tuple[Number, Number]:
    """Give the two numbers of the rule; `rule` and `paper` say what the paper has for each, and why."""
    return (
        Number(
            "target",
            "Target",
            target,
            -1.0,
            1.0,
            f"The share of real scores above 0, less that below, from which on p rises. {rule}",
            live=True,
        ),
        Number(
            "kimg",
            "Thousand points to p = 1",
            10.0,
            0.1,
            10_000.0,
            f"How many thousand real points p takes from 0 to 1. {paper}",
            scale="log",
            live=True,
        ),
    )


BEGIN_SCRIPT = "self.p, self.signs, self.updates = torch.zeros(1), torch.zeros(1), 0"
ADJUST_SCRIPT = f"""    @torch.no_grad()
    def adjust(self, real_logits):
        self.signs = self.signs + real_logits.sign().mean()
        self.updates += 1
        if self.updates == {INTERVAL}:
            way = torch.sign(self.signs / {INTERVAL} - target)
            size = len(real_logits) * {INTERVAL} / (1000 * kimg)
            self.p = (self.p + way * size).clamp(0, 1)
            self.signs, self.updates = torch.zeros(1), 0"""
"""What the classes of exported runs begin with, and the method that moves p."""
