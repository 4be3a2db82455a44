"""Losses of scores that are no probabilities: hinge, with a margin, and Wasserstein, without a bound.

Shape letters: N examples; leading axes are runs.
"""

from torch import Tensor, relu

from server.gan.losses.base import LOSSES, RELATIVE, AdversarialLoss, Loss
from server.gan.registry import Paper


def hinge(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The discriminator learns from unsure scores only: beyond 1 and -1, on the right side, they cost it nothing."""
    return AdversarialLoss(
        discriminator=(lambda: relu(1 - real_logits), lambda: relu(1 + fake_logits)),
        generator=(lambda: -fake_logits,),
    )


def wasserstein(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The critic drives the mean scores apart; a penalty or clipped weights must keep it from growing for ever."""
    return AdversarialLoss(
        discriminator=(lambda: -real_logits, lambda: fake_logits),
        generator=(lambda: -fake_logits,),
    )


LOSSES.add(
    Loss(
        "hinge",
        "Hinge",
        hinge,
        r"L_D = \mathbb{E}[\max(0, 1 - d(x))] + \mathbb{E}[\max(0, 1 + d(G(z)))], \quad L_G = -\mathbb{E}[d(G(z))]",
        Paper("Lim and Ye", "Geometric GAN", 2017),
        d_parts=(r"\max(0, 1 - <real_logit>)", r"\max(0, 1 + <fake_logit>)"),
        g_parts=("-<fake_logit>",),
        d_slopes=(r"-\mathrm{H}(1 - <real_logit>)", r"\mathrm{H}(1 + <fake_logit>)"),
        g_slopes=("-1",),
        extra={"score": {"kind": "target", "fake": -1.0, "real": 1.0}},
        basic=True,
        see="The surface is read between -1 and 1, though scores grow past both. The generator's loss is its "
        "mean score with the other sign, so its curve may cross zero; the discriminator's is 2 where "
        "nothing can be told apart.",
        code="d_loss = F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()\ng_loss = -fake_logits.mean()",
    )
)
LOSSES.add(
    Loss(
        "wasserstein",
        "Wasserstein",
        wasserstein,
        r"L_D = -\mathbb{E}[d(x)] + \mathbb{E}[d(G(z))], \quad L_G = -\mathbb{E}[d(G(z))]",
        Paper("Arjovsky, Chintala, Bottou", "Wasserstein Generative Adversarial Networks", 2017),
        d_parts=("-<real_logit>", "<fake_logit>"),
        g_parts=("-<fake_logit>",),
        d_slopes=("-1", "1"),
        g_slopes=("-1",),
        extra=RELATIVE,
        basic=True,
        see="The surface has no fixed scale: its colours are set around the median score. Alone, scores on "
        "the ring of eight grow to 15 and more within 1,500 steps, and the generated points rush from "
        "mode to mode.",
        code="d_loss = fake_logits.mean() - real_logits.mean()\ng_loss = -fake_logits.mean()",
    )
)
