"""The presets: every one is a valid run, and what it promises happens for most seeds."""

import json
from collections.abc import Callable
from math import pi

import pytest
import torch

from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config
from server.gan.metrics import evaluate_stack
from server.gan.presets import PRESETS
from server.gan.randomness import draws_for
from server.gan.trainer import Trainer

CATALOG = build_catalog()
SEEDS = 8


def build_config(key: str) -> RunConfig:
    return check_config(PRESETS[key].config, CATALOG)


def arrive_in_time(key: str, metric: str, steps: int, least: int, arrived: Callable[[float, float], bool]) -> bool:
    """Whether `least` of eight seeds arrive within `steps` steps; `arrived` sees a run's first score and its last."""
    trainer = Trainer([build_config(key).with_seed(seed) for seed in range(SEEDS)])
    first, there = score_runs(trainer, metric), set()
    for step in range(1, steps + 1):
        trainer.step()
        if step % 100 == 0:
            there |= {run for run, now in enumerate(score_runs(trainer, metric)) if arrived(first[run], now)}
        if len(there) >= least:
            return True
    return False


def score_runs(trainer: Trainer, metric: str) -> list[float]:
    scores = [row[metric] for row in evaluate_stack(trainer, [metric])]
    return [float("nan") if score is None else score for score in scores]


@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_is_a_complete_run_that_trains(key: str) -> None:
    facts = json.loads(json.dumps(PRESETS[key].describe(CATALOG)))
    assert facts["key"] == key
    assert facts["help"].endswith(".")
    assert facts["watch_for"].endswith(".")
    config = check_config(facts["config"], CATALOG)
    assert json.loads(json.dumps(config.to_json())) == facts["config"]
    trainer = Trainer(config)
    trainer.step()
    assert trainer.state.step == 1


def test_the_first_preset_is_what_the_lab_begins_with() -> None:
    assert next(iter(PRESETS)) == "ring8"
    assert build_config("ring8") == check_config({}, CATALOG)


@pytest.mark.parametrize(
    ("key", "noise", "generator", "discriminator", "d_updates"),
    [
        ("line", "uniform", (2, 5), (2, 6), 2),
        ("gaussians", "normal", (2, 8), (2, 8), 2),
        ("ring", "uniform", (2, 10), (3, 9), 3),
        ("disjoint", "normal", (3, 10), (3, 11), 1),
    ],
)
def test_p13_f7_gan_labs_presets_have_its_structure_with_the_true_number_of_layers(
    key: str, noise: str, generator: tuple[int, int], discriminator: tuple[int, int], d_updates: int
) -> None:
    config = build_config(key)
    assert (config.data.name, config.latent.name, config.d_updates, config.g_updates) == (key, noise, d_updates, 1)
    assert (config.generator.hidden_layers, config.generator.width) == generator
    assert (config.discriminator.hidden_layers, config.discriminator.width) == discriminator
    assert (config.d_optimizer.name, config.g_optimizer.name, config.batch_size) == ("sgd", "sgd", 150)


@pytest.mark.parametrize(("key", "least"), [("line", 7), ("gaussians", 7), ("ring", 7), ("disjoint", 5)])
def test_gan_labs_presets_halve_the_divergence_within_2000_steps(key: str, least: int) -> None:
    assert arrive_in_time(key, "grid_js", 2000, least, lambda first, now: now < first / 2)


def test_the_default_preset_covers_the_ring_at_step_3000_in_four_of_five_seeds() -> None:
    trainer = Trainer([build_config("ring8").with_seed(seed) for seed in range(5)])
    for _ in range(3000):
        trainer.step()
    assert sum(score >= 7 for score in score_runs(trainer, "modes20")) >= 4


def test_the_least_squares_preset_sharpens_its_modes_within_2000_steps() -> None:
    assert arrive_in_time("least_squares", "high_quality", 2000, 6, lambda first, now: now > 0.25)


def test_the_collapse_preset_gathers_everything_in_one_clump_that_hops() -> None:
    trainer = Trainer([build_config("collapse").with_seed(seed) for seed in range(SEEDS)])
    z = trainer.source.sample_latent(500, draws_for(0, 0, "test"))
    covered, angles = [], []
    for step in range(1, 1001):
        trainer.step()
        if step >= 400 and step % 100 == 0:
            centre = trainer.generate(z).mean(-2)
            angles.append(torch.atan2(centre[:, 1], centre[:, 0]))
            covered.append(score_runs(trainer, "modes20"))
    one_or_two = (torch.tensor(covered) <= 2).float().mean(0)
    assert (one_or_two > 0.8).sum() >= 6
    nearest = (torch.stack(angles) * 4 / pi).round().remainder(8)
    assert ((nearest != nearest[0]).any(0)).sum() >= 6
