"""Looks at a run show what the model is at that step, in published units."""

import time
from itertools import pairwise

import numpy as np
import pytest
import torch

from server.engine.orders import COARSEST
from server.gan.datasets import DATASETS
from server.gan.probes import LADDER, Sizes, probe_box, probe_layers
from server.gan.trainer import Trainer
from server.protocol.frames import FIXED_ARRAYS, LAYER_ARRAYS
from tests.tools.runs import GAMES, make_config

SIZES = Sizes(generated=30, real=40, surface=10, warp=7)


def build(*assignments: str, steps: int = 20) -> Trainer:
    trainer = Trainer(make_config("generator.width=16", "discriminator.width=16", *assignments))
    for _ in range(steps):
        trainer.step()
    return trainer


def scores(trainer: Trainer, points: torch.Tensor) -> torch.Tensor:
    return trainer.discriminator(trainer.weights("discriminator"), trainer.source.to_lab(points)).squeeze(-1)


@pytest.mark.parametrize("data", list(DATASETS))
def test_every_layer_has_its_arrays_and_shapes(data: str) -> None:
    arrays = probe_layers(build(f"data.name={data}", steps=1), LAYER_ARRAYS, SIZES)
    shapes = {name: array.shape for name, array in arrays.items()}
    dimension, cells = (2, (10, 10)) if DATASETS[data].dimension == 2 else (1, (1, 30))
    assert shapes == {
        "z": (30, 2),
        "x_real": (40, dimension),
        "x_fake": (30, dimension),
        "real_logits": (40,),
        "fake_logits": (30,),
        "surface": cells,
        "optimal_surface": cells,
        "optimal_gap": (1,),
        "warp": (7, 7, dimension),
        "warp_noise": (7, 7, 2),
        "gradients": (30, dimension),
        "surface_change": cells,
        "density": cells,
    }
    assert all(str(array.dtype) == "float32" for array in arrays.values())


def test_a_fixed_array_is_left_out_when_asked() -> None:
    trainer = Trainer(make_config(techniques=[{"name": "ema"}, {"name": "truncation"}]))
    encoded = Trainer(make_config(techniques=[{"name": "bigan"}]))
    flowing = Trainer(make_config("loss.name=flow_matching"))
    changing = {
        name: array
        for one in (trainer, encoded, flowing)
        for name, array in probe_layers(one, LAYER_ARRAYS, SIZES, fixed=False).items()
    }
    assert FIXED_ARRAYS.isdisjoint(changing)
    assert set(changing) | FIXED_ARRAYS == {name for names in LAYER_ARRAYS.values() for name in names}


def test_the_averaged_generator_is_shown_where_a_run_keeps_one() -> None:
    trainer = Trainer(make_config(techniques=[{"name": "ema", "beta": 0.5}]))
    first = probe_layers(trainer, ["averaged", "generated"], SIZES)
    np.testing.assert_array_equal(first["x_averaged"], first["x_fake"])
    trainer.step()
    then = probe_layers(trainer, ["averaged", "generated"], SIZES)
    np.testing.assert_allclose(then["x_averaged"], (first["x_fake"] + then["x_fake"]) / 2, atol=1e-3)
    assert probe_layers(build(steps=0), ["averaged"], SIZES) == {}


def test_p9_no_fewer_samples_are_shown_than_in_gan_lab() -> None:
    arrays = probe_layers(build(steps=0), ["noise", "real", "generated"])
    assert len(arrays["x_real"]) == 450
    assert len(arrays["x_fake"]) == len(arrays["z"]) >= 150


@pytest.mark.parametrize("settings", [[], ["data.name=line"], ["latent.name=mixture", "latent.dimension=3"]])
def test_smaller_frames_have_the_first_of_the_same_samples_and_all_real_ones(settings: list[str]) -> None:
    trainer = Trainer(make_config(*settings))
    full, *smaller = [probe_layers(trainer, LAYER_ARRAYS, sizes) for sizes in LADDER]
    for arrays in smaller:
        for name in ("z", "x_fake", "gradients"):
            assert 0 < len(arrays[name]) < len(full[name])
            np.testing.assert_allclose(arrays[name], full[name][: len(arrays[name])], atol=1e-5)
        np.testing.assert_array_equal(arrays["x_real"], full["x_real"])
        assert arrays["surface"].size < full["surface"].size
        if "warp" in full:
            assert arrays["warp"].shape[:-1] == arrays["warp_noise"].shape[:-1] < full["warp"].shape[:-1]


def test_every_size_that_can_be_asked_for_is_one_and_each_is_smaller_than_the_one_before() -> None:
    assert len(LADDER) == COARSEST + 1
    for larger, smaller in pairwise(LADDER):
        assert (larger.generated, larger.surface, larger.warp) > (smaller.generated, smaller.surface, smaller.warp)


def test_p9_fixed_arrays_stay_the_same_while_a_run_trains() -> None:
    trainer = build(steps=0)
    before = probe_layers(trainer, LAYER_ARRAYS, SIZES)
    trainer.step()
    after = probe_layers(trainer, LAYER_ARRAYS, SIZES)
    for name in FIXED_ARRAYS:
        assert (before[name] == after[name]).all(), name


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_p25_the_warp_is_where_the_generator_sends_the_lattice(dimension: int) -> None:
    trainer = build(f"latent.dimension={dimension}")
    arrays = probe_layers(trainer, ["warp"], SIZES)
    noise = torch.from_numpy(arrays["warp_noise"]).flatten(0, -2)
    z = torch.zeros(len(noise), dimension)
    z[:, : noise.shape[1]] = noise
    torch.testing.assert_close(torch.from_numpy(arrays["warp"]).view(-1, 2), trainer.generate(z))


def test_p25_warp_cells_are_equally_likely() -> None:
    noise = torch.from_numpy(probe_layers(build(steps=0), ["warp"], SIZES)["warp_noise"])
    shares = torch.special.ndtr(noise[0, :, 0]).diff()
    torch.testing.assert_close(shares, torch.full((6,), 1 / 7))


def test_p28_the_surface_is_the_score_at_the_cells_centres() -> None:
    trainer = build("data.name=gaussians")
    surface = torch.from_numpy(probe_layers(trainer, ["surface"], SIZES)["surface"])
    x0, x1, y0, y1 = probe_box(trainer.config)
    column, row = 3, 7
    centre = torch.tensor([x0 + (column + 0.5) / 10 * (x1 - x0), y0 + (row + 0.5) / 10 * (y1 - y0)])
    assert surface[row, column].item() == pytest.approx(scores(trainer, centre.unsqueeze(0)).item(), abs=1e-5)


def test_p29_predictions_are_the_scores_of_the_shown_samples() -> None:
    trainer = build("data.name=gaussians")
    arrays = probe_layers(trainer, ["real", "generated", "predictions"], SIZES)
    for points, logits in (("x_real", "real_logits"), ("x_fake", "fake_logits")):
        torch.testing.assert_close(
            torch.from_numpy(arrays[logits]), scores(trainer, torch.from_numpy(arrays[points])), atol=1e-4, rtol=1e-4
        )


@pytest.mark.parametrize("loss", GAMES)
@pytest.mark.parametrize("data", ["ring8", "gaussians", "two_bumps"])
def test_p30_f5_gradients_point_where_the_generators_own_loss_falls(loss: str, data: str) -> None:
    """Finite differences of the chosen loss, in published units; the discriminator's slope alone is another thing."""
    trainer = build(
        f"loss.name={loss}", f"data.name={data}", "generator.activation=tanh", "discriminator.activation=tanh"
    )
    arrays = probe_layers(trainer, ["generated", "gradients"], SIZES)
    x_fake, gradients = torch.from_numpy(arrays["x_fake"]), torch.from_numpy(arrays["gradients"])
    reach = 1e-3 * (probe_box(trainer.config)[1] - probe_box(trainer.config)[0])
    real = scores(trainer, torch.from_numpy(probe_layers(trainer, ["real"], SIZES)["x_real"]))[: len(x_fake)].double()
    fake = scores(trainer, x_fake).double()
    for axis in range(x_fake.shape[-1]):
        costs = []
        for sign in (1, -1):
            moved = x_fake.clone()
            moved[:, axis] += sign * reach
            # Row i: the batch in which sample i alone has moved, because a mean is in the price of all.
            rows = fake.expand(len(fake), -1).clone()
            rows.diagonal()[:] = scores(trainer, moved).double()
            costs.append(trainer.loss(real.expand_as(rows), rows).generator.sum(-1))
        slopes = (costs[0] - costs[1]).float() / (2 * reach)
        torch.testing.assert_close(gradients[:, axis], -slopes, atol=5e-3, rtol=2e-2)


def test_f5_the_gradients_of_the_non_saturating_loss_do_not_vanish_where_the_discriminator_is_sure() -> None:
    trainer = build(steps=0)
    for _ in range(300):
        trainer.step("discriminator")
    arrays = probe_layers(trainer, ["gradients", "predictions"], SIZES)
    assert arrays["fake_logits"].mean() < -1
    assert (arrays["gradients"] ** 2).sum(1).max() > 1e-2


def test_f16_the_surface_change_is_what_a_small_update_does() -> None:
    trainer = build("d_optimizer.name=sgd", "discriminator.activation=tanh")
    change = torch.from_numpy(probe_layers(trainer, ["d_gradients"], SIZES)["surface_change"])
    assert change.abs().max().item() == pytest.approx(1)
    before = torch.from_numpy(probe_layers(trainer, ["surface"], SIZES)["surface"])
    for _ in trainer.phases("discriminator"):
        pass
    after = torch.from_numpy(probe_layers(trainer, ["surface"], SIZES)["surface"])
    moved = after - before  # another batch than the look's, so the agreement is that of two samples of one law
    cosine = torch.nn.functional.cosine_similarity(change.flatten(), moved.flatten(), 0)
    assert cosine.item() > 0.8


@pytest.mark.parametrize("data", list(DATASETS))
def test_p46_the_density_holds_all_the_mass_of_the_law(data: str) -> None:
    trainer = build(f"data.name={data}", steps=0)
    density = probe_layers(trainer, ["density"], Sizes())["density"]
    x0, x1, _, _ = probe_box(trainer.config)
    mass = density.sum() * ((x1 - x0) / density.shape[-1]) ** trainer.source.data_dimension
    assert mass == pytest.approx(1, abs=0.05 if data == "gaussians" else 0.02)  # a part of gaussians lies outside


def test_the_density_of_a_mixture_is_its_average_over_each_cell() -> None:
    trainer = build("data.name=gaussians", steps=0)
    density = probe_layers(trainer, ["density"], Sizes(surface=4))["density"]
    law, fine = trainer.source.data.log_density, 200
    places = (torch.arange(4 * fine, dtype=torch.float64) + 0.5) / (4 * fine)
    y, x = torch.meshgrid(places, places, indexing="ij")
    assert law, "the density of this law is known"
    expected = law(torch.stack((x, y), -1)).exp().view(4, fine, 4, fine).mean((1, 3))
    torch.testing.assert_close(torch.from_numpy(density).double(), expected, rtol=1e-4, atol=1e-7)


def test_the_density_of_20_000_points_takes_no_time_that_a_heartbeat_would_miss() -> None:
    points = [[i / 20_000, i * 7919 % 20_000 / 20_000] for i in range(20_000)]
    trainer = Trainer(make_config(data={"name": "points", "points": points}))
    began = time.process_time()
    density = probe_layers(trainer, ["density"])["density"]
    assert time.process_time() - began < 1
    assert density.max() > 0


# Data on the line ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("techniques", [[], [{"name": "pacgan", "size": 3}], [{"name": "minibatch_stddev"}]])
def test_on_the_line_the_surface_is_the_score_at_the_middle_of_every_cell(techniques: list[dict[str, object]]) -> None:
    trainer = Trainer(make_config("data.name=five_bumps", "discriminator.width=16", techniques=techniques))
    trainer.step()
    surface = probe_layers(trainer, ["surface"], SIZES)["surface"]
    x = -3 + 6 * (torch.arange(30).unsqueeze(-1) + 0.5) / 30
    if not techniques:
        np.testing.assert_allclose(surface[0], scores(trainer, x), atol=1e-6)
        return
    weights, others = (
        trainer.weights("discriminator"),
        torch.from_numpy(probe_layers(trainer, ["generated"], SIZES)["x_fake"]),
    )
    packs = "size" in techniques[0]
    groups = others[torch.arange(16) % 30].view(8, 2, 1) if packs else others.unsqueeze(0)
    rows = []
    for group in groups:
        beside = group.view(1, -1).expand(30, -1)
        spread = (torch.cat((x, beside), 1).var(1, correction=0, keepdim=True) + 1e-8).sqrt()
        rows.append(trainer.discriminator(weights, torch.cat((x, beside if packs else spread), 1)).squeeze(-1))
    np.testing.assert_allclose(surface[0], torch.stack(rows).mean(0), atol=1e-5)


def test_on_the_line_the_picture_is_as_high_as_the_density_and_a_third_more_whatever_a_run_does() -> None:
    trainer = Trainer(make_config("data.name=two_bumps", "data.share=0.8", "data.std=0.1"))
    highest = 0.8 / (0.1 * (2 * np.pi) ** 0.5)
    *box, top = probe_box(trainer.config)
    assert box == [-3.0, 3.0, 0.0]
    assert top == pytest.approx(1.3 * highest, rel=1e-3)
    density = probe_layers(trainer, ["density"], SIZES)["density"]
    assert density.max() < highest


def test_a_look_at_data_on_the_line_changes_nothing_that_is_trained() -> None:
    looked, blind = build("data.name=even", steps=3), build("data.name=even", steps=3)
    probe_layers(looked, LAYER_ARRAYS, SIZES)
    for trainer in (looked, blind):
        trainer.step()
    for name, tensor in blind.state.tensors.items():
        assert torch.equal(looked.state.tensors[name], tensor)
