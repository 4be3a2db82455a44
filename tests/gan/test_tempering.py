"""Parallel tempering against its paper: which mixtures are learned, who is told, and what a score may change."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.export.notebook import write_notebook
from server.gan.export.script import write_script
from server.gan.inspection import inspect_phase, tell_sample
from server.gan.losses import LOSSES
from server.gan.measures import measure_stack
from server.gan.model_file import expect_shapes
from server.gan.phases import Phase
from server.gan.probes import Sizes, draw_fixed_latent, probe_layers
from server.gan.randomness import draws_for
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.tempering import draw_level, parallel_tempering, price_coherency
from server.gan.trainer import Trainer
from tests.gan.test_export import read_cells, run_script, train
from tests.tools.runs import catalog, make_config, serve_needs

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
SIZES = Sizes(generated=30, real=40, surface=4, warp=3)
MANY = 40_000
TEMPERED = [{"name": "parallel_tempering", "still": 0.5}]


def build(*assignments: str, steps: int = 0, **numbers: float) -> Trainer:
    config = make_config(*SMALL, *assignments, techniques=[{**TEMPERED[0], **numbers}])
    return walk_steps(Trainer(config), steps)


def walk_steps(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def walk(trainer: Trainer) -> dict[tuple[str, str], Phase]:
    return {(phase.player, phase.name): phase for phase in trainer.phases()}


# The formula ----------------------------------------------------------------------------------------------------------


def test_so_many_points_stay_and_the_others_are_of_any_mixture() -> None:
    level = draw_level(MANY, draws_for(0, 0, "levels"), still=0.7).flatten()
    assert (level == 0).float().mean().item() == pytest.approx(0.7, abs=0.01)
    mixed = level[level > 0]
    assert torch.quantile(mixed, torch.tensor([0.25, 0.5, 0.75])).tolist() == pytest.approx([0.25, 0.5, 0.75], abs=0.02)


def test_a_mixture_has_the_paper_s_law_of_two_points_and_the_data_are_left_as_they_are() -> None:
    points = draws_for(1, 0, "points").normal(MANY, 1)
    for level in (0.0, 0.4, 1.0):
        alpha = 1 - level / 2
        mixed = parallel_tempering(points, torch.full((MANY, 1), level), draws_for(0, 0, ""), 0)
        assert mixed.std().item() == pytest.approx((alpha**2 + (1 - alpha) ** 2) ** 0.5, rel=0.02)
    assert torch.equal(parallel_tempering(points, torch.zeros(MANY, 1), draws_for(0, 0, ""), 0), points)


def test_the_price_of_a_linear_score_is_what_it_changes_between_two_mixtures_of_a_pair() -> None:
    # d(x) = <w, x> changes by (alpha_1 - alpha_2) <w, x - x'>, and alpha_2 is uniform: its mean square is known.
    weight, points = torch.tensor([2.0, -1.0]), torch.tensor([[1.0, 0.5], [-2.0, 1.0]]).repeat(MANY, 1)
    for level in (0.0, 0.6, 1.0):
        levels = torch.full((2 * MANY, 1), level)
        price = price_coherency(lambda rows: rows[:, :2] @ weight, points, levels, draws_for(0, 0, "price"), 3.0)
        alpha = 1 - level / 2
        expected = 3.0 * ((weight * (points[0] - points[1])).sum() ** 2).item() * (alpha**3 + (1 - alpha) ** 3) / 3
        assert price.mean().item() == pytest.approx(expected, rel=0.02)


def test_the_price_looks_at_the_level_of_the_place_itself() -> None:
    # The slope of t x along x is t.
    points = torch.tensor([[0.0], [1.0]]).repeat(MANY, 1)
    price = price_coherency(
        lambda rows: rows[:, 0] * rows[:, 1], points, torch.zeros(2 * MANY, 1), draws_for(0, 0, "p"), 1.0
    )
    # alpha_1 = 1, alpha_2 = a, place at 1 - (1 - nu)(1 - a): E[(t (1 - a))^2] over a and nu, by a fine sum.
    a, nu = torch.meshgrid(*[(torch.arange(1000, dtype=torch.float64) + 0.5) / 1000] * 2, indexing="ij")
    there = nu + (1 - nu) * a
    expected = ((1 - (2 * there - 1).abs()) * (1 - a)).square().mean().item()
    assert price.mean().item() == pytest.approx(expected, rel=0.02)


# At work --------------------------------------------------------------------------------------------------------------


def test_both_players_read_one_level_a_pair_and_only_real_points_are_mixed() -> None:
    trainer, before = (build(steps=3) for _ in range(2))
    known = walk(trainer)["discriminator", "classify"].known
    level = known["level_fake"].unsqueeze(-1)
    assert trainer.generator.sizes == (3, 8, 8, 2)
    assert trainer.discriminator.sizes == (3, 8, 8, 1)
    assert 0 < (level == 0).sum() < 16
    assert torch.equal(known["level_real"], known["level_fake"])
    made = before.generator(before.weights("generator"), torch.cat((known["z"], level), -1))
    torch.testing.assert_close(known["x_fake"], made)
    assert torch.equal(known["seen_fake"], known["x_fake"])
    mixed = (1 - level / 2) * known["x_real"] + level / 2 * known["x_real"].roll(1, 0)
    torch.testing.assert_close(known["seen_real"], mixed)
    rows = torch.cat((mixed, level), -1)
    scores = before.discriminator(before.weights("discriminator"), rows).squeeze(-1)
    torch.testing.assert_close(known["real_logits"].detach(), scores, atol=1e-6, rtol=1e-5)


def test_the_discriminator_s_gradient_is_that_of_its_loss_and_the_price() -> None:
    trainer, before = (build(steps=2, coherency=5.0) for _ in range(2))
    known = walk(trainer)["discriminator", "backward"].known
    leaf = before.state.tensors["discriminator"].clone().requires_grad_()

    def score(rows: Tensor) -> Tensor:
        return before.discriminator(before.discriminator.split(leaf), rows).squeeze(-1)

    level = known["level_real"].unsqueeze(-1)
    logits = [score(torch.cat((known[f"seen_{sort}"], level), -1)) for sort in ("real", "fake")]
    draws = draws_for(before.config.seed, 2, "discriminator parallel_tempering 0")
    price = price_coherency(score, known["x_real"], level, draws, 5.0)
    torch.testing.assert_close(known["parallel_tempering_penalty"], price.detach(), atol=1e-6, rtol=1e-4)
    softplus = torch.nn.functional.softplus
    loss = softplus(-logits[0]).mean() + softplus(logits[1]).mean() + price.mean()
    torch.testing.assert_close(known["d_loss"], loss.detach())
    (gradient,) = torch.autograd.grad(loss, leaf)
    torch.testing.assert_close(known["gradient"], gradient, atol=1e-5, rtol=1e-4)


def test_every_run_of_a_stack_has_its_own_share_and_price() -> None:
    numbers = [(0.9, 1.0), (0.2, 10.0), (1.0, 0.1)]
    configs = [
        make_config(*SMALL, techniques=[{**TEMPERED[0], "still": still, "coherency": price}])
        for still, price in numbers
    ]
    stack = walk_steps(Trainer(configs), 15)
    for run, config in enumerate(configs):
        alone = walk_steps(Trainer(config), 15)
        for name in ("generator", "discriminator"):
            torch.testing.assert_close(stack.state.tensors[name][run], alone.state.tensors[name], atol=1e-4, rtol=0)


def test_going_back_replays_bit_for_bit() -> None:
    whole, half = build(steps=9), build(steps=4)
    again = walk_steps(Trainer(half.config, state=RunState.unpack(half.state.pack())), 5)
    assert again.state.pack() == whole.state.pack()


def test_a_saved_model_is_known_to_read_a_number_more_in_both_networks() -> None:
    trainer = build("discriminator.hidden_layers=1", "generator.hidden_layers=1")
    shapes = {name: tuple(tensor.shape) for name, tensor in trainer.state.tensors.items()}
    assert shapes == expect_shapes(trainer.config, catalog())
    assert shapes["generator"] == (4 * 8 + 9 * 2,)


@pytest.mark.parametrize("other", list(TECHNIQUES["parallel_tempering"].apart))
def test_beside_what_it_would_make_false_it_is_refused_in_words(other: str) -> None:
    unit = (REGULARIZERS if other in REGULARIZERS else TECHNIQUES)[other]
    section = "regularizers" if other in REGULARIZERS else "techniques"
    units = {"techniques": TEMPERED} | {section: [{"name": other}, *(TEMPERED if section == "techniques" else [])]}
    with pytest.raises(ConfigError, match=rf"{other} does not go with \w+: it |does not go with {other}: it "):
        make_config(*serve_needs(unit), **units)


def test_beside_learned_centres_it_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="does not go with learned_mixture: it puts a level beside the noise"):
        make_config("latent.name=learned_mixture", techniques=TEMPERED)


@pytest.mark.parametrize("loss", [unit.key for unit in LOSSES.values() if not unit.is_game])
def test_beside_a_loss_without_a_game_it_is_refused_in_words(loss: str) -> None:
    with pytest.raises(ConfigError, match=f"goes with a loss that has a discriminator, not with {loss}: it "):
        make_config(f"loss.name={loss}", techniques=TEMPERED)


def test_a_batch_of_one_has_no_pairs_and_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="goes with a batch of 2 points or more, not with 1: it mixes"):
        make_config("batch_size=1", techniques=TEMPERED)


def test_on_the_ring_of_eight_no_mode_is_left_out_that_is_without_it() -> None:
    shown = {
        len(on): measure_stack(
            walk_steps(Trainer([make_config(techniques=on).with_seed(seed) for seed in range(3)]), 300), ["modes20"]
        )
        for on in ([{"name": "parallel_tempering"}], [])
    }
    assert [row["modes20"] for row in shown[1]] == [8, 8, 8]
    assert min(row["modes20"] or 0 for row in shown[0]) < 8


# Looks ----------------------------------------------------------------------------------------------------------------


def test_samples_and_surface_are_those_of_points_that_are_not_mixed() -> None:
    trainer = build(steps=5)
    z = draw_fixed_latent(trainer, SIZES)
    made = trainer.generator(trainer.weights("generator"), torch.cat((z, torch.zeros(30, 1)), -1))
    torch.testing.assert_close(trainer.make_points(z), made)
    surface = probe_layers(trainer, ["surface", "optimum", "warp", "d_gradients"], SIZES)
    assert surface["surface"].shape == surface["optimal_surface"].shape == (4, 4)


def test_the_story_and_the_phases_tell_the_level_and_the_price() -> None:
    trainer, told = build(steps=5), dict[tuple[str, str], Any]()
    stages = {stage["key"]: stage for stage in tell_sample(trainer, 3, SIZES)["stages"]}
    z = draw_fixed_latent(trainer, SIZES)[3].tolist()
    assert stages["generator-1"]["vectors"][0]["values"] == pytest.approx([*z, 0.0], abs=1e-6)
    assert "torch.zeros(len(z), 1)" in stages["generator-1"]["code"]
    assert stages["discriminator-1"]["vectors"][0]["values"][2] == 0.0
    for phase in trainer.phases():
        told[phase.player, phase.name] = inspect_phase(trainer, phase, trainer.state)
    assert "generator(torch.cat([z, level], 1))" in told["generator", "generate"]["code"]
    assert "def parallel_tempering(points, level):" in told["discriminator", "classify"]["code"]
    loss = told["discriminator", "loss"]
    assert "penalty = 1.0 * (slope * way)" in loss["code"]
    assert any("P_{" in one["latex"] and "Coherency" in one["latex"] for one in loss["formula"])


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_the_lines_of_an_update_run_and_tell_both_sorts_one_level(player: str) -> None:
    trainer = build("loss.name=rpgan", steps=2)
    known: dict[str, Any] = {"torch": torch, "F": torch.nn.functional}
    for name, sizes in {"generator": (3, 8, 2), "discriminator": (3, 8, 1)}.items():
        known[name] = torch.nn.Sequential(torch.nn.Linear(*sizes[:2]), torch.nn.ReLU(), torch.nn.Linear(*sizes[1:]))
    known |= {"z": torch.randn(16, 2), "x_real": torch.randn(16, 2)}
    for phase in trainer.phases():
        if phase.player == player and phase.name in ("generate", "classify", "loss"):
            exec(inspect_phase(trainer, phase, trainer.state)["code"], known)
    assert torch.equal(known["real_seen"][:, 2], known["fake_seen"][:, 2])
    assert known["real_seen"][:, 2].any()
    known[f"{player[0]}_loss"].backward()


@pytest.mark.parametrize(
    "others",
    [
        {"loss": {"name": "rpgan"}, "regularizers": [{"name": "r1"}, {"name": "lecam"}]},
        {"techniques": [{"name": "spectral_norm"}, {"name": "extragradient"}]},
        {"techniques": [{"name": "san"}], "data": {"name": "one_bump"}},
    ],
)
def test_beside_others_it_is_exported_as_it_trains(others: dict[str, Any], tmp_path: Path) -> None:
    config = make_config(**{**others, "techniques": [*TEMPERED, *others.get("techniques", [])]})
    there = run_script(write_script(config, 20, catalog()), tmp_path)
    for mine, theirs in zip(there, train(Trainer(config), 20), strict=True):
        assert mine == pytest.approx(theirs, abs=1e-4, nan_ok=True)


def test_a_notebook_shows_samples_at_the_level_of_the_data() -> None:
    there: dict[str, Any] = {}
    exec("\n".join(read_cells(write_notebook(build().config, 2, catalog()))), there)
    with torch.no_grad():
        noise = there["draw_latent"](500, there["Draws"](0, "picture"))
        made = there["generator"](torch.cat([noise, torch.zeros(500, 1)], 1))
    assert torch.equal(torch.from_numpy(there["x_fake"]), made)
