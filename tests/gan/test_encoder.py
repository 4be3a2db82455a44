"""An encoder beside generator and discriminator (BiGAN), against the textbook's sums and autograd's slopes.

Shape letters: N examples, Z latent dimensions.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.config import RunConfig, check_config, restarts
from server.gan.encoding import price_pairs, reconstruct
from server.gan.inspection import inspect_node, inspect_phase, tell_sample
from server.gan.measures import POINTS, measure_stack
from server.gan.model_file import build_model, expect_shapes, read_model, write_model
from server.gan.monitor.vitals import measure_vitals
from server.gan.networks import Network
from server.gan.phases import Diverged, Phase
from server.gan.probes import Sizes, draw_fixed_data, draw_fixed_latent, probe_layers
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from server.gan.techniques import TECHNIQUES
from server.gan.trainer import Trainer
from tests.gan.test_export_extras import agree
from tests.tools.runs import catalog, make_config
from tests.tools.textbook import D_LOSSES, G_LOSSES, run_network

BIGAN: list[dict[str, Any]] = [{"name": "bigan"}]
GOES_WITH = TECHNIQUES["bigan"].goes_with["loss"]
SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16", "latent.dimension=3")
SIZES = Sizes(generated=30, real=40, surface=5, warp=3)


def config_with(*assignments: str, techniques: list[dict[str, Any]] = BIGAN, **top: Any) -> RunConfig:
    return make_config(*SMALL, *assignments, techniques=techniques, **top)


def build(*assignments: str, steps: int = 3, **top: Any) -> Trainer:
    return run(Trainer(config_with(*assignments, **top)), steps)


def run(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def answer(name: str, vector: Tensor, network: Network, x: Tensor) -> Tensor:
    """What the textbook's network answers."""
    return run_network(vector, network.sizes, "relu", "linear", x)


def walk(trainer: Trainer, player: str) -> dict[str, Phase]:
    """The phases of a player's one update, by name."""
    return {phase.name: phase for phase in trainer.phases(player)}  # type: ignore[arg-type]  # one of two


# The objective ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", GOES_WITH)
def test_the_encoder_pays_as_the_generator_does_with_the_labels_swapped(loss: str) -> None:
    real, fake = torch.linspace(-9, 9, 7), torch.tensor([4.0, -9, 0, 1, -2, 9, 0.5])
    trainer = build(f"loss.name={loss}", steps=0)
    expected = {
        "non_saturating": D_LOSSES["non_saturating"](fake.double(), real.double()),
        "minimax": -D_LOSSES["minimax"](real.double(), fake.double()),
        "hinge": real.double() - fake.double(),
        "wasserstein": D_LOSSES["wasserstein"](fake.double(), real.double()),
    }[loss]
    torch.testing.assert_close(
        price_pairs(trainer.craft, trainer.loss, real, fake), expected.float(), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("loss", GOES_WITH)
def test_generator_and_encoder_go_down_the_slope_of_their_common_loss(loss: str) -> None:
    trainer = build(f"loss.name={loss}")
    tensors = {name: trainer.state.tensors[name].double() for name in ("generator", "encoder", "discriminator")}
    known = walk(trainer, "generator")["backward"].known
    x, z = known["x_real"].double(), known["z"].double()

    def objective(generator: Tensor, encoder: Tensor) -> Tensor:
        judge = (tensors["discriminator"], trainer.discriminator)
        assert trainer.encoder
        made = answer("generator", generator, trainer.generator, z)
        back = answer("encoder", encoder, trainer.encoder, x)
        real = answer("discriminator", *judge, torch.cat((x, back), 1)).squeeze(1)
        fake = answer("discriminator", *judge, torch.cat((made, z), 1)).squeeze(1)
        price = G_LOSSES[loss]
        return price(real, fake).mean() + price(fake, -real).mean()

    leaves = [tensors[name].requires_grad_() for name in ("generator", "encoder")]
    expected = torch.autograd.grad(objective(*leaves), leaves)
    for mine, theirs in zip((known["gradient"], known["encoder_gradient"]), expected, strict=True):
        assert theirs.abs().max() > 1e-4
        torch.testing.assert_close(mine, theirs.float(), atol=1e-6, rtol=1e-3)
    assert known["g_loss"].item() == pytest.approx(objective(*leaves).item(), abs=1e-5)


def test_the_discriminator_learns_pairs_of_both_sorts() -> None:
    trainer = build()
    tensors = {name: trainer.state.tensors[name].double() for name in ("generator", "encoder", "discriminator")}
    known = walk(trainer, "discriminator")["backward"].known
    x, z = known["x_real"].double(), known["z"].double()
    assert trainer.encoder
    real_pairs = torch.cat((x, answer("encoder", tensors["encoder"], trainer.encoder, x)), 1)
    fake_pairs = torch.cat((answer("generator", tensors["generator"], trainer.generator, z), z), 1)
    leaf = tensors["discriminator"].requires_grad_()
    logits = [
        answer("discriminator", leaf, trainer.discriminator, pairs).squeeze(1) for pairs in (real_pairs, fake_pairs)
    ]
    (expected,) = torch.autograd.grad(D_LOSSES["non_saturating"](*logits).mean(), leaf)
    torch.testing.assert_close(known["gradient"], expected.float(), atol=1e-6, rtol=1e-3)


def test_each_turn_moves_its_own_networks_only() -> None:
    trainer = build()
    moved = {}
    for player in ("discriminator", "generator"):
        before = trainer.state.tensors
        walk(trainer, player)
        moved[player] = {name for name in ("generator", "encoder", "discriminator")
                         if not torch.equal(before[name], trainer.state.tensors[name])}  # fmt: skip
    assert moved == {"discriminator": {"discriminator"}, "generator": {"generator", "encoder"}}


def test_the_encoder_moves_as_adam_moves_it() -> None:
    trainer = build(steps=0)
    start = trainer.state.tensors["encoder"]
    parameter = torch.nn.Parameter(start.clone())
    adam = torch.optim.Adam([parameter], 1e-3, (0.5, 0.999))
    for _ in range(5):
        for phase in trainer.phases():
            if phase.name == "backward" and phase.player == "generator":
                parameter.grad = phase.known["encoder_gradient"]
        adam.step()
    torch.testing.assert_close(trainer.state.tensors["encoder"], parameter.detach(), atol=1e-6, rtol=1e-5)


def test_a_penalty_on_slopes_counts_the_slope_along_the_noise_too() -> None:
    trainer = build("discriminator.hidden_layers=0", regularizers=[{"name": "r1", "gamma": 3.0}])
    weight = trainer.weights("discriminator")[0]
    assert weight.shape == (5, 1)
    known = walk(trainer, "discriminator")["loss"].known
    expected = 1.5 * weight.square().sum()
    torch.testing.assert_close(known["r1_penalty"], expected.expand(16))


# Runs ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more", [(), ("loss.name=hinge", "g_updates=2", "latent.name=finite", "data.size=9"), ("data.name=two_bumps",)]
)
def test_a_run_in_a_stack_trains_as_it_does_alone(more: tuple[str, ...]) -> None:
    config = config_with(*more, regularizers=[{"name": "r1"}, {"name": "mode_seeking"}])
    alone = run(Trainer(config), 6).state.tensors
    stack = run(Trainer([config.with_seed(seed) for seed in (7, 0, 3)]), 6).state.tensors
    assert stack["encoder"].shape[0] == 8
    for name in ("encoder", "g_optimizer.encoder.mean", "generator", "discriminator"):
        torch.testing.assert_close(stack[name][1], alone[name], atol=1e-5, rtol=1e-4)


def test_a_packed_run_goes_on_bit_for_bit() -> None:
    trainer = build()
    again = Trainer(trainer.config, state=RunState.unpack(trainer.state.pack()))
    run(trainer, 3), run(again, 3)
    assert trainer.state.tensors.keys() == again.state.tensors.keys()
    assert all(torch.equal(tensor, again.state.tensors[name]) for name, tensor in trainer.state.tensors.items())


def test_a_saved_model_has_the_encoder_in_the_shape_that_its_config_says() -> None:
    trainer = build("generator.hidden_layers=1", "generator.output=tanh")
    expected = expect_shapes(trainer.config, catalog())
    assert {name: tuple(tensor.shape) for name, tensor in trainer.state.tensors.items()} == expected
    assert expected["encoder"] == ((2 + 1) * 8 + (8 + 1) * 3,)
    model = read_model(write_model(build_model(trainer.config, trainer.state.pack())), catalog())
    assert torch.equal(Trainer(model.config, state=RunState.unpack(model.packed)).weights("encoder")[0],
                       trainer.weights("encoder")[0])  # fmt: skip


@pytest.mark.parametrize("technique", ["weight_norm", "equalized_rate", "pixel_norm"])
def test_what_techniques_make_of_the_generator_leaves_the_encoder_plain(technique: str) -> None:
    trainer = build(techniques=[*BIGAN, {"name": technique}])
    x = draw_fixed_data(trainer, SIZES).double()
    assert trainer.encoder
    expected = answer("encoder", trainer.state.tensors["encoder"].double(), trainer.encoder, x)
    torch.testing.assert_close(trainer.encode(x.float()).outputs, expected.float(), atol=1e-5, rtol=1e-4)
    assert {name: tuple(one.shape) for name, one in trainer.state.tensors.items()} == expect_shapes(
        trainer.config, catalog()
    )


def test_another_optimizer_begins_the_encoders_memory_anew() -> None:
    trainer = build()
    trainer.configure(config_with("g_optimizer.name=rmsprop"))
    kept = [name for name in trainer.state.tensors if name.startswith("g_optimizer.encoder.")]
    assert len(kept) == 1
    assert all(not trainer.state.tensors[name].any() for name in kept)
    run(trainer, 2)


def test_an_encoder_begins_a_new_run() -> None:
    assert restarts(config_with(techniques=[]), config_with())


def test_an_encoder_that_is_no_longer_finite_ends_the_run_in_the_generators_turn() -> None:
    trainer = build(steps=1)
    before = trainer.state
    broken = {**before.tensors, "g_optimizer.encoder.mean": torch.full_like(before.tensors["encoder"], torch.inf)}
    trainer.state = before._replace(tensors=broken)
    with pytest.raises(Diverged, match="the generator's weights"):
        trainer.step()


# Refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", list(TECHNIQUES["bigan"].apart))
def test_what_would_mean_nothing_beside_an_encoder_is_refused_in_words(other: str) -> None:
    unit = [{"name": other}]
    top = {"regularizers": unit} if other in REGULARIZERS else {"techniques": [*BIGAN, *unit]}
    with pytest.raises(ConfigError, match=f"bigan does not go with {other}: it "):
        config_with(**top)


@pytest.mark.parametrize("loss", ["least_squares", "rpgan", "fgan_kl", "energy"])
def test_losses_whose_labels_do_not_swap_with_the_sign_are_refused_in_words(loss: str) -> None:
    with pytest.raises(ConfigError, match=f"bigan goes with loss non_saturating or .*, not with {loss}: it "):
        config_with(f"loss.name={loss}")


# Looks --------------------------------------------------------------------------------------------------------------


def test_reconstructions_are_what_the_generator_makes_of_the_encoders_answers() -> None:
    trainer = build("data.name=moons")
    x = draw_fixed_data(trainer, SIZES)
    assert trainer.encoder
    z = trainer.encoder(trainer.weights("encoder"), x)
    torch.testing.assert_close(reconstruct(trainer, x), trainer.generator(trainer.weights("generator"), z))
    shown = probe_layers(trainer, ["real", "reconstructed"], SIZES)
    assert shown["x_reconstructed"].shape == shown["x_real"].shape == (40, 2)
    torch.testing.assert_close(torch.from_numpy(shown["x_reconstructed"]), trainer.generate(z))
    assert probe_layers(Trainer(config_with(techniques=[])), ["reconstructed"], SIZES) == {}


def test_the_reconstruction_of_a_run_is_the_mean_length_of_its_arrows() -> None:
    trainer = Trainer([config_with("data.name=moons", seed=seed) for seed in (0, 5)])
    run(trainer, 3)
    real = trainer.source.sample_data(POINTS, trainer.source.draws("data"))
    per_unit = 3 / trainer.source.box.half_extent
    for stacked, seed in zip(measure_stack(trainer, ["reconstruction"]), (0, 5), strict=True):
        row = (0, 5).index(seed)
        gaps = (real - reconstruct(trainer, real))[row] / per_unit
        expected = sum(float(gap.square().sum()) ** 0.5 for gap in gaps) / POINTS
        assert stacked["reconstruction"] == pytest.approx(expected, rel=1e-4)


def test_a_place_is_scored_with_the_encoders_answer_and_a_sample_with_the_noise_that_made_it() -> None:
    trainer = build(steps=20)
    shown = probe_layers(trainer, ["surface", "predictions"], SIZES)
    weights, z = trainer.weights("discriminator"), draw_fixed_latent(trainer, SIZES)
    corner = trainer.source.to_lab(torch.tensor([[*_first_cell(trainer)]]))
    place = torch.cat((corner, trainer.encode(corner).outputs), 1)
    assert shown["surface"][0, 0] == pytest.approx(trainer.discriminator(weights, place).item(), abs=1e-5)
    made = torch.cat((trainer.generator(trainer.weights("generator"), z), z), 1)
    scores = trainer.discriminator(weights, made).squeeze(1)
    torch.testing.assert_close(torch.from_numpy(shown["fake_logits"]), scores, atol=1e-5, rtol=1e-5)


def _first_cell(trainer: Trainer) -> tuple[float, float]:
    (x, y), half = trainer.source.box
    return x - half * 4 / 5, y - half * 4 / 5


def test_a_needle_is_the_slope_of_the_samples_own_price_beside_its_own_noise() -> None:
    trainer = build(steps=20)
    shown = torch.from_numpy(probe_layers(trainer, ["gradients"], SIZES)["gradients"])
    z = draw_fixed_latent(trainer, SIZES)
    points = trainer.generator(trainer.weights("generator"), z).detach().requires_grad_()
    score = trainer.discriminator(trainer.weights("discriminator"), torch.cat((points, z), 1)).squeeze(1)
    (slope,) = torch.autograd.grad(torch.nn.functional.softplus(-score).sum(), points)
    torch.testing.assert_close(shown, -slope * 3 / trainer.source.box.half_extent, atol=1e-5, rtol=1e-4)


def test_looking_at_a_run_with_an_encoder_changes_nothing() -> None:
    looked, alone = Trainer(config_with()), Trainer(config_with())
    for _ in range(4):
        probe_layers(looked, ["generated", "reconstructed", "surface", "d_gradients", "gradients", "warp"], SIZES)
        assert all(torch.isfinite(torch.tensor(vitals.pull)) for vitals in measure_vitals(looked))
        looked.step(), alone.step()
    assert torch.equal(looked.state.tensors["encoder"], alone.state.tensors["encoder"])


# Told ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", GOES_WITH)
def test_every_phase_is_told_and_its_numbers_are_those_of_the_loss(loss: str) -> None:
    trainer = build(f"loss.name={loss}", "g_updates=2")
    before = trainer.state
    for phase in trainer.phases():
        told = inspect_phase(trainer, phase, before)
        before = trainer.state
        if phase.player == "generator" and phase.name == "loss":
            known = phase.known
            price, real, fake = G_LOSSES[loss], known["real_logits"].double(), known["fake_logits"].double()
            own = price(real, fake)[0] + price(fake, -real)[0]
            assert told["numbers"]["per_example"] == pytest.approx(own.item(), abs=1e-4)
            assert told["numbers"]["real_mean"] == pytest.approx(price(fake, -real).mean().item(), abs=1e-4)
            assert any("d(x)" in formula["latex"] and "d(G(z))" in formula["latex"] for formula in told["formula"])
        if phase.player == "generator" and phase.name == "backward":
            slope = told["numbers"]["real_logit_gradient"]
            assert slope == pytest.approx(phase.known["real_logit_gradient"][0].item())


@pytest.mark.parametrize("loss", GOES_WITH)
def test_the_slope_that_is_written_is_the_one_that_is_passed_on(loss: str) -> None:
    trainer = build(f"loss.name={loss}")
    for phase in trainer.phases("generator"):
        if phase.name == "backward":
            formulas = inspect_phase(trainer, phase, trainer.state)["formula"]
            (own,) = [one for one in formulas if one["meaning"].startswith("How what this real sample costs grows")]
            written = float(re.sub(r".*= ", "", own["latex_numbers"]))
            real = phase.known["real_logits"][0].item()
            expected = {
                "non_saturating": 1 / (1 + 2.718281828**-real),
                "minimax": 1 / (1 + 2.718281828**real),
            }.get(loss, 1.0)
            assert written == pytest.approx(expected, abs=2e-3)


def test_nodes_and_the_story_of_a_sample_tell_of_pairs() -> None:
    trainer = build()
    told = inspect_node(trainer, "discriminator", SIZES)
    pairs = [one for one in told["formula"] if "reads a pair" in one["meaning"]]
    assert [one["latex"] for one in pairs] == ["U = (u, E(u))", "U = (G(z), z)"] or len(pairs) == 2
    for node in ("g-loss", "d-loss", "g-gradients", "d-gradients", "generated", "predictions-real"):
        assert inspect_node(trainer, node, SIZES)["formula"]
    stages = {stage["key"]: stage for stage in tell_sample(trainer, 2, SIZES)["stages"]}
    first = stages["discriminator-1"]["vectors"][0]["values"]
    assert first[2:] == pytest.approx(draw_fixed_latent(trainer, SIZES)[2].tolist())
    assert "torch.cat([x_fake, z], 1)" in stages["discriminator-1"]["code"]


# Exports ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {"regularizers": [{"name": "r1"}, {"name": "historical_averaging"}], "loss": {"name": "minimax"}},
        {"techniques": [*BIGAN, {"name": "simultaneous"}, {"name": "spectral_norm"}], "loss": {"name": "hinge"}},
        {"techniques": [*BIGAN, {"name": "pixel_norm"}, {"name": "weight_norm"}]},
        {"regularizers": [{"name": "gradient_penalty"}, {"name": "mode_seeking"}], "loss": {"name": "wasserstein"}},
    ],
)
def test_a_run_with_an_encoder_is_exported_as_it_trains(more: dict[str, Any], tmp_path: Path) -> None:
    plain = {"techniques": BIGAN, "latent": {"name": "uniform", "dimension": 3}, **more}
    agree(check_config({**plain, "data": {"name": "moons"}}, catalog()), tmp_path, steps=30)


def test_a_script_follows_what_was_turned_while_it_trained(tmp_path: Path) -> None:
    turned = {"techniques": BIGAN, "loss": {"name": "hinge"}, "g_optimizer": {"name": "adam", "learning_rate": 0.01}}
    renewed = {**turned, "g_optimizer": {"name": "rmsprop"}}
    changes = [(5, check_config(turned, catalog())), (9, check_config(renewed, catalog()))]
    agree(check_config({"techniques": BIGAN}, catalog()), tmp_path, changes, steps=14)
