"""Techniques by which the generator makes the points of a batch with a look at the whole batch.

Shape letters: N examples, Z latent dimensions, I inputs and O outputs of a layer, H neurons of all hidden layers,
P weights and biases, Q what is trained; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from server.gan.networks import Network
from server.gan.registry import Paper
from server.gan.techniques.base import TECHNIQUES, BatchTechnique, Tensors

EPSILON = 1e-5
MOMENTUM = 0.1
"""How much of a new batch is in the running statistics: both are those of PyTorch's own."""


def batch_norm(network: Network, parameters: Tensor, slots: Tensors) -> Tensor:
    """Each hidden neuron's sums get mean 0 and variance 1 over the batch, then a scale and a bias that are trained.

    Before the activation, as in the paper. With known statistics a layer is a plain one of other weights: of
    gamma (x W - m) / sqrt(v + eps) + b they are W k and b - m k, with k = gamma / sqrt(v + eps).
    """
    parts, scales = network.split(parameters), network.split_scales(parameters)
    means, variances = (_split_neurons(network, slots[name]) for name in ("mean", "variance"))
    for layer, known in enumerate(zip(scales, means, variances, strict=True)):
        parts[2 * layer : 2 * layer + 2] = _fold(parts[2 * layer], parts[2 * layer + 1], *known)
    return network.join(parts)


def measure_batch(network: Network, parameters: Tensor, z: Tensor) -> dict[str, Tensor]:
    """Give the means and the variances (..., H) of all hidden neurons' sums over a batch of noise z (..., N, Z).

    A layer's bias is in neither: the mean would take it away again. The variances are biased, over N.
    """
    parts, entering, means, variances = network.split(parameters), z, [], []
    for layer, gamma in enumerate(network.split_scales(parameters)):
        sums = entering @ parts[2 * layer]
        means.append(sums.mean(-2))
        variances.append(sums.var(-2, correction=0))
        weight, bias = _fold(parts[2 * layer], parts[2 * layer + 1], gamma, means[-1], variances[-1])
        entering = network.activation.function(entering @ weight + bias.unsqueeze(-2))
    return {"mean": torch.cat(means, -1), "variance": torch.cat(variances, -1)}


def move_statistics(slots: Tensors, measured: Tensors, count: int) -> dict[str, Tensor]:
    """Bring the running statistics a tenth of the way to those `measured` on `count` examples, made unbiased."""
    unbiased = {"mean": measured["mean"], "variance": measured["variance"] * (count / (count - 1))}
    return {name: (1 - MOMENTUM) * slots[name] + MOMENTUM * unbiased[name] for name in slots}


def begin_statistics(network: Network, parameters: Tensor) -> dict[str, Tensor]:
    """Give means of 0 and variances of 1 (..., H): as if the sums were normal before any batch was seen."""
    mean = torch.zeros_like(parameters[..., : sum(network.sizes[1:-1])])
    return {"mean": mean, "variance": torch.ones_like(mean)}


def begin_biases(network: Network, drawn: Tensor) -> Tensor:
    """Let the hidden layers' biases begin at 0, as the paper's beta; the scales are 1 already."""
    parts = network.split(drawn)
    parts[1:-1:2] = map(torch.zeros_like, parts[1:-1:2])
    return network.join([*parts, *network.split_scales(drawn)])


def _fold(weight: Tensor, bias: Tensor, gamma: Tensor, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
    """Give the weight (..., I, O) and the bias (..., O) of a layer that answers its normalised sums."""
    factor = gamma * (variance + EPSILON).rsqrt()
    return weight * factor.unsqueeze(-2), bias - mean * factor


def _split_neurons(network: Network, vector: Tensor) -> Sequence[Tensor]:
    return torch.split_with_sizes(vector, list(network.sizes[1:-1]), -1)


NORMED_LAYER = '''class NormedLayer(nn.Module):
    """A layer whose sums are normalised: over the batch, or as before where no grad is."""

    def __init__(self, weight, bias, gain=1.0):
        super().__init__()
        self.weight = nn.Parameter(gain * weight)
        self.bias = nn.Parameter(torch.zeros_like(bias))
        self.scale = nn.Parameter(torch.ones_like(bias))
        self.mean, self.variance = torch.zeros_like(bias), torch.ones_like(bias)

    def forward(self, x):
        mean, variance = self.mean, self.variance
        if torch.is_grad_enabled():
            sums = x @ self.weight
            mean, variance = sums.mean(0), sums.var(0, correction=0)
            unbiased = variance.detach() * (len(x) / (len(x) - 1))
            self.batch = mean.detach(), unbiased
        factor = self.scale * (variance + 1e-5).rsqrt()
        return Affine.apply(x, self.weight * factor, self.bias - mean * factor)

    def move_statistics(self):
        mean, variance = self.batch
        self.mean = 0.9 * self.mean + 0.1 * mean
        self.variance = 0.9 * self.variance + 0.1 * variance'''

MOVE_STATISTICS = """for layer in generator:
    if isinstance(layer, NormedLayer):
        layer.move_statistics()"""

ONE_BATCH = "it takes the place of a layer's weights too, and a network has one such technique"

TECHNIQUES.add(
    BatchTechnique(
        "batch_norm",
        "Batch normalization",
        batch_norm,
        r"\hat{h}_i = \gamma \, \frac{h_i - \mu}{\sqrt{\sigma^2 + 10^{-5}}} + \beta, \quad"
        r" \mu = \tfrac{1}{N} \sum_{j=1}^{N} h_j, \; \sigma^2 = \tfrac{1}{N} \sum_{j=1}^{N} (h_j - \mu)^2"
        r" \quad \text{for each hidden neuron of the generator, before its activation}",
        Paper(
            "Ioffe, Szegedy",
            "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
            2015,
        ),
        apart={
            "weight_norm": ONE_BATCH,
            "equalized_rate": ONE_BATCH,
            "pixel_norm": "it brings a layer's answers to one size in another way",
            "extragradient": "it would look ahead with one batch's statistics, and move with another's",
            "consensus": "it makes a point depend on its whole batch, and the price of the field knows single points",
        },
        scales="hidden",
        first=begin_biases,
        slots={"mean": "g_neurons", "variance": "g_neurons"},
        start=begin_statistics,
        measure=measure_batch,
        move=move_statistics,
        see="On the ring of eight the generated points reach seven or eight of the bumps in 100 steps, and all in 200;"
        " without it four at most. The first picture is not what training makes then: no batch was seen yet.",
        code="layers = []\n"
        "for layer in generator:\n"
        "    layers.append(layer)\n"
        "    if isinstance(layer, nn.Linear) and layer is not generator[-1]:\n"
        "        layers.append(nn.BatchNorm1d(layer.out_features))  # has a bias: beta\n"
        "generator = nn.Sequential(*layers)\n"
        "# generator.eval() before samples are looked at: by running statistics",
        script={"hidden": NORMED_LAYER, "moving_generator": MOVE_STATISTICS},
    )
)
