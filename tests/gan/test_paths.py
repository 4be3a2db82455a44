"""Flow matching: its velocities, the ways that samples take along them, and runs in which the generator learns them."""

from math import e
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from server.errors import CommandError
from server.gan.config import restarts
from server.gan.export.notebook import write_notebook
from server.gan.inspection import inspect_node, inspect_phase, tell_sample
from server.gan.inspection.looks import look_at_generator
from server.gan.losses import LOSSES
from server.gan.losses.paths import PathLoss
from server.gan.metrics import evaluate_metrics
from server.gan.monitor.monitor import Monitor
from server.gan.probes import Sizes, draw_fixed_latent, probe_layers
from server.gan.randomness import draws_for
from server.gan.trainer import Trainer
from tests.gan.test_inspection_story import build_networks, flatten, run_lines
from tests.tools.runs import catalog, make_config
from tests.tools.telling import check_price, tell_phases

FLOW = cast(PathLoss, LOSSES["flow_matching"])
SMALL = ("loss.name=flow_matching", "generator.width=8", "discriminator.width=8", "batch_size=16")
SIZES = Sizes(generated=20, real=30, surface=4, warp=3)


def run_small(steps: int = 0, *assignments: str, **top: Any) -> Trainer:
    trainer = Trainer(make_config(*SMALL, *assignments, **top))
    for _ in range(steps):
        trainer.step()
    return trainer


# Velocities and ways -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_step_goes_by_the_velocity_in_its_middle(steps: int) -> None:
    z = torch.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=torch.float64)
    way = FLOW.follow(lambda read: read[..., :2], z, steps=steps)  # the velocity is the place
    h = 1 / steps
    assert len(way) == steps + 1
    for places, before in zip(way[1:], way[:-1], strict=True):
        torch.testing.assert_close(places, before * (1 + h + h * h / 2))


def test_twice_the_steps_are_four_times_as_near() -> None:
    z = torch.ones(1, 1, dtype=torch.float64)
    wide, narrow = (FLOW.follow(lambda read: read[..., :1], z, steps=n)[-1].item() - e for n in (20, 40))
    assert wide / narrow == pytest.approx(4, rel=0.05)


def test_the_time_goes_from_nothing_to_one() -> None:
    times: list[float] = []

    def answer(read: Tensor) -> Tensor:
        times.append(read[0, -1].item())
        return torch.ones_like(read[..., :-1])

    way = FLOW.follow(answer, torch.zeros(3, 2), steps=2)
    assert times == [0, 0.25, 0.5, 0.75]
    torch.testing.assert_close(way[-1], torch.ones(3, 2))


def test_the_velocity_that_costs_least_carries_the_noise_to_the_data() -> None:
    # For data N(m, s^2) the best velocity is E[x - z | x_t], which is linear in x_t, and takes z to m + s z.
    m, s = torch.tensor([2.0, -1.0], dtype=torch.float64), 0.3

    def best(read: Tensor) -> Tensor:
        places, t = read[..., :2], read[..., 2:]
        gain = (t * s**2 - (1 - t)) / ((1 - t) ** 2 + t**2 * s**2)
        return m + gain * (places - t * m)

    z = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(FLOW.follow(best, z, steps=100)[-1], m + s * z, atol=2e-3, rtol=1e-3)
    known = {"z": z.float(), "x_real": (m + s * torch.randn(1000, 2).double()).float()}
    known |= FLOW.pose(known, lambda purpose: draws_for(0, 0, purpose))

    def price(answers: Tensor) -> float:
        return float(FLOW.price(FLOW.aim(known), answers, steps=5).mean())

    least = best(FLOW.read(known, lambda read: read).double()).float()
    assert all(price(least) < price(other) for other in (least + 0.1, least - 0.1, 0.9 * least, 1.1 * least))


def test_a_velocity_costs_its_squared_distance_whatever_the_steps() -> None:
    wanted, velocity = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[4.0, -2.0], [0.0, 1.0]])
    assert FLOW.price(wanted, velocity, steps=3).tolist() == [25, 1]


def test_points_on_a_line_have_ways_too() -> None:
    known = {"z": torch.zeros(5, 1), "x_real": torch.ones(5, 1)}
    known |= FLOW.pose(known, lambda purpose: draws_for(0, 0, purpose))
    assert torch.equal(known["places"], known["times"])
    assert FLOW.read(known, lambda read: read).shape == (5, 2)


# In runs -------------------------------------------------------------------------------------------------------------


def test_an_update_compares_velocities_at_places_between_noise_and_data() -> None:
    trainer = run_small(0, "data.name=gaussians", "g_updates=2")
    phases = list(trainer.phases())
    assert [phase.name for phase in phases] == 2 * ["sample", "generate", "loss", "backward", "update"]
    for phase in (phases[4], phases[9]):
        known = phase.known
        t, x, z = known["times"], known["x_real"], known["z"]
        assert t.shape == (16, 1)
        assert t.min() >= 0
        assert t.max() < 1
        torch.testing.assert_close(known["places"], z + t * (x - z))
        assert "x_fake" not in known
    assert not torch.equal(phases[4].known["times"], phases[9].known["times"])
    assert trainer.state.d_updates == 0


def test_the_generator_follows_the_slope_of_its_velocities() -> None:
    trainer = run_small()
    theta = trainer.state.tensors["generator"].double().requires_grad_()
    known = {name: tensor.double() for name, tensor in list(trainer.phases())[3].known.items()}
    read = torch.cat((known["places"], known["times"]), -1)
    velocity = trainer.generator(trainer.generator.split(theta), read)
    loss = (velocity - known["x_real"] + known["z"]).pow(2).sum() / 16
    (wanted,) = torch.autograd.grad(loss, theta)
    torch.testing.assert_close(known["gradient"], wanted, atol=1e-5, rtol=1e-3)
    assert known["g_loss"].item() == pytest.approx(loss.item(), rel=1e-5)


def test_the_number_of_steps_changes_the_samples_and_not_the_training() -> None:
    few, many = run_small(5, "loss.steps=1"), run_small(5, "loss.steps=20")
    assert torch.equal(few.state.tensors["generator"], many.state.tensors["generator"])
    z = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
    assert not torch.allclose(few.generate(z), many.generate(z), atol=1e-3)
    assert not restarts(few.config, many.config)


def test_a_generator_that_reads_the_time_begins_a_new_run() -> None:
    game, flow = make_config(), make_config("loss.name=flow_matching")
    assert restarts(game, flow)
    assert restarts(flow, game)
    assert game.to_json()["generator"] == flow.to_json()["generator"]


def test_a_few_hundred_steps_reach_all_modes_and_one_long_step_falls_short() -> None:
    trainer = Trainer(make_config("loss.name=flow_matching"))
    for _ in range(300):
        trainer.step()
    scores = {}
    for steps in (1, 5):
        config = make_config("loss.name=flow_matching", f"loss.steps={steps}")
        scores[steps] = evaluate_metrics(Trainer(config, state=trainer.state), ["modes20", "sliced_w2"])
    near, far = scores[5]["sliced_w2"], scores[1]["sliced_w2"]
    assert scores[5]["modes20"] == 8
    assert near is not None
    assert far is not None
    assert near < 0.35 < 0.45 < far


# Exports -------------------------------------------------------------------------------------------------------------


def test_the_units_code_is_what_an_update_does() -> None:
    trainer = run_small()
    loss = list(trainer.phases())[2]
    weights = trainer.weights("generator")
    before = Trainer(trainer.config)
    scope: dict[str, Any] = {
        **{name: loss.known[name] for name in ("z", "x_real")},
        "torch": torch,
        "draws": draws_for(0, 0, "generator times 0"),
        "generator": lambda read: before.generator(before.weights("generator"), read),
    }
    exec(FLOW.code, scope)
    assert torch.equal(scope["g_loss"], loss.known["g_loss"])
    assert torch.equal(scope["velocity"], loss.known["velocity"])
    scope |= {"generator": lambda read: trainer.generator(weights, read), "steps": 10}
    exec(FLOW.sampling_code, scope)
    torch.testing.assert_close(trainer.source.from_lab(scope["x_fake"]), trainer.generate(loss.known["z"]))


def test_a_notebook_pictures_samples_and_no_velocities() -> None:
    text = write_notebook(make_config(*SMALL), 10, catalog())
    assert "x_fake = draw_samples(500" in text
    assert "def draw_samples(count, draws):" in text


# What is shown and told ----------------------------------------------------------------------------------------------


def test_no_needles_and_no_scores_are_shown_where_none_is_priced() -> None:
    trainer = run_small(3)
    assert probe_layers(trainer, ["gradients", "surface", "predictions", "d_gradients"], SIZES) == {}
    assert set(probe_layers(trainer, ["generated", "warp", "noise"], SIZES)) == {"x_fake", "warp", "warp_noise", "z"}


def test_streams_are_the_ways_of_the_first_samples_in_published_units() -> None:
    trainer = run_small(3, "data.name=gaussians", "loss.steps=4")
    arrays = probe_layers(trainer, ["streams", "generated"], SIZES)
    assert arrays["streams"].shape == (20, 5, 2)
    np.testing.assert_allclose(arrays["streams"][:, -1], arrays["x_fake"], rtol=1e-5)
    noise = trainer.source.from_lab(draw_fixed_latent(trainer, SIZES))
    np.testing.assert_allclose(arrays["streams"][:, 0], noise, rtol=1e-5)
    assert probe_layers(Trainer(make_config("loss.name=mmd")), ["streams"], SIZES) == {}


@pytest.mark.parametrize("data", ["two_bumps", "even"])
def test_a_run_on_the_line_has_ways_and_metrics(data: str) -> None:
    trainer = run_small(3, f"data.name={data}", "latent.dimension=1")
    arrays = probe_layers(trainer, ["streams", "generated", "warp"], SIZES)
    assert arrays["streams"].shape == (20, 11, 1)
    assert arrays["x_fake"].shape == (20, 1)
    assert evaluate_metrics(trainer, ["sliced_w2"])["sliced_w2"] is not None
    before = trainer.state
    for phase in trainer.phases():
        assert inspect_phase(trainer, phase, before)["formula"]
        before = trainer.state
    assert tell_sample(trainer, 3, SIZES)["stages"]


def test_an_averaged_generator_has_ways_of_its_own() -> None:
    trainer = run_small(0, techniques=[{"name": "ema"}])
    arrays = probe_layers(trainer, ["generated", "averaged"], SIZES)
    np.testing.assert_array_equal(arrays["x_averaged"], arrays["x_fake"])
    for _ in range(3):
        trainer.step()
    arrays = probe_layers(trainer, ["generated", "averaged"], SIZES)
    assert not np.allclose(arrays["x_averaged"], arrays["x_fake"])


def test_every_phase_of_velocities_is_told_and_its_price_comes_out() -> None:
    trainer = run_small(2, "data.name=gaussians")
    told, known = tell_phases(trainer)
    check_price(told)
    assert [one["name"] for one in told["sample"]["tensors"]] == ["z", "x_real", "times", "places"]
    assert all(one["what"] for each in told.values() for one in each["tensors"])
    slope = known["velocity_slope"][0]
    assert [told["backward"]["numbers"][f"slope_{i}"] for i in (1, 2)] == pytest.approx(slope.tolist())


def test_what_the_weights_cost_is_told_beside_velocities() -> None:
    trainer = run_small(3, regularizers=[{"name": "historical_averaging", "weight": 1.0}])
    before = trainer.state
    phases = [(phase, inspect_phase(trainer, phase, before)) for phase in trainer.phases()]
    known = phases[2][0].known
    numbers = {name: value or 0.0 for name, value in phases[2][1]["numbers"].items()}
    assert numbers["game"] == pytest.approx(known["per_example"].mean().item(), rel=1e-5)
    assert numbers["loss"] == pytest.approx(numbers["game"] + numbers["historical_averaging_penalty"], rel=1e-4)
    assert numbers["loss"] > numbers["game"]
    look = look_at_generator(trainer, SIZES).known
    assert look["g_loss"] > look["per_example"].mean()


def test_the_lines_of_all_phases_are_an_update() -> None:
    trainer = run_small(2)
    scope, at_rest = build_networks(trainer), Trainer(trainer.config, state=trainer.state)
    told, known = tell_phases(trainer)
    drawn = {name: known[name] for name in ("x_real", "z", "times")}
    codes = [told[name]["code"] for name in ("sample", "generate", "loss")]
    shown = run_lines("\n".join([*codes, "g_loss"]), scope, drawn)
    assert shown.item() == pytest.approx(known["g_loss"].item(), rel=1e-5)
    assert at_rest.state.step == 2


def test_the_story_of_a_sample_is_its_way_from_the_noise() -> None:
    trainer = run_small(3, "data.name=gaussians", "loss.steps=4")
    story = tell_sample(trainer, 3, SIZES)
    assert [stage["key"] for stage in story["stages"]] == ["noise", "sample", "move"]
    assert [story[name] for name in ("logit", "probability", "loss", "needle", "first_order")] == 5 * [None]
    sample = story["stages"][1]
    assert [vector["name"] for vector in sample["vectors"]] == [*(f"step {i}" for i in range(5)), "x"]
    assert sample["vectors"][0]["values"] == story["z"]
    trainer.step()
    assert story["moved"] == pytest.approx(trainer.generate(draw_fixed_latent(trainer, SIZES))[3].tolist(), rel=1e-5)


def test_the_lines_of_a_sample_make_it() -> None:
    trainer = run_small(3, "data.name=gaussians", "loss.steps=4")
    story, scope = tell_sample(trainer, 3, SIZES), build_networks(trainer)
    scope["z"] = draw_fixed_latent(trainer, SIZES)
    assert flatten(run_lines(story["stages"][1]["code"], scope, {})) == pytest.approx(story["point"], rel=1e-4)


def test_nodes_of_a_generator_of_velocities_are_told_and_the_others_refused() -> None:
    trainer = run_small(2)
    for node in ("discriminator", "predictions-real", "predictions-generated", "d-loss", "d-gradients"):
        with pytest.raises(CommandError, match="takes part with the loss"):
            inspect_node(trainer, node, SIZES)
    told = {node: inspect_node(trainer, node, SIZES) for node in ("noise", "generator", "real", "generated", "g-loss")}
    assert all(each["formula"] for each in told.values())
    assert "velocity" in [one["name"] for one in told["generator"]["tensors"]]
    gradients = inspect_node(trainer, "g-gradients", SIZES)
    assert [one["name"] for one in gradients["tensors"]] == ["velocity_slope", "gradient"]


def test_the_monitor_speaks_of_no_discriminator_beside_velocities() -> None:
    monitor = Monitor(make_config("loss.name=flow_matching"))
    assert not monitor.judges
    (verdict,) = monitor.take_failure(5, "generator")
    assert all("iscriminator" not in remedy.label for remedy in verdict.remedies)
