"""Looks at several runs at once: each run's own, and what is kept of a look is what would be drawn again."""

from typing import Any

import numpy as np
import pytest
import torch

from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config
from server.gan.joined import Joined, find_kind
from server.gan.latents import LATENTS
from server.gan.losses import LOSSES
from server.gan.probes import Sizes, probe_layers, probe_together
from server.gan.source import KEPT_NUMBERS, MOST_KEPT
from server.gan.trainer import Trainer
from server.protocol.frames import LAYER_ARRAYS
from tests.tools.states import is_same

SMALL: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 8},
    "discriminator": {"hidden_layers": 1, "width": 8},
    "batch_size": 32,
}
SIZES = Sizes(generated=30, real=50, surface=6, warp=4)
KINDS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "on the line": {"data": {"name": "two_bumps"}},
    "finite data": {"data": {"name": "moons", "size": 20}},
    "penalties": {"regularizers": [{"name": "r1"}, {"name": "lecam"}]},
    "one latent dimension": {"latent": {"name": "uniform", "dimension": 1}},
    "many latent dimensions": {"latent": {"dimension": 100}},
}


def make_config(**settings: Any) -> RunConfig:
    return check_config(SMALL | settings, build_catalog())


def train(config: RunConfig, runs: int = 5) -> list[Trainer]:
    """Single runs of other seeds, each of which has made another number of steps."""
    trainers = [Trainer(config.with_seed(seed)) for seed in range(runs)]
    for count, trainer in enumerate(trainers):
        for _ in range(count):
            trainer.step()
    return trainers


def find_configs() -> dict[str, RunConfig]:
    """Every loss and every law of noise that runs can be joined with, besides the kinds above."""
    given = {name: make_config(**settings) for name, settings in KINDS.items()}
    for key in LOSSES:
        size = {"data": {"name": "ring8", "size": 40}} if LOSSES[key].has_codes else {}
        given[f"loss {key}"] = make_config(loss={"name": key}, **size)
    given |= {f"noise {key}": make_config(latent={"name": key}) for key in LATENTS}
    return {name: config for name, config in given.items() if find_kind(Trainer(config))}


CONFIGS = find_configs()


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_seen_of_runs_beside_each_other_is_what_is_seen_of_each(name: str) -> None:
    see_beside(train(CONFIGS[name]))


def test_rows_of_one_stack_are_seen_beside_each_other_in_any_order() -> None:
    trainers = train(CONFIGS["finite data"])
    Joined(trainers).advance()
    see_beside([trainers[3], trainers[0], trainers[1]])


def see_beside(trainers: list[Trainer]) -> None:
    """Raise unless each run is seen as by itself."""
    together = probe_together(trainers, tuple(LAYER_ARRAYS), SIZES)
    for trainer, seen in zip(trainers, together, strict=True):
        alone = probe_layers(trainer, tuple(LAYER_ARRAYS), SIZES, fixed=False)
        assert {key: array.shape for key, array in seen.items()} == {key: array.shape for key, array in alone.items()}
        for key, array in alone.items():
            np.testing.assert_allclose(seen[key], array, rtol=1e-4, atol=1e-5 * max(1.0, abs(array).max()), err_msg=key)


def test_every_loss_that_runs_can_be_joined_with_is_looked_at() -> None:
    assert len([name for name in CONFIGS if name.startswith("loss ")]) > len(LOSSES) / 2
    assert set(KINDS) <= set(CONFIGS)


def test_a_look_at_several_changes_none_of_them() -> None:
    looked, other = train(CONFIGS["penalties"]), train(CONFIGS["penalties"])
    for _ in range(3):
        probe_together(looked, tuple(LAYER_ARRAYS), SIZES)
        for trainer in (*looked, *other):
            trainer.step()
    assert all(is_same(one.state, two.state) for one, two in zip(looked, other, strict=True))


def test_what_is_kept_for_looks_is_what_would_be_drawn_and_there_is_an_end_to_it() -> None:
    source = Trainer(make_config()).source
    first = source.look_at_data(50)
    assert source.look_at_data(50) is first
    assert torch.equal(first, source.sample_data(50, source.draws("data")))
    assert torch.equal(source.look_at_latent(50), source.sample_latent(50, source.draws("latent")))
    for count in range(MOST_KEPT):
        source.look_at_data(60 + count)
    assert source.look_at_data(50) is not first
    large = KEPT_NUMBERS // 2 + 1
    assert source.look_at_data(large) is not source.look_at_data(large)
    assert torch.equal(source.look_at_data(large), source.look_at_data(large))
