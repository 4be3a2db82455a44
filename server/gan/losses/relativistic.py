"""Relativistic losses: a score counts only beside scores of the other sort, so a constant added to all changes nothing.

Shape letters: N examples; leading axes are runs. The i-th real and the i-th generated example are a pair.
The real logits of a generator's update carry no gradient to the generator, but they set where its slope is taken.
The averages are those of the player's own batch. Both sorts count half, as in the authors' code, which the paper's
formulas leave out: so the losses are as large as those of the pairs.
"""

from torch import Tensor, relu
from torch.nn.functional import softplus

from server.gan.losses.base import LOSSES, RELATIVE, AdversarialLoss, Loss
from server.gan.registry import Paper

JOLICOEUR_MARTINEAU = Paper(
    "Jolicoeur-Martineau", "The relativistic discriminator: a key element missing from standard GAN", 2019
)


def rpgan(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """A real sample need only score higher than the generated one beside it: what counts is the gap within a pair."""
    return AdversarialLoss(
        discriminator=(lambda: softplus(fake_logits - real_logits),),
        generator=(lambda: softplus(real_logits - fake_logits),),
    )


def ragan(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """Every score is compared with the mean score of the other sort; by itself it means nothing."""
    return AdversarialLoss(
        discriminator=(
            lambda: 0.5 * softplus(_mean(fake_logits) - real_logits),
            lambda: 0.5 * softplus(fake_logits - _mean(real_logits)),
        ),
        generator=(
            lambda: 0.5 * softplus(real_logits - _mean(fake_logits)),
            lambda: 0.5 * softplus(_mean(real_logits) - fake_logits),
        ),
    )


def ragan_least_squares(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """Real scores are pulled to 1 above the mean generated one, generated scores to 1 below the mean real one."""
    return AdversarialLoss(
        discriminator=(
            lambda: 0.5 * (real_logits - _mean(fake_logits) - 1).square(),
            lambda: 0.5 * (fake_logits - _mean(real_logits) + 1).square(),
        ),
        generator=(
            lambda: 0.5 * (real_logits - _mean(fake_logits) + 1).square(),
            lambda: 0.5 * (fake_logits - _mean(real_logits) - 1).square(),
        ),
    )


def ragan_hinge(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """A real score that is 1 above the mean generated one costs nothing, nor a generated one 1 below the mean real."""
    return AdversarialLoss(
        discriminator=(
            lambda: 0.5 * relu(1 - (real_logits - _mean(fake_logits))),
            lambda: 0.5 * relu(1 + (fake_logits - _mean(real_logits))),
        ),
        generator=(
            lambda: 0.5 * relu(1 + (real_logits - _mean(fake_logits))),
            lambda: 0.5 * relu(1 - (fake_logits - _mean(real_logits))),
        ),
    )


def _mean(logits: Tensor) -> Tensor:
    """Give each run's mean logit (..., 1)."""
    return logits.mean(-1, keepdim=True)


LOSSES.add(
    Loss(
        "rpgan",
        "Relativistic, in pairs (RpGAN)",
        rpgan,
        r"L_D = \mathbb{E}[\mathrm{sp}(d(G(z)) - d(x))], \quad L_G = \mathbb{E}[\mathrm{sp}(d(x) - d(G(z)))]",
        JOLICOEUR_MARTINEAU,
        pairs=True,
        d_parts=(r"\mathrm{sp}(<fake_logit> - <real_logit>)",),
        g_parts=(r"\mathrm{sp}(<real_logit> - <fake_logit>)",),
        d_slopes=(r"-\sigma(<fake_logit> - <real_logit>)", r"\sigma(<fake_logit> - <real_logit>)"),
        g_slopes=(r"-\sigma(<real_logit> - <fake_logit>)",),
        extra=RELATIVE,
        see="The surface is coloured around the median score, as only differences mean something. Where nothing can be "
        "told apart, both losses stand at 0.69; while the discriminator is ahead, its loss lies below that.",
        code="d_loss = F.softplus(fake_logits - real_logits).mean()\n"
        "g_loss = F.softplus(real_logits - fake_logits).mean()",
    )
)
GAPS = "real_gap = real_logits - fake_logits.mean()\nfake_gap = fake_logits - real_logits.mean()\n"
LOSSES.add(
    Loss(
        "ragan",
        "Relativistic, against the average (RaGAN)",
        ragan,
        r"L_D = \tfrac{1}{2} \mathbb{E}[\mathrm{sp}(\mathbb{E}[d(G(z))] - d(x))]"
        r" + \tfrac{1}{2} \mathbb{E}[\mathrm{sp}(d(G(z)) - \mathbb{E}[d(x)])],"
        r" \quad L_G = \tfrac{1}{2} \mathbb{E}[\mathrm{sp}(d(x) - \mathbb{E}[d(G(z))])]"
        r" + \tfrac{1}{2} \mathbb{E}[\mathrm{sp}(\mathbb{E}[d(x)] - d(G(z)))]",
        JOLICOEUR_MARTINEAU,
        pairs=True,
        d_parts=(
            r"0.5 \cdot \mathrm{sp}(<mean_fake_logit> - <real_logit>)",
            r"0.5 \cdot \mathrm{sp}(<fake_logit> - <mean_real_logit>)",
        ),
        g_parts=(
            r"0.5 \cdot \mathrm{sp}(<real_logit> - <mean_fake_logit>)",
            r"0.5 \cdot \mathrm{sp}(<mean_real_logit> - <fake_logit>)",
        ),
        extra=RELATIVE,
        see="The surface is coloured around the median score. Where nothing can be told apart, both losses "
        "stand at 0.69; while the discriminator is ahead, its loss lies below that and the generator's "
        "above.",
        code=GAPS + "d_loss = 0.5 * (F.softplus(-real_gap) + F.softplus(fake_gap)).mean()\n"
        "g_loss = 0.5 * (F.softplus(real_gap) + F.softplus(-fake_gap)).mean()",
    )
)
LOSSES.add(
    Loss(
        "ragan_least_squares",
        "Relativistic least squares (RaLSGAN)",
        ragan_least_squares,
        r"L_D = \tfrac{1}{2} \mathbb{E}[(d(x) - \mathbb{E}[d(G(z))] - 1)^2]"
        r" + \tfrac{1}{2} \mathbb{E}[(d(G(z)) - \mathbb{E}[d(x)] + 1)^2],"
        r" \quad L_G = \tfrac{1}{2} \mathbb{E}[(d(x) - \mathbb{E}[d(G(z))] + 1)^2]"
        r" + \tfrac{1}{2} \mathbb{E}[(d(G(z)) - \mathbb{E}[d(x)] - 1)^2]",
        JOLICOEUR_MARTINEAU,
        pairs=True,
        d_parts=(
            r"0.5 \cdot (<real_logit> - <mean_fake_logit> - 1)^2",
            r"0.5 \cdot (<fake_logit> - <mean_real_logit> + 1)^2",
        ),
        g_parts=(
            r"0.5 \cdot (<real_logit> - <mean_fake_logit> + 1)^2",
            r"0.5 \cdot (<fake_logit> - <mean_real_logit> - 1)^2",
        ),
        extra=RELATIVE,
        see="Where nothing can be told apart, both losses stand at 1; while the discriminator is ahead, its "
        "loss lies below and the generator's above. On the ring of eight all modes are found within some "
        "300 steps.",
        code=GAPS + "d_loss = 0.5 * ((real_gap - 1).square() + (fake_gap + 1).square()).mean()\n"
        "g_loss = 0.5 * ((real_gap + 1).square() + (fake_gap - 1).square()).mean()",
    )
)
LOSSES.add(
    Loss(
        "ragan_hinge",
        "Relativistic hinge (RaHinge)",
        ragan_hinge,
        r"L_D = \tfrac{1}{2} \mathbb{E}[\max(0, 1 - d(x) + \mathbb{E}[d(G(z))])]"
        r" + \tfrac{1}{2} \mathbb{E}[\max(0, 1 + d(G(z)) - \mathbb{E}[d(x)])],"
        r" \quad L_G = \tfrac{1}{2} \mathbb{E}[\max(0, 1 + d(x) - \mathbb{E}[d(G(z))])]"
        r" + \tfrac{1}{2} \mathbb{E}[\max(0, 1 - d(G(z)) + \mathbb{E}[d(x)])]",
        JOLICOEUR_MARTINEAU,
        pairs=True,
        d_parts=(
            r"0.5 \cdot \max(0, 1 - <real_logit> + <mean_fake_logit>)",
            r"0.5 \cdot \max(0, 1 + <fake_logit> - <mean_real_logit>)",
        ),
        g_parts=(
            r"0.5 \cdot \max(0, 1 + <real_logit> - <mean_fake_logit>)",
            r"0.5 \cdot \max(0, 1 - <fake_logit> + <mean_real_logit>)",
        ),
        extra=RELATIVE,
        see="Where nothing can be told apart, both losses stand at 1; while the discriminator is ahead, its "
        "loss lies below and the generator's above. Scores on the ring of eight grow to 15 and more, as "
        "only gaps count.",
        code=GAPS + "d_loss = 0.5 * (F.relu(1 - real_gap) + F.relu(1 + fake_gap)).mean()\n"
        "g_loss = 0.5 * (F.relu(1 + real_gap) + F.relu(1 - fake_gap)).mean()",
    )
)
