"""Techniques that change what a network computes with.

Shape letters: I inputs and O outputs of a layer, P weights and biases, Q what is trained; `...` are leading axes of
independent runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize

from server.gan.networks import Network
from server.gan.randomness import Draws
from server.gan.registry import Paper
from server.gan.techniques.base import TECHNIQUES, Tensors, WeightTechnique

EPSILON = 1e-12
ITERATIONS_AT_START = 15
"""As many as PyTorch's own makes before training."""


def spectral_norm(network: Network, parameters: Tensor, slots: Tensors) -> Tensor:
    """Every layer of the discriminator is divided by how much it can stretch: no score is steeper than one a unit."""
    parts = network.split(parameters)
    for layer, u in enumerate(_split_neurons(network, slots["u"])):
        weight = parts[2 * layer]
        v = _look_back(weight.detach(), u)
        sigma = (v.unsqueeze(-2) @ weight @ u.unsqueeze(-1)).clamp_min(EPSILON)
        parts[2 * layer] = weight / sigma
    return network.join(parts)


def begin_spectral_norm(network: Network, parameters: Tensor, draws: Draws) -> dict[str, Tensor]:
    """Give a random direction per layer, after enough iterations to be near the one that is stretched most."""
    slots = {"u": draws.normal(sum(network.sizes[1:])).to(parameters)}
    for _ in range(ITERATIONS_AT_START):
        slots = renew_spectral_norm(network, parameters, slots)
    return slots


def renew_spectral_norm(network: Network, parameters: Tensor, slots: Tensors) -> dict[str, Tensor]:
    """Make one power iteration: u <- W^T v / |W^T v|, with v = W u / |W u|."""
    parts, moved = network.split(parameters), []
    for layer, u in enumerate(_split_neurons(network, slots["u"])):
        weight = parts[2 * layer]
        ahead = _look_back(weight, u).unsqueeze(-2) @ weight
        moved.append(normalize(ahead.squeeze(-2), dim=-1, eps=EPSILON))
    return {"u": torch.cat(moved, -1)}


def _look_back(weight: Tensor, u: Tensor) -> Tensor:
    """Give the direction (..., I) of W u, for W (..., I, O) and u (..., O)."""
    return normalize((weight @ u.unsqueeze(-1)).squeeze(-1), dim=-1, eps=EPSILON)


def _split_neurons(network: Network, vector: Tensor) -> Sequence[Tensor]:
    return torch.split_with_sizes(vector, list(network.sizes[1:]), -1)


CUT_OFF = "it cuts off the numbers that are trained, and the weights that come of them would not be cut off"
"""Why weight clipping is kept from what computes with other weights than those."""

SCRIPT_FUNCTIONS = '''class SpectralNorm(nn.Module):
    """Divides a weight by how much it can stretch; u is the direction that it stretches most."""

    def __init__(self, u):
        super().__init__()
        self.u = u

    def look_back(self, weight):
        return F.normalize((weight @ self.u[:, None])[:, 0], dim=-1, eps=1e-12)

    def forward(self, weight):
        v = self.look_back(weight.detach())
        return weight / (v[None] @ weight @ self.u[:, None]).clamp_min(1e-12)

    @torch.no_grad()
    def renew(self, weight):
        ahead = self.look_back(weight)[None] @ weight
        self.u = F.normalize(ahead[0], dim=-1, eps=1e-12)


def normalise_spectra(network):
    """Give every layer of a network a SpectralNorm, and go towards its direction."""
    normed = [layer for layer in network if isinstance(layer, Layer)]
    lengths = [len(layer.bias) for layer in normed]
    starts = Draws(0, "starting spectral_norm").normal(sum(lengths)).split(lengths)
    for layer, u in zip(normed, starts):
        nn.utils.parametrize.register_parametrization(layer, "weight", SpectralNorm(u))
    for _ in range(15):
        renew_spectra(normed)
    return normed


def renew_spectra(normed):
    """Move every direction on by one power iteration."""
    for layer in normed:
        weight = layer.parametrizations.weight
        weight[0].renew(weight.original)'''

TECHNIQUES.add(
    WeightTechnique(
        "spectral_norm",
        "Spectral normalization",
        spectral_norm,
        r"\bar{W} = W / \sigma(W), \quad \sigma(W) = \max_{h \ne 0} \lVert W h \rVert / \lVert h \rVert",
        Paper("Miyato, Kataoka, Koyama, Yoshida", "Spectral Normalization for Generative Adversarial Networks", 2018),
        apart={"weight_clipping": CUT_OFF},
        slots={"u": "d_neurons"},
        begin=begin_spectral_norm,
        renew=renew_spectral_norm,
        see="The surface is gentle everywhere: between two places the score differs by hardly more than their"
        " distance. Scores on the ring of eight stay under 0.4, the needles are short, and the modes are "
        "covered evenly.",
        code="for layer in discriminator:\n"
        "    if isinstance(layer, nn.Linear):\n"
        "        nn.utils.parametrizations.spectral_norm(layer)",
        script={
            "functions": SCRIPT_FUNCTIONS,
            "begin": "normed = normalise_spectra(discriminator)",
            "before": "renew_spectra(normed)",
        },
    )
)
