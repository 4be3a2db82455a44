"""Techniques that change nothing in training, only how samples are drawn from the two players as they are.

Shape letters: N samples, Z latent dimensions; `...` are leading axes of independent runs.
Those that read a score take it at its word, as log p/q. The published methods calibrate the discriminator on held-out
points first; the lab does not, so that a score that is no such logarithm shows what it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import torch
from torch import Tensor

from server.gan.autograd import pull_back
from server.gan.losses import LOSSES
from server.gan.papers import BIGGAN
from server.gan.randomness import Draws
from server.gan.registry import Number, Paper
from server.gan.techniques.base import TECHNIQUES, CompanyTechnique, Players, SamplingTechnique
from server.gan.values import Value

RATIOS = tuple(key for key in LOSSES if LOSSES[key].extra.get("optimum") == "log_ratio")
"""The losses whose best score is log p/q."""
KEYS = ("truncation", "rejection", "metropolis_hastings", "langevin")
COMPANY = tuple(unit.key for unit in TECHNIQUES.values() if isinstance(unit, CompanyTechnique))
PILOT = 2000
"""So many samples tell how high the discriminator scores at most."""
ROUNDS = 200
"""So often a rejected sample is drawn again; then it stays as it is."""
EPSILON = 1e-6


def truncation(players: Players, count: int, draws: Draws, tau: Value) -> Tensor:
    """Noise far from its middle is left out: the samples become more typical, and the rare ones are lost."""
    inside = torch.erf(torch.as_tensor(_by_sample(tau)) / sqrt(2))
    places = 2 * draws.uniform(count, players.dimension).to(inside) - 1
    return players.generate(sqrt(2) * torch.erfinv(inside * places))


def rejection(players: Players, count: int, draws: Draws, percentile: Value) -> Tensor:
    """Samples that the discriminator sees through are thrown away and drawn again, the clearer the more often."""
    pilot = players.score(players.generate(players.draw_latent(PILOT, draws)))
    highest = pilot.amax(-1, keepdim=True)
    shift = _find_percentile(weigh_scores(pilot, highest), percentile)
    points = players.generate(players.draw_latent(count, draws))
    waiting = torch.ones(points.shape[:-1], dtype=torch.bool, device=points.device)
    for _ in range(ROUNDS):
        proposed = players.generate(players.draw_latent(count, draws))
        chance = torch.sigmoid(weigh_scores(players.score(proposed), highest) - shift)
        points = torch.where(waiting.unsqueeze(-1), proposed, points)
        waiting = waiting & (draws.uniform(count).to(chance) >= chance)
        if not waiting.any():
            break
    return points


def metropolis_hastings(players: Players, count: int, draws: Draws, steps: float) -> Tensor:
    """Every sample is where a walk ends that goes on to better scored samples always, and to worse ones seldom."""
    points, moved = _walk(players, players.draw_data(count, draws), draws, int(steps))
    if moved.all():
        return points
    # A walk that never left its real point began too high; it begins again at a generated one, as in the paper.
    again, _ = _walk(players, players.generate(players.draw_latent(count, draws)), draws, int(steps))
    return torch.where(moved.unsqueeze(-1), points, again)


def langevin(players: Players, count: int, draws: Draws, step_size: Value, steps: float) -> Tensor:
    """The noise itself is moved, by many small and shaken steps, to where the discriminator scores higher."""
    z, size = players.draw_latent(count, draws), _by_sample(step_size)
    for _ in range(int(steps)):
        z = z.detach().requires_grad_()
        scores = players.score(players.generate(z))
        rise = pull_back(scores, z, torch.ones_like(scores)) - z.detach()
        z = z.detach() + size / 2 * rise + size**0.5 * draws.normal(*z.shape[-2:]).to(z)
    return players.generate(z)


def weigh_scores(scores: Tensor, highest: Tensor) -> Tensor:
    """Give the logit (..., N) of accepting a sample: it makes the chance of one that is scored `highest` nearly 1."""
    # The paper raises the highest score when a sample has a higher one; here such a sample is as good as the highest.
    gap = (scores - highest).clamp_max(0)
    return gap - torch.log(-torch.expm1(gap - EPSILON))


def _walk(players: Players, points: Tensor, draws: Draws, steps: int) -> tuple[Tensor, Tensor]:
    """Walk from points (..., N, D) over generated samples; give where they are then, and which have moved (..., N)."""
    scores, count = players.score(points), points.shape[-2]
    moved = torch.zeros_like(scores, dtype=torch.bool)
    for _ in range(steps):
        proposed = players.generate(players.draw_latent(count, draws))
        offered = players.score(proposed)
        # (1/D_old - 1) / (1/D_new - 1) = exp(d_new - d_old), because D = sigmoid(d)
        goes = draws.uniform(count).to(scores).log() <= offered - scores
        points = torch.where(goes.unsqueeze(-1), proposed, points)
        scores, moved = torch.where(goes, offered, scores), moved | goes
    return points, moved


def _find_percentile(values: Tensor, percentile: Value) -> Tensor:
    """Give the value (..., 1) that so many percent of the values (..., N) do not exceed."""
    rank = (torch.as_tensor(percentile, device=values.device) / 100 * (values.shape[-1] - 1)).round().long()
    return values.sort(-1).values.gather(-1, rank.expand(*values.shape[:-1], 1))


def _by_sample(number: Value) -> Value:
    """Give a number a run (R, 1) the shape (R, 1, 1) of the runs' samples."""
    return number.unsqueeze(-1) if isinstance(number, Tensor) else number


def _keep_apart(key: str, scores: bool = True) -> Mapping[str, str]:
    """Say why a technique of drawing is kept from others; `scores` says that it reads those of single points."""
    others = {one: "it draws the samples of a run too, and they are drawn in one way" for one in KEYS if one != key}
    company = dict.fromkeys(COMPANY, "it reads a score as that of a point alone, and there its company counts too")
    return {**others, **company} if scores else others


TECHNIQUES.add(
    SamplingTechnique(
        "truncation",
        "Truncation",
        truncation,
        r"\tilde{x} = G(z), \quad z \sim \mathcal{N}(0, I) \;\text{given}\; |z_i| \le \tau",
        BIGGAN,
        (Number("tau", "Bound", 1.0, 0.1, 3.0, "How far from 0 a coordinate of the noise may lie.", live=True),),
        goes_with={"latent": ("normal",)},
        because="it cuts off the tails of the standard normal law, and draws no other",
        apart=_keep_apart("truncation", scores=False),
        reads_scores=False,
        see="A layer of refined samples, as rings: they keep to where the middle of the noise is sent. On a ring that"
        " may be between the modes.",
        code="inside = math.erf(tau / math.sqrt(2))\n"
        "places = inside * (2 * torch.rand(count, dimension) - 1)\n"
        "refined = generator(math.sqrt(2) * torch.erfinv(places))",
    )
)
TECHNIQUES.add(
    SamplingTechnique(
        "rejection",
        "Discriminator rejection",
        rejection,
        r"w = d - d_M - \ln(1 - e^{d - d_M - \epsilon}), \quad d = d(G(z)),"
        r" \quad P(\text{keep } G(z)) = \sigma(w - \gamma), \quad \gamma = \text{a percentile of } w",
        Paper("Azadi, Olsson, Darrell, Goodfellow, Odena", "Discriminator Rejection Sampling", 2019),
        (
            Number(
                "percentile",
                "Percentile",
                95.0,
                0.0,
                100.0,
                "So many percent of the samples are kept with a chance under one half: the higher, the stricter.",
                live=True,
            ),
        ),
        goes_with={"loss": RATIOS},
        because="it reads a score as the logarithm of p/q, which other losses do not teach",
        apart=_keep_apart("rejection"),
        see="A layer of refined samples, as rings: few are left on the bridges between modes, and where all scores are"
        " nearly the same some modes get far more than others.",
        code="def weigh(points):\n"
        "    gap = (discriminator(points).squeeze(1) - highest).clamp(max=0)\n"
        "    return gap - torch.log(-torch.expm1(gap - 1e-6))\n"
        "\n"
        "pilot = generator(torch.randn(2000, dimension))\n"
        "highest = discriminator(pilot).max()\n"
        "gamma = weigh(pilot).quantile(percentile / 100)\n"
        "x_fake = generator(torch.randn(count, dimension))\n"
        "chance = torch.sigmoid(weigh(x_fake) - gamma)\n"
        "refined = x_fake[torch.rand(count) < chance]",
    )
)
TECHNIQUES.add(
    SamplingTechnique(
        "metropolis_hastings",
        "Metropolis-Hastings",
        metropolis_hastings,
        r"P(x \to x') = \min\Big(1, \frac{1 / D(x) - 1}{1 / D(x') - 1}\Big), \quad D = \sigma(d), \quad x' = G(z)",
        Paper("Turner, Hung, Frank, Saatchi, Yosinski", "Metropolis-Hastings Generative Adversarial Networks", 2019),
        (
            Number(
                "steps",
                "Steps of a walk",
                100,
                1,
                1000,
                "How many generated samples each walk is offered; the paper takes 640.",
                integer=True,
                scale="log",
            ),
        ),
        goes_with={"loss": RATIOS},
        because="it reads a score as the logarithm of p/q, which other losses do not teach",
        apart=_keep_apart("metropolis_hastings"),
        see="A layer of refined samples, as rings: few are left on the bridges between modes, the fewer the longer the"
        " walks.",
        code="refined = x_real\n"
        "scores = discriminator(refined).squeeze(1)\n"
        "for _ in range(steps):\n"
        "    x_fake = generator(torch.randn(len(x_real), dimension))\n"
        "    offered = discriminator(x_fake).squeeze(1)\n"
        "    goes = torch.rand(len(x_real)).log() <= offered - scores\n"
        "    refined = torch.where(goes[:, None], x_fake, refined)\n"
        "    scores = torch.where(goes, offered, scores)",
    )
)
TECHNIQUES.add(
    SamplingTechnique(
        "langevin",
        "Langevin steps in the noise",
        langevin,
        r"z \leftarrow z - \tfrac{\eta}{2} \nabla E(z) + \sqrt{\eta}\, n, \quad n \sim \mathcal{N}(0, I),"
        r" \quad E(z) = \tfrac{1}{2} \lVert z \rVert^2 - d(G(z))",
        Paper("Che et al.", "Your GAN is Secretly an Energy-based Model", 2020),
        (
            Number("step_size", "Step size", 0.01, 1e-4, 0.5, "How far a step goes.", scale="log", live=True),
            Number("steps", "Steps", 100, 1, 1000, "How many steps the noise is moved.", integer=True, scale="log"),
        ),
        goes_with={"loss": RATIOS, "latent": ("normal",)},
        because="it reads a score as the logarithm of p/q, and the noise as a normal one",
        apart=_keep_apart("langevin"),
        see="A layer of refined samples, as rings: they climb the discriminator's surface from the bridges into the"
        " modes; with large steps some modes empty.",
        code="z = torch.randn(count, dimension)\n"
        "for _ in range(steps):\n"
        "    z.requires_grad_()\n"
        "    energy = z.square().sum() / 2 - discriminator(generator(z)).sum()\n"
        "    (slope,) = torch.autograd.grad(energy, z)\n"
        "    noise = torch.randn(count, dimension)\n"
        "    z = z.detach() - step_size / 2 * slope + math.sqrt(step_size) * noise\n"
        "refined = generator(z)",
    )
)
