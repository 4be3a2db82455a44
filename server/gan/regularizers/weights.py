"""What keeps the discriminator's weights in bounds.

Shape letters: P parameters; `...` are leading axes of independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.papers import BIGGAN
from server.gan.randomness import Draws
from server.gan.registry import Number, Paper
from server.gan.regularizers.base import REGULARIZERS, Critic, Regularizer, weight_number
from server.gan.values import Value
from server.gan.worked import Line


def weight_clipping(parameters: Tensor, bound: Value) -> Tensor:
    """After every update each weight and bias of the discriminator is cut off at a bound: crude, and it shows."""
    if isinstance(bound, Tensor):
        return torch.maximum(torch.minimum(parameters, bound), -bound)
    return parameters.clamp(-bound, bound)


def orthogonal(critic: Critic, x_real: Tensor, x_fake: Tensor, draws: Draws, beta: Value) -> Tensor:
    """Neurons of a layer that look in similar directions cost: each shall see something of its own."""
    overlaps = torch.stack([_overlap(weight) for weight in critic.weights[::2]])
    return beta * overlaps.sum(0).unsqueeze(-1)


def _overlap(weight: Tensor) -> Tensor:
    """Give the sum (...) of the squared products of different columns of (..., I, O)."""
    products = weight.mT @ weight
    return (products - torch.diag_embed(products.diagonal(dim1=-2, dim2=-1))).square().sum((-2, -1))


REGULARIZERS.add(
    Regularizer(
        "weight_clipping",
        "Weight clipping",
        weight_clipping,
        r"\phi \leftarrow \min(\max(\phi, -c), c)",
        Paper("Arjovsky, Chintala, Bottou", "Wasserstein GAN", 2017),
        (Number("bound", "Bound", 0.01, 1e-4, 10.0, "No weight may be larger than this.", scale="log", live=True),),
        projects=True,
        line=Line(
            "weight",
            r"\min(\max(<moved>, -<bound>), <bound>)",
            "Weight clipping: beyond the bound the weight is cut off there.",
        ),
        basic=True,
        see="The surface becomes almost a plane, and scores stay tiny: under 0.02 on the ring of eight. The "
        "generated points are a wide, blurred cloud; in the inspector, a weight's update tells when it is"
        " cut off.",
        code="for parameter in discriminator.parameters():\n    parameter.data.clamp_(-bound, bound)",
    )
)
REGULARIZERS.add(
    Regularizer(
        "orthogonal",
        "Orthogonal regularization",
        orthogonal,
        r"\beta \sum_l \lVert W_l^\top W_l \odot (1 - I) \rVert_F^2",
        BIGGAN,
        (weight_number("beta", "Beta", 0.0001, 1.0, "How much similar neurons cost."),),
        see="Little can be seen at its default strength: on the ring of eight most seeds have a surface that "
        "is about a third less steep at the real points. The inspector shows what it costs, beside the "
        "discriminator's loss.",
        code="# A neuron's weights are a column here; in nn.Linear they are a row.\n"
        'weights = [layer.weight for layer in discriminator if hasattr(layer, "weight")]\n'
        "overlaps = [w.T @ w for w in weights]\n"
        "others = [o - torch.diag(o.diagonal()) for o in overlaps]\n"
        "penalty = beta * sum(o.square().sum() for o in others).unsqueeze(-1)",
    )
)
