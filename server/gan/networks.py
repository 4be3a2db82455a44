"""Multilayer perceptrons over the run axis, with all parameters of a network in one flat vector.

Shape letters: R runs (leading axes, absent for a single run), N examples, I inputs, O outputs, P weights and biases,
Q what is trained: these, and a scale a neuron where a technique adds such.
A network that sees points in company has one weight more, behind the last bias, that compares their features.
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
from server.gan.crowds import Crowd, Group
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
    `groups` tells which of the examples were whose company, where the network sees them in one.
    """

    inputs: list[Tensor]
    sums: list[Tensor]
    outputs: Tensor
    groups: Sequence[Group] = ()


@dataclass(frozen=True)
class Network:
    """The shape of a perceptron: `sizes` are (inputs, width, ..., width, outputs); `output` squashes the last sums.

    `init` is what its weights are drawn from, and `gain` multiplies them.
    `norm` changes what a hidden layer answers, behind its activation.
    `crowd` puts beside what enters the last layer how like its company's each example's is; a network with one has
    hidden layers, and no scales.
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
    crowd: Crowd | None = None

    @classmethod
    def build(cls, config: NetworkConfig, inputs: int, outputs: int) -> Network:
        """Make the network that `config` describes."""
        output = None if config.output == OUTPUTS.default else ACTIVATIONS[config.output]
        sizes = config.list_sizes(inputs, outputs)
        init, norm = INITS[config.init], NORMS[config.norm] if config.norm else None
        crowd = Crowd(*config.crowd) if config.crowd else None
        return cls(sizes, ACTIVATIONS[config.activation], output, init, config.init_gain, config.scaled, norm, crowd)

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Weight (I, O) and bias (O) of each layer, in order; then the weight (H, K S) of a crowd."""
        layers = tuple(shape for i, o in self.layers for shape in ((i, o), (o,)))
        return (*layers, (self.sizes[-2], self.crowd.kernels * self.crowd.size)) if self.crowd else layers

    @cached_property
    def layers(self) -> tuple[tuple[int, int], ...]:
        """How many numbers enter each layer, and leave it."""
        *inner, last = pairwise(self.sizes)
        return (*inner, (last[0] + (self.crowd.kernels if self.crowd else 0), last[1]))

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
        for layer, (inputs, outputs) in enumerate(self.layers):
            weight, bias = self.init(inputs, outputs, draws, layer == 0)
            parts += [self.gain * weight, bias]
        if self.crowd:
            features, coordinates = self.sizes[-2], self.crowd.kernels * self.crowd.size
            parts.append(self.gain * self.init(features, coordinates, draws, False)[0])
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
        runs = parts[1].shape[:-1]
        return torch.cat([part.reshape(*runs, -1) for part in parts], -1)

    def __call__(self, parts: Sequence[Tensor], x: Tensor) -> Tensor:
        """Compute the outputs (..., N, O) for inputs x (..., N, I)."""
        return self.trace(parts, x).outputs

    def trace(
        self, parts: Sequence[Tensor], x: Tensor, add_up: AddUp | None = None, groups: Sequence[Group] = ()
    ) -> Trace:
        """Compute the outputs for inputs x (..., N, I), and keep what passed through every layer.

        `add_up` computes a layer's sums, as `affine` does; `Affine.apply` is the one to differentiate twice.
        `groups` tells whose company a network with a crowd sees, row by row; without it all are each other's.
        """
        activate, add_up = self.activation.function, add_up or affine
        inputs, sums = [x], [add_up(x, parts[0], parts[1])]
        if self.crowd:
            groups = groups or ((slice(0, x.shape[-2]), slice(0, x.shape[-2])),)
        for layer in range(1, len(self.layers)):
            answers = activate(sums[-1])
            answers = self.norm.function(answers) if self.norm else answers
            meets = self.crowd if self._is_last(layer) else None
            inputs.append(meets.meet(answers, parts[-1], groups) if meets else answers)
            sums.append(add_up(inputs[-1], parts[2 * layer], parts[2 * layer + 1]))
        return Trace(inputs, sums, self.output.function(sums[-1]) if self.output else sums[-1], groups)

    def parameter_gradient(self, parts: Sequence[Tensor], trace: Trace, upstream: Tensor) -> Tensor:
        """Give the gradient (..., P) with respect to all parameters, from that of the outputs (..., N, O)."""
        pieces: list[Tensor] = []
        upstream = self._through_output(trace, upstream)
        compared: list[Tensor] = []
        for layer in reversed(range(len(trace.sums))):
            pieces += [upstream.sum(-2), transposed_product(trace.inputs[layer], upstream)]
            if layer:
                upstream, *found = self._through(parts, trace, upstream, layer)
                compared += found
        return self.join([*pieces[::-1], *compared])

    def input_gradient(self, parts: Sequence[Tensor], trace: Trace, upstream: Tensor) -> Tensor:
        """Give the gradient (..., N, I) with respect to the inputs, from that of the outputs (..., N, O).

        In a crowd an example is in the outputs of others too, and is pulled by all of them.
        """
        upstream = self._through_output(trace, upstream)
        for layer in reversed(range(1, len(trace.sums))):
            upstream = self._through(parts, trace, upstream, layer)[0]
        return upstream @ parts[0].mT

    def tangent(self, parts: Sequence[Tensor], trace: Trace, direction: Sequence[Tensor]) -> Tensor:
        """Give the change (..., N, O) of the outputs, to first order, as the parts move along `direction`."""
        change = affine(trace.inputs[0], direction[0], direction[1])
        for layer in range(1, len(trace.sums)):
            passed = self.activation.reverse(change, trace.sums[layer - 1])
            passed = self._through_norm(passed, trace.sums[layer - 1])
            if self.crowd and self._is_last(layer):
                features = self._read_features(trace)
                passed = self.crowd.push(passed, direction[-1], features, parts[-1], trace.groups)
            carried = passed @ parts[2 * layer]
            change = carried + affine(trace.inputs[layer], direction[2 * layer], direction[2 * layer + 1])
        return self._through_output(trace, change)

    def _is_last(self, layer: int) -> bool:
        return layer == len(self.layers) - 1

    def _read_features(self, trace: Trace) -> Tensor:
        """Read what the last hidden layer answers (..., N, H), without what a crowd puts beside it."""
        return trace.inputs[-1][..., : self.sizes[-2]]

    def _through_output(self, trace: Trace, upstream: Tensor) -> Tensor:
        """Multiply by the slope of the output function: what reverse and tangent do is the same there."""
        return self.output.reverse(upstream, trace.sums[-1]) if self.output else upstream

    def _through(self, parts: Sequence[Tensor], trace: Trace, upstream: Tensor, layer: int) -> list[Tensor]:
        """Carry a gradient from a layer's sums to the sums of the layer before; behind it stands that of a crowd."""
        sums, compared = trace.sums[layer - 1], list[Tensor]()
        upstream = reverse_product(upstream, parts[2 * layer])
        if self.crowd and self._is_last(layer):
            upstream, *compared = self.crowd.pull(upstream, self._read_features(trace), parts[-1], trace.groups)
        return [self.activation.reverse(self._through_norm(upstream, sums), sums), *compared]

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
