"""The mathematics of a GAN's update once more, in double precision and as the textbooks have it: to check the lab by.

It shares no code with `server.gan`: networks, losses and optimizers are written from their formulas, and gradients are
autograd's. A new loss, activation or optimizer needs its line here.
Shape letters: N examples, I inputs, O outputs, P parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor

EPSILON = 1e-8


def sigma(h: Tensor) -> Tensor:
    """The logistic function."""
    return 1 / (1 + torch.exp(-h))


ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda h: h,
    "relu": lambda h: torch.where(h > 0, h, 0.0),
    "leaky_relu": lambda h: torch.where(h > 0, h, 0.2 * h),
    "tanh": lambda h: (torch.exp(h) - torch.exp(-h)) / (torch.exp(h) + torch.exp(-h)),
    "silu": lambda h: h * sigma(h),
    "elu": lambda h: torch.where(h > 0, h, torch.exp(h) - 1),
}

D_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "non_saturating": lambda d_real, d_fake: -torch.log(sigma(d_real)) - torch.log(1 - sigma(d_fake)),
    "minimax": lambda d_real, d_fake: -torch.log(sigma(d_real)) - torch.log(1 - sigma(d_fake)),
    "least_squares": lambda d_real, d_fake: (d_real - 1) ** 2 / 2 + d_fake**2 / 2,
    "ganlab_log": lambda d_real, d_fake: -0.95 * torch.log(sigma(d_real)) - torch.log(1 - sigma(d_fake)),
    "ganlab_least_squares": lambda d_real, d_fake: (sigma(d_real) - 1) ** 2 + sigma(d_fake) ** 2,
}
G_LOSSES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "non_saturating": lambda d_fake: -torch.log(sigma(d_fake)),
    "minimax": lambda d_fake: torch.log(1 - sigma(d_fake)),
    "least_squares": lambda d_fake: (d_fake - 1) ** 2 / 2,
    "ganlab_log": lambda d_fake: -torch.log(sigma(d_fake)),
    "ganlab_least_squares": lambda d_fake: (sigma(d_fake) - 1) ** 2,
}


def run_network(vector: Tensor, sizes: Sequence[int], activation: str, output: str, x: Tensor) -> Tensor:
    """Send x (N, I) through a perceptron whose weights (I, O) and biases (O) lie in one vector (P), layer by layer."""
    place = 0
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        weight = vector[place : place + inputs * outputs].reshape(inputs, outputs)
        place += inputs * outputs
        bias = vector[place : place + outputs]
        place += outputs
        sums = torch.einsum("ni,io->no", x, weight) + bias
        x = ACTIVATIONS[output if layer == len(sizes) - 2 else activation](sums)
    assert place == len(vector), "every parameter is used"
    return x


def move_sgd(g: float, slots: Mapping[str, float], t: int, v: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """Robbins and Monro, 1951."""
    return -v["learning_rate"] * g, {}


def move_momentum(
    g: float, slots: Mapping[str, float], t: int, v: Mapping[str, float]
) -> tuple[float, dict[str, float]]:
    """Polyak, 1964."""
    velocity = v["momentum"] * slots["velocity"] + g
    return -v["learning_rate"] * velocity, {"velocity": velocity}


def move_rmsprop(
    g: float, slots: Mapping[str, float], t: int, v: Mapping[str, float]
) -> tuple[float, dict[str, float]]:
    """Tieleman and Hinton, 2012."""
    square = v["alpha"] * slots["square"] + (1 - v["alpha"]) * g**2
    return -v["learning_rate"] * g / (sqrt(square) + EPSILON), {"square": square}


def move_adam(g: float, slots: Mapping[str, float], t: int, v: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """Kingma and Ba, 2015, algorithm 1."""
    mean = v["beta1"] * slots["mean"] + (1 - v["beta1"]) * g
    square = v["beta2"] * slots["square"] + (1 - v["beta2"]) * g**2
    mean_hat, square_hat = mean / (1 - v["beta1"] ** t), square / (1 - v["beta2"] ** t)
    moved = {"mean": mean, "square": square, "mean_hat": mean_hat, "square_hat": square_hat}
    return -v["learning_rate"] * mean_hat / (sqrt(square_hat) + EPSILON), moved


MOVES = {"sgd": move_sgd, "momentum": move_momentum, "rmsprop": move_rmsprop, "adam": move_adam}
"""Optimizer -> (gradient, slots before, t, values) -> (change, slots after and what is computed on the way)."""
