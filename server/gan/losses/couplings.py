"""A coupling flow: a chain of maps that can be undone, so that the likelihood of every real point is known exactly.

Shape letters: N examples, K couplings; leading axes are runs. A point has two coordinates, as the noise has.
A coupling keeps one coordinate and stretches and shifts the other, by what the generator's network answers to the one
that is kept; then the two change places. That is the affine coupling layer of Dinh et al. 2017, equations 7 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log, pi
from typing import Any, ClassVar

import torch
from torch import Tensor

from server.gan.losses.base import LOSSES, Answer, LoneLoss
from server.gan.registry import Paper

COUPLINGS = 6
"""An even number, so that both coordinates are moved equally often and none has changed places at the end."""
BOUND = 2.0
"""The natural logarithm of the most that a coupling stretches, or shrinks, a coordinate by."""


@dataclass(frozen=True)
class CouplingLoss(LoneLoss):
    """Minus the log-likelihood of points under a flow: `(points (..., N, 2), answers (..., K N, 2)) -> (..., N)`.

    The generator's network is one for all couplings. It reads the kept coordinate and which coupling asks, 1 among K
    numbers that are 0 else, and answers two numbers: the bounded one is the logarithm of the stretch, and a shift.
    The answers stand coupling by coupling, those to the first one before all others.
    """

    answers: ClassVar[str] = "coupling"
    slope: ClassVar[str] = "coupling_slope"
    beside: ClassVar[int] = COUPLINGS - 1  # the network reads one coordinate and the K numbers, in place of the noise
    reads_noise: ClassVar[bool] = False
    moves_noise: ClassVar[bool] = True
    coordinates: ClassVar[int] = 2
    words: ClassVar[Mapping[str, str]] = {
        "part": "This loss is computed from the real samples themselves: how likely is each, as the generator is now?",
        "draw": "Real samples are drawn. They will go through the generator backwards, to the noise they would be of.",
        "count": "How likely is that noise, and how much was the plane stretched there? That gives the likelihood of"
        " each real sample, exactly.",
        "generate": "Generate backwards: real samples become noise, coupling by coupling",
        "loss": "Loss: how unlikely are the real points?",
        "arrows": "Noise goes through the couplings and becomes generated samples. The loss sends real samples the"
        " other way, and asks how likely they are.",
        "script": "the generator learns to give the real points a high likelihood.",
        "letters": "In the formulas $x$ is a real point, $z$ the noise that it becomes, $s_k$ the log-scale\n"
        "of coupling $k$ there, and $\\mathbb{E}$ the mean over a batch.",
    }
    g_parts: tuple[str, ...] = field(default=(), kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "coordinates": self.coordinates}

    def follow(self, answer: Answer, z: Tensor, **numbers: Any) -> list[Tensor]:
        """Give the way from noise (..., N, 2) to samples: where they are after none, one, ... and all couplings."""
        way = [z]
        for index in reversed(range(COUPLINGS)):
            kept, moved = way[-1][..., 1:], way[-1][..., :1]
            log_scale, shift = read_answers(answer(ask(kept, index)))
            way.append(torch.cat((kept, (moved - shift) * torch.exp(-log_scale)), -1))
        return way

    def read(self, known: Mapping[str, Tensor], answer: Answer) -> Tensor:
        """Give what the network is asked as real points go to the noise (..., K N, 1 + K)."""
        places, asked = known["x_real"], []
        for index in range(COUPLINGS):
            asked.append(ask(places[..., :1], index))
            places, _ = couple(places, answer(asked[-1]))
        return torch.cat(asked, -2)

    def connect(self, aims: Tensor, answers: Tensor, answer: Answer) -> Tensor:
        """Give the answers (..., K N, 2) as they are, but with slopes: what is asked later hangs on earlier ones."""
        places, connected = aims, []
        for index, given in enumerate(answers.chunk(COUPLINGS, -2)):
            own = answer(ask(places[..., :1], index))
            connected.append(given + (own - own.detach()))  # adds nothing but the slope
            places, _ = couple(places, connected[-1])
        return torch.cat(connected, -2)


def coupling_flow(points: Tensor, answers: Tensor) -> Tensor:
    """No discriminator: noise is bent into data by steps that can be undone, so every point's likelihood is known."""
    places, grown = points, torch.zeros_like(points[..., 0])
    for given in answers.chunk(COUPLINGS, -2):
        places, log_scale = couple(places, given)
        grown = grown + log_scale.squeeze(-1)
    return places.square().sum(-1) / 2 + log(2 * pi) - grown


def couple(places: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    """Send places (..., N, 2) through a coupling, towards the noise: where they are then, and the log-scale there."""
    kept, moved = places[..., :1], places[..., 1:]
    log_scale, shift = read_answers(answers)
    return torch.cat((moved * log_scale.exp() + shift, kept), -1), log_scale


def read_answers(answers: Tensor) -> tuple[Tensor, Tensor]:
    """Read the log-scale and the shift, each (..., N, 1), of answers (..., N, 2): the first is bounded, smoothly."""
    return BOUND * torch.tanh(answers[..., :1] / BOUND), answers[..., 1:]


def ask(kept: Tensor, index: int) -> Tensor:
    """Put beside the kept coordinates (..., N, 1) which coupling asks: (..., N, 1 + K)."""
    asks = torch.eye(COUPLINGS, dtype=kept.dtype, device=kept.device)[index]
    return torch.cat((kept, asks.expand(*kept.shape[:-1], COUPLINGS)), -1)


LOSSES.add(
    CouplingLoss(
        "coupling_flow",
        "Coupling flow (no discriminator)",
        coupling_flow,
        r"L_G = -\mathbb{E} \log p(x), \quad"
        r" -\log p(x) = \tfrac{1}{2} \lVert z \rVert^2 + \log(2\pi) - \sum_{k=1}^{6} s_k, \quad x = G(z),"
        r" \quad (a, b) \mapsto (b \, e^{s_k(a)} + t_k(a), a) \;\text{six times leads from } x \text{ to } z",
        Paper("Dinh, Sohl-Dickstein, Bengio", "Density estimation using Real NVP", 2017),
        goes_with={"latent": ("normal",)},
        because="it takes the likelihood of the noise that real samples become, by the standard normal law",
        see="There is no surface, no prediction and no needle: nobody judges. Noise is stretched, sheared and bent over"
        " the data, but a flow cannot tear the plane: thin bridges of points stay between the modes.",
        code="places, grown = x_real, 0\n"
        "for asks in torch.eye(6):\n"
        "    kept, moved = places[:, :1], places[:, 1:]\n"
        "    answers = generator(torch.cat([kept, asks.expand(len(kept), 6)], 1))\n"
        "    log_scale, shift = 2 * torch.tanh(answers[:, :1] / 2), answers[:, 1:]\n"
        "    places = torch.cat([moved * log_scale.exp() + shift, kept], 1)\n"
        "    grown = grown + log_scale.squeeze(1)\n"
        "g_loss = (places.square().sum(1) / 2 + math.log(2 * math.pi) - grown).mean()",
        sampling_code="x_fake = z\n"
        "for asks in torch.eye(6).flip(0):\n"
        "    kept, moved = x_fake[:, 1:], x_fake[:, :1]\n"
        "    answers = generator(torch.cat([kept, asks.expand(len(kept), 6)], 1))\n"
        "    log_scale, shift = 2 * torch.tanh(answers[:, :1] / 2), answers[:, 1:]\n"
        "    x_fake = torch.cat([kept, (moved - shift) * torch.exp(-log_scale)], 1)",
    )
)  # fmt: skip
