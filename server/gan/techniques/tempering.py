"""Parallel tempering: both players learn mixtures of pairs of points too, which are easier, and join the modes.

Shape letters: N examples, D coordinates; `...` are leading axes of independent runs.
A share alpha of a point x and the rest of another, x', is a point of the law Q_alpha; Q_1 is the law of the data.
The players read t = 1 - |2 alpha - 1|, which is 0 at the data and 1 half way. Q_alpha is Q_(1 - alpha), as x and x' are
alike, so of the two alphas that have one t the larger is taken. x' is the next point of the batch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from server.gan.randomness import Draws
from server.gan.registry import Number, Paper
from server.gan.regularizers.base import weight_number
from server.gan.techniques.base import TECHNIQUES, SharedLevelTechnique
from server.gan.values import Value


def parallel_tempering(points: Tensor, level: Tensor, draws: Draws, step: int, **_: Value) -> Tensor:
    """Both players learn mixtures of real pairs too; what helps is that a score may change only slowly between these.

    The players are told how far a point is mixed, and samples are those of nothing mixed. Without the coherency the
    runs are no better than plain ones, and with it alone, nothing mixed, as good. Other penalties on slopes look at
    points as they are seen, and count the slope along t too.
    """
    share = 1 - level / 2
    return share * points + (1 - share) * points.roll(1, -2)


def draw_level(count: int, draws: Draws, still: Value, **_: Value) -> Tensor:
    """Draw t (..., N, 1): 0 for a share `still` of the points, for the others anything up to 1, as for alpha ~ U(0, 1).

    `still` is a number, or (R, 1, 1).
    """
    chosen, level = (draws.uniform(count, 1) for _ in range(2))
    return torch.where(chosen.to(level) < torch.as_tensor(still).cpu(), 0.0, level)


def price_coherency(
    critic: Callable[[Tensor], Tensor], points: Tensor, level: Tensor, draws: Draws, coherency: Value, **_: Value
) -> Tensor:
    """Compute what the discriminator pays (..., N) for a score that changes from one mixture of a pair to another.

    The one is that of `level`, the other any; looked at is a place between them, at its own level.
    """
    share, partner = 1 - level / 2, points.roll(1, -2)
    other, between = (draws.uniform(points.shape[-2], 1).to(points) for _ in range(2))
    there = between * share + (1 - between) * other
    place = (there * points + (1 - there) * partner).detach().requires_grad_()
    score = critic(torch.cat((place, 1 - (2 * there - 1).abs()), -1)).sum()
    (slope,) = torch.autograd.grad(score, place, create_graph=True)
    way = (share - other) * (points - partner)
    return coherency * (slope * way).sum(-1).square()


SCRIPT = '''class ParallelTempering:
    """Mixes real points in pairs; how far, stands beside each, and beside the noise."""

    def tell(self, numbers, draws, step):
        chosen, level = draws.uniform(len(numbers), 1), draws.uniform(len(numbers), 1)
        return torch.cat([numbers, torch.where(chosen < still, 0.0, level)], 1)

    def __call__(self, points, draws, step):
        self.points, self.level = points, self.tell(points, draws, step)[:, -1:]
        share = 1 - self.level / 2
        mixed = share * points + (1 - share) * points.roll(1, 0)
        return torch.cat([mixed, self.level], 1)

    def price(self, critic, draws):
        points, share, partner = self.points, 1 - self.level / 2, self.points.roll(1, 0)
        other, between = draws.uniform(len(points), 1), draws.uniform(len(points), 1)
        there = between * share + (1 - between) * other
        place = (there * points + (1 - there) * partner).detach().requires_grad_()
        score = critic(torch.cat([place, 1 - (2 * there - 1).abs()], 1)).sum()
        (slope,) = torch.autograd.grad(score, place, create_graph=True)
        way = (share - other) * (points - partner)
        return coherency * (slope * way).sum(-1).square()'''
PRICE = """share, partner = 1 - level / 2, x_real.roll(1, 0)
other, between = torch.rand_like(share), torch.rand_like(share)
there = between * share + (1 - between) * other
place = (there * x_real + (1 - there) * partner).requires_grad_()
rows = torch.cat([place, 1 - (2 * there - 1).abs()], 1)
score = discriminator(rows).sum()
(slope,) = torch.autograd.grad(score, place, create_graph=True)
way = (share - other) * (x_real - partner)
penalty = coherency * (slope * way).sum(1).square()"""
CHANGES = "it mixes real points as they were drawn, and the generator's are told to be such mixtures"
COMPANY = "it puts a number of its own beside each point, and the discriminator reads one sort of row"
FEATURES = "it lets the discriminator read levels too, and to its last hidden layer points would look unlike by these"
SLOPES = "it puts a level beside each point, and a slope of one length would be asked for along that as well"
NOISE = "it lets the generator read a level beside the noise, and there points are made of noise alone"
TECHNIQUES.add(
    SharedLevelTechnique(
        "parallel_tempering",
        "Mixed pairs (parallel tempering)",
        parallel_tempering,
        r"d(x_\alpha, t),\; d(G(z, t), t), \quad x_\alpha = \alpha x + (1 - \alpha) x', \quad"
        r" t = 1 - \lvert 2\alpha - 1 \rvert, \quad \alpha \sim r\, \delta_1 + (1 - r)\, U(0, 1)",
        Paper("Sohn, Song", "Parallelly Tempered Generative Adversarial Nets: Toward Stabilized Gradients", 2025),
        (
            Number("still", "Share unmixed", 0.9, 0.0, 1.0,
                   "Which share of the points stays as it is; the samples are made for these.", live=True),
            weight_number("coherency", "Coherency", 1.0, 1000.0,
                          "How much it costs when a score changes between two mixtures of one pair."),
        ),
        draw_level=draw_level,
        level="t, how far a point is mixed with another",
        price=price_coherency,
        price_facts=(
            "Coherency",
            "What the discriminator pays for a score that changes from one mixture of two real points to another.",
            r"\lambda\, \mathbb{E}\big[\big(\nabla d(\tilde{x}, \tilde{t}) \cdot (x_{\alpha_1} - x_{\alpha_2})\big)^2"
            r"\big], \quad \tilde{x} = x_{\tilde\alpha}, \quad \tilde\alpha = \nu \alpha_1 + (1 - \nu) \alpha_2,"
            r" \quad \alpha_2, \nu \sim U(0, 1)",
            PRICE,
        ),
        apart={
            "pacgan": COMPANY,
            "minibatch_stddev": COMPANY,
            "diffusion": COMPANY,
            "bigan": "it puts a number beside each point, where the discriminator of pairs reads the noise",
            "minibatch_discrimination": "it prices the slope of one point's score alone, and there a score belongs to"
            " a whole batch",
            "unrolled": "it lets the discriminator pay for its coherency too, and steps ahead are by the loss alone",
            "instance_noise": CHANGES,
            "ada": CHANGES,
            **dict.fromkeys(("manifold_entropy", "adaptive_mix", "feature_matching"), FEATURES),
            **dict.fromkeys(("truncation", "rejection", "metropolis_hastings", "langevin", "retraining"), NOISE),
            "gradient_penalty": SLOPES,
            "consensus": "it lets the generator read a number more, which the slopes of the game would leave out",
            "batch_norm": "it lets the generator read a level beside the noise, and a batch would mix all levels",
            "dragan": "it gives each level a spread of its own, and there the spread of all says how far to look",
            "mode_seeking": "it makes points of one noise differ by their mixture, and there only the noise may count",
        },
        see="On the ring of eight all modes hold points within some 300 steps, where some are often empty without it."
        " A share of 1 unmixed leaves the coherency alone, and does as well. The preset Mode collapse stays collapsed.",
        code="def parallel_tempering(points, level):\n"
        "    share = 1 - level / 2\n"
        "    mixed = share * points + (1 - share) * points.roll(1, 0)\n"
        "    return torch.cat([mixed, level], 1)\n\n\n"
        "level = torch.rand(len(z), 1) * (torch.rand(len(z), 1) > still)\n"
        "x_real = parallel_tempering(x_real, level)\n"
        "x_fake = torch.cat([generator(torch.cat([z, level], 1)), level], 1)",
        script={
            "points": "parallel_tempering",
            "functions": SCRIPT,
            "begin": "parallel_tempering = ParallelTempering()",
            "sampling": "x_fake = generator(torch.cat([z, torch.zeros(len(z), 1)], 1))",
            "price": 'draws = Draws(step, f"discriminator parallel_tempering {update}")\n'
            "d_loss = d_loss + parallel_tempering.price(discriminator, draws).mean()",
        },
    )
)  # fmt: skip
