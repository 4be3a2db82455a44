"""Diffusion-GAN against its paper: how deep points are drowned, what the discriminator is told, how T moves."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.inspection import inspect_node, inspect_phase, tell_sample
from server.gan.model_file import expect_shapes
from server.gan.phases import Phase
from server.gan.probes import Sizes, draw_fixed_latent, probe_layers
from server.gan.randomness import draws_for
from server.gan.state import RunState
from server.gan.techniques.diffusion import count_steps, diffusion, draw_level, find_kept
from server.gan.trainer import Trainer
from tests.tools.runs import catalog, make_config

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
P = "technique.diffusion.p"
MANY = 40_000


def build(*assignments: str, p: float | None = None, steps: int = 0, **numbers: float) -> Trainer:
    trainer = Trainer(make_config(*SMALL, *assignments, techniques=[{"name": "diffusion", **numbers}]))
    for _ in range(steps):
        trainer.step()
    return trainer if p is None else with_p(trainer, p)


def with_p(trainer: Trainer, p: float) -> Trainer:
    tensors = trainer.state.tensors
    trainer.state = trainer.state._replace(tensors={**tensors, P: torch.full_like(tensors[P], p)})
    return trainer


def walk(trainer: Trainer) -> dict[tuple[str, str], Phase]:
    return {(phase.player, phase.name): phase for phase in trainer.phases()}


def keep_slowly(t: int, steps: int) -> float:
    """What is left of a square after t of T steps: the product of 1 - beta, beta in a straight line over the T."""
    betas = [1e-4 + (2e-2 - 1e-4) * s / (steps - 1) for s in range(steps)]
    return math.prod(1 - beta for beta in betas[:t])


def slots(p: float) -> dict[str, Tensor]:
    return {"p": torch.full((1, 1), p)}


# The formula ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [10, 37, 500])
def test_what_is_kept_is_the_product_over_a_schedule_that_ends_at_t_max(steps: int) -> None:
    kept = find_kept(torch.tensor([float(steps)]), 500)
    assert kept[: steps + 1].tolist() == pytest.approx([keep_slowly(t, steps) for t in range(steps + 1)], rel=1e-9)


def test_half_of_the_points_stay_and_deeper_ones_are_more_frequent_in_proportion() -> None:
    # The published code has p(t) ~ t - 1, so that t = 1 never comes.
    t = 20 * draw_level(MANY, draws_for(0, 0, "levels"), slots(1.0), 20.0).flatten()
    counted = torch.bincount(t.round().long(), minlength=21) / MANY
    expected = torch.tensor([0.5, *(k / (2 * 210) for k in range(1, 21))])
    torch.testing.assert_close(counted, expected, atol=4e-3, rtol=0)
    assert counted[1] == pytest.approx(1 / 420, rel=0.3)


@pytest.mark.parametrize(("p", "steps"), [(0.0, 10), (0.5, 255), (1.0, 500)])
def test_t_runs_from_ten_to_the_most_and_no_point_is_deeper(p: float, steps: int) -> None:
    assert count_steps(torch.tensor(p), 500.0).item() == steps
    level = draw_level(MANY, draws_for(1, 0, "levels"), slots(p), 500.0)
    assert level.max().item() * 500 == pytest.approx(steps)


def test_a_depth_that_only_a_file_can_hold_counts_as_the_end() -> None:
    for p, end in ((2.0, 1.0), (-1.0, 0.0)):
        beyond, there = (with_p(build(), number) for number in (p, end))
        for trainer in (beyond, there):
            trainer.step()
        assert torch.equal(beyond.state.tensors["generator"], there.state.tensors["generator"])


def test_a_point_at_t_is_drawn_from_the_normal_law_of_the_diffusion() -> None:
    point, sigma = torch.tensor([2.0, -1.0]), 0.7
    for t, steps in ((0, 500), (100, 500), (255, 255), (500, 500)):
        level = torch.full((MANY, 1), t / 500)
        p = (steps - 10) / 490
        seen = diffusion(point.expand(MANY, 2), level, draws_for(2, t, "noise"), 0, slots(p), 500.0, sigma)
        kept = keep_slowly(t, steps)
        torch.testing.assert_close(seen.mean(0), math.sqrt(kept) * point, atol=0.02, rtol=0)
        assert seen.std(0).tolist() == pytest.approx([math.sqrt(1 - kept) * sigma] * 2, rel=0.02, abs=1e-7)


# At work --------------------------------------------------------------------------------------------------------------


def score_slowly(trainer: Trainer, points: Tensor, level: Tensor) -> Tensor:
    rows = torch.cat((points, level.unsqueeze(-1)), -1)
    return trainer.discriminator(trainer.weights("discriminator"), rows).squeeze(-1)


def test_the_discriminator_reads_each_points_own_level_beside_it() -> None:
    trainer, before = (build(steps=3, p=1.0) for _ in range(2))
    known = walk(trainer)["discriminator", "classify"].known
    assert trainer.discriminator.sizes == (3, 8, 8, 1)
    for sort in ("real", "fake"):
        still = known[f"level_{sort}"] == 0
        assert 0 < still.sum() < 16
        assert torch.equal(known[f"seen_{sort}"][still], known[f"x_{sort}"][still])
        expected = score_slowly(before, known[f"seen_{sort}"], known[f"level_{sort}"])
        torch.testing.assert_close(known[f"{sort}_logits"].detach(), expected, atol=1e-6, rtol=1e-5)
    assert not torch.equal(known["level_real"], known["level_fake"])


def test_the_generators_slope_goes_back_through_the_diffusion() -> None:
    trainer = build(steps=1, p=1.0)
    judge = Trainer(trainer.config, state=trainer.state)
    judge.step("discriminator")  # the generator learns from the discriminator as it is then
    known = walk(trainer)["generator", "backward"].known
    seen = known["seen_fake"].clone().requires_grad_()
    loss = torch.nn.functional.softplus(-score_slowly(judge, seen, known["level_fake"])).mean()
    (slope,) = torch.autograd.grad(loss, seen)
    kept = torch.tensor([keep_slowly(round(500 * t), 500) for t in known["level_fake"].tolist()])
    torch.testing.assert_close(known["slope"], slope * kept.sqrt().unsqueeze(-1), atol=1e-7, rtol=1e-4)


def test_p_follows_the_signs_of_the_scores_of_diffused_real_points() -> None:
    trainer = build(target=0.1, kimg=5.0, p=0.5)
    p, size, ways, signs = 0.5, 16 * 4 / 5000, set[float](), list[float]()
    for _ in range(80):
        signs.append(walk(trainer)["discriminator", "classify"].tensors["real_logits"].sign().mean().item())
        if len(signs) % 4 == 0:
            ways.add(way := math.copysign(size, sum(signs[-4:]) / 4 - 0.1))
            p += way
        assert trainer.state.tensors[P].item() == pytest.approx(p, abs=1e-5)
    assert len(ways) == 2


def test_every_run_of_a_stack_has_a_depth_of_its_own_and_its_own_noise() -> None:
    configs = [
        make_config(*SMALL, techniques=[{"name": "diffusion", "target": target, "kimg": 0.5, "sigma": sigma}])
        for target, sigma in ((-1.0, 0.3), (0.2, 1.0), (1.0, 2.0))
    ]
    stack = Trainer(configs)
    for _ in range(24):
        stack.step()
    for run, config in enumerate(configs):
        alone = Trainer(config)
        for _ in range(24):
            alone.step()
        for name in (P, "generator", "discriminator"):
            torch.testing.assert_close(stack.state.tensors[name][run], alone.state.tensors[name], atol=1e-4, rtol=0)
    assert len(set(stack.state.tensors[P][:3, 0].tolist())) > 1


def test_going_back_replays_the_depth_bit_for_bit() -> None:
    whole, half = build(steps=21, kimg=0.5, target=0.0), build(steps=10, kimg=0.5, target=0.0)
    again = Trainer(half.config, state=RunState.unpack(half.state.pack()))
    for _ in range(11):
        again.step()
    assert again.state.pack() == whole.state.pack()
    assert whole.state.tensors[P].item() > 0


def test_it_comes_after_other_changes_of_the_points() -> None:
    order = [{"name": "diffusion"}, {"name": "instance_noise", "sigma": 1.0}]
    seen = []
    for techniques in (order, order[::-1]):
        trainer = with_p(Trainer(make_config(*SMALL, techniques=techniques)), 1.0)
        seen.append(walk(trainer)["discriminator", "classify"].known["seen_real"])
    assert torch.equal(*seen)


def test_a_saved_model_is_known_to_read_a_number_more() -> None:
    trainer = build("discriminator.hidden_layers=1")
    shapes = {name: tuple(tensor.shape) for name, tensor in trainer.state.tensors.items()}
    assert shapes == expect_shapes(trainer.config, catalog())
    assert shapes["discriminator"] == (4 * 8 + 9,)


@pytest.mark.parametrize("other", ["pacgan", "minibatch_stddev"])
def test_beside_a_company_it_is_refused_in_words(other: str) -> None:
    with pytest.raises(ConfigError, match=f"diffusion does not go with {other}: it puts a number"):
        make_config(techniques=[{"name": other}, {"name": "diffusion"}])


@pytest.mark.parametrize("other", ["dragan", "gradient_penalty"])
def test_beside_penalties_at_places_of_no_one_depth_it_is_refused_in_words(other: str) -> None:
    with pytest.raises(ConfigError, match=f"diffusion does not go with {other}: it looks (around|between)"):
        make_config(techniques=[{"name": "diffusion"}], regularizers=[{"name": other}])


def test_with_a_loss_whose_zero_says_nothing_it_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match=r"diffusion goes with loss .*, not with wasserstein: it asks how many"):
        make_config("loss.name=wasserstein", techniques=[{"name": "diffusion"}])


# Looks ----------------------------------------------------------------------------------------------------------------

SIZES = Sizes(generated=30, real=40, surface=4, warp=3)


def test_the_surface_is_that_of_points_that_are_not_diffused() -> None:
    trainer = build(steps=20, p=1.0)
    lines = (torch.arange(4) + 0.5) / 4 * 6 - 3
    cells = torch.stack([torch.stack((x, y)) for y in lines for x in lines])
    surface = torch.from_numpy(probe_layers(trainer, ["surface"], SIZES)["surface"])
    torch.testing.assert_close(surface.flatten(), score_slowly(trainer, cells, torch.zeros(16)))


def test_the_best_discriminator_is_shown_for_it_is_known_where_nothing_is_diffused() -> None:
    assert probe_layers(build(steps=3), ["optimum"], SIZES)["optimal_surface"].shape == (4, 4)


def test_the_discriminators_node_tells_p() -> None:
    assert inspect_node(build(p=0.25), "discriminator")["numbers"]["diffusion_p"] == 0.25


def test_the_story_of_a_sample_shows_what_the_discriminator_reads() -> None:
    trainer = build(steps=5, p=1.0)
    stages = {stage["key"]: stage for stage in tell_sample(trainer, 3, SIZES)["stages"]}
    first, fake = (
        stages["discriminator-1"],
        trainer.generator(trainer.weights("generator"), draw_fixed_latent(trainer, SIZES)),
    )
    assert first["vectors"][0]["values"] == pytest.approx([*fake[3].tolist(), 0.0], abs=1e-6)
    assert "t, how far a point is diffused" in first["formula"][0]["meaning"]
    assert "torch.zeros(len(x_fake), 1)" in first["code"]


def test_the_phases_tell_the_level_and_the_chain_through_the_diffusion() -> None:
    trainer, told = build(steps=5, p=1.0), dict[tuple[str, str], Any]()
    phases = {}
    for phase in trainer.phases():
        told[phase.player, phase.name] = inspect_phase(trainer, phase, trainer.state)
        phases[phase.player, phase.name] = phase
    classify = told["generator", "classify"]
    level = phases["generator", "classify"].known["level_fake"]
    assert level[0] > 0, "the sample that is told is diffused"
    assert [one["shape"] for one in classify["tensors"] if one["name"] == "level_fake"] == [[16]]
    assert classify["formula"][0]["latex_numbers"].count(r",\;") == 2
    assert "def diffusion(points):" in classify["code"]
    chain = told["generator", "backward"]["numbers"]
    kept = math.sqrt(keep_slowly(round(500 * level[0].item()), 500))
    assert chain["jacobian_11"] == pytest.approx(kept, rel=1e-4)
    assert chain["slope_1"] == pytest.approx(kept * chain["seen_slope_1"], rel=1e-4)
