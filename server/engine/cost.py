"""How long one step of a run may take: what a worker's heartbeat must allow for, and which runs hold up others."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

SLOWEST_FLOPS = 1e9
"""Floating-point operations a second that even a busy, slow core manages."""
PASSES = 6
"""Operations a weight and example: one multiplication and one addition forward, and twice that backward."""

HEAVY_SECONDS = 1.0
"""A run whose step may take longer holds up those that it shares a worker with: such a step is 20 ms on a quiet core,
and fifty times what the default config's may take."""

MOST_DRAWS_A_POINT = 4
"""Random numbers that one point of the data takes."""
SLOWEST_DRAWS = 2e7
"""Random numbers a second that even a busy, slow core makes."""


def allow_seconds(config: Mapping[str, Any]) -> float:
    """Give a generous bound for the time of one step, in seconds; the config is plain data, and complete."""
    latent = config["latent"]["dimension"]
    generator = count_weights(config["generator"], latent, 2)
    discriminator = count_weights(config["discriminator"], 2, 1)
    updates = (config["d_updates"] + config["g_updates"]) * (generator + 2 * discriminator)
    numbers = (config["d_updates"] + config["g_updates"]) * latent + config["d_updates"] * MOST_DRAWS_A_POINT
    seconds: float = config["batch_size"] * (PASSES * updates / SLOWEST_FLOPS + numbers / SLOWEST_DRAWS)
    return seconds


def count_weights(network: Mapping[str, Any], num_inputs: int, num_outputs: int) -> int:
    """Count the weights of a multilayer perceptron, without its biases."""
    sizes = [num_inputs, *[network["width"]] * network["hidden_layers"], num_outputs]
    return sum(before * after for before, after in pairwise(sizes))
