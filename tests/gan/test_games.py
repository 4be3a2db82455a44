"""The smallest game against its own arithmetic: a tilt and a gap that follow a linear recursion, whatever the rule."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from server.gan.catalog import build_catalog
from server.gan.config import check_config
from server.gan.measures import generate, imbalance, measure_slope
from server.gan.presets import PRESETS
from server.gan.trainer import Trainer
from tests.tools.runs import make_config

RATE, STEPS = 0.1, 100


def at_once(tilt: Tensor, gap: Tensor) -> tuple[Tensor, Tensor]:
    return tilt - RATE * gap, gap + RATE * tilt


def measure(tilt: Tensor, gap: Tensor) -> Tensor:
    distance: Tensor = torch.linalg.vector_norm(torch.cat((tilt, gap), -1), dim=-1)
    return distance


def play(tilt: Tensor, gap: Tensor) -> Tensor:
    for _ in range(STEPS):
        tilt, gap = at_once(tilt, gap)
    return measure(tilt, gap)


def play_in_turn(tilt: Tensor, gap: Tensor) -> Tensor:
    for _ in range(STEPS):
        tilt = tilt - RATE * gap
        gap = gap + RATE * tilt
    return measure(tilt, gap)


def play_optimistic(tilt: Tensor, gap: Tensor) -> Tensor:
    past = tilt, gap
    for _ in range(STEPS):
        ahead = 2 * tilt - past[0], 2 * gap - past[1]
        past = tilt, gap
        tilt, gap = tilt - RATE * ahead[1], gap + RATE * ahead[0]
    return measure(tilt, gap)


def play_extragradient(tilt: Tensor, gap: Tensor) -> Tensor:
    for _ in range(STEPS):
        ahead = at_once(tilt, gap)
        tilt, gap = tilt - RATE * ahead[1], gap + RATE * ahead[0]
    return measure(tilt, gap)


def play_lookahead(tilt: Tensor, gap: Tensor) -> Tensor:
    slow = tilt, gap
    for step in range(1, STEPS + 1):
        tilt, gap = at_once(tilt, gap)
        if step % 5 == 0:
            tilt, gap = slow = (slow[0] + tilt) / 2, (slow[1] + gap) / 2
    return measure(tilt, gap)


def play_r1(tilt: Tensor, gap: Tensor) -> Tensor:
    for _ in range(STEPS):
        tilt, gap = (1 - RATE * 0.3) * tilt - RATE * gap, gap + RATE * tilt
    return measure(tilt, gap)


def play_history(tilt: Tensor, gap: Tensor) -> Tensor:
    tilts, gaps = [tilt], [gap]
    for _ in range(STEPS):
        away = [places[-1] - torch.stack(places).mean(0) for places in (tilts, gaps)]
        tilt, gap = at_once(tilts[-1], gaps[-1])
        tilts.append(tilt - RATE * 2 * 0.1 * away[0])
        gaps.append(gap - RATE * 2 * 0.1 * away[1])
    return measure(tilts[-1], gaps[-1])


def play_consensus(tilt: Tensor, gap: Tensor) -> Tensor:
    for _ in range(STEPS):
        tilt, gap = tilt - RATE * (gap + tilt), gap + RATE * (tilt - gap)
    return measure(tilt, gap)


@pytest.mark.parametrize(
    ("key", "predict"),
    [
        ("game", play),
        ("game_in_turn", play_in_turn),
        ("game_optimistic", play_optimistic),
        ("game_extragradient", play_extragradient),
        ("game_lookahead", play_lookahead),
        ("game_r1", play_r1),
        ("game_consensus", play_consensus),
        ("game_history", play_history),
    ],
)
def test_the_smallest_game_goes_where_its_recursion_says(key: str, predict: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Batches of 4096 leave little chance: the means are within a few percent of the laws'."""
    config = check_config({**PRESETS[key].config, "batch_size": 4096}, build_catalog())
    trainer = Trainer([config.with_seed(seed) for seed in range(4)])
    real = trainer.source.sample_data(2000, trainer.source.draws("data"))
    tilt, gap = measure_slope(trainer, real).mean(-2), generate(trainer).mean(-2) - real.mean(-2)
    expected = predict(tilt.double(), gap.double())
    for _ in range(STEPS):
        trainer.step()
    found = imbalance(trainer)
    assert torch.allclose(found.double(), expected, rtol=0.05, atol=0.05), (found, expected)


def settle(rule: str, loss: str, units: dict[str, list[dict[str, Any]]]) -> float:
    """How far from rest 500 steps of the Dirac-GAN end that begin at (1, 1) with a rate of 0.2.

    There is one real point, near 0, and one of noise, z; so with h = 0.2 / s and s^2 = 1 + z^2 the generator's weight
    and bias move along one line, on which a unit is s units of the generated point.
    """
    plain: dict[str, object] = {"hidden_layers": 0}
    data = {"name": "points", "points": [[0.0, 0.0]], "noise": 1e-4, "size": 1, "units": "published"}
    fixed = {"data": data, "latent": {"name": "finite", "dimension": 1, "size": 1}, "loss": {"name": loss}}
    config = make_config(**fixed, batch_size=1, generator=plain, discriminator=plain)
    z = Trainer(config).source.draw_batch("generator", "latent", 0, 0).item()
    s = (1 + z**2) ** 0.5
    optimizer = {"name": rule, "learning_rate": 0.2 / s}
    whole = {**config.to_json(), "d_optimizer": optimizer, "g_optimizer": optimizer, **units}
    if "regularizers" in units:  # the game is s times as steep on this line
        whole["regularizers"] = [{**unit, "gamma": unit["gamma"] / s} for unit in units["regularizers"]]
    trainer = Trainer(check_config(whole, build_catalog()))
    assert trainer.source.points is not None
    real = trainer.source.points[0]
    east = torch.tensor([1.0, 0.0])
    start = {"generator": torch.cat((east * z / s, real + east / s)), "discriminator": torch.tensor([1.0, 0.0, 0.0])}
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, **start})
    for _ in range(500):
        trainer.step()
    generator, tilt = trainer.state.tensors["generator"], trainer.state.tensors["discriminator"][:2]
    return measure((z * generator[:2] + generator[2:] - real) / s, tilt).item()


@pytest.mark.parametrize(
    ("rule", "loss", "units", "expected"),
    [
        ("omd", "wasserstein", {"techniques": [{"name": "simultaneous"}]}, 3.5e-5),
        ("sgd", "wasserstein", {"techniques": [{"name": "extragradient"}]}, 7.9e-5),
        (
            "sgd",
            "non_saturating",
            {"techniques": [{"name": "simultaneous"}], "regularizers": [{"name": "consensus", "gamma": 1.0}]},
            1.1e-10,
        ),
    ],
    ids=["optimism", "extragradient", "consensus"],
)
def test_from_1_1_the_dirac_gan_comes_as_near_to_rest_in_500_steps_as_it_should(
    rule: str, loss: str, units: dict[str, list[dict[str, Any]]], expected: float
) -> None:
    assert settle(rule, loss, units) == pytest.approx(expected, rel=0.1)
