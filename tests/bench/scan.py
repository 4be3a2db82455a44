"""The same mathematics in JAX: many steps in one jitted scan, which is as fast as this machine's compiler makes them.

It is there where jax is installed (`pip install '.[bench]'`), and the only module that knows jax.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from server.gan.config import NetworkConfig, RunConfig
from tests.bench.plain import LAB_RADIUS, MODES

SCANNED = 100
"""How many steps one call makes."""
LEARNING_RATE, BETA1, BETA2, EPSILON = 0.001, 0.5, 0.999, 1e-8

Weights = Any
"""A list of (weight (in, out), bias (out,)), layer by layer; or a tree of that form."""


class Player(NamedTuple):
    """A network and what its Adam keeps: averages of slopes and of their squares, and how often it was moved."""

    weights: Weights
    mean: Weights
    square: Weights
    moved: Any


class Draws(NamedTuple):
    """What one step is given: real points (N, 2), and the noise (N, 2) of each player's update."""

    x_real: Any
    d_noise: Any
    g_noise: Any


def make_player(weights: Weights) -> Player:
    """Give a player that has not learned yet."""
    still = jax.tree.map(jnp.zeros_like, weights)
    return Player(weights, still, still, jnp.zeros(()))


def draw_weights(config: NetworkConfig, outputs: int, key: Any) -> Weights:
    """Draw the layers of a perceptron with two inputs, as torch.nn.Linear does."""
    sizes = [2, *[config.width] * config.hidden_layers, outputs]
    layers = []
    for inputs, units in pairwise(sizes):
        key, for_weight, for_bias = jax.random.split(key, 3)
        bound = 1 / math.sqrt(inputs)
        weight = jax.random.uniform(for_weight, (inputs, units), minval=-bound, maxval=bound)
        layers.append((weight, jax.random.uniform(for_bias, (units,), minval=-bound, maxval=bound)))
    return layers


def apply(weights: Weights, points: Any) -> Any:
    """Send points (N, 2) through a perceptron."""
    for weight, bias in weights[:-1]:
        points = jax.nn.relu(points @ weight + bias)
    weight, bias = weights[-1]
    return points @ weight + bias


def move(player: Player, slopes: Weights) -> Player:
    """Make one step of Adam."""
    moved = player.moved + 1
    mean = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, player.mean, slopes)
    square = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, player.square, slopes)
    rate, root = LEARNING_RATE / (1 - BETA1**moved), jnp.sqrt(1 - BETA2**moved)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) / root + EPSILON), player.weights, mean, square)
    return Player(weights, mean, square, moved)


def train_step(players: tuple[Player, Player], draws: Draws) -> tuple[Player, Player]:
    """Make one step of (generator, discriminator): the plain loop's."""
    generator, discriminator = players
    x_fake = apply(generator.weights, draws.d_noise)

    def d_loss(weights: Weights) -> Any:
        real, fake = apply(weights, draws.x_real), apply(weights, x_fake)
        return jax.nn.softplus(-real).mean() + jax.nn.softplus(fake).mean()

    discriminator = move(discriminator, jax.grad(d_loss)(discriminator.weights))

    def g_loss(weights: Weights) -> Any:
        return jax.nn.softplus(-apply(discriminator.weights, apply(weights, draws.g_noise))).mean()

    return move(generator, jax.grad(g_loss)(generator.weights)), discriminator


def draw_step(key: Any, batch: int) -> Draws:
    """Draw what one step needs: points of ring8, and noise."""
    for_mode, for_real, for_d, for_g = jax.random.split(key, 4)
    angles = jax.random.randint(for_mode, (batch,), 0, MODES) * (2 * math.pi / MODES)
    centres = LAB_RADIUS * jnp.stack((jnp.cos(angles), jnp.sin(angles)), 1)
    x_real = centres + 0.02 * jax.random.normal(for_real, (batch, 2))
    return Draws(x_real, jax.random.normal(for_d, (batch, 2)), jax.random.normal(for_g, (batch, 2)))


def build_scan(config: RunConfig) -> Callable[[], object]:
    """Give a function that trains SCANNED steps, and is done when it returns."""

    def body(players: tuple[Player, Player], key: Any) -> tuple[tuple[Player, Player], None]:
        return train_step(players, draw_step(key, config.batch_size)), None

    def train(players: tuple[Player, Player], key: Any) -> tuple[Any, Any]:
        key, now = jax.random.split(key)
        return jax.lax.scan(body, players, jax.random.split(now, SCANNED))[0], key

    train_fast = jax.jit(train)
    for_generator, for_discriminator, key = jax.random.split(jax.random.key(config.seed), 3)
    state: Sequence[Any] = (
        (
            make_player(draw_weights(config.generator, 2, for_generator)),
            make_player(draw_weights(config.discriminator, 1, for_discriminator)),
        ),
        key,
    )

    def train_on() -> None:
        nonlocal state
        state = jax.block_until_ready(train_fast(*state))

    return train_on
