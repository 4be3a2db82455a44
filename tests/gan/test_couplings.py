"""The coupling flow: its maps and their inverses, exact densities, slopes, and runs in which it is learned."""

from functools import partial
from math import log, pi
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from server.errors import CommandError
from server.gan.config import restarts
from server.gan.inspection import inspect_node, inspect_phase, tell_sample
from server.gan.losses import LOSSES
from server.gan.losses.couplings import BOUND, COUPLINGS, CouplingLoss, ask, couple
from server.gan.metrics import evaluate_metrics
from server.gan.monitor.monitor import Monitor
from server.gan.probes import Sizes, draw_fixed_latent, probe_layers
from server.gan.trainer import Trainer
from server.gan.verdicts import compare
from tests.gan.test_inspection_story import build_networks, run_lines
from tests.tools.runs import make_config
from tests.tools.telling import check_price, tell_phases

FLOW = cast(CouplingLoss, LOSSES["coupling_flow"])
SMALL = ("loss.name=coupling_flow", "generator.width=8", "discriminator.width=8", "batch_size=16")
SIZES = Sizes(generated=20, real=30, surface=4, warp=3)


def run_small(steps: int = 0, *assignments: str, **top: Any) -> Trainer:
    trainer = Trainer(make_config(*SMALL, *assignments, **top))
    for _ in range(steps):
        trainer.step()
    return trainer


def answer_in_double(trainer: Trainer, theta: Tensor | None = None) -> partial[Tensor]:
    vector = trainer.state.tensors["generator"].double() if theta is None else theta
    return partial(trainer.generator, trainer.generator.split(vector))


def price(answer: partial[Tensor], points: Tensor) -> Tensor:
    return FLOW.price(points, answer(FLOW.read({"x_real": points}, answer)))


def draw_points(count: int) -> Tensor:
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


# The maps and the density --------------------------------------------------------------------------------------------


def test_a_coupling_stretches_one_coordinate_shifts_it_and_swaps_the_two() -> None:
    places, log_scale = couple(torch.tensor([[3.0, 5.0]]), torch.tensor([[0.5, -1.0]]))
    s = 2 * torch.tanh(torch.tensor(0.25))
    torch.testing.assert_close(places, torch.stack([5 * s.exp() - 1, torch.tensor(3.0)]).unsqueeze(0))
    assert log_scale.item() == pytest.approx(s.item())


@pytest.mark.parametrize("given", [-1e6, 1e6])
def test_however_much_is_answered_the_stretch_is_bounded(given: float) -> None:
    assert couple(torch.ones(1, 2), torch.tensor([[given, 0.0]]))[1].abs().item() <= BOUND


def test_the_network_is_told_which_coupling_asks() -> None:
    asked = ask(torch.tensor([[7.0], [8.0]]), 2)
    assert asked.tolist() == [[7, 0, 0, 1, 0, 0, 0], [8, 0, 0, 1, 0, 0, 0]]


def test_a_flow_that_answers_nothing_is_the_normal_law() -> None:
    points = draw_points(5)
    answers = torch.zeros(5 * COUPLINGS, 2, dtype=torch.float64)
    torch.testing.assert_close(FLOW.price(points, answers), points.square().sum(-1) / 2 + log(2 * pi))
    assert torch.equal(FLOW.follow(lambda read: torch.zeros(len(read), 2).double(), points)[-1], points)


def test_the_way_back_to_the_noise_is_the_way_from_it() -> None:
    trainer = run_small(60, "generator.width=16")
    for dtype in (torch.float64, torch.float32):
        z = draw_points(2000).to(dtype)
        answer = answer_in_double(trainer, trainer.state.tensors["generator"].to(dtype))
        way = FLOW.follow(answer, z)
        assert len(way) == COUPLINGS + 1
        back = way[-1]
        for index in range(COUPLINGS):
            back, _ = couple(back, answer(ask(back[..., :1], index)))
        assert (back - z).abs().max() < 1e-5


def test_the_price_is_minus_the_log_density_by_the_jacobian_of_the_sampler() -> None:
    trainer = run_small(30)
    answer = answer_in_double(trainer)
    z = draw_points(7)
    for one in z:
        noise = one.clone().requires_grad_()
        point = FLOW.follow(answer, noise[None])[-1][0]
        jacobian = torch.stack([torch.autograd.grad(axis, noise, retain_graph=True)[0] for axis in point])
        wanted = one.square().sum() / 2 + log(2 * pi) + torch.linalg.slogdet(jacobian)[1]
        torch.testing.assert_close(price(answer, FLOW.follow(answer, one[None])[-1])[0], wanted)


@pytest.mark.parametrize("steps", [0, 150])
def test_the_density_adds_up_to_one_over_the_plane(steps: int) -> None:
    trainer = run_small(steps, "generator.width=16", "batch_size=128")
    axis = torch.linspace(-10, 10, 401, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        mass = price(answer_in_double(trainer), grid).neg().exp().sum() * 0.05**2
    assert mass.item() == pytest.approx(1, abs=0.02)


def test_slopes_agree_with_finite_differences() -> None:
    trainer = run_small(5, "generator.width=4", "generator.activation=tanh")
    theta, points = trainer.state.tensors["generator"].double(), draw_points(6)

    def mean(vector: Tensor) -> float:
        return price(answer_in_double(trainer, vector), points).mean().item()

    network, answer = trainer.generator, answer_in_double(trainer)
    trace = network.trace(network.split(theta), FLOW.read({"x_real": points}, answer))
    verdict = compare(lambda aims, given: FLOW.price(aims, FLOW.connect(aims, given, answer)), points, trace.outputs)
    gradient = network.parameter_gradient(network.split(theta), trace, verdict.pull()[1])
    assert verdict.per_example.mean().item() == mean(theta)
    for index in range(len(theta)):
        step = torch.zeros_like(theta)
        step[index] = 1e-5
        assert gradient[index].item() == pytest.approx(
            (mean(theta + step) - mean(theta - step)) / 2e-5, abs=1e-6, rel=1e-6
        )


# In runs -------------------------------------------------------------------------------------------------------------


def test_an_update_follows_the_slope_of_the_likelihood_and_draws_no_noise() -> None:
    trainer = run_small(0, "data.name=gaussians")
    theta = trainer.state.tensors["generator"].double().requires_grad_()
    phases = list(trainer.phases())
    assert [phase.name for phase in phases] == ["sample", "generate", "loss", "backward", "update"]
    known = phases[-1].known
    loss = price(answer_in_double(trainer, theta), known["x_real"].double()).mean()
    (wanted,) = torch.autograd.grad(loss, theta)
    torch.testing.assert_close(known["gradient"].double(), wanted, atol=1e-5, rtol=1e-3)
    assert known["g_loss"].item() == pytest.approx(loss.item(), rel=1e-5)
    assert known["coupling"].shape == (6 * 16, 2)
    assert "z" not in known
    assert trainer.state.d_updates == 0


def test_a_flow_begins_a_new_run() -> None:
    assert restarts(make_config(), make_config("loss.name=coupling_flow"))
    assert restarts(make_config("loss.name=flow_matching"), make_config("loss.name=coupling_flow"))


def test_after_a_few_hundred_steps_the_ring_is_likelier_than_under_any_normal_law() -> None:
    trainer = run_small(0, "generator.width=32", "batch_size=128")
    for _ in range(200):
        losses = trainer.step()
    assert losses.generator is not None
    assert float(losses.generator) < 1 + log(2 * pi) + log(2) - 0.3  # that law's cost: the ring's variance is 2
    assert evaluate_metrics(trainer, ["modes20"])["modes20"] == 8


def test_the_monitor_says_nothing_of_a_discriminator_beside_a_flow() -> None:
    assert not Monitor(make_config("loss.name=coupling_flow")).judges


# Exports -------------------------------------------------------------------------------------------------------------


# What is shown and told ----------------------------------------------------------------------------------------------


def test_ways_are_shown_and_neither_needles_nor_scores() -> None:
    trainer = run_small(3, "data.name=gaussians")
    assert probe_layers(trainer, ["gradients", "surface", "predictions", "d_gradients"], SIZES) == {}
    arrays = probe_layers(trainer, ["streams", "generated"], SIZES)
    assert arrays["streams"].shape == (20, COUPLINGS + 1, 2)
    torch.testing.assert_close(torch.from_numpy(arrays["streams"][:, -1]), torch.from_numpy(arrays["x_fake"]))


def test_every_phase_of_a_flow_is_told_and_its_price_comes_out() -> None:
    trainer = run_small(2, "data.name=gaussians")
    told, known = tell_phases(trainer)
    check_price(told)
    first = told["generate"]["numbers"]
    place = couple(known["x_real"][0], known["coupling"][0])[0].tolist()
    assert [first["place_1"], first["place_2"]] == pytest.approx(place)
    slope = known["coupling_slope"][0].tolist()
    assert [told["backward"]["numbers"][f"slope_{i}"] for i in (1, 2)] == pytest.approx(slope)
    assert any(r"\sum_{i=1}^{6 N}" in one["latex"] for one in told["backward"]["formula"])
    assert all(one["what"] for each in told.values() for one in each["tensors"])


def test_the_lines_of_all_phases_of_a_flow_are_an_update() -> None:
    trainer = run_small(2)
    scope = build_networks(trainer)
    told, known = tell_phases(trainer)
    codes = [told[name]["code"] for name in ("sample", "generate", "loss")]
    shown = run_lines("\n".join([*codes, "g_loss"]), scope, {"x_real": known["x_real"]})
    assert shown.item() == pytest.approx(known["g_loss"].item(), rel=1e-5)


def test_the_story_of_a_sample_is_its_way_through_the_couplings() -> None:
    trainer = run_small(3, "data.name=gaussians")
    story = tell_sample(trainer, 3, SIZES)
    assert [stage["key"] for stage in story["stages"]] == ["noise", "sample", "move"]
    assert [story[name] for name in ("logit", "probability", "loss", "needle", "first_order")] == 5 * [None]
    sample = story["stages"][1]
    assert [vector["name"] for vector in sample["vectors"]] == [*(f"step {i}" for i in range(COUPLINGS + 1)), "x"]
    trainer.step()
    assert story["moved"] == pytest.approx(trainer.generate(draw_fixed_latent(trainer, SIZES))[3].tolist(), rel=1e-4)


@pytest.mark.parametrize("node", ["noise", "generator", "real", "generated", "g-loss", "g-gradients"])
def test_every_node_of_a_flow_tells_something_and_no_other_does(node: str) -> None:
    trainer = run_small(2)
    assert inspect_node(trainer, node, SIZES)["formula"]
    with pytest.raises(CommandError, match="discriminator"):
        inspect_node(trainer, "d-loss", SIZES)


def test_what_the_weights_cost_is_told_beside_the_likelihood() -> None:
    trainer = run_small(3, regularizers=[{"name": "historical_averaging", "weight": 1.0}])
    before = trainer.state
    phases = [(phase, inspect_phase(trainer, phase, before)) for phase in trainer.phases()]
    numbers = {name: value or 0.0 for name, value in phases[2][1]["numbers"].items()}
    assert numbers["loss"] == pytest.approx(numbers["game"] + numbers["historical_averaging_penalty"], rel=1e-4)
    assert numbers["loss"] > numbers["game"]
