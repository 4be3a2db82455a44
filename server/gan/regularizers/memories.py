"""What both players pay for points that the discriminator finds like those it saw before.

Shape letters: N examples, K remembered points, W neurons of the last hidden layer; `...` are leading axes of
independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.registry import Paper
from server.gan.regularizers.base import REGULARIZERS, MemoryRegularizer, weight_number
from server.gan.values import Value

EXACT = "donot_use_mm_for_euclid_dist"
LEAST = 1e-8
"""Added under the logarithm, so that points that all look the same cost much, but not infinitely much."""


def manifold_entropy(features: Tensor, past: Tensor, known: Tensor, weight: Value) -> Tensor:
    """To the last hidden layer every point shall look unlike those before it: distances tell how spread out they are.

    The nearest neighbour is sought among the last 256 points of the same sort, which the discriminator of now looks at
    again. The authors keep what an older one made of them; their buffer shrinks to a single batch, this one is a queue.
    Their discriminator answers with a vector, whose mean is the score; here the last hidden layer is that vector.
    """
    with torch.no_grad():
        # By products of matrices it would be quicker, and too coarse to tell which of two near points is the nearer.
        apart = torch.cdist(features, past, compute_mode=EXACT).masked_fill(~known.unsqueeze(-2), torch.inf)
        closest = torch.take_along_dim(past, apart.argmin(-1, keepdim=True), -2)
    gap = (features - closest).square().sum(-1).mean(-1, keepdim=True)
    return torch.where(known.any(-1, keepdim=True), -weight * (gap + LEAST).log(), 0.0)


REGULARIZERS.add(
    MemoryRegularizer(
        "manifold_entropy",
        "Manifold entropy",
        manifold_entropy,
        r"-\lambda \ln \mathbb{E}\big[\min_j \lVert f(x) - f(x_j) \rVert^2\big], \quad x_j \text{ seen before};"
        r" \quad \text{for } G(z) \text{ the generator}",
        Paper("Liu et al.", "Combating Mode Collapse in GANs via Manifold Entropy Estimation", 2023),
        (
            weight_number(
                "weight", "Weight", 0.1, 10.0, "How much points that look alike cost; the authors use 0.0005."
            ),
        ),
        remembers=256,
        reads_features=True,
        see="The generated points are driven apart: on the ring of eight all modes are found within 300 steps, where "
        "the default run has found them in one seed of five. They make a wide cloud, with hardly any inside a mode.",
        code="penalty = torch.zeros(1)\n"
        "if len(memory):  # the points of its sort in the last updates\n"
        "    features = discriminator[:-1](x)\n"
        "    with torch.no_grad():\n"
        "        past = discriminator[:-1](memory)\n"
        "        apart = torch.cdist(\n"
        '            features, past, compute_mode="donot_use_mm_for_euclid_dist"\n'
        "        )\n"
        "        closest = past[apart.argmin(1)]\n"
        "    gap = (features - closest).square().sum(1).mean(0, True)\n"
        "    penalty = -weight * (gap + 1e-8).log()",
    )
)
