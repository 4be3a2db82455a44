"""Techniques that train other numbers than the weights that a network computes with.

Shape letters: I inputs and O outputs of a layer, P weights and biases, Q what is trained; `...` are leading axes of
independent runs.
"""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from server.gan.networks import Network
from server.gan.papers import PROGRESSIVE
from server.gan.registry import Choice, Paper
from server.gan.techniques.base import TECHNIQUES, Reparametrisation, Tensors
from server.gan.techniques.weights import CUT_OFF


def weight_norm(network: Network, parameters: Tensor, slots: Tensors) -> Tensor:
    """A neuron's weights are trained as a direction and a length, each for itself, and so find their ways sooner."""
    parts = network.split(parameters)
    for layer, scale in enumerate(network.split_scales(parameters)):
        parts[2 * layer] = parts[2 * layer] * (scale / _measure_neurons(parts[2 * layer])).unsqueeze(-2)
    return network.join(parts)


def begin_weight_norm(network: Network, drawn: Tensor) -> Tensor:
    """Take the lengths that were drawn for the neurons' scales."""
    parts = network.split(drawn)
    return network.join([*parts, *map(_measure_neurons, parts[::2])])


def equalized_rate(network: Network, parameters: Tensor, slots: Tensors) -> Tensor:
    """Weights are trained in units of a good first size of their layer: a rate moves all layers alike, wide or narrow.

    Karras et al. (2018), section 4.1: w = c v, with c from He's initialization, in every layer. Their code takes 1 for
    the root of 2 in the last one.
    """
    return _multiply_weights(network, parameters, [sqrt(2 / inputs) for inputs in network.sizes[:-1]])


def begin_equalized_rate(network: Network, drawn: Tensor) -> Tensor:
    """Bring the weights that were drawn to their layers' units."""
    return _multiply_weights(network, drawn, [sqrt(inputs / 2) for inputs in network.sizes[:-1]])


def _measure_neurons(weight: Tensor) -> Tensor:
    """Give the length (..., O) of each neuron's weights, for W (..., I, O)."""
    lengths: Tensor = torch.linalg.vector_norm(weight, dim=-2)
    return lengths


def _multiply_weights(network: Network, parameters: Tensor, factors: list[float]) -> Tensor:
    parts = network.split(parameters)
    for layer, factor in enumerate(factors):
        parts[2 * layer] = parts[2 * layer] * factor
    return network.join(parts)


def _choose_network() -> Choice:
    return Choice("network", "Network", "both", ("discriminator", "generator", "both"), "Whose weights are meant.")


SAME_PLACE = "it puts other weights in the place of those that are trained too; a network has one such technique"

DIRECTED_LAYER = '''class DirectedLayer(nn.Module):
    """A layer whose neurons have a direction v and a length g in place of weights."""

    def __init__(self, weight, bias, gain=1.0):
        super().__init__()
        self.v = nn.Parameter(gain * weight)
        self.g = nn.Parameter(self.v.detach().norm(dim=0))
        self.bias = nn.Parameter(bias)

    @property
    def weight(self):
        return self.v * (self.g / self.v.norm(dim=0))

    def forward(self, x):
        return Affine.apply(x, self.weight, self.bias)'''

SCALED_LAYER = '''class ScaledLayer(nn.Module):
    """A layer whose weights are trained in units of the root of 2 / inputs."""

    def __init__(self, weight, bias, gain=1.0):
        super().__init__()
        self.size = math.sqrt(2 / len(weight))
        self.v = nn.Parameter(gain * weight * math.sqrt(len(weight) / 2))
        self.bias = nn.Parameter(bias)

    @property
    def weight(self):
        return self.v * self.size

    def forward(self, x):
        return Affine.apply(x, self.weight, self.bias)'''

TECHNIQUES.add(
    Reparametrisation(
        "weight_norm",
        "Weight normalization",
        weight_norm,
        r"w = \frac{g}{\lVert v \rVert} \, v \quad \text{for each neuron; } g \text{ and } v \text{ are trained}",
        Paper(
            "Salimans, Kingma",
            "Weight Normalization: A Simple Reparameterization to Accelerate Training of Deep Neural Networks",
            2016,
        ),
        (_choose_network(),),
        apart={"spectral_norm": SAME_PLACE, "equalized_rate": SAME_PLACE, "weight_clipping": CUT_OFF},
        first=begin_weight_norm,
        scales="all",
        see="Little can be seen in the picture: which modes are found on the ring of eight, and when, differs more from"
        " seed to seed. In the inspector the number that an update moves most may be the scale of a neuron.",
        code="for network in (generator, discriminator):\n"
        "    for layer in network:\n"
        "        if isinstance(layer, nn.Linear):\n"
        "            nn.utils.parametrizations.weight_norm(layer)",
        script={"layer": DIRECTED_LAYER},
    )
)
TECHNIQUES.add(
    Reparametrisation(
        "equalized_rate",
        "Equalized learning rate",
        equalized_rate,
        r"W = \sqrt{2 / I} \; V, \quad V \text{ is trained, for a layer of } I \text{ inputs}",
        PROGRESSIVE,
        (_choose_network(),),
        apart={"spectral_norm": SAME_PLACE, "weight_clipping": CUT_OFF},
        first=begin_equalized_rate,
        see="At the same rate both networks learn more slowly: a weight of a layer of 64 inputs moves by about a sixth"
        " of what it would. On the ring of eight the highest scores after 100 steps are 1 to 1.5; without it, 2 to 3.",
        code="class Scale(nn.Module):\n"
        "    def __init__(self, inputs):\n"
        "        super().__init__()\n"
        "        self.size = math.sqrt(2 / inputs)\n"
        "\n"
        "    def forward(self, weight):\n"
        "        return weight * self.size\n"
        "\n"
        "    def right_inverse(self, weight):  # begins with the weights that are there\n"
        "        return weight / self.size\n"
        "\n"
        "register = nn.utils.parametrize.register_parametrization\n"
        "for network in (generator, discriminator):\n"
        "    for layer in network:\n"
        "        if isinstance(layer, nn.Linear):\n"
        '            register(layer, "weight", Scale(layer.in_features))',
        script={"layer": SCALED_LAYER},
    )
)
