"""The losses that every course begins with: the original game in two forms, and least squares, on logits.

Shape letters: N examples; leading axes are runs.
"""

from torch import Tensor
from torch.nn.functional import softplus

from server.gan.losses.base import LOSSES, PROBABILITY, AdversarialLoss, Loss
from server.gan.papers import GAN
from server.gan.registry import Paper


def non_saturating(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The generator wants its samples to be taken for real: it pulls hardest where the discriminator is surest."""
    return AdversarialLoss(
        discriminator=(lambda: softplus(-real_logits), lambda: softplus(fake_logits)),
        generator=(lambda: softplus(-fake_logits),),
    )


def minimax(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The original game: the generator minimises what the discriminator maximises, and stalls when it loses clearly."""
    return AdversarialLoss(
        discriminator=(lambda: softplus(-real_logits), lambda: softplus(fake_logits)),
        generator=(lambda: -softplus(fake_logits),),
    )


def least_squares(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """Scores are pulled to 1 for real and 0 for generated samples: even a sure one still feels a pull."""
    return AdversarialLoss(
        discriminator=(lambda: 0.5 * (real_logits - 1).square(), lambda: 0.5 * fake_logits.square()),
        generator=(lambda: 0.5 * (fake_logits - 1).square(),),
    )


LOSSES.add(
    Loss(
        "non_saturating",
        "Non-saturating",
        non_saturating,
        r"L_D = \mathbb{E}[\mathrm{sp}(-d(x))] + \mathbb{E}[\mathrm{sp}(d(G(z)))],"
        r" \quad L_G = \mathbb{E}[\mathrm{sp}(-d(G(z)))]",
        GAN,
        d_parts=(r"\mathrm{sp}(-<real_logit>)", r"\mathrm{sp}(<fake_logit>)"),
        g_parts=(r"\mathrm{sp}(-<fake_logit>)",),
        d_slopes=(r"-\sigma(-<real_logit>)", r"\sigma(<fake_logit>)"),
        g_slopes=(r"-\sigma(-<fake_logit>)",),
        extra=PROBABILITY,
        basic=True,
        see="Where the discriminator can tell nothing apart, its loss stands at 1.39 and the generator's at "
        "0.69. On the ring of eight all modes are found within some 1,500 steps; then the number of "
        "points in each keeps changing.",
        code="d_loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()\n"
        "g_loss = F.softplus(-fake_logits).mean()",
    )
)
LOSSES.add(
    Loss(
        "minimax",
        "Minimax (saturating)",
        minimax,
        r"L_D = \mathbb{E}[\mathrm{sp}(-d(x))] + \mathbb{E}[\mathrm{sp}(d(G(z)))],"
        r" \quad L_G = -\mathbb{E}[\mathrm{sp}(d(G(z)))]",
        GAN,
        d_parts=(r"\mathrm{sp}(-<real_logit>)", r"\mathrm{sp}(<fake_logit>)"),
        g_parts=(r"-\mathrm{sp}(<fake_logit>)",),
        d_slopes=(r"-\sigma(-<real_logit>)", r"\sigma(<fake_logit>)"),
        g_slopes=(r"-\sigma(<fake_logit>)",),
        extra=PROBABILITY,
        basic=True,
        see="Points that the discriminator is sure about get needles of almost no length, so that they hardly"
        " move: the preset Vanishing gradient shows it. The generator's loss is below zero; where nothing"
        " can be told apart it is minus 0.69.",
        code="d_loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()\n"
        "g_loss = -F.softplus(fake_logits).mean()",
    )
)
LOSSES.add(
    Loss(
        "least_squares",
        "Least squares",
        least_squares,
        r"L_D = \tfrac{1}{2} \mathbb{E}[(d(x) - 1)^2] + \tfrac{1}{2} \mathbb{E}[d(G(z))^2],"
        r" \quad L_G = \tfrac{1}{2} \mathbb{E}[(d(G(z)) - 1)^2]",
        Paper("Mao et al.", "Least Squares Generative Adversarial Networks", 2017),
        d_parts=(r"0.5 \cdot (<real_logit> - 1)^2", r"0.5 \cdot <fake_logit>^2"),
        g_parts=(r"0.5 \cdot (<fake_logit> - 1)^2",),
        d_slopes=("<real_logit> - 1", "<fake_logit>"),
        g_slopes=("<fake_logit> - 1",),
        extra={"score": {"kind": "target", "fake": 0.0, "real": 1.0}, "optimum": "share"},
        basic=True,
        see="The surface is read against two targets, 1 for real and 0 for generated. On the ring of eight "
        "scores stay between them, where the non-saturating loss lets them grow to 7 and more.",
        code="real_loss = (real_logits - 1).square().mean()\n"
        "fake_loss = fake_logits.square().mean()\n"
        "d_loss = 0.5 * real_loss + 0.5 * fake_loss\n"
        "g_loss = 0.5 * (fake_logits - 1).square().mean()",
    )
)
