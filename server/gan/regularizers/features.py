"""What the generator pays for how its points look to the discriminator's last hidden layer.

Shape letters: N examples, W neurons of that layer; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from torch import Tensor

from server.gan.papers import IMPROVED
from server.gan.regularizers.base import REGULARIZERS, FeatureRegularizer, weight_number
from server.gan.values import Value


def feature_matching(real: Tensor, fake: Tensor, weight: Value) -> Tensor:
    """The generator is to look right on average: its points excite the last hidden layer as real ones do.

    In the paper it is all that the generator pays. Here it stands beside its loss, which a large weight drowns: Adam's
    steps are as long whatever the weight. The authors' code has absolute differences; the paper squares them.
    """
    gap = real.mean(-2) - fake.mean(-2)
    return weight * gap.square().sum(-1, keepdim=True)


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
