"""The activations: what a neuron makes of its sum.

Each has its reverse written out, because `server.gan.networks` carries gradients through a network by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from server.gan.registry import Registry, Unit

LEAK = 0.2
SOFTPLUS_LINEAR = 20
"""From here on PyTorch takes h itself for softplus, which differs by less than a rounding."""
SINE = "class Sine(nn.Module):\n    def forward(self, h):\n        return torch.sin(h)\n\n\n"
"""PyTorch has no module of this kind."""


@dataclass(frozen=True)
class Activation(Unit[Callable[[Tensor], Tensor]]):
    """An activation; `reverse` is (upstream, h) -> upstream times the activation's slope at h."""

    reverse: Callable[[Tensor, Tensor], Tensor] = field(kw_only=True)


ACTIVATIONS: Registry[Activation] = Registry("activation")


def relu(h: Tensor) -> Tensor:
    """Passes what is positive and stops the rest: the net becomes a surface of flat facets."""
    return torch.relu(h)


def leaky_relu(h: Tensor) -> Tensor:
    """Like ReLU, but lets a fifth of the negative part through, so that no neuron falls silent for good."""
    return functional.leaky_relu(h, LEAK)


def tanh(h: Tensor) -> Tensor:
    """Squeezes everything between -1 and 1, smoothly."""
    return torch.tanh(h)


def silu(h: Tensor) -> Tensor:
    """A smooth ReLU: the input times its own sigmoid."""
    return functional.silu(h)


def elu(h: Tensor) -> Tensor:
    """Like ReLU, but falls smoothly to -1 on the negative side."""
    return functional.elu(h)


def gelu(h: Tensor) -> Tensor:
    """A smooth ReLU: the input times the share of a bell curve that lies below it."""
    return functional.gelu(h)


def softplus(h: Tensor) -> Tensor:
    """A ReLU whose corner is rounded off: never quite zero, and its slope is the sigmoid."""
    return functional.softplus(h)


def sigmoid(h: Tensor) -> Tensor:
    """Squeezes everything between 0 and 1; its slope is 1/4 at most, so that through many layers little is left."""
    return torch.sigmoid(h)


def sine(h: Tensor) -> Tensor:
    """A wave: the net's surface ripples, and it can bend more finely than with any of the others."""
    return torch.sin(h)


def _add_activation(
    key: str,
    label: str,
    function: Callable[[Tensor], Tensor],
    formula: str,
    reverse: Callable[[Tensor, Tensor], Tensor],
    module: str,
    before: str = "",
    *,
    see: str,
    basic: bool = False,
) -> None:
    code = f"{before}activation = {module}"
    ACTIVATIONS.add(Activation(key, label, function, formula, reverse=reverse, see=see, code=code, basic=basic))


aten = torch.ops.aten
_add_activation(
    "relu",
    "ReLU",
    relu,
    r"\max(0, h)",
    lambda g, h: aten.threshold_backward(g, h, 0),
    "nn.ReLU()",
    basic=True,
    see="The surface is made of flat facets that meet in straight creases, and the lines of the warp have sharp bends.",
)
_add_activation(
    "leaky_relu",
    "Leaky ReLU",
    leaky_relu,
    r"\max(0.2\,h, h)",
    lambda g, h: aten.leaky_relu_backward(g, h, LEAK, False),
    "nn.LeakyReLU(0.2)",
    basic=True,
    see="Facets and creases as with ReLU. On the ring of eight all modes are found within some 300 steps, "
    "where ReLU has found them all in one seed of five.",
)
_add_activation(
    "tanh",
    "Tanh",
    tanh,
    r"\tanh h",
    lambda g, h: aten.tanh_backward(g, torch.tanh(h)),
    "nn.Tanh()",
    basic=True,
    see="The surface and the warp are smooth and round, and far from the data the surface levels off. On the "
    "ring of eight scores stay small and the modes are covered evenly within some 300 steps.",
)
_add_activation(
    "silu",
    "SiLU",
    silu,
    r"h \cdot \sigma(h)",
    aten.silu_backward,
    "nn.SiLU()",
    basic=True,
    see="The surface and the warp bend softly, without creases. On the ring of eight all modes are covered "
    "evenly within some 300 steps, but they stay blurred for long: few points count as high quality.",
)
_add_activation(
    "elu",
    "ELU",
    elu,
    r"\begin{cases} h & h > 0 \\ e^{h} - 1 & h \le 0 \end{cases}",
    lambda g, h: aten.elu_backward(g, 1, 1, 1, False, h),
    "nn.ELU()",
    see="The surface and the warp bend softly, without creases. On the ring of eight all modes are covered "
    "within some 300 steps, but after 1,500 they are still blurred: few points count as high quality.",
)
_add_activation(
    "gelu",
    "GELU",
    gelu,
    r"h \cdot \Phi(h)",
    aten.gelu_backward,
    "nn.GELU()",
    see="The surface and the warp bend softly, without creases. On the ring of eight all modes are covered "
    "within some 300 steps, but they stay blurred for long: few points count as high quality.",
)
_add_activation(
    "softplus",
    "Softplus",
    softplus,
    r"\ln(1 + e^{h})",
    lambda g, h: aten.softplus_backward(g, h, 1, SOFTPLUS_LINEAR),
    "nn.Softplus()",
    see="The surface is broad and smooth. On the ring of eight the generated points stay together and reach "
    "one or two modes within 1,500 steps.",
)
_add_activation(
    "sigmoid",
    "Sigmoid",
    sigmoid,
    r"\frac{1}{1 + e^{-h}}",
    lambda g, h: aten.sigmoid_backward(g, torch.sigmoid(h)),
    "nn.Sigmoid()",
    see="At step 0 all generated points are almost one. On the ring of eight they stay a clump for 1,500 "
    "steps and more: little of the loss's slope comes through the layers.",
)
_add_activation(
    "sine",
    "Sine",
    sine,
    r"\sin h",
    lambda g, h: g * torch.cos(h),
    "Sine()",
    SINE,
    see="The surface ripples, and away from the data it goes on in waves. On the ring of eight all modes are "
    "found within some 300 steps.",
)
