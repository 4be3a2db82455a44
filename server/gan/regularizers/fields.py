"""What both players pay for the slopes of the game they are in.

Shape letters: P parameters; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from server.gan.papers import NUMERICS
from server.gan.regularizers.base import REGULARIZERS, FieldRegularizer, weight_number
from server.gan.values import Value


def consensus(slopes: Sequence[Tensor], gamma: Value) -> Tensor:
    """Both players pay for the steepness of the game for either: it is flat for both only where neither would move.

    The slopes are those on a batch, as in the authors' code: the squared length of their noise is paid for too.
    """
    return gamma / 2 * torch.stack([slope.square().sum(-1, keepdim=True) for slope in slopes]).sum(0)


REGULARIZERS.add(
    FieldRegularizer(
        "consensus",
        "Consensus optimization",
        consensus,
        r"\tfrac{\gamma}{2} \left( \lVert \nabla_\phi L_D \rVert^2 + \lVert \nabla_\theta L_G \rVert^2 \right)"
        r" \quad \text{added to both } L_D \text{ and } L_G",
        NUMERICS,
        (weight_number("gamma", "Gamma", 0.1, 100.0, "How much the steepness of the game costs both players."),),
        see="In the smallest game the circle of the generated cloud becomes a spiral that soon comes to rest: the"
        " larger gamma, the more directly.",
        code="slopes = [\n"
        "    *torch.autograd.grad(d_loss, discriminator.parameters(), create_graph=True),\n"
        "    *torch.autograd.grad(g_loss, generator.parameters(), create_graph=True),\n"
        "]\n"
        "penalty = gamma / 2 * sum(slope.square().sum() for slope in slopes).unsqueeze(0)",
    )
)
