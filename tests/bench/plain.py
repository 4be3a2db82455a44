"""The plain loop: a GAN on ring8 as anyone would write it in PyTorch, with the lab's default losses and optimizers."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from server.gan.config import NetworkConfig, RunConfig

MODES = 8
LAB_RADIUS = 2.0
"""The radius of ring8, whose published units are the lab's too."""


def build_network(config: NetworkConfig, inputs: int, outputs: int) -> nn.Sequential:
    """Make a perceptron of modules."""
    layers: list[nn.Module] = []
    for _ in range(config.hidden_layers):
        layers += [nn.Linear(inputs, config.width), nn.ReLU()]
        inputs = config.width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def draw_ring8(count: int) -> Tensor:
    """Draw points (count, 2)."""
    angles = torch.randint(MODES, (count,)) * (2 * math.pi / MODES)
    return torch.stack((angles.cos(), angles.sin()), 1) * LAB_RADIUS + 0.02 * torch.randn(count, 2)


def build_updates(generator: nn.Module, discriminator: nn.Module) -> Callable[[Tensor, Tensor, Tensor], None]:
    """Give a function that trains one step on real points and on the noise of each player's update, (N, 2) each."""
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.001, betas=(0.5, 0.999))
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=0.001, betas=(0.5, 0.999))

    def update(x_real: Tensor, d_noise: Tensor, g_noise: Tensor) -> None:
        x_fake = generator(d_noise).detach()
        d_loss = softplus(-discriminator(x_real)).mean() + softplus(discriminator(x_fake)).mean()
        d_optimizer.zero_grad()
        d_loss.backward()  # type: ignore[no-untyped-call]  # torch publishes no type for it
        d_optimizer.step()
        g_loss = softplus(-discriminator(generator(g_noise))).mean()
        g_optimizer.zero_grad()
        g_loss.backward()  # type: ignore[no-untyped-call]  # as above
        g_optimizer.step()

    return update


def build_plain_loop(config: RunConfig) -> Callable[[], object]:
    """Give a function that trains one step: one update of each player."""
    batch = config.batch_size
    update = build_updates(build_network(config.generator, 2, 2), build_network(config.discriminator, 2, 1))
    return lambda: update(draw_ring8(batch), torch.randn(batch, 2), torch.randn(batch, 2))
