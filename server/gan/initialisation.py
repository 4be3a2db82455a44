"""The initialisations: the laws that a layer's weights are drawn from before training begins.

Shape letters: I inputs, O outputs of a layer; leading axes are runs, as the draws give them.
A network's gain, 1 where nothing is said, multiplies the weights afterwards, and leaves the biases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from server.gan.config import DEFAULT_INIT
from server.gan.papers import GAN_LAB
from server.gan.randomness import Draws
from server.gan.registry import Paper, Registry, Unit

Start = Callable[[int, int, Draws, bool], tuple[Tensor, Tensor]]
"""(inputs, outputs, draws, whether it is the first layer) -> weight (..., I, O) and bias (..., O)."""

DCGAN_STD = 0.02


@dataclass(frozen=True)
class Init(Unit[Start]):
    """An initialisation; `code` makes weight and bias from inputs, outputs, draws and, if it needs it, first.

    `layer_code` is what PyTorch has for it, done to `layer`, an nn.Linear; none where that begins so by itself.
    """

    layer_code: str = field(default="", kw_only=True)


INITS: Registry[Init] = Registry("init")


def uniform(inputs: int, outputs: int, draws: Draws, first: bool) -> tuple[Tensor, Tensor]:
    """As PyTorch begins: all numbers up to one over the root of the number of inputs are equally likely."""
    bound = inputs**-0.5
    weight = (2 * draws.uniform(inputs, outputs) - 1) * bound
    return weight, (2 * draws.uniform(outputs) - 1) * bound


def normal(inputs: int, outputs: int, draws: Draws, first: bool) -> tuple[Tensor, Tensor]:
    """A narrow bell curve, as DCGAN began: at first a net answers almost the same to everything."""
    weight = DCGAN_STD * draws.normal(inputs, outputs)
    return weight, torch.zeros_like(weight[..., 0, :])


def orthogonal(inputs: int, outputs: int, draws: Draws, first: bool) -> tuple[Tensor, Tensor]:
    """Turns the inputs without stretching them: on the way through many layers they neither fade nor blow up."""
    q, r = torch.linalg.qr(draws.normal(max(inputs, outputs), min(inputs, outputs)))
    # The signs of r's diagonal make every turn equally likely; the decomposition alone prefers some.
    q = q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
    weight = q if inputs >= outputs else q.mT
    return weight, torch.zeros_like(weight[..., 0, :])


def ganlab(inputs: int, outputs: int, draws: Draws, first: bool) -> tuple[Tensor, Tensor]:
    """GAN Lab's own: a bell curve whose width is one over the root of the number of inputs; biases begin at zero."""
    fan_in = 2 if first else inputs  # GAN Lab takes 2 there, for noise of one dimension too
    weight = fan_in**-0.5 * draws.normal(inputs, outputs)
    return weight, torch.zeros_like(weight[..., 0, :])


INITS.add(
    Init(
        DEFAULT_INIT,
        "PyTorch's default",
        uniform,
        r"W_{ij}, b_j \sim U\Big(-\frac{1}{\sqrt{I}}, \frac{1}{\sqrt{I}}\Big)",
        see="At step 0 all generated points are a small clump near the middle, and the surface is almost of "
        "one colour: the generator has yet to spread.",
        code="bound = inputs**-0.5\n"
        "weight = (2 * draws.uniform(inputs, outputs) - 1) * bound\n"
        "bias = (2 * draws.uniform(outputs) - 1) * bound",
    )
)
INITS.add(
    Init(
        "normal",
        "Normal, 0.02",
        normal,
        r"W_{ij} \sim \mathcal{N}(0, 0.02^2), \quad b = 0",
        Paper(
            "Radford, Metz, Chintala",
            "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
            2016,
        ),
        see="At step 0 all generated points are a single dot in the middle, and the surface is of one colour.",
        code="weight = 0.02 * draws.normal(inputs, outputs)\nbias = torch.zeros(outputs)",
        layer_code="nn.init.normal_(layer.weight, std=0.02)\nnn.init.zeros_(layer.bias)",
    )
)
INITS.add(
    Init(
        "orthogonal",
        "Orthogonal",
        orthogonal,
        r"W^\top W = 1 \;\text{ or }\; W W^\top = 1, \quad b = 0",
        Paper(
            "Saxe, McClelland, Ganguli",
            "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
            2014,
        ),
        see="At step 0 the generated points are a small clump in the middle, nearer to it than with PyTorch's"
        " default, since all biases are zero.",
        code="shape = max(inputs, outputs), min(inputs, outputs)\n"
        "q, r = torch.linalg.qr(draws.normal(*shape))\n"
        "q = q * r.diagonal().sign()\n"
        "weight = (q if inputs >= outputs else q.T).contiguous()\n"
        "bias = torch.zeros(outputs)",
        layer_code="nn.init.orthogonal_(layer.weight)\nnn.init.zeros_(layer.bias)",
    )
)
INITS.add(
    Init(
        "ganlab",
        "GAN Lab's",
        ganlab,
        r"W_{ij} \sim \mathcal{N}(0, \tfrac{1}{I}), \quad b = 0;"
        r" \quad W_{ij} \sim \mathcal{N}(0, \tfrac{1}{2}) \text{ in the first layer}",
        GAN_LAB,
        see="At step 0 the generated points are already a cloud, several times wider than with PyTorch's "
        "default, and the surface has clear colours: its scores differ by 1 to 4.",
        code="fan_in = 2 if first else inputs\n"
        "weight = fan_in**-0.5 * draws.normal(inputs, outputs)\n"
        "bias = torch.zeros(outputs)",
        layer_code="fan_in = 2 if first else layer.in_features\n"
        "nn.init.normal_(layer.weight, std=fan_in**-0.5)\n"
        "nn.init.zeros_(layer.bias)",
    )
)
