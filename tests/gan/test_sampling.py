"""Techniques of drawing: each against the law that it should give, in closed form; training never notices them."""

import math
from collections.abc import Callable
from math import log, sqrt
from typing import Any

import pytest
import torch
from scipy.stats import ks_2samp, kstest, norm, truncnorm
from torch import Tensor

from server.errors import ConfigError
from server.gan.config import check_config
from server.gan.export.script import write_script
from server.gan.losses import LOSSES
from server.gan.measures import measure_stack
from server.gan.probes import Sizes, probe_layers
from server.gan.randomness import Draws, draws_for
from server.gan.refinement import make_players, refine_samples
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.base import Players, SamplingTechnique
from server.gan.techniques.sampling import langevin, metropolis_hastings, rejection, truncation, weigh_scores
from server.gan.trainer import Trainer
from tests.tools.runs import catalog, make_config

COUNT = 4000
KEYS = [unit.key for unit in TECHNIQUES.values() if isinstance(unit, SamplingTechnique)]
SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
# The data p and the generated samples q along x, with the exact score log p/q; along y both are q.
MEAN, STD = 0.5, 0.6
TOP = MEAN / (1 - STD**2)
"""Where log p/q is highest."""


def draws() -> Draws:
    return draws_for(1, 0, "drawing")


def players(score: Callable[[Tensor], Tensor], start: float = 3.0) -> Players:
    """A generator that hands its noise on, beside a discriminator with these scores."""
    return Players(
        dimension=2,
        draw_latent=lambda count, draws: draws.normal(count, 2),
        draw_data=lambda count, draws: torch.full((count, 2), start),
        generate=lambda z: z,
        score=score,
    )


def score_nothing(points: Tensor) -> Tensor:
    return (points * 0).sum(-1)


def score_ratio(points: Tensor) -> Tensor:
    x = points[..., 0]
    return x.square() / 2 - ((x - MEAN) / STD).square() / 2 - log(STD)


def agrees(sample: Tensor, law: object) -> bool:
    """Whether a sample is one of a law, by its largest distance from the law's distribution function."""
    return bool(kstest(sample.double().numpy(), law.cdf).statistic < 1.9 / sqrt(len(sample)))  # type: ignore[attr-defined]  # a frozen law of scipy


@pytest.mark.parametrize("tau", [0.2, 1.0, 3.0])
def test_truncated_noise_follows_the_truncated_normal_law(tau: float) -> None:
    points = truncation(players(score_nothing), COUNT, draws(), tau=tau)
    assert points.abs().max() <= tau
    for axis in range(2):
        assert agrees(points[:, axis], truncnorm(-tau, tau))


def test_runs_of_a_stack_have_bounds_of_their_own() -> None:
    stack = truncation(players(score_nothing), 500, draws_for([1, 2], 0, "drawing"), tau=torch.tensor([[0.5], [2.0]]))
    assert stack.shape == (2, 500, 2)
    assert stack[0].abs().max() <= 0.5 < 1.5 < stack[1].abs().max() <= 2


def test_where_all_scores_are_equal_every_sample_has_the_same_chance_and_the_law_stays() -> None:
    weights = weigh_scores(torch.full((7,), 2.5), torch.tensor([2.5]))
    assert (weights == weights[0]).all()
    points = rejection(players(score_nothing), COUNT, draws(), percentile=95.0)
    assert agrees(points[:, 0], norm())


def test_rejection_by_the_exact_score_gives_the_law_of_the_data() -> None:
    """With the percentile at which gamma is 0, an accepted sample has the chance p / (q max p/q), as it should."""
    best = float(score_ratio(torch.tensor([TOP, 0.0])))
    reach = sqrt(2 * log(2) / (1 / STD**2 - 1))  # so far from the top a score is log 2 lower, and the chance is 1/2
    kept = norm.cdf(TOP + reach) - norm.cdf(TOP - reach)
    points = rejection(players(score_ratio), COUNT, draws(), percentile=100 * (1 - kept))
    assert weigh_scores(torch.tensor([best - log(2)]), torch.tensor([best])).item() == pytest.approx(0, abs=1e-4)
    assert agrees(points[:, 0], norm(MEAN, STD))
    assert agrees(points[:, 1], norm())
    assert not agrees(points[:, 0], norm())


def test_a_higher_percentile_is_stricter() -> None:
    means = [
        score_ratio(rejection(players(score_ratio), COUNT, draws(), percentile=percentile)).mean()
        for percentile in (50.0, 80.0, 99.0)
    ]
    assert means == sorted(means)


def test_walks_by_the_exact_score_end_in_the_law_of_the_data() -> None:
    points = metropolis_hastings(players(score_ratio), COUNT, draws(), steps=100)
    assert agrees(points[:, 0], norm(MEAN, STD))
    assert agrees(points[:, 1], norm())


def test_where_all_scores_are_equal_a_walk_takes_every_offer() -> None:
    one, two = (metropolis_hastings(players(score_nothing, start), 50, draws(), steps=3) for start in (0.0, 9.0))
    assert torch.equal(one, two)
    assert agrees(metropolis_hastings(players(score_nothing), COUNT, draws(), steps=3)[:, 0], norm())


def test_a_walk_that_never_leaves_its_real_point_begins_again_at_a_generated_one() -> None:
    points = metropolis_hastings(players(lambda x: 1000.0 * (x[..., 0] > 50), start=99.0), COUNT, draws(), steps=5)
    assert points.max() < 10
    assert agrees(points[:, 0], norm())


@pytest.mark.parametrize("slope", [0.0, 1.5])
def test_langevin_steps_reach_the_law_of_the_energy(slope: float) -> None:
    """E(z) = |z|^2 / 2 - a z_1 is a Gaussian around a; steps of size h widen its variance to 1 / (1 - h/4)"""
    size = 0.2
    points = langevin(players(lambda x: slope * x[..., 0]), COUNT, draws(), step_size=size, steps=150)
    assert agrees(points[:, 0], norm(slope, (1 - size / 4) ** -0.5))
    assert agrees(points[:, 1], norm(0, (1 - size / 4) ** -0.5))
    assert not agrees(points[:, 0], norm(slope + 0.2, 1))


@pytest.mark.parametrize("key", KEYS)
def test_training_never_notices_how_samples_are_drawn(key: str) -> None:
    plain, other = Trainer(make_config(*SMALL)), Trainer(make_config(*SMALL, techniques=[{"name": key}]))
    for _ in range(5):
        plain.step()
        probe_layers(other, ["refined", "optimum"])
        other.step()
    assert plain.state.tensors.keys() == other.state.tensors.keys()
    assert all(torch.equal(tensor, other.state.tensors[name]) for name, tensor in plain.state.tensors.items())


@pytest.mark.parametrize("key", KEYS)
def test_a_run_draws_the_same_in_a_stack_and_alone(key: str) -> None:
    config = make_config(*SMALL, techniques=[{"name": key}])
    alone, stack = Trainer(config.with_seed(3)), Trainer([config.with_seed(seed) for seed in range(8)])
    for trainer in (alone, stack):
        for _ in range(20):
            trainer.step()
    one, many = (refine_samples(trainer, 60, trainer.source.draws("refined")) for trainer in (alone, stack))
    assert one is not None
    assert many is not None
    assert many.shape == (8, 60, 2)
    # A last digit may decide whether a sample is taken; it does so for few.
    assert ((many[3] - one).abs().amax(-1) < 1e-3).float().mean() > 0.9


@pytest.mark.parametrize("key", KEYS)
def test_the_layer_of_refined_samples_is_there_where_a_technique_draws_some(key: str) -> None:
    trainer = Trainer(make_config(*SMALL, "data.name=gaussians", techniques=[{"name": key}]))
    first, again = (probe_layers(trainer, ["refined"], Sizes(generated=30))["x_refined"] for _ in range(2))
    assert first.shape == (30, 2)
    assert (first == again).all()
    assert probe_layers(Trainer(make_config(*SMALL)), ["refined"]) == {}


@pytest.mark.parametrize(
    ("units", "change", "words"),
    [
        (("rejection", "langevin"), {}, "rejection does not go with langevin: it draws the samples of a run too"),
        (("pacgan", "metropolis_hastings"), {}, "hastings does not go with pacgan: it reads a score"),
        (("langevin",), {"loss": {"name": "hinge"}}, "langevin goes with loss non_saturating or .*, not with hinge"),
        (("rejection",), {"loss": {"name": "ganlab_log"}}, "not with ganlab_log: it reads a score as the logarithm"),
        (("truncation",), {"latent": {"name": "uniform"}}, "truncation goes with latent normal, not with uniform"),
    ],
)
def test_what_means_nothing_together_is_refused(units: tuple[str, ...], change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check_config({"techniques": [{"name": name} for name in units], **change}, catalog())


LONE = [key for key in LOSSES if not LOSSES[key].is_game]


@pytest.mark.parametrize("loss", LONE)
def test_noise_is_cut_off_for_a_generator_that_nobody_judges_too(loss: str) -> None:
    """What is refined are the samples of the noise that is near the middle, made as all samples of this loss are."""
    config = make_config(*SMALL, f"loss.name={loss}", "data.size=30", techniques=[{"name": "truncation", "tau": 0.4}])
    trainer = Trainer(config)
    trainer.step()
    uniform = draws_for(0, 1, "test").uniform(40, 2)
    z = torch.from_numpy(truncnorm.ppf(uniform.double().numpy(), -0.4, 0.4)).float()
    refined = refine_samples(trainer, 40, draws_for(0, 1, "test"))
    assert refined is not None
    torch.testing.assert_close(refined, trainer.make_points(z), atol=1e-5, rtol=1e-5)
    shown = probe_layers(trainer, ["refined"], Sizes(generated=30))["x_refined"]
    assert shown.shape == (30, 2)


@pytest.mark.parametrize("loss", LONE)
def test_who_asks_for_scores_is_refused_where_nobody_gives_any(loss: str) -> None:
    for key in ("rejection", "metropolis_hastings", "langevin"):
        with pytest.raises(ConfigError, match=f"{key} goes with loss non_saturating or .*, not with {loss}"):
            make_config(f"loss.name={loss}", "data.size=30", techniques=[{"name": key}])


def test_a_script_says_how_cut_noise_becomes_samples_where_these_are_more_than_an_answer() -> None:
    told = {
        loss: write_script(make_config(f"loss.name={loss}", techniques=[{"name": "truncation"}]), 5, catalog())
        for loss in ("mmd", "flow_matching")
    }
    assert "refined = generator(math.sqrt(2)" in told["mmd"]
    assert "refined = make_samples(math.sqrt(2)" in told["flow_matching"]
    assert "make_samples(z) is what draw_samples makes of z" in told["flow_matching"]


def test_rejection_goes_with_the_losses_whose_best_score_is_the_logarithm_of_the_ratio() -> None:
    for loss in ("non_saturating", "minimax", "fgan_kl"):
        config = check_config({"techniques": [{"name": "rejection"}], "loss": {"name": loss}}, catalog())
        assert LOSSES[config.loss.name].extra["optimum"] == "log_ratio"


def test_what_is_measured_of_refined_samples_is_beside_the_generated() -> None:
    """A network with large weights spreads its samples over the modes; noise from near 0 alone makes a clump."""
    config = make_config("generator.init_gain=3", techniques=[{"name": "truncation", "tau": 0.1}])
    for row in measure_stack(Trainer([config.with_seed(seed) for seed in range(4)]), ["modes20", "refined_modes20"]):
        modes, ratio = row["modes20"], row["refined_modes20"]
        assert modes is not None
        assert ratio is not None
        assert 1 <= round(modes * ratio) < modes


@pytest.mark.parametrize("key", KEYS)
def test_the_code_of_a_technique_draws_the_same_law(key: str) -> None:
    """The lines of the reference page, on players whose answers are known."""
    torch.manual_seed(0)
    numbers = {parameter.key: parameter.default for parameter in TECHNIQUES[key].parameters}
    names: dict[str, Any] = {
        "torch": torch,
        "math": math,
        "count": COUNT,
        "dimension": 2,
        "x_real": torch.full((COUNT, 2), 3.0),
        "generator": lambda z: z,
        "discriminator": lambda points: score_ratio(points).unsqueeze(1),
        **numbers,
    }
    exec(TECHNIQUES[key].code, names)
    drawn = TECHNIQUES[key](players(score_ratio), COUNT, draws(), **numbers)
    assert len(names["refined"]) > 100
    assert ks_2samp(names["refined"][:, 0].detach().numpy(), drawn[:, 0].detach().numpy()).pvalue > 1e-3


def test_in_a_run_of_few_points_walks_begin_at_these() -> None:
    trainer = Trainer(make_config("data.size=3"))
    begun = make_players(trainer).draw_data(50, draws())
    assert trainer.source.points is not None
    assert (begun.unsqueeze(-2) == trainer.source.points).all(-1).any(-1).all()
