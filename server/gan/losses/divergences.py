"""The f-GAN family: the discriminator estimates a divergence D_f(p || q) of data p and generator q, from below.

Nowozin, Cseke, Tomioka 2016, equation 6: D_f(p || q) >= E_p[T] - E_q[f*(T)] with the convex conjugate
f*(t) = sup over u >= 0 of u t - f(u), and equality at T = f'(p/q). The discriminator lowers L_D = -E_p[T] + E_q[f*(T)],
so -L_D is its estimate; the generator lowers L_G = -E_q[f*(T)], the part of the estimate that depends on it.
The output activation T = g(d) maps any logit to where f* is finite. The paper's table 2 leaves its choice open; ours is
the table's but for a shift or a stretch of d, so that the best logit is log p/q, and 0 undecided:

                          f(u)                 T = g(d)           f*(g(d))
    KL(p || q)            u ln u               d + 1              e^d
    reverse KL(q || p)    -ln u                -e^-d              d - 1
    squared Hellinger     (sqrt(u) - 1)^2      1 - e^(-d/2)       e^(d/2) - 1
    Pearson chi^2         (u - 1)^2            d                  max(0, 1 + d/2)^2 - 1

Pearson's is the table's own, linear, with best logit 2 (p/q - 1). Its conjugate there is d + d^2/4, which lets u be
negative: below d = -2 it grows again, and would reward the generator for scores that are too low.

Shape letters: N examples; leading axes are runs.
"""

from torch import Tensor, exp, relu

from server.gan.losses.base import LOSSES, PROBABILITY, RELATIVE, AdversarialLoss, Loss, Part
from server.gan.papers import FGAN


def fgan_kl(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The players estimate and lower the KL divergence of the data from the samples: data left out cost most."""
    return _play(lambda: -(real_logits + 1), lambda: exp(fake_logits))


def fgan_reverse_kl(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The players estimate and lower the KL divergence of the samples from the data: stray samples cost most."""
    return _play(lambda: exp(-real_logits), lambda: fake_logits - 1)


def fgan_squared_hellinger(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The players estimate and lower the squared Hellinger distance: stray samples and data left out cost alike."""
    return _play(lambda: exp(-0.5 * real_logits) - 1, lambda: exp(0.5 * fake_logits) - 1)


def fgan_pearson(real_logits: Tensor, fake_logits: Tensor) -> AdversarialLoss:
    """The players estimate and lower the Pearson distance, in which data left out count by the square."""
    return _play(lambda: -real_logits, lambda: relu(1 + 0.5 * fake_logits).square() - 1)


def _play(real: Part, fake: Part) -> AdversarialLoss:
    """Make the game of a divergence: -T of the real examples, and f*(T) of the generated, which each player wants."""
    return AdversarialLoss(discriminator=(real, fake), generator=(lambda: -fake(),))


LOSSES.add(
    Loss(
        "fgan_kl",
        "f-GAN: KL divergence",
        fgan_kl,
        r"L_D = -\mathbb{E}[d(x) + 1] + \mathbb{E}[e^{d(G(z))}], \quad L_G = -\mathbb{E}[e^{d(G(z))}]",
        FGAN,
        d_parts=("-(<real_logit> + 1)", "e^{<fake_logit>}"),
        g_parts=("-e^{<fake_logit>}",),
        d_slopes=("-1", "e^{<fake_logit>}"),
        g_slopes=("-e^{<fake_logit>}",),
        extra=PROBABILITY,
        see="The discriminator's loss with its sign turned is an estimate of the KL divergence. Scores enter "
        "as powers of e: on the ring of eight some runs are fine, and others run away and end, as the "
        "monitor then says.",
        code="d_loss = -(real_logits + 1).mean() + fake_logits.exp().mean()\ng_loss = -fake_logits.exp().mean()",
    )
)
LOSSES.add(
    Loss(
        "fgan_reverse_kl",
        "f-GAN: reverse KL divergence",
        fgan_reverse_kl,
        r"L_D = \mathbb{E}[e^{-d(x)}] + \mathbb{E}[d(G(z)) - 1], \quad L_G = -\mathbb{E}[d(G(z)) - 1]",
        FGAN,
        d_parts=("e^{-<real_logit>}", "(<fake_logit> - 1)"),
        g_parts=("-(<fake_logit> - 1)",),
        d_slopes=("-e^{-<real_logit>}", "1"),
        g_slopes=("-1",),
        extra=PROBABILITY,
        see="The discriminator's loss with its sign turned is an estimate of the reverse KL divergence. On "
        "the ring of eight all modes are found within some 300 steps; then scores grow to 14 and more, "
        "and the shares drift apart.",
        code="d_loss = (-real_logits).exp().mean() + (fake_logits - 1).mean()\ng_loss = -(fake_logits - 1).mean()",
    )
)
LOSSES.add(
    Loss(
        "fgan_squared_hellinger",
        "f-GAN: squared Hellinger distance",
        fgan_squared_hellinger,
        r"L_D = \mathbb{E}[e^{-d(x) / 2} - 1] + \mathbb{E}[e^{d(G(z)) / 2} - 1],"
        r" \quad L_G = -\mathbb{E}[e^{d(G(z)) / 2} - 1]",
        FGAN,
        d_parts=(r"(e^{-0.5 \cdot <real_logit>} - 1)", r"(e^{0.5 \cdot <fake_logit>} - 1)"),
        g_parts=(r"-(e^{0.5 \cdot <fake_logit>} - 1)",),
        d_slopes=(r"-0.5 \cdot e^{-0.5 \cdot <real_logit>}", r"0.5 \cdot e^{0.5 \cdot <fake_logit>}"),
        g_slopes=(r"-0.5 \cdot e^{0.5 \cdot <fake_logit>}",),
        extra=PROBABILITY,
        see="The discriminator's loss with its sign turned is an estimate of the squared Hellinger distance, "
        "which is never above 2. On the ring of eight all modes are found within some 300 steps.",
        code="real_loss = ((-0.5 * real_logits).exp() - 1).mean()\n"
        "fake_loss = ((0.5 * fake_logits).exp() - 1).mean()\n"
        "d_loss = real_loss + fake_loss\n"
        "g_loss = -fake_loss",
    )
)
LOSSES.add(
    Loss(
        "fgan_pearson",
        "f-GAN: Pearson distance",
        fgan_pearson,
        r"L_D = -\mathbb{E}[d(x)] + \mathbb{E}[\max(0, 1 + \tfrac{1}{2} d(G(z)))^2 - 1],"
        r" \quad L_G = -\mathbb{E}[\max(0, 1 + \tfrac{1}{2} d(G(z)))^2 - 1]",
        FGAN,
        d_parts=("-<real_logit>", r"(\max(0, 1 + 0.5 \cdot <fake_logit>)^2 - 1)"),
        g_parts=(r"-(\max(0, 1 + 0.5 \cdot <fake_logit>)^2 - 1)",),
        d_slopes=("-1", r"\max(0, 1 + 0.5 \cdot <fake_logit>)"),
        g_slopes=(r"-\max(0, 1 + 0.5 \cdot <fake_logit>)",),
        extra=RELATIVE,
        see="The surface is coloured around the median score. The discriminator's loss with its sign turned "
        "is an estimate of the Pearson distance; on the ring of eight the modes are found late, and "
        "evenly.",
        code="fake_loss = (F.relu(1 + 0.5 * fake_logits).square() - 1).mean()\n"
        "d_loss = -real_logits.mean() + fake_loss\n"
        "g_loss = -fake_loss",
    )
)
