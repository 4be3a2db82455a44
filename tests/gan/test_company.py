"""A discriminator that sees a point in company, in packs or with the spread of the batch, against the plainest sums."""

import re
from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.config import RunConfig, check_config, restarts
from server.gan.craft import GROUPS, Craft
from server.gan.inspection import inspect_phase, tell_sample
from server.gan.model_file import expect_shapes
from server.gan.monitor.vitals import measure_vitals
from server.gan.networks import Network
from server.gan.probes import Sizes, draw_fixed_latent, probe_layers
from server.gan.randomness import draws_for
from server.gan.regularizers import REGULARIZERS
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.base import CompanyTechnique
from server.gan.trainer import Trainer
from tests.tools.runs import catalog, make_config, serve_needs

COMPANY = [unit.key for unit in TECHNIQUES.values() if isinstance(unit, CompanyTechnique)]
SPREAD = [{"name": "minibatch_stddev"}]
SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
SIZES = Sizes(generated=30, real=40, surface=5, warp=3)


def config_with(size: int = 4, *assignments: str, **top: Any) -> RunConfig:
    return make_config(*SMALL, *assignments, **{"techniques": [{"name": "pacgan", "size": size}], **top})


def build(size: int = 4, *assignments: str, steps: int = 5, **top: Any) -> Trainer:
    trainer = Trainer(config_with(size, *assignments, **top))
    for _ in range(steps):
        trainer.step()
    return trainer


def pack_slowly(points: Tensor, size: int) -> Tensor:
    """Each point with those after it, around the end, one number at a time."""
    rows = [[points[(i + k) % len(points), axis] for k in range(size) for axis in (0, 1)] for i in range(len(points))]
    return torch.stack([torch.stack(row) for row in rows])


def score_slowly(trainer: Trainer, packs: Tensor) -> Tensor:
    return trainer.discriminator(trainer.weights("discriminator"), packs).squeeze(-1)


def spread_slowly(points: Tensor) -> Tensor:
    """Each point with the mean of the two standard deviations of all of them."""
    count = len(points)
    spread = torch.zeros(())
    for axis in (0, 1):
        middle = torch.stack([points[i, axis] for i in range(count)]).sum() / count
        variance = torch.stack([(points[i, axis] - middle) ** 2 for i in range(count)]).sum() / count
        spread = spread + torch.sqrt(variance + 1e-8) / 2
    return torch.stack([torch.stack((x, y, spread)) for x, y in points])


SLOWLY = {"pacgan": lambda points: pack_slowly(points, 4), "minibatch_stddev": spread_slowly}


@pytest.mark.parametrize("size", [2, 4, 8])
def test_a_pack_is_a_point_and_those_after_it_around_the_end(size: int) -> None:
    points = torch.randn(9, 2, generator=torch.Generator().manual_seed(1))
    packs = build(size, steps=0).craft.read(points)
    assert torch.equal(packs, pack_slowly(points, size))


def test_the_spread_is_the_mean_deviation_of_the_batch() -> None:
    points = torch.randn(9, 2, generator=torch.Generator().manual_seed(1)) * torch.tensor([3.0, 0.5])
    seen = Trainer(config_with(techniques=SPREAD)).craft.read(points)
    torch.testing.assert_close(seen, spread_slowly(points))
    assert torch.equal(seen[:, :2], points)


def test_every_run_of_a_stack_has_the_spread_of_its_own_batch() -> None:
    wide = torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
    runs = torch.randn(3, 16, 2, generator=torch.Generator().manual_seed(4)) * wide
    craft = Trainer([config_with(techniques=SPREAD).with_seed(seed) for seed in range(3)]).craft
    for run, seen in zip(runs, craft.read(runs), strict=True):
        torch.testing.assert_close(seen, spread_slowly(run))


def test_the_discriminator_has_two_inputs_a_point_of_a_pack_and_a_logit_a_point() -> None:
    trainer = build(5, steps=1)
    assert trainer.discriminator.sizes == (10, 8, 8, 1)
    assert trainer.score(torch.zeros(16, 2)).shape == (16,)


@pytest.mark.parametrize("technique", COMPANY)
def test_real_and_generated_points_are_never_in_one_company(technique: str) -> None:
    trainer, before = (build(techniques=[{"name": technique}]) for _ in range(2))
    known = {phase.name: phase.known for phase in trainer.phases("discriminator")}["classify"]
    for sort in ("real", "fake"):
        expected = score_slowly(before, SLOWLY[technique](known[f"x_{sort}"]))
        torch.testing.assert_close(known[f"{sort}_logits"], expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("runs", [(), (2,)])
@pytest.mark.parametrize("technique", COMPANY)
def test_slopes_of_points_and_weights_are_those_of_finite_differences(runs: tuple[int, ...], technique: str) -> None:
    config = config_with(3, "discriminator.activation=tanh", techniques=[{"name": technique}])
    network = Network.build(config.discriminator, 2, 1)
    craft = Craft([config.techniques], {"discriminator": network}, 2, True, torch.device("cpu"))
    generator = torch.Generator().manual_seed(2)
    points = torch.randn(*runs, 6, 2, generator=generator, dtype=torch.float64)
    shares = torch.randn(*runs, 6, 1, generator=generator, dtype=torch.float64)
    vector = network.draw_parameters(draws_for(3, 0, "weights")).double().expand(*runs, -1).contiguous()

    def total(points: Tensor, vector: Tensor) -> float:
        return float((craft.judge(network.split(vector), points).outputs * shares).sum())

    trace = craft.judge(network.split(vector), points)
    slope = craft.pull_to_points(network.split(vector), trace, shares)
    gradient = network.parameter_gradient(network.split(vector), trace, shares)
    for found, given, other in ((slope, points, vector), (gradient, vector, points)):
        for place in range(0, given.numel(), max(1, given.numel() // 24)):
            step = torch.zeros_like(given)
            step.view(-1)[place] = 1e-6
            ends = [
                total(given + sign * step, other) if other is vector else total(other, given + sign * step)
                for sign in (1, -1)
            ]
            assert found.reshape(-1)[place].item() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("technique", COMPANY)
def test_the_generator_is_pulled_by_every_score_that_a_point_is_in(technique: str) -> None:
    trainer, before = (build(techniques=[{"name": technique}]) for _ in range(2))
    known = next(phase for phase in trainer.phases("generator") if phase.name == "backward").known
    x_fake = known["x_fake"].detach().requires_grad_()
    loss = torch.nn.functional.softplus(-score_slowly(before, SLOWLY[technique](x_fake))).mean()
    (slope,) = torch.autograd.grad(loss, x_fake)
    torch.testing.assert_close(known["slope"], slope, atol=1e-7, rtol=1e-4)


def test_a_penalty_looks_at_whole_packs() -> None:
    trainer = build(3, "discriminator.hidden_layers=0", regularizers=[{"name": "r1", "gamma": 2.0}])
    weight = trainer.weights("discriminator")[0]
    known = {phase.name: phase.known for phase in trainer.phases("discriminator")}["loss"]
    expected = weight.square().sum().expand(16)
    torch.testing.assert_close(known["r1_penalty"], expected)
    assert not torch.allclose(weight[:2].square().sum().expand(16), expected, rtol=0.1)


# What it means for a run ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", list(TECHNIQUES))
def test_a_technique_says_whether_switching_it_begins_a_new_run(key: str) -> None:
    needs = serve_needs(TECHNIQUES[key])
    off, on = make_config(*needs), make_config(*needs, techniques=[{"name": key}])
    assert restarts(off, on) == restarts(on, off) == TECHNIQUES[key].restarts


def test_another_size_begins_a_new_run_and_what_stands_beside_it_does_not() -> None:
    assert restarts(config_with(3), config_with(4))
    beside = [{"name": "pacgan", "size": 4}, {"name": "ema"}]
    assert not restarts(config_with(4), config_with(4, techniques=beside))


def test_a_config_says_the_size_once_and_reads_it_back() -> None:
    plain = config_with(6).to_json()
    assert "beside" not in plain["discriminator"]
    assert check_config(plain, catalog()).discriminator.beside == 10


def test_a_batch_smaller_than_a_pack_is_refused_in_words() -> None:
    make_config("batch_size=8", techniques=[{"name": "pacgan", "size": 8}])
    with pytest.raises(ConfigError, match="pacgan goes with a batch of 8 points or more, not with 7: it"):
        make_config("batch_size=7", techniques=[{"name": "pacgan", "size": 8}])


def test_the_spread_of_one_point_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="minibatch_stddev goes with a batch of 2 points or more, not with 1: it"):
        make_config("batch_size=1", techniques=SPREAD)


def test_two_companies_are_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="minibatch_stddev does not go with pacgan: it"):
        make_config(techniques=[{"name": "pacgan"}, *SPREAD])


@pytest.mark.parametrize("technique", COMPANY)
def test_a_saved_model_is_known_to_be_wider(technique: str) -> None:
    config = config_with(techniques=[{"name": technique}, {"name": "spectral_norm"}])
    tensors = Trainer(config).state.tensors
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == expect_shapes(config, catalog())


@pytest.mark.parametrize("technique", COMPANY)
@pytest.mark.parametrize("key", list(REGULARIZERS))
def test_every_regularizer_trains_beside_a_company(key: str, technique: str) -> None:
    trainer = build(steps=2, regularizers=[{"name": key}], techniques=[{"name": technique}])
    assert trainer.state.tensors["discriminator"].isfinite().all()


# Looks ----------------------------------------------------------------------------------------------------------------


def generate(trainer: Trainer, sizes: Sizes) -> Tensor:
    return trainer.generator(trainer.weights("generator"), draw_fixed_latent(trainer, sizes)).detach()


def view_cells(trainer: Trainer, sizes: Sizes) -> Tensor:
    """The centres of the view's cells in lab units, which is [-3, 3] each way."""
    steps = (torch.arange(sizes.surface) + 0.5) / sizes.surface * 6 - 3
    return torch.stack([torch.stack((x, y)) for y in steps for x in steps])


def test_the_surface_is_the_mean_score_beside_groups_of_generated_samples() -> None:
    trainer = build(3, steps=30)
    beside, cells = generate(trainer, SIZES), view_cells(trainer, SIZES)
    expected = torch.zeros(len(cells))
    for group in range(GROUPS):
        others = torch.cat([beside[(2 * group + place) % 30] for place in range(2)])
        expected += score_slowly(trainer, torch.cat((cells, others.expand(len(cells), 4)), -1)) / GROUPS
    surface = torch.from_numpy(probe_layers(trainer, ["surface"], SIZES)["surface"])
    torch.testing.assert_close(surface.flatten(), expected, atol=1e-5, rtol=1e-4)


def test_with_the_spread_a_place_is_scored_as_one_of_the_generated_samples() -> None:
    trainer = build(steps=30, techniques=SPREAD)
    beside, cells = generate(trainer, SIZES), view_cells(trainer, SIZES)
    seen = torch.stack([spread_slowly(torch.cat((cell.unsqueeze(0), beside)))[0] for cell in cells])
    surface = torch.from_numpy(probe_layers(trainer, ["surface"], SIZES)["surface"])
    torch.testing.assert_close(surface.flatten(), score_slowly(trainer, seen), atol=1e-5, rtol=1e-4)


def test_samples_are_scored_among_their_own_kind() -> None:
    trainer = build(steps=30)
    arrays = {
        name: torch.from_numpy(array) for name, array in probe_layers(trainer, ["predictions", "real"], SIZES).items()
    }
    real, fake = trainer.source.to_lab(arrays["x_real"]), generate(trainer, SIZES)
    for name, points in (("real_logits", real), ("fake_logits", fake)):
        expected = score_slowly(trainer, pack_slowly(points, 4))
        torch.testing.assert_close(arrays[name], expected, atol=1e-5, rtol=1e-4)


def test_a_needle_is_the_pull_of_the_whole_loss_on_its_point() -> None:
    trainer = build(steps=30)
    fake = generate(trainer, SIZES).requires_grad_()
    loss = torch.nn.functional.softplus(-score_slowly(trainer, pack_slowly(fake, 4)))
    (slope,) = torch.autograd.grad(loss.sum(), fake)
    needles = torch.from_numpy(probe_layers(trainer, ["gradients"], SIZES)["gradients"])
    scale = 3 / trainer.source.box.half_extent
    torch.testing.assert_close(needles, -slope * scale, atol=1e-6, rtol=1e-4)


def test_the_change_of_the_surface_is_that_of_a_small_step() -> None:
    trainer = build(steps=30, regularizers=[{"name": "r1"}])
    before = probe_layers(trainer, ["surface", "d_gradients"], SIZES)
    tensors = trainer.state.tensors
    real, fake = trainer.source.sample_data(40, trainer.source.draws("data"))[:30], generate(trainer, SIZES)
    vector = tensors["discriminator"].clone().requires_grad_()
    weights = trainer.discriminator.split(vector)
    logits = [trainer.discriminator(weights, pack_slowly(points, 4)).squeeze(-1) for points in (real, fake)]
    packs = pack_slowly(real, 4).requires_grad_()
    scores = trainer.discriminator(weights, packs).sum()
    (slopes,) = torch.autograd.grad(scores, packs, create_graph=True)
    loss = torch.nn.functional.softplus(-logits[0]).mean() + torch.nn.functional.softplus(logits[1]).mean()
    loss = loss + 0.05 * slopes.square().sum(-1).mean()
    (gradient,) = torch.autograd.grad(loss, vector)
    trainer.state = trainer.state._replace(
        tensors={**tensors, "discriminator": tensors["discriminator"] - 1e-2 * gradient}
    )
    after = probe_layers(trainer, ["surface"], SIZES)
    change = torch.from_numpy(after["surface"] - before["surface"])
    torch.testing.assert_close(
        change / change.abs().max(), torch.from_numpy(before["surface_change"]), atol=0.03, rtol=0
    )


def test_the_monitor_measures_the_pull_through_all_packs() -> None:
    trainer = build(steps=5, loss={"name": "minimax"})
    (vitals,) = measure_vitals(trainer)
    sizes = Sizes(generated=250)
    fake = generate(trainer, sizes).requires_grad_()
    lengths = []
    for own in (True, False):
        scores = score_slowly(trainer, pack_slowly(fake, 4))
        loss = -torch.nn.functional.softplus(scores) if own else torch.nn.functional.softplus(-scores)
        (slope,) = torch.autograd.grad(loss.sum(), fake)
        lengths.append(slope.norm(dim=-1).mean().item())
    assert vitals.pull == pytest.approx(lengths[0] / lengths[1], rel=1e-4)


# The inspector --------------------------------------------------------------------------------------------------------


def add_up(latex: str) -> list[float]:
    """Work out a sum of products `-(a) (b, c)` of a formula, as a student would with what is shown."""
    products = re.findall(r"-\((\S+)\) \\cdot \((\S+),\\; (\S+)\)", latex)
    return [-sum(float(factor) * float(slope[axis]) for factor, *slope in products) for axis in (0, 1)]


def test_the_story_shows_the_pack_that_the_discriminator_reads_and_adds_up_the_needle() -> None:
    trainer = build(3, "data.name=gaussians", "discriminator.activation=tanh", steps=20)
    story = tell_sample(trainer, 29, SIZES)
    stages = {stage["key"]: stage for stage in story["stages"]}
    fake = generate(trainer, SIZES)
    first = stages["discriminator-1"]
    assert first["vectors"][0]["name"] == "U"
    assert first["vectors"][0]["values"] == pytest.approx(pack_slowly(fake, 3)[29].tolist(), abs=1e-6)
    assert "3 points side by side" in first["formula"][0]["meaning"]
    numbers = stages["gradient"]["numbers"]
    logits = score_slowly(trainer, pack_slowly(fake, 3))
    own = -torch.sigmoid(-logits)
    assert story["logit"] == pytest.approx(logits[29].item(), abs=1e-5)
    for axis in (1, 2):
        uphill = [numbers[f"score_slope_{axis}{end}"] for end in ("", "_term_2", "_term_3")]
        terms = [own[29 - place].item() * slope for place, slope in enumerate(uphill) if slope is not None]
        assert len(terms) == 3
        assert numbers[f"needle_{axis}"] == pytest.approx(-sum(terms), rel=1e-4, abs=1e-6)
    assert r"\sum_{k=0}^{2}" in stages["gradient"]["formula"][-1]["latex"]
    assert add_up(stages["gradient"]["formula"][-1]["latex_numbers"]) == pytest.approx(story["needle"], rel=0.02)


def test_the_story_adds_up_the_needle_of_a_sample_that_is_part_of_the_spread() -> None:
    trainer = build(4, "discriminator.activation=tanh", steps=20, techniques=SPREAD)
    story = tell_sample(trainer, 3, SIZES)
    stages = {stage["key"]: stage for stage in story["stages"]}
    fake = generate(trainer, SIZES).requires_grad_()
    seen = spread_slowly(fake)
    assert stages["discriminator-1"]["vectors"][0]["values"] == pytest.approx(seen[3].tolist(), rel=1e-5)
    logits = score_slowly(trainer, seen)
    (slopes,) = torch.autograd.grad(logits.sum(), seen, retain_graph=True)
    own = -torch.sigmoid(-logits)
    numbers = stages["gradient"]["numbers"]
    for axis in (1, 2):
        uphill, spreading = (numbers[f"score_slope_{axis}{end}"] for end in ("", "_term_2"))
        assert uphill is not None
        assert spreading is not None
        pull = own[3].item() * uphill + (own * slopes[:, 2]).sum().item() * spreading
        assert numbers[f"needle_{axis}"] == pytest.approx(-pull, rel=1e-4)
    assert r"\nabla s(x)" in stages["gradient"]["formula"][-1]["latex"]
    assert add_up(stages["gradient"]["formula"][-1]["latex_numbers"]) == pytest.approx(story["needle"], rel=0.02)


def test_the_backward_phase_tells_the_sum_over_packs() -> None:
    trainer = build(2, steps=3)
    for phase in trainer.phases():
        if (phase.player, phase.name) == ("generator", "backward"):
            told = inspect_phase(trainer, phase, trainer.state)
    chain = next(formula for formula in told["formula"] if r"\sum_{k=0}^{1}" in formula["latex"])
    assert "stands in 2 packs" in chain["meaning"]
    assert chain["latex_numbers"].count(r"\cdot") == 2
