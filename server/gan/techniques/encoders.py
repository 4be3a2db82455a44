"""A technique that trains a third network, from points back to noise.

Shape letters: N examples; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from torch import Tensor

from server.gan.losses import Loss
from server.gan.registry import Paper
from server.gan.techniques.base import TECHNIQUES, EncoderTechnique

ALONE = "it reads what the discriminator says of a point alone, and with an encoder it judges pairs"
CHANGES = "it changes the points before they are judged, and the encoder's answers belong to those that were drawn"
COMPANY = "it puts other points beside each, where the discriminator of pairs reads the noise"


def bigan(loss: Loss, real_logits: Tensor) -> Tensor:
    """An encoder learns the way back, from points to noise: the discriminator judges each point with its noise.

    The encoder makes the pairs (x, E(x)) and wants them taken for generated. It pays what the generator does, with the
    score's sign turned: of the losses that this goes with, that is the one with the labels swapped.
    """
    return loss(real_logits, -real_logits).generator  # type: ignore[no-any-return]  # a loss of a game gives tensors


TECHNIQUES.add(
    EncoderTechnique(
        "bigan",
        "Encoder (BiGAN)",
        bigan,
        r"d(x, E(x)), \; d(G(z), z) \quad \text{instead of} \quad d(x), \; d(G(z)), \qquad"
        r" L_{G,E} = \mathbb{E}[\ell(d(G(z), z))] + \mathbb{E}[\ell(-d(x, E(x)))]"
        r" \quad \text{where} \quad L_G = \mathbb{E}[\ell(d(G(z)))]",
        Paper("Donahue, Krähenbühl, Darrell", "Adversarial Feature Learning", 2017),
        goes_with={"loss": ("non_saturating", "minimax", "hinge", "wasserstein")},
        because="it lets the encoder pay as the generator does with the score's sign turned,"
        " which swaps the labels where they lie evenly about 0 and each point has a price of its own",
        apart={
            "pacgan": COMPANY,
            "minibatch_stddev": COMPANY,
            "instance_noise": CHANGES,
            "ada": CHANGES,
            "diffusion": CHANGES,
            "lookahead": "it takes two players back a part of their way, and the encoder, a third, would go on",
            "extragradient": "it takes two players ahead and back, and the encoder, a third, would go on",
            "consensus": "it moves a third network, whose slopes the price of consensus would leave out",
            "rejection": ALONE,
            "metropolis_hastings": ALONE,
            "langevin": ALONE,
            "feature_matching": "it compares what the discriminator makes of points alone, and here it judges pairs",
            "manifold_entropy": "it compares what the discriminator makes of points alone, and here it judges pairs",
            "dragan": "it looks around points as far as they are spread, and a pair of point and noise has two spreads",
        },
        see="A layer more, Reconstructions: an arrow from each real point to what the generator makes of the noise that"
        " the encoder answers. The arrows shorten while the two learn each other's way.",
        code="real_pairs = torch.cat([x_real, encoder(x_real)], 1)\n"
        "fake_pairs = torch.cat([generator(z), z], 1)\n"
        "real_logits = discriminator(real_pairs).squeeze(1)\n"
        "fake_logits = discriminator(fake_pairs).squeeze(1)\n"
        "# with the non-saturating loss; the generator and the encoder are moved together\n"
        "g_loss = F.softplus(-fake_logits).mean() + F.softplus(real_logits).mean()",
        script={
            "functions": "def pair_up(points, z):\n"
            '    """Put noise beside points: the discriminator judges them together."""\n'
            "    return torch.cat([points, z], 1)",
        },
    )
)
