"""The latent laws: draws and quantiles belong to the same law."""

import json
from collections import Counter
from collections.abc import Callable
from math import cos, pi
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from server.errors import ConfigError
from server.gan.config import RunConfig
from server.gan.latents import LATENTS
from server.gan.metrics import evaluate_stack
from server.gan.probes import Sizes, draw_fixed_latent, probe_layers
from server.gan.randomness import Draws, draws_for
from server.gan.trainer import Trainer
from tests.tools.runs import make_config

LAWS = {
    "normal": stats.norm(),
    "uniform": stats.uniform(-1, 2),
    "unit_uniform": stats.uniform(0, 1),
    "truncated": stats.truncnorm(-2, 2, 0.5, 0.25),
}
"""Those whose coordinates are independent and equally distributed."""


def draw(key: str, count: int, dimension: int, draws: Draws, **values: float) -> Tensor:
    """Noise with the default numbers, or others; from points of seed 0, where it is picked from points."""
    latent = LATENTS[key]
    numbers: dict[str, Any] = {p.key: p.default for p in latent.parameters if p.key != "dimension"} | values
    if latent.points:
        numbers = {"points": latent.points(dimension, draws_for(0, 0, "points"), **numbers)}
    return latent(count, dimension, draws, **numbers)


def find_kinds(z: Tensor) -> list[tuple[float, ...]]:
    """The different points among some, in order."""
    return sorted({tuple(point) for point in z.tolist()})


def start(*assignments: str, seed: int = 0) -> Trainer:
    """A run at step 0."""
    return Trainer(make_config(*assignments).with_seed(seed))


def test_every_latent_whose_coordinates_are_independent_has_a_law_to_be_checked_against() -> None:
    assert {key for key in LATENTS if LATENTS[key].quantile} == set(LAWS)
    assert {key for key in LATENTS if LATENTS[key].describe()["has_lattice"]} == set(LAWS)


@pytest.mark.parametrize("key", LATENTS)
def test_f22_the_same_seed_gives_the_same_noise_and_another_gives_other(key: str) -> None:
    first, again, other = (draw(key, 30, 4, draws_for(seed, 0, "test")) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("key", LATENTS)
@pytest.mark.parametrize("dimension", [1, 2, 256])
def test_runs_in_a_stack_get_the_noise_of_single_runs(key: str, dimension: int) -> None:
    stack = draw(key, 20, dimension, draws_for([4, 9], 7, "test"))
    assert stack.shape == (2, 20, dimension)
    assert stack.dtype == torch.float32
    assert torch.equal(stack[1], draw(key, 20, dimension, draws_for(9, 7, "test")))


@pytest.mark.parametrize("key", LAWS)
def test_p33_the_noise_follows_its_law(key: str) -> None:
    z = LATENTS[key](20_000, 2, draws_for(0, 0, "test")).double().numpy()
    for coordinate in z.T:
        assert stats.kstest(coordinate, LAWS[key].cdf).pvalue > 0.001
    assert abs(stats.pearsonr(*z.T).statistic) < 0.03


@pytest.mark.parametrize("key", LAWS)
def test_quantiles_undo_the_distribution_function(key: str) -> None:
    p = torch.linspace(0.001, 0.999, 101, dtype=torch.float64)
    quantile = LATENTS[key].quantile
    assert quantile
    assert LAWS[key].cdf(quantile(p).numpy()) == pytest.approx(p.numpy(), abs=1e-9)


@pytest.mark.parametrize("key", LAWS)
def test_cells_between_quantiles_are_equally_likely(key: str) -> None:
    z, quantile = LATENTS[key](50_000, 1, draws_for(1, 0, "test")).flatten(), LATENTS[key].quantile
    assert quantile
    edges = quantile(torch.arange(1, 20) / 20)
    assert stats.chisquare(torch.bucketize(z, edges).bincount(minlength=20).numpy()).pvalue > 0.001


# A mixture of Gaussians ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("components", "spread", "dimension"), [(8, 0.2, 2), (3, 0.5, 5), (5, 1.0, 1)])
def test_every_coordinate_of_the_mixture_follows_the_mean_of_its_components(
    components: int, spread: float, dimension: int
) -> None:
    z = draw("mixture", 20_000, dimension, draws_for(0, 0, "test"), components=components, spread=spread).numpy()
    angles = [2 * pi * k / components for k in range(components)]
    # A quarter turn back, the sine is a cosine; the further coordinates have no circle.
    centres = [[2**0.5 * cos(angle - turn) for angle in angles] for turn in (0, pi / 2)] + [[0.0]] * 3
    for coordinate, means in zip(z.T, centres, strict=False):
        law = [stats.norm(mean, spread) for mean in means]
        assert stats.kstest(coordinate, lambda x, law=law: np.mean([one.cdf(x) for one in law], 0)).pvalue > 0.001


def test_the_components_of_the_mixture_are_equally_likely_and_stand_on_a_circle() -> None:
    z = draw("mixture", 20_000, 2, draws_for(1, 0, "test"), components=6, spread=0.05)
    sector = (torch.atan2(z[:, 1], z[:, 0]) * 6 / (2 * pi)).round().long() % 6
    assert stats.chisquare(sector.bincount(minlength=6).numpy()).pvalue > 0.001
    assert torch.linalg.vector_norm(z, dim=-1).mean().item() == pytest.approx(2**0.5, abs=0.01)


# A finite set -------------------------------------------------------------------------------------------------------


def config_of(size: int) -> list[str]:
    """Noise of so many points."""
    return ["latent.name=finite", f"latent.size={size}"]


@pytest.mark.parametrize("size", [1, 4, 100])
def test_noise_of_a_finite_set_is_one_of_its_points_and_each_is_equally_likely(size: int) -> None:
    counts = Counter(map(tuple, draw("finite", 20_000, 3, draws_for(0, 3, "test"), size=size).tolist()))
    assert len(counts) == size
    assert size == 1 or stats.chisquare(list(counts.values())).pvalue > 0.001


def test_the_points_of_a_finite_set_are_the_same_at_every_step_and_in_every_look_and_other_seeds_have_others() -> None:
    trainer, other = start(*config_of(5)), start(*config_of(5), seed=1)
    points = find_kinds(trainer.source.sample_latent(500, trainer.source.draws("any")))
    assert len(points) == 5
    for player, step in (("discriminator", 0), ("generator", 0), ("generator", 999)):
        assert find_kinds(trainer.source.draw_batch(player, "latent", 0, step)) == points
    assert find_kinds(other.source.sample_latent(500, other.source.draws("any"))) != points


def test_a_stack_scores_every_run_with_its_own_points_as_the_run_alone_is_scored() -> None:
    configs: list[RunConfig] = [make_config(*config_of(4)).with_seed(seed) for seed in range(3)]
    stack = Trainer(configs)
    for _ in range(20):
        stack.step()
    rows = evaluate_stack(stack, ["sliced_w2", "modes20"])
    for config, row in zip(configs, rows, strict=True):
        alone = Trainer([config])
        for _ in range(20):
            alone.step()
        assert evaluate_stack(alone, ["sliced_w2", "modes20"]) == [row]
        assert (row["modes20"] or 9) <= 4


@pytest.mark.parametrize("key", [key for key in LATENTS if key not in LAWS])
def test_noise_without_a_lattice_has_no_warp_and_all_other_layers(key: str) -> None:
    trainer = start(f"latent.name={key}")
    arrays = probe_layers(trainer, ["noise", "generated", "warp"])
    assert set(arrays) == {"z", "x_fake"}
    assert torch.from_numpy(arrays["z"]).equal(draw_fixed_latent(trainer, Sizes())[:, :2])


# Facts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", LATENTS)
@pytest.mark.parametrize("wrong", [0, 257, 2.5, "2", True])
def test_dimensions_out_of_range_are_refused(key: str, wrong: Any) -> None:
    dimension = LATENTS[key].parameters[0]
    check: Callable[[str, object], object] = dimension.check
    with pytest.raises(ConfigError, match=r"latent\.dimension: expected a whole number from 1 to 256"):
        check("latent.dimension", wrong)


@pytest.mark.parametrize("key", LATENTS)
def test_a_latent_describes_itself_as_plain_data(key: str) -> None:
    facts = json.loads(json.dumps(LATENTS[key].describe()))
    assert facts["help"].endswith(".")
    assert (facts["parameters"][0]["key"], facts["parameters"][0]["default"]) == ("dimension", 2)
