"""The time that a heartbeat allows for a step."""

from dataclasses import replace

from server.engine.cost import allow_seconds, count_weights
from server.gan.catalog import build_catalog
from server.gan.config import NetworkConfig, check_config


def test_weights_are_counted_layer_by_layer() -> None:
    assert count_weights({"hidden_layers": 2, "width": 64}, 2, 1) == 2 * 64 + 64 * 64 + 64
    assert count_weights({"hidden_layers": 0, "width": 64}, 3, 2) == 6


def test_the_default_run_leaves_the_heartbeat_alone_and_a_heavy_one_gets_its_time() -> None:
    config = check_config({}, build_catalog())
    assert 0 < allow_seconds(config.to_json()) < 0.1
    wide = NetworkConfig(8, 256, "relu")
    heavy = replace(config, generator=wide, discriminator=wide, batch_size=4096)
    assert 30 < allow_seconds(heavy.to_json()) < 120
    assert allow_seconds(replace(heavy, d_updates=10).to_json()) > 3 * allow_seconds(heavy.to_json())


def test_a_step_that_draws_many_numbers_gets_the_time_for_them() -> None:
    flat = {"hidden_layers": 0, "width": 8, "activation": "relu"}
    latent = {"name": "normal", "dimension": 256}
    config = check_config(
        {"latent": latent, "generator": flat, "discriminator": flat, "batch_size": 4096, "d_updates": 10},
        build_catalog(),
    )
    numbers = 4096 * (11 * 256 + 10 * 2)
    assert allow_seconds(config.to_json()) >= numbers / 2e7
