"""Multilayer perceptrons over the run axis, with all parameters of a network in one flat vector.

Shape letters: R runs (leading axes, absent for a single run), N examples, I inputs, O outputs, P parameters.
One vector a network: an optimizer's step is then a few operations, whatever the number of layers.
The reverse pass is written out: for networks this small it takes a third of the time that autograd's takes,
and every number of it can be shown. Autograd sees through the forward pass all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from server.gan.config import OUTPUTS, NetworkConfig
from server.gan.randomness import Draws
from server.gan.registry import Registry, Unit

LEAK = 0.2
NARROW = 4
"""Matrix products with at most this many columns are several times faster transposed (measured)."""


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


def _add_activation(
    key: str,
    label: str,
    function: Callable[[Tensor], Tensor],
    formula: str,
    reverse: Callable[[Tensor, Tensor], Tensor],
    module: str,
) -> None:
    code = f"activation = {module}"
    ACTIVATIONS.add(Activation(key, label, function, formula, reverse=reverse, code=code))


aten = torch.ops.aten
_add_activation("relu", "ReLU", relu, r"\max(0, h)", lambda g, h: aten.threshold_backward(g, h, 0), "nn.ReLU()")
_add_activation(
    "leaky_relu",
    "Leaky ReLU",
    leaky_relu,
    r"\max(0.2\,h, h)",
    lambda g, h: aten.leaky_relu_backward(g, h, LEAK, False),
    "nn.LeakyReLU(0.2)",
)
_add_activation("tanh", "Tanh", tanh, r"\tanh h", lambda g, h: aten.tanh_backward(g, torch.tanh(h)), "nn.Tanh()")
_add_activation("silu", "SiLU", silu, r"h \cdot \sigma(h)", aten.silu_backward, "nn.SiLU()")
_add_activation(
    "elu",
    "ELU",
    elu,
    r"\begin{cases} h & h > 0 \\ e^{h} - 1 & h \le 0 \end{cases}",
    lambda g, h: aten.elu_backward(g, 1, 1, 1, False, h),
    "nn.ELU()",
)


class Trace(NamedTuple):
    """A forward pass: what entered each layer (..., N, I), and what it made of it before the activation (..., N, O).

    `outputs` is what the network answers (..., N, O): the last sums, squashed where the network has an output function.
    """

    inputs: list[Tensor]
    sums: list[Tensor]
    outputs: Tensor


@dataclass(frozen=True)
class Network:
    """The shape of a perceptron: `sizes` are (inputs, width, ..., width, outputs); `output` squashes the last sums."""

    sizes: tuple[int, ...]
    activation: Activation
    output: Activation | None = None

    @classmethod
    def build(cls, config: NetworkConfig, inputs: int, outputs: int) -> Network:
        """Make the network that `config` describes."""
        sizes = (inputs, *[config.width] * config.hidden_layers, outputs)
        output = None if config.output == OUTPUTS.default else ACTIVATIONS[config.output]
        return cls(sizes, ACTIVATIONS[config.activation], output)

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Weight (I, O) and bias (O) of each layer, in order."""
        layers = zip(self.sizes[:-1], self.sizes[1:], strict=True)
        return tuple(shape for i, o in layers for shape in ((i, o), (o,)))

    @cached_property
    def lengths(self) -> list[int]:
        """How many numbers each of `shapes` holds."""
        return [prod(shape) for shape in self.shapes]

    def draw_parameters(self, draws: Draws) -> Tensor:
        """Draw initial parameters (..., P) as torch.nn.Linear does: U(-1/sqrt(I), 1/sqrt(I)), biases too."""
        bounds = [fan_in**-0.5 for fan_in in self.sizes[:-1] for _ in ("weight", "bias")]
        bound = torch.cat([torch.full((n,), b) for n, b in zip(self.lengths, bounds, strict=True)])
        return (2 * draws.uniform(sum(self.lengths)) - 1) * bound

    def split(self, vector: Tensor) -> list[Tensor]:
        """View a vector (..., P) as weights (..., I, O) and biases (..., O), in the order of `shapes`."""
        runs = tuple(vector.shape[:-1])
        parts = torch.split_with_sizes(vector, self.lengths, -1)
        return [
            part.view(runs + shape) if len(shape) > 1 else part for part, shape in zip(parts, self.shapes, strict=True)
        ]

    def join(self, parts: Sequence[Tensor]) -> Tensor:
        """Put weights and biases back into one vector (..., P): the inverse of `split`."""
        runs = parts[-1].shape[:-1]
        return torch.cat([part.reshape(*runs, -1) for part in parts], -1)

    def __call__(self, parts: Sequence[Tensor], x: Tensor) -> Tensor:
        """Compute the outputs (..., N, O) for inputs x (..., N, I)."""
        return self.trace(parts, x).outputs

    def trace(self, parts: Sequence[Tensor], x: Tensor) -> Trace:
        """Compute the outputs for inputs x (..., N, I), and keep what passed through every layer."""
        activate = self.activation.function
        inputs, sums = [x], [affine(x, parts[0], parts[1])]
        for weight, bias in zip(parts[2::2], parts[3::2], strict=True):
            inputs.append(activate(sums[-1]))
            sums.append(affine(inputs[-1], weight, bias))
        return Trace(inputs, sums, self.output.function(sums[-1]) if self.output else sums[-1])

    def parameter_gradient(self, parts: Sequence[Tensor], trace: Trace, upstream: Tensor) -> Tensor:
        """Give the gradient (..., P) with respect to all parameters, from that of the outputs (..., N, O)."""
        pieces: list[Tensor] = []
        upstream = self._through_output(trace, upstream)
        for layer in reversed(range(len(trace.sums))):
            pieces += [upstream.sum(-2), transposed_product(trace.inputs[layer], upstream)]
            if layer:
                upstream = self._through(parts, trace, upstream, layer)
        return self.join(pieces[::-1])

    def input_gradient(self, parts: Sequence[Tensor], trace: Trace, upstream: Tensor) -> Tensor:
        """Give the gradient (..., N, I) with respect to the inputs, from that of the outputs (..., N, O)."""
        upstream = self._through_output(trace, upstream)
        for layer in reversed(range(1, len(trace.sums))):
            upstream = self._through(parts, trace, upstream, layer)
        return upstream @ parts[0].mT

    def tangent(self, parts: Sequence[Tensor], trace: Trace, direction: Sequence[Tensor]) -> Tensor:
        """Give the change (..., N, O) of the outputs, to first order, as the parts move along `direction`."""
        change = affine(trace.inputs[0], direction[0], direction[1])
        for layer in range(1, len(trace.sums)):
            carried = self.activation.reverse(change, trace.sums[layer - 1]) @ parts[2 * layer]
            change = carried + affine(trace.inputs[layer], direction[2 * layer], direction[2 * layer + 1])
        return self._through_output(trace, change)

    def _through_output(self, trace: Trace, upstream: Tensor) -> Tensor:
        """Multiply by the slope of the output function: what reverse and tangent do is the same there."""
        return self.output.reverse(upstream, trace.sums[-1]) if self.output else upstream

    def _through(self, parts: Sequence[Tensor], trace: Trace, upstream: Tensor, layer: int) -> Tensor:
        """Carry a gradient from a layer's sums to the sums of the layer before."""
        weight = parts[2 * layer]
        below = upstream * weight.mT if weight.shape[-1] == 1 else upstream @ weight.mT
        return self.activation.reverse(below, trace.sums[layer - 1])


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Compute x (..., N, I) @ weight (..., I, O) + bias (..., O)."""
    product = torch.addmm if weight.dim() == 2 else torch.baddbmm
    if weight.shape[-1] <= NARROW:
        return product(bias.unsqueeze(-1), weight.mT, x.mT).mT
    return product(bias.unsqueeze(-2), x, weight)


def transposed_product(x: Tensor, y: Tensor) -> Tensor:
    """Compute x^T y (..., I, O) for x (..., N, I) and y (..., N, O)."""
    return (y.mT @ x).mT if y.shape[-1] <= NARROW else x.mT @ y
