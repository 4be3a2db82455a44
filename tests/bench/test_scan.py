"""The scan in JAX makes the plain loop's steps; it is checked where jax is installed."""

import pytest
import torch

from tests.bench.plain import build_network, build_updates
from tests.tools.runs import make_config

pytest.importorskip("jax", reason="jax is an extra of the benchmark")


def test_the_scan_makes_the_plain_loops_steps() -> None:
    from tests.bench.scan import Draws, make_player, train_step

    config = make_config()
    generator, discriminator = build_network(config.generator, 2, 2), build_network(config.discriminator, 2, 1)
    players = tuple(
        make_player(
            [
                (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy())
                for layer in network
                if isinstance(layer, torch.nn.Linear)
            ]
        )
        for network in (generator, discriminator)
    )
    update = build_updates(generator, discriminator)
    for _ in range(5):
        draws = torch.randn(128, 2), torch.randn(128, 2), torch.randn(128, 2)
        update(*draws)
        players = train_step((players[0], players[1]), Draws(*(draw.numpy() for draw in draws)))
    for network, player in zip((generator, discriminator), players, strict=True):
        ours = torch.cat([(part.mT if part.ndim > 1 else part).detach().flatten() for part in network.parameters()])
        theirs = torch.cat([torch.tensor(part).flatten() for layer in player.weights for part in layer])
        torch.testing.assert_close(theirs, ours, atol=1e-5, rtol=1e-4)
