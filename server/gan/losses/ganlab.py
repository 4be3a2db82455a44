"""GAN Lab's own losses, so that its runs can be repeated: both differ from those of the same name.

Read from its public source, poloclub/ganlab, `demo/ganlab_models.ts`, `dLoss` and `gLoss`.
Shape letters: N examples; leading axes are runs.
"""

from torch import Tensor, sigmoid
from torch.nn.functional import softplus

from server.gan.losses.base import LOSSES, PROBABILITY, AdversarialLoss, Loss
from server.gan.papers import GAN_LAB

GAN_LAB_WEIGHT = 0.95


def ganlab_log(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """GAN Lab's own: real points count 0.95 for the discriminator, so that the game is even at D = 0.487, not 0.5."""
    return AdversarialLoss(
        discriminator=(lambda: GAN_LAB_WEIGHT * softplus(-real_logits), lambda: softplus(fake_logits)),
        generator=(lambda: softplus(-fake_logits),),
    )


def ganlab_least_squares(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """GAN Lab's own: squares of probabilities instead of scores, which hardly pull where the discriminator is sure."""
    return AdversarialLoss(
        discriminator=(lambda: sigmoid(-real_logits).square(), lambda: sigmoid(fake_logits).square()),
        generator=(lambda: sigmoid(-fake_logits).square(),),
    )


LOSSES.add(
    Loss(
        "ganlab_log",
        "GAN Lab's log loss (0.95)",
        ganlab_log,
        r"L_D = 0.95\, \mathbb{E}[\mathrm{sp}(-d(x))] + \mathbb{E}[\mathrm{sp}(d(G(z)))],"
        r" \quad L_G = \mathbb{E}[\mathrm{sp}(-d(G(z)))]",
        GAN_LAB,
        d_parts=(r"0.95 \cdot \mathrm{sp}(-<real_logit>)", r"\mathrm{sp}(<fake_logit>)"),
        g_parts=(r"\mathrm{sp}(-<fake_logit>)",),
        d_slopes=(r"-0.95 \cdot \sigma(-<real_logit>)", r"\sigma(<fake_logit>)"),
        g_slopes=(r"-\sigma(-<fake_logit>)",),
        extra={"score": PROBABILITY["score"], "legacy": True},
        see="Where nothing can be told apart, the surface reads 0.487 instead of 0.5: by so little is the "
        "game uneven. The rest looks as with the non-saturating loss.",
        code="real_loss = (0.95 * F.softplus(-real_logits)).mean()\n"
        "fake_loss = F.softplus(fake_logits).mean()\n"
        "d_loss = real_loss + fake_loss\n"
        "g_loss = F.softplus(-fake_logits).mean()",
    )
)
LOSSES.add(
    Loss(
        "ganlab_least_squares",
        "GAN Lab's least squares (on probabilities)",
        ganlab_least_squares,
        r"L_D = \mathbb{E}[(\sigma(d(x)) - 1)^2] + \mathbb{E}[\sigma(d(G(z)))^2],"
        r" \quad L_G = \mathbb{E}[(\sigma(d(G(z))) - 1)^2]",
        GAN_LAB,
        d_parts=(r"(\sigma(<real_logit>) - 1)^2", r"\sigma(<fake_logit>)^2"),
        g_parts=(r"(\sigma(<fake_logit>) - 1)^2",),
        d_slopes=(
            r"-2 \cdot \sigma(-<real_logit>)^2 \cdot \sigma(<real_logit>)",
            r"2 \cdot \sigma(<fake_logit>)^2 \cdot \sigma(-<fake_logit>)",
        ),
        g_slopes=(r"-2 \cdot \sigma(-<fake_logit>)^2 \cdot \sigma(<fake_logit>)",),
        extra={**PROBABILITY, "legacy": True},
        see="The generator's loss is never above 1 and the discriminator's never above 2; where nothing can "
        "be told apart they are 0.25 and 0.5. Where the discriminator is sure, the needles have almost no"
        " length.",
        code="real_loss = torch.sigmoid(-real_logits).square().mean()\n"
        "fake_loss = torch.sigmoid(fake_logits).square().mean()\n"
        "d_loss = real_loss + fake_loss\n"
        "g_loss = torch.sigmoid(-fake_logits).square().mean()",
    )
)
