"""Noise around centres that are trained with the generator, against the textbook's sums and finite differences.

Shape letters: N examples, K centres, Z latent dimensions.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.config import RunConfig, check_config, restarts
from server.gan.inspection import inspect_node, inspect_phase, tell_sample
from server.gan.latents import LATENTS
from server.gan.metrics import evaluate_metrics, evaluate_stack
from server.gan.metrics.scoring import draw_evaluation_latent
from server.gan.model_file import build_model, expect_shapes, read_model, write_model
from server.gan.phases import Diverged, Phase
from server.gan.probes import Sizes, draw_fixed_latent, probe_layers
from server.gan.randomness import draws_for
from server.gan.refinement import make_players
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.gan.test_export_extras import agree
from tests.tools.runs import catalog, make_config
from tests.tools.textbook import G_LOSSES, run_network

NOISE = ("latent.name=learned_mixture", "latent.dimension=3", "latent.components=4")
SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16", "g_optimizer.learning_rate=0.01")
SIZES = Sizes(generated=30, real=40, surface=5, warp=3)
CENTRES = 4 * 3


def config_with(*assignments: str, **top: Any) -> RunConfig:
    return make_config(*NOISE, *SMALL, *assignments, **top)


def build(*assignments: str, steps: int = 3, **top: Any) -> Trainer:
    return run(Trainer(config_with(*assignments, **top)), steps)


def run(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def walk(trainer: Trainer) -> dict[str, Phase]:
    """The phases of the generator's one update, by name."""
    return {phase.name: phase for phase in trainer.phases("generator")}


def find_centres(trainer: Trainer) -> Tensor:
    """The centres (K, Z) of a single run."""
    return trainer.state.tensors["means"].view(-1, 3)


# The law and the slope ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_at_step_0_the_noise_is_that_of_the_mixture_whose_centres_are_fixed(dimension: int) -> None:
    trainer = build(f"latent.dimension={dimension}", steps=0)
    fixed = LATENTS["mixture"](500, dimension, draws_for(0, 7, "test"), components=4, spread=0.2)
    assert trainer.sample_latent(500, draws_for(0, 7, "test")).equal(fixed)


@pytest.mark.parametrize("loss", ["non_saturating", "hinge", "least_squares", "rpgan"])
def test_the_centres_slopes_are_those_of_the_generators_loss_by_finite_differences(loss: str) -> None:
    trainer = build(f"loss.name={loss}", "generator.activation=tanh", "discriminator.activation=tanh")
    centres = find_centres(trainer).double()
    players = [(trainer.state.tensors[name].double(), getattr(trainer, name).sizes, "tanh", "linear")
               for name in ("generator", "discriminator")]  # fmt: skip
    known = walk(trainer)["backward"].known
    chosen = known["chosen"].long()
    away = known["z"].double() - centres[chosen]

    def objective(moved: Tensor) -> Tensor:
        generator, discriminator = players
        points = run_network(*generator, moved.view(4, 3)[chosen] + away)
        fake = run_network(*discriminator, points).squeeze(1)
        real = run_network(*discriminator, known["x_real"].double()).squeeze(1) if "x_real" in known else fake
        return G_LOSSES[loss](real, fake).mean()

    steps = 1e-5 * torch.eye(CENTRES, dtype=torch.float64)
    flat = centres.flatten()
    slopes = torch.stack([(objective(flat + step) - objective(flat - step)) / 2e-5 for step in steps])
    assert slopes.abs().min() > 1e-6
    torch.testing.assert_close(known["means_gradient"], slopes.float(), atol=1e-6, rtol=1e-3)


def test_a_centre_that_no_noise_of_the_batch_belongs_to_has_no_slope() -> None:
    known = walk(build("batch_size=1"))["backward"].known
    of_each = known["means_gradient"].view(4, 3)
    (chosen,) = known["chosen"].long().tolist()
    assert of_each[chosen].equal(known["z_slope"][0])
    assert of_each.count_nonzero() == 3


def test_the_generators_optimizer_moves_the_centres_too_and_only_in_its_turn() -> None:
    trainer = build(steps=0)
    before = trainer.state.tensors["means"]
    trainer.step("discriminator")
    assert trainer.state.tensors["means"] is before
    gradient = walk(trainer)["backward"].known["means_gradient"]
    # Adam's first step is the learning rate against the sign of each slope, less where that is near its epsilon.
    step = -0.01 * gradient / (gradient.abs() + 1e-8)
    torch.testing.assert_close(trainer.state.tensors["means"] - before, step, atol=1e-6, rtol=1e-3)


def test_what_is_judged_and_generated_in_a_step_is_noise_around_the_present_centres() -> None:
    trainer = build()
    phases = {(phase.player, phase.name): phase for phase in trainer.phases()}
    start = build()
    for player in ("discriminator", "generator"):
        known = phases[player, "sample"].known
        away = known["z"] - find_centres(start)[known["chosen"].long()]
        assert away.abs().max() < 0.2 * 5
        assert away.std().item() == pytest.approx(0.2, rel=0.5)


def test_a_loss_without_a_discriminator_trains_centres() -> None:
    trainer = build("loss.name=mmd", steps=5)
    assert (trainer.state.tensors["means"] - build(steps=0).state.tensors["means"]).abs().min() > 1e-3


# State --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [(), ("loss.name=hinge", "g_updates=2", "data.size=9"), ("data.name=two_bumps",)])
def test_a_run_in_a_stack_trains_as_it_does_alone(more: tuple[str, ...]) -> None:
    config = config_with(*more, regularizers=[{"name": "r1"}])
    alone = run(Trainer(config), 6).state.tensors
    stack = run(Trainer([config.with_seed(seed) for seed in (7, 0, 3)]), 6).state.tensors
    assert stack["means"].shape == (8, CENTRES)
    for name in ("means", "g_optimizer.means.mean", "generator", "discriminator"):
        torch.testing.assert_close(stack[name][1], alone[name], atol=1e-5, rtol=1e-4)


def test_a_packed_run_goes_on_bit_for_bit() -> None:
    trainer = build()
    again = Trainer(trainer.config, state=RunState.unpack(trainer.state.pack()))
    run(trainer, 3), run(again, 3)
    assert trainer.state.tensors.keys() == again.state.tensors.keys()
    assert all(torch.equal(tensor, again.state.tensors[name]) for name, tensor in trainer.state.tensors.items())


def test_a_saved_model_has_the_centres_in_the_shape_that_its_config_says() -> None:
    trainer = build("g_optimizer.name=rmsprop")
    expected = expect_shapes(trainer.config, catalog())
    assert {name: tuple(tensor.shape) for name, tensor in trainer.state.tensors.items()} == expected
    model = read_model(write_model(build_model(trainer.config, trainer.state.pack())), catalog())
    again = Trainer(model.config, state=RunState.unpack(model.packed))
    draws = "test"
    assert again.sample_latent(9, draws_for(0, 0, draws)).equal(trainer.sample_latent(9, draws_for(0, 0, draws)))


def test_another_optimizer_begins_the_centres_memory_anew() -> None:
    trainer = build()
    centres = find_centres(trainer)
    trainer.configure(config_with("g_optimizer.name=rmsprop"))
    kept = [name for name in trainer.state.tensors if name.startswith("g_optimizer.means.")]
    assert len(kept) == 1
    assert not trainer.state.tensors[kept[0]].any()
    assert find_centres(trainer).equal(centres)
    run(trainer, 2)


def test_learning_centres_begins_a_new_run() -> None:
    assert restarts(config_with("latent.name=mixture"), config_with())


def test_centres_that_are_no_longer_finite_end_the_run_in_the_generators_turn() -> None:
    trainer = build(steps=1)
    before = trainer.state
    broken = {**before.tensors, "g_optimizer.means.mean": torch.full((CENTRES,), torch.inf)}
    trainer.state = before._replace(tensors=broken)
    with pytest.raises(Diverged, match="generator"):
        trainer.step()
    assert trainer.state.tensors["means"].equal(before.tensors["means"])


# Looks --------------------------------------------------------------------------------------------------------------


def test_a_frame_has_the_noise_of_the_present_and_each_dot_keeps_its_place_about_its_centre() -> None:
    trainer = build(steps=0)
    first, centres = probe_layers(trainer, ["noise"], SIZES, fixed=False)["z"], find_centres(trainer)
    run(trainer, 5)
    then = probe_layers(trainer, ["noise", "generated"], SIZES, fixed=False)
    moved = (find_centres(trainer) - centres)[:, :2]
    shifts = torch.from_numpy(then["z"] - first)
    assert (torch.cdist(shifts, moved).amin(1) < 1e-4).all()
    assert len({tuple(shift) for shift in shifts.mul(1e4).round().tolist()}) == 4
    assert then["x_fake"] == pytest.approx(trainer.generate(draw_fixed_latent(trainer, SIZES)).numpy())


def test_noise_that_stays_is_sent_once() -> None:
    trainer = build("latent.name=mixture")
    assert probe_layers(trainer, ["noise"], SIZES, fixed=False) == {}
    assert "z" in probe_layers(trainer, ["noise"], SIZES)


def test_each_run_of_a_stack_is_scored_around_its_own_centres() -> None:
    config = config_with("g_optimizer.learning_rate=0.1")
    stack = run(Trainer([config.with_seed(seed) for seed in (4, 0, 3)]), 8)
    assert draw_evaluation_latent(stack)[0].isclose(draw_evaluation_latent(stack)[1]).all(1).sum() < 9
    alone = Trainer(
        config, state=stack.state._replace(tensors={name: one[1] for name, one in stack.state.tensors.items()})
    )
    expected = evaluate_metrics(alone, ["sliced_w2"])
    assert evaluate_stack(stack, ["sliced_w2"])[1] == pytest.approx(expected, rel=1e-3)


def test_samples_that_are_drawn_otherwise_begin_around_the_present_centres() -> None:
    trainer = build("g_optimizer.learning_rate=0.1", steps=20, techniques=[{"name": "rejection"}])
    z = make_players(trainer).draw_latent(400, draws_for(0, 0, "test"))
    assert torch.cdist(z, find_centres(trainer)).amin(1).mean() < 0.2 * 2
    assert (find_centres(trainer) - find_centres(build(steps=0))).norm(dim=1).mean() > 0.2 * 2
    assert probe_layers(trainer, ["refined"], SIZES)["x_refined"].shape == (30, 2)


def test_looking_at_a_run_changes_nothing() -> None:
    looked, left = build(), build()
    probe_layers(looked, ["noise", "generated", "gradients", "d_gradients", "optimum"], SIZES)
    for node in ("noise", "generator", "g-loss", "discriminator"):
        inspect_node(looked, node, SIZES)
    tell_sample(looked, 2, SIZES)
    run(looked, 2), run(left, 2)
    assert all(torch.equal(tensor, left.state.tensors[name]) for name, tensor in looked.state.tensors.items())


def test_every_phase_is_told_and_says_what_the_new_tensors_are() -> None:
    trainer = build()
    told, before = [], trainer.state
    for phase in trainer.phases("generator"):
        told.append(json.dumps(inspect_phase(trainer, phase, before)))
        before = trainer.state
    assert "which of the noise's centres each belongs to" in told[0]
    assert "each coordinate of the noise's centres" in "".join(told)
    assert "[*generator.parameters(), means]" in told[-1]


def test_the_story_of_a_sample_takes_its_noise_along_with_its_centre() -> None:
    trainer = build("g_optimizer.learning_rate=0.1")
    story = tell_sample(trainer, 2, SIZES)
    at_rest = trainer.generate(draw_fixed_latent(trainer, SIZES)[2:3])[0]
    z = draw_fixed_latent(trainer, SIZES)
    trainer.step()
    assert story["moved"] == pytest.approx(trainer.generate(draw_fixed_latent(trainer, SIZES))[2].tolist(), abs=1e-5)
    assert story["moved"] != pytest.approx(trainer.generate(z)[2].tolist(), abs=1e-3)
    assert story["moved"] != pytest.approx(at_rest.tolist(), abs=1e-3)
    assert story["first_order"] is None
    assert "as far from its centre as before" in json.dumps(story)


# Refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", sorted(LATENTS["learned_mixture"].apart))
def test_what_would_be_false_beside_centres_that_move_is_refused_in_words(other: str) -> None:
    section = "regularizers" if other in REGULARIZERS else "techniques"
    with pytest.raises(ConfigError, match=f"{other} does not go with learned_mixture: it .*(noise|centres)"):
        config_with(**{section: [{"name": other}]})
    config_with("latent.name=mixture", **{section: [{"name": other}]})


@pytest.mark.parametrize("other", ["truncation", "langevin"])
def test_ways_to_draw_that_ask_for_normal_noise_are_refused(other: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"{other} goes with latent normal, not with learned_mixture")):
        config_with(techniques=[{"name": other}])


# Export -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"regularizers": [{"name": "r1"}], "loss": {"name": "rpgan"}, "generator": {"output": "tanh"}},
        {"techniques": [{"name": "simultaneous"}, {"name": "pacgan"}], "data": {"name": "two_bumps"}},
        {"techniques": [{"name": "ada"}, {"name": "pixel_norm"}], "g_optimizer": {"name": "rmsprop"}},
        {"loss": {"name": "mmd"}, "latent": {"name": "learned_mixture", "dimension": 1}},
    ],
)
def test_a_run_is_exported_as_it_trains(more: dict[str, Any], tmp_path: Path) -> None:
    agree(check_config({"latent": {"name": "learned_mixture", "dimension": 3}, **more}, catalog()), tmp_path, steps=30)


def test_a_script_follows_what_was_turned_while_it_trained(tmp_path: Path) -> None:
    noise = {"latent": {"name": "learned_mixture"}}
    turned = {**noise, "g_optimizer": {"name": "adam", "learning_rate": 0.01}}
    renewed = {**turned, "g_optimizer": {"name": "rmsprop"}}
    changes = [(5, check_config(turned, catalog())), (9, check_config(renewed, catalog()))]
    agree(check_config(noise, catalog()), tmp_path, changes, steps=14)
