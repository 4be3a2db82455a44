"""The latent laws: draws and quantiles belong to the same law."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from scipy import stats

from server.errors import ConfigError
from server.gan.latents import LATENTS
from server.gan.randomness import draws_for

LAWS = {
    "normal": stats.norm(),
    "uniform": stats.uniform(-1, 2),
    "unit_uniform": stats.uniform(0, 1),
    "truncated": stats.truncnorm(-2, 2, 0.5, 0.25),
}


def test_every_latent_has_an_independent_law_to_be_checked_against() -> None:
    assert set(LATENTS) == set(LAWS)


@pytest.mark.parametrize("key", LATENTS)
def test_f22_the_same_seed_gives_the_same_noise_and_another_gives_other(key: str) -> None:
    first, again, other = (LATENTS[key](30, 4, draws_for(seed, 0, "test")) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("key", LATENTS)
@pytest.mark.parametrize("dimension", [1, 2, 256])
def test_runs_in_a_stack_get_the_noise_of_single_runs(key: str, dimension: int) -> None:
    stack = LATENTS[key](20, dimension, draws_for([4, 9], 7, "test"))
    assert stack.shape == (2, 20, dimension)
    assert stack.dtype == torch.float32
    assert torch.equal(stack[1], LATENTS[key](20, dimension, draws_for(9, 7, "test")))


@pytest.mark.parametrize("key", LATENTS)
def test_p33_the_noise_follows_its_law(key: str) -> None:
    z = LATENTS[key](20_000, 2, draws_for(0, 0, "test")).double().numpy()
    for coordinate in z.T:
        assert stats.kstest(coordinate, LAWS[key].cdf).pvalue > 0.001
    assert abs(stats.pearsonr(*z.T).statistic) < 0.03


@pytest.mark.parametrize("key", LATENTS)
def test_quantiles_undo_the_distribution_function(key: str) -> None:
    p = torch.linspace(0.001, 0.999, 101, dtype=torch.float64)
    assert LAWS[key].cdf(LATENTS[key].quantile(p).numpy()) == pytest.approx(p.numpy(), abs=1e-9)


@pytest.mark.parametrize("key", LATENTS)
def test_cells_between_quantiles_are_equally_likely(key: str) -> None:
    z = LATENTS[key](50_000, 1, draws_for(1, 0, "test")).flatten()
    edges = LATENTS[key].quantile(torch.arange(1, 20) / 20)
    assert stats.chisquare(torch.bucketize(z, edges).bincount(minlength=20).numpy()).pvalue > 0.001


@pytest.mark.parametrize("key", LATENTS)
@pytest.mark.parametrize("wrong", [0, 257, 2.5, "2", True])
def test_dimensions_out_of_range_are_refused(key: str, wrong: Any) -> None:
    (dimension,) = LATENTS[key].parameters
    check: Callable[[str, object], object] = dimension.check
    with pytest.raises(ConfigError, match=r"latent\.dimension: expected a whole number from 1 to 256"):
        check("latent.dimension", wrong)


@pytest.mark.parametrize("key", LATENTS)
def test_a_latent_describes_itself_as_plain_data(key: str) -> None:
    facts = json.loads(json.dumps(LATENTS[key].describe()))
    assert facts["help"].endswith(".")
    assert [parameter["default"] for parameter in facts["parameters"]] == [2]
