"""What is paid for how points look to the discriminator's last hidden layer.

Shape letters: N examples, W neurons of that layer; `...` are leading axes of independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from server.gan.papers import IMPROVED
from server.gan.randomness import Draws
from server.gan.registry import Paper
from server.gan.regularizers.base import REGULARIZERS, Critic, FeatureRegularizer, Regularizer, weight_number
from server.gan.values import Value

BLUR = 0.05
"""The authors' standard deviation of what is added to mixed features."""


def feature_matching(real: Tensor, fake: Tensor, weight: Value) -> Tensor:
    """The generator is to look right on average: its points excite the last hidden layer as real ones do.

    In the paper it is all that the generator pays. Here it stands beside its loss, which a large weight drowns: Adam's
    steps are as long whatever the weight. The authors' code has absolute differences; the paper squares them.
    """
    gap = real.mean(-2) - fake.mean(-2)
    return weight * gap.square().sum(-1, keepdim=True)


def adaptive_mix(critic: Critic, x_real: Tensor, x_fake: Tensor, draws: Draws, weight: Value) -> Tensor:
    """What the last hidden layer makes of a mix of two points shall be the mix of what it makes of them: space shrinks.

    This is the discriminator's part. In the authors' code the generator pays it too, and the score is read from mixes
    alone. Their price is -cos; 1 - cos is 0 at its best.
    """
    return weight * (_price_bend(critic, x_real, draws) + _price_bend(critic, x_fake, draws))


def _price_bend(critic: Critic, points: Tensor, draws: Draws) -> Tensor:
    """Price (..., N) how far a mix's features turn away from the mix of features; pairs are neighbours in the batch.

    The points of a batch come in no order, so neighbours are a shuffle. One share holds for the whole batch.
    """
    share = draws.uniform(1, 1).to(points)
    mixed = critic.read_features(share * points + (1 - share) * points.roll(1, -2))
    with torch.no_grad():
        apart = critic.read_features(points)
        blur = BLUR * draws.normal(*apart.shape[-2:]).to(points)
        target = share * apart + (1 - share) * apart.roll(1, -2) + blur
    return 1 - cosine_similarity(mixed, target, dim=-1)


REGULARIZERS.add(
    FeatureRegularizer(
        "feature_matching",
        "Feature matching",
        feature_matching,
        r"\lambda\, \lVert \mathbb{E}[f(x)] - \mathbb{E}[f(G(z))] \rVert^2,"
        r" \quad f = \text{the last hidden layer of } d",
        IMPROVED,
        (weight_number("weight", "Weight", 1.0, 1000.0, "How much a difference of the means costs the generator."),),
        see="On the ring of eight all modes are found within 300 steps, where the default run has found them in one "
        "seed of five. They are held evenly, but most points stay strewn around them: means say little of where.",
        code="hidden = discriminator[:-1]  # all but the layer of the score\n"
        "gap = hidden(x_real).mean(0) - hidden(x_fake).mean(0)\n"
        "penalty = weight * gap.square().sum().unsqueeze(0)",
    )
)
REGULARIZERS.add(
    Regularizer(
        "adaptive_mix",
        "AdaptiveMix",
        adaptive_mix,
        r"\lambda\, \mathbb{E}\big[1 - \cos\big(f(a x + (1 - a) x'), \; a f(x) + (1 - a) f(x') + n\big)\big],"
        r" \quad a \sim U(0, 1), \quad n \sim N(0, 0.05^2), \quad \text{the same of } G(z)",
        Paper("Liu et al.", "Improving GAN Training via Feature Space Shrinkage", 2023),
        (weight_number("weight", "Weight", 10.0, 1000.0, "How much a bend costs; for images the authors use 1."),),
        reads_features=True,
        see="The surface is gentle: on the ring of eight it is about a third as steep at the real points, and the last "
        "hidden layer tells them less apart. All modes are found within 600 steps, without it in three seeds of five.",
        code="costs = []\n"
        "for x in (x_real, x_fake):\n"
        "    share = draws.uniform(1, 1)\n"
        "    mixed = discriminator[:-1](share * x + (1 - share) * x.roll(1, 0))\n"
        "    with torch.no_grad():\n"
        "        apart = discriminator[:-1](x)\n"
        "        blur = 0.05 * draws.normal(*apart.shape)\n"
        "        target = share * apart + (1 - share) * apart.roll(1, 0) + blur\n"
        "    costs.append(1 - F.cosine_similarity(mixed, target, dim=1))\n"
        "penalty = weight * (costs[0] + costs[1])",
    )
)
