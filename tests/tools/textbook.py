"""The mathematics of a GAN's update once more, in double precision and as the textbooks have it: to check the lab by.

It shares no code with `server.gan`: networks, losses and optimizers are written from their formulas, and gradients are
autograd's. A new loss, activation or optimizer needs its line here.
Shape letters: N examples, I inputs, O outputs, P parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import copysign, sqrt

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
    "gelu": lambda h: h * (1 + torch.erf(h / sqrt(2))) / 2,
    "softplus": lambda h: torch.log(1 + torch.exp(h)),
    "sigmoid": sigma,
    "sine": torch.sin,
}

Loss = Callable[[Tensor, Tensor], Tensor]
Elementwise = Callable[[Tensor], Tensor]


def above(d_of: Tensor, d_other: Tensor) -> Tensor:
    """How far scores lie above the mean of the others (Jolicoeur-Martineau, 2019)."""
    return d_of - d_other.mean()


def log_loss(d_high: Tensor, d_low: Tensor) -> Tensor:
    """Relativistic average: the ones should lie above the others' mean, and those below theirs."""
    return (-torch.log(sigma(above(d_high, d_low))) - torch.log(1 - sigma(above(d_low, d_high)))) / 2


def square_loss(d_high: Tensor, d_low: Tensor) -> Tensor:
    """Relativistic least squares, of that side which wants `d_high` high."""
    return ((above(d_high, d_low) - 1) ** 2 + (above(d_low, d_high) + 1) ** 2) / 2


def margin_loss(d_high: Tensor, d_low: Tensor) -> Tensor:
    """Relativistic hinge, of that side which wants `d_high` high."""
    return (positive(1 - above(d_high, d_low)) + positive(1 + above(d_low, d_high))) / 2


def positive(h: Tensor) -> Tensor:
    """What is positive, and 0 for the rest."""
    return torch.where(h > 0, h, 0.0)


DIVERGENCES: Mapping[str, tuple[Elementwise, Elementwise]] = {
    "fgan_kl": (lambda d: d + 1, lambda t: torch.exp(t - 1)),
    "fgan_reverse_kl": (lambda d: -torch.exp(-d), lambda t: -1 - torch.log(-t)),
    "fgan_squared_hellinger": (lambda d: 1 - torch.exp(-d / 2), lambda t: t / (1 - t)),
    "fgan_pearson": (lambda d: d, lambda t: torch.where(t > -2, t + t**2 / 4, -1.0)),
}
"""Output activation T and conjugate f* (Nowozin et al., 2016, tables 1 and 2; T shifted so that 0 is undecided)."""


def d_divergence(key: str) -> Loss:
    """-T(d(x)) + f*(T(d(y)))."""
    activation, conjugate = DIVERGENCES[key]
    return lambda d_real, d_fake: -activation(d_real) + conjugate(activation(d_fake))


def g_divergence(key: str) -> Loss:
    """-f*(T(d(y)))."""
    activation, conjugate = DIVERGENCES[key]
    return lambda d_real, d_fake: -conjugate(activation(d_fake))


D_LOSSES: Mapping[str, Loss] = {
    "non_saturating": lambda d_real, d_fake: -torch.log(sigma(d_real)) - torch.log(1 - sigma(d_fake)),
    "minimax": lambda d_real, d_fake: -torch.log(sigma(d_real)) - torch.log(1 - sigma(d_fake)),
    "least_squares": lambda d_real, d_fake: (d_real - 1) ** 2 / 2 + d_fake**2 / 2,
    "ganlab_log": lambda d_real, d_fake: -0.95 * torch.log(sigma(d_real)) - torch.log(1 - sigma(d_fake)),
    "ganlab_least_squares": lambda d_real, d_fake: (sigma(d_real) - 1) ** 2 + sigma(d_fake) ** 2,
    "hinge": lambda d_real, d_fake: positive(1 - d_real) + positive(1 + d_fake),
    "wasserstein": lambda d_real, d_fake: d_fake - d_real,
    "rpgan": lambda d_real, d_fake: -torch.log(sigma(d_real - d_fake)),
    "ragan": log_loss,
    "ragan_least_squares": square_loss,
    "ragan_hinge": margin_loss,
    **{key: d_divergence(key) for key in DIVERGENCES},
}
G_LOSSES: Mapping[str, Loss] = {
    "non_saturating": lambda d_real, d_fake: -torch.log(sigma(d_fake)),
    "minimax": lambda d_real, d_fake: torch.log(1 - sigma(d_fake)),
    "least_squares": lambda d_real, d_fake: (d_fake - 1) ** 2 / 2,
    "ganlab_log": lambda d_real, d_fake: -torch.log(sigma(d_fake)),
    "ganlab_least_squares": lambda d_real, d_fake: (sigma(d_fake) - 1) ** 2,
    "hinge": lambda d_real, d_fake: -d_fake,
    "wasserstein": lambda d_real, d_fake: -d_fake,
    "rpgan": lambda d_real, d_fake: -torch.log(sigma(d_fake - d_real)),
    "ragan": lambda d_real, d_fake: log_loss(d_fake, d_real),
    "ragan_least_squares": lambda d_real, d_fake: square_loss(d_fake, d_real),
    "ragan_hinge": lambda d_real, d_fake: margin_loss(d_fake, d_real),
    **{key: g_divergence(key) for key in DIVERGENCES},
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


def move_nesterov(
    g: float, slots: Mapping[str, float], t: int, v: Mapping[str, float]
) -> tuple[float, dict[str, float]]:
    """Sutskever et al., 2013, with the weights where the slope is taken."""
    velocity = v["momentum"] * slots["velocity"] + g
    return -v["learning_rate"] * (g + v["momentum"] * velocity), {"velocity": velocity}


def move_omd(g: float, slots: Mapping[str, float], t: int, v: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """Daskalakis et al., 2018; the first step has no past and is a plain one."""
    return -v["learning_rate"] * (g if t == 1 else 2 * g - slots["past"]), {"past": g}


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


def move_adabelief(
    g: float, slots: Mapping[str, float], t: int, v: Mapping[str, float]
) -> tuple[float, dict[str, float]]:
    """Zhuang et al., 2020, algorithm 2, with epsilon inside the average and outside."""
    mean = v["beta1"] * slots["mean"] + (1 - v["beta1"]) * g
    spread = v["beta2"] * slots["spread"] + (1 - v["beta2"]) * (g - mean) ** 2 + 1e-12
    mean_hat, spread_hat = mean / (1 - v["beta1"] ** t), spread / (1 - v["beta2"] ** t)
    moved = {"mean": mean, "spread": spread, "mean_hat": mean_hat, "spread_hat": spread_hat}
    return -v["learning_rate"] * mean_hat / (sqrt(spread_hat) + 1e-12), moved


def move_grams(g: float, slots: Mapping[str, float], t: int, v: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """Cao et al., 2024: the length of Adam's step, the sign of the slope."""
    change, moved = move_adam(g, slots, t, v)
    return -copysign(abs(change), g) if g else 0.0, moved


MOVES = {
    "sgd": move_sgd,
    "momentum": move_momentum,
    "nesterov": move_nesterov,
    "omd": move_omd,
    "rmsprop": move_rmsprop,
    "adam": move_adam,
    "adabelief": move_adabelief,
    "grams": move_grams,
}
"""Optimizer -> (gradient, slots before, t, values) -> (change, slots after and what is computed on the way)."""
