"""Flow matching: noise flows to the data along paths, and the generator learns the velocity at every place and time.

Shape letters: N examples, D coordinates of a point, of the noise as of the data; leading axes are runs.
The time goes from 0, where a point is noise z, to 1, where it is data x; between them it is at (1 - t) z + t x. That is
the path of Lipman et al. 2023, equation 22, with its smallest width at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from server.gan.losses.base import LOSSES, Answer, LoneLoss
from server.gan.randomness import Draws
from server.gan.registry import Number, Paper


@dataclass(frozen=True)
class PathLoss(LoneLoss):
    """A loss of velocities: `(wanted (..., N, D), velocity (..., N, D)) -> (..., N)`.

    The generator's network reads a place on the way and the time there, and answers a velocity. Its number `steps` says
    in how many midpoint steps a sample follows these from the noise; training knows nothing of it.
    """

    answers: ClassVar[str] = "velocity"
    slope: ClassVar[str] = "velocity_slope"
    beside: ClassVar[int] = 1
    moves_noise: ClassVar[bool] = True
    words: ClassVar[Mapping[str, str]] = {
        "part": "This loss compares the velocities that the generator answers with those that lead to real samples.",
        "draw": "Noise and real samples are drawn in pairs, and a place between the two of each. The generator says"
        " how fast to go there, and which way.",
        "count": "How far is that from the straight way to the real sample? It is counted as the generator’s loss.",
        "generate": "Generate: the generator answers a velocity at every place",
        "loss": "Loss: how far are they from the straight ways to the real points?",
        "arrows": "Noise flows along the generator's velocities and becomes generated samples. The loss compares the"
        " velocities with those that lead from noise to real samples.",
        "script": "the generator learns which velocity noise needs.",
        "letters": "In the formulas $x$ is a real point, $z$ is noise, $v$ is what the generator answers,\n"
        "and $\\mathbb{E}$ the mean over a batch.",
    }
    g_parts: tuple[str, ...] = field(default=(), kw_only=True)

    def follow(self, answer: Answer, z: Tensor, **numbers: Any) -> list[Tensor]:
        """Give the way from noise (..., N, D) to samples: the places after 0, 1, ... and all midpoint steps."""
        steps = int(numbers["steps"])
        way = [z]
        for step in range(steps):
            middle = way[-1] + answer(join_time(way[-1], step / steps)) / (2 * steps)
            way.append(way[-1] + answer(join_time(middle, (step + 0.5) / steps)) / steps)
        return way

    def pose(self, known: Mapping[str, Tensor], draws: Callable[[str], Draws]) -> dict[str, Tensor]:
        """Draw a time for every pair of noise and data, `times` (..., N, 1), and give its `places` (..., N, D)."""
        z, x_real = known["z"], known["x_real"]
        times = draws("times").uniform(z.shape[-2], 1).to(z)
        return {"times": times, "places": (1 - times) * z + times * x_real}

    def read(self, known: Mapping[str, Tensor], answer: Answer) -> Tensor:
        """Give the places and their times, side by side (..., N, D + 1)."""
        return torch.cat((known["places"], known["times"]), -1)

    def aim(self, known: Mapping[str, Tensor]) -> Tensor:
        """Give the velocity of every pair: it goes straight, and is there after a time of 1."""
        return known["x_real"] - known["z"]

    def price(self, aims: Tensor, answers: Tensor, **numbers: Any) -> Tensor:
        """Compute what velocities (..., N, D) cost; how many steps a sample takes does not count."""
        return super().price(aims, answers)


def flow_matching(wanted: Tensor, velocity: Tensor) -> Tensor:
    """No discriminator: the generator learns which way, and how fast, noise has to flow to become the data."""
    return (velocity - wanted).square().sum(-1)


def join_time(places: Tensor, time: float) -> Tensor:
    """Put one time beside all places (..., N, D): (..., N, D + 1)."""
    return torch.cat((places, places.new_full((*places.shape[:-1], 1), time)), -1)


LOSSES.add(
    PathLoss(
        "flow_matching",
        "Flow matching (no discriminator)",
        flow_matching,
        r"L_G = \mathbb{E} \lVert v(x_t, t) - (x - z) \rVert^2, \quad x_t = (1 - t) z + t x,"
        r" \quad t \sim \mathcal{U}(0, 1), \quad G(z) = x_1 \;\text{by}\; \dot{x}_t = v(x_t, t), \; x_0 = z",
        Paper("Lipman, Chen, Ben-Hamu, Nickel, Le", "Flow Matching for Generative Modeling", 2023),
        (
            Number("steps", "Midpoint steps", 10, 1, 100,
                   "In how many steps a sample goes from the noise to the data; training is the same with any number.",
                   integer=True, scale="log"),
        ),
        goes_with={"latent": ("normal",)},
        because="it begins with the standard normal law, from which the way to the data is learned",
        see="There is no surface, no prediction and no needle: nobody judges, and no sample is priced. On the ring of"
        " eight all modes are reached within 300 steps, evenly; after 2,000 about one point in eight lies inside them.",
        code="times = draws.uniform(len(z), 1)\n"
        "places = (1 - times) * z + times * x_real\n"
        "velocity = generator(torch.cat([places, times], 1))\n"
        "g_loss = (velocity - (x_real - z)).square().sum(1).mean()",
        sampling_code="def move(places, time):\n"
        "    times = torch.full((len(places), 1), time)\n"
        "    return generator(torch.cat([places, times], 1))\n"
        "\n"
        "x_fake = z\n"
        "for step in range(steps):\n"
        "    middle = x_fake + move(x_fake, step / steps) / (2 * steps)\n"
        "    x_fake = x_fake + move(middle, (step + 0.5) / steps) / steps",
    )
)  # fmt: skip
