"""How long one step of a run may take: what a worker's heartbeat must allow for."""

from itertools import pairwise

from server.gan.config import NetworkConfig, RunConfig

SLOWEST_FLOPS = 1e9
"""Floating-point operations a second that even a busy, slow core manages."""
PASSES = 6
"""Operations a weight and example: one multiplication and one addition forward, and twice that backward."""


MOST_DRAWS_A_POINT = 4
"""Random numbers that one point of the data takes."""
SLOWEST_DRAWS = 2e7
"""Random numbers a second that even a busy, slow core makes."""


def allow_seconds(config: RunConfig) -> float:
    """Give a generous bound for the time of one step, in seconds."""
    latent = int(config.latent.values["dimension"])  # type: ignore[arg-type]  # checked by check_config
    generator = count_weights(config.generator, latent, 2)
    discriminator = count_weights(config.discriminator, 2, 1)
    d_update = generator + 2 * discriminator
    g_update = generator + 2 * discriminator
    updates = config.d_updates * d_update + config.g_updates * g_update
    numbers = (config.d_updates + config.g_updates) * latent + config.d_updates * MOST_DRAWS_A_POINT
    return config.batch_size * (PASSES * updates / SLOWEST_FLOPS + numbers / SLOWEST_DRAWS)


def count_weights(network: NetworkConfig, num_inputs: int, num_outputs: int) -> int:
    """Count the weights of a multilayer perceptron, without its biases."""
    sizes = [num_inputs, *[network.width] * network.hidden_layers, num_outputs]
    return sum(before * after for before, after in pairwise(sizes))
