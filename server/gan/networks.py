"""Multilayer perceptrons over the run axis, with all parameters of a network in one flat vector.

Shape letters: R runs (leading axes, absent for a single run), N examples, I inputs, O outputs, P weights and biases,
Q what is trained: these, and a scale a neuron where a technique adds such.
One vector a network: an optimizer's step is then a few operations, whatever the number of layers.
The reverse pass is written out: for networks this small it takes a third of the time that autograd's takes,
and every number of it can be shown. Autograd sees through the forward pass all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from server.gan.activations import ACTIVATIONS, Activation
from server.gan.config import DEFAULT_INIT, OUTPUTS, NetworkConfig
from server.gan.initialisation import INITS, Init
from server.gan.norms import NORMS, Norm
from server.gan.randomness import Draws

NARROW = 4
"""Matrix products with at most this many columns are several times faster transposed (measured)."""
AddUp = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(x (..., N, I), weight (..., I, O), bias (..., O)) -> (..., N, O)."""


class Trace(NamedTuple):
    """A forward pass: what entered each layer (..., N, I), and what it made of it before the activation (..., N, O).

    `outputs` is what the network answers (..., N, O): the last sums, squashed where the network has an output function.
    """

    inputs: list[Tensor]
    sums: list[Tensor]
    outputs: Tensor


@dataclass(frozen=True)
class Network:
    """The shape of a perceptron: `sizes` are (inputs, width, ..., width, outputs); `output` squashes the last sums.

    `init` is what its weights are drawn from, and `gain` multiplies them.
    `norm` changes what a hidden layer answers, behind its activation.
    The neurons of the first `scaled` layers have one number more each, behind all weights and biases: what it does is
    a technique's to say, which gives the network the weights and biases that it computes with.
    """

    sizes: tuple[int, ...]
    activation: Activation
    output: Activation | None = None
    init: Init = INITS[DEFAULT_INIT]
    gain: float = 1.0
    scaled: int = 0
    norm: Norm | None = None

    @classmethod
    def build(cls, config: NetworkConfig, inputs: int, outputs: int) -> Network:
        """Make the network that `config` describes."""
        output = None if config.output == OUTPUTS.default else ACTIVATIONS[config.output]
        sizes = config.list_sizes(inputs, outputs)
        init, norm = INITS[config.init], NORMS[config.norm] if config.norm else None
        return cls(sizes, ACTIVATIONS[config.activation], output, init, config.init_gain, config.scaled, norm)

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Weight (I, O) and bias (O) of each layer, in order."""
        layers = zip(self.sizes[:-1], self.sizes[1:], strict=True)
        return tuple(shape for i, o in layers for shape in ((i, o), (o,)))

    @cached_property
    def lengths(self) -> list[int]:
        """How many numbers each of `shapes` holds."""
        return [prod(shape) for shape in self.shapes]

    @cached_property
    def scales(self) -> list[int]:
        """How many neurons each layer has whose neurons are scaled."""
        return list(self.sizes[1 : self.scaled + 1])

    def draw_parameters(self, draws: Draws) -> Tensor:
        """Draw initial parameters (..., Q), layer by layer; scales begin at 1."""
        parts: list[Tensor] = []
        for layer, (inputs, outputs) in enumerate(pairwise(self.sizes)):
            weight, bias = self.init(inputs, outputs, draws, layer == 0)
            parts += [self.gain * weight, bias]
        return self.join([*parts, *(torch.ones_like(parts[2 * layer + 1]) for layer in range(self.scaled))])

    def split(self, vector: Tensor) -> list[Tensor]:
        """View a vector (..., P or Q) as weights (..., I, O) and biases (..., O), in the order of `shapes`."""
        runs, count = tuple(vector.shape[:-1]), sum(self.lengths)
        parts = torch.split_with_sizes(vector[..., :count], self.lengths, -1)
        return [
            part.view(runs + shape) if len(shape) > 1 else part for part, shape in zip(parts, self.shapes, strict=True)
        ]

    def split_scales(self, vector: Tensor) -> list[Tensor]:
        """View what a vector (..., Q) holds behind weights and biases: the scales (..., O) of each layer that has such.

        A vector (..., P) holds none.
        """
        rest = vector[..., sum(self.lengths) :]
        return list(torch.split_with_sizes(rest, self.scales, -1)) if rest.shape[-1] else []

    def join(self, parts: Sequence[Tensor]) -> Tensor:
        """Put weights and biases, and scales behind them, into one vector (..., P or Q): the inverse of `split`."""
        runs = parts[-1].shape[:-1]
        return torch.cat([part.reshape(*runs, -1) for part in parts], -1)

    def __call__(self, parts: Sequence[Tensor], x: Tensor) -> Tensor:
        """Compute the outputs (..., N, O) for inputs x (..., N, I)."""
        return self.trace(parts, x).outputs

    def trace(self, parts: Sequence[Tensor], x: Tensor, add_up: AddUp | None = None) -> Trace:
        """Compute the outputs for inputs x (..., N, I), and keep what passed through every layer.

        `add_up` computes a layer's sums, as `affine` does; `Affine.apply` is the one to differentiate twice.
        """
        activate, add_up = self.activation.function, add_up or affine
        inputs, sums = [x], [add_up(x, parts[0], parts[1])]
        for weight, bias in zip(parts[2::2], parts[3::2], strict=True):
            answers = activate(sums[-1])
            inputs.append(self.norm.function(answers) if self.norm else answers)
            sums.append(add_up(inputs[-1], weight, bias))
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
            passed = self.activation.reverse(change, trace.sums[layer - 1])
            carried = self._through_norm(passed, trace.sums[layer - 1]) @ parts[2 * layer]
            change = carried + affine(trace.inputs[layer], direction[2 * layer], direction[2 * layer + 1])
        return self._through_output(trace, change)

    def _through_output(self, trace: Trace, upstream: Tensor) -> Tensor:
        """Multiply by the slope of the output function: what reverse and tangent do is the same there."""
        return self.output.reverse(upstream, trace.sums[-1]) if self.output else upstream

    def _through(self, parts: Sequence[Tensor], trace: Trace, upstream: Tensor, layer: int) -> Tensor:
        """Carry a gradient from a layer's sums to the sums of the layer before."""
        sums = trace.sums[layer - 1]
        upstream = self._through_norm(reverse_product(upstream, parts[2 * layer]), sums)
        return self.activation.reverse(upstream, sums)

    def _through_norm(self, upstream: Tensor, sums: Tensor) -> Tensor:
        """Multiply by the slopes of what stands behind a hidden layer: reverse and tangent are the same there too."""
        return self.norm.pull(upstream, self.activation.function(sums)) if self.norm else upstream


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Compute x (..., N, I) @ weight (..., I, O) + bias (..., O)."""
    product = torch.addmm if weight.dim() == 2 else torch.baddbmm
    if weight.shape[-1] <= NARROW:
        return product(bias.unsqueeze(-1), weight.mT, x.mT).mT
    return product(bias.unsqueeze(-2), x, weight)


class Affine(torch.autograd.Function):
    """`affine` with the lab's own reverse pass, so that second derivatives add up in its order as well.

    Exported scripts have the same class; two orders of one sum would part after some hundred steps.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Compute x @ weight + bias, shapes as in `affine`."""
        ctx.save_for_backward(x, weight)
        return affine(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give the gradients with respect to x, weight and bias."""
        x, weight = ctx.saved_tensors
        return reverse_product(upstream, weight), transposed_product(x, upstream), upstream.sum(-2)


def reverse_product(upstream: Tensor, weight: Tensor) -> Tensor:
    """Compute upstream (..., N, O) @ weight^T (..., O, I)."""
    return upstream * weight.mT if weight.shape[-1] == 1 else upstream @ weight.mT


def transposed_product(x: Tensor, y: Tensor) -> Tensor:
    """Compute x^T y (..., I, O) for x (..., N, I) and y (..., N, O)."""
    return (y.mT @ x).mT if y.shape[-1] <= NARROW else x.mT @ y
