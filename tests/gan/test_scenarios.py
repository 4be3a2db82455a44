"""GAN Lab's acceptance scenarios that need no page: the order of play, oscillation, more updates, collapse."""

from collections.abc import Mapping
from statistics import median
from typing import Any

import pytest
import torch

from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config
from server.gan.metrics import evaluate_stack
from server.gan.presets import PRESETS
from server.gan.trainer import Trainer

CATALOG = build_catalog()
SEEDS = 5
JS = "grid_js"


def build_runs(preset: str, differing: Mapping[str, Any]) -> list[RunConfig]:
    """One run a seed, of the preset with some of its values changed."""
    config = check_config({**PRESETS[preset].config, **differing}, CATALOG)
    return [config.with_seed(seed) for seed in range(SEEDS)]


def score_runs(trainer: Trainer, metric: str) -> list[float]:
    """The metric of every run."""
    scores = [row[metric] for row in evaluate_stack(trainer, [metric])]
    return [float("nan") if score is None else score for score in scores]


@pytest.mark.parametrize("seed", range(3))
def test_u2_the_discriminator_learns_first_from_both_sorts_and_the_generator_from_generated_ones_only(
    seed: int,
) -> None:
    trainer = Trainer(check_config({}, CATALOG).with_seed(seed))
    weights = []
    seen: dict[str, set[str]] = {"discriminator": set(), "generator": set()}
    for phase in trainer.phases():
        seen[phase.player] |= set(phase.tensors)
        weights.append((phase.player, trainer.state.tensors["generator"], trainer.state.tensors["discriminator"]))
    players = [player for player, *_ in weights]
    assert players == ["discriminator"] * 6 + ["generator"] * 6
    assert {"real_logits", "fake_logits"} <= seen["discriminator"]
    assert "fake_logits" in seen["generator"]
    assert not {"x_real", "real_logits"} & seen["generator"]
    assert all(torch.equal(generator, weights[0][1]) for _, generator, _ in weights[:6])
    assert all(torch.equal(discriminator, weights[6][2]) for *_, discriminator in weights[6:])


def train_rates(*pairs: tuple[float, float], steps: int = 2000) -> list[tuple[float, float]]:
    """GAN Lab's line with each (d_rate, g_rate): how far the cloud swings in the second half, and its divergence there.

    The swing is the standard deviation over time of the mean generated point, in lab units; both are medians of seeds.
    """
    runs = [
        run
        for d_rate, g_rate in pairs
        for run in build_runs("line", {"d_optimizer": describe_sgd(d_rate), "g_optimizer": describe_sgd(g_rate)})
    ]
    trainer = Trainer(runs)
    z = trainer.source.sample_latent(250, trainer.source.draws("latent"))
    centres, divergences = [], []
    for step in range(1, steps + 1):
        trainer.step()
        if step > steps // 2 and step % 10 == 0:
            centres.append(trainer.generator(trainer.weights("generator"), z)[: len(runs)].mean(1))
        if step > steps // 2 and step % 150 == 0:
            divergences.append(score_runs(trainer, JS))
    swings = torch.stack(centres).std(0).norm(dim=-1).view(-1, SEEDS).median(1).values
    means = torch.tensor(divergences).mean(0).view(-1, SEEDS).median(1).values
    return list(zip(swings.tolist(), means.tolist(), strict=True))


def describe_sgd(rate: float) -> dict[str, Any]:
    """Plain gradient descent with this rate."""
    return {"name": "sgd", "learning_rate": rate}


@pytest.mark.timeout(120)
def test_u4_a_slower_generator_calms_the_oscillation_and_a_slower_discriminator_makes_it_worse() -> None:
    same, slow_generator, slow_discriminator = train_rates((0.1, 0.1), (0.1, 0.01), (0.01, 0.1))
    (swing, divergence), (calm, close), (wild, far) = same, slow_generator, slow_discriminator
    assert calm < swing
    assert wild > 4 * swing
    assert close < divergence < far


def count_steps(preset: str, d_updates: int, level: float, most: int = 1500) -> float:
    """The median number of steps until a seed's divergence first falls under a level; `most` where it never does."""
    trainer = Trainer(build_runs(preset, {"d_updates": d_updates}))
    arrived: dict[int, int] = {}
    for step in range(20, most + 1, 20):
        for _ in range(20):
            trainer.step()
        for run, now in enumerate(score_runs(trainer, JS)):
            if now < level:
                arrived.setdefault(run, step)
        if len(arrived) == SEEDS:
            break
    return median([arrived.get(run, most) for run in range(SEEDS)])


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("preset", "level"), [("line", 0.35), ("gaussians", 0.35)])
def test_u5_three_discriminator_updates_a_step_need_fewer_steps_than_one(preset: str, level: float) -> None:
    assert count_steps(preset, 3, level) < 0.75 * count_steps(preset, 1, level)


DEEP = {"hidden_layers": 4, "width": 10, "activation": "relu"}


@pytest.mark.timeout(120)
def test_u6_deeper_networks_lose_blobs() -> None:
    rates = {key: describe_sgd(0.1) for key in ("d_optimizer", "g_optimizer")}
    trainer = Trainer(build_runs("disjoint", {"generator": DEEP, "discriminator": DEEP, **rates}))
    for _ in range(500):
        trainer.step()
    assert all(covered < 3 for covered in score_runs(trainer, "modes20"))
