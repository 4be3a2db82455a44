"""What is paid for the discriminator's last hidden layer: closed forms, independent sums, and in runs."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.export.script import write_script
from server.gan.inspection import inspect_phase
from server.gan.inspection.looks import look_at_generator
from server.gan.probes import Sizes
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script, train
from tests.tools.latex import evaluate_latex
from tests.tools.runs import catalog, make_config
from tests.tools.textbook import ACTIVATIONS

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
MATCHING = {"name": "feature_matching", "weight": 0.5}


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def match(real: Tensor, fake: Tensor, weight: float = 1.0) -> Tensor:
    return REGULARIZERS["feature_matching"](real, fake, weight=weight)


def read_features(trainer: Trainer, points: Tensor) -> Tensor:
    """The last hidden layer of a default discriminator, by hand: two hidden layers, in the order W (I, O), b (O)."""
    first, bias, second, other, _, _ = trainer.discriminator.split(trainer.state.tensors["discriminator"])
    relu = ACTIVATIONS["relu"]
    return relu(relu(points @ first + bias) @ second + other)


def test_the_means_are_matched_and_not_the_samples() -> None:
    real, fake = torch.tensor([[1.0, 5.0], [3.0, 1.0]]), torch.tensor([[0.0, 0.0], [2.0, 2.0]])
    assert match(real, fake, 3.0).tolist() == [3 * (1.0 + 4.0)]
    swapped = torch.tensor([[3.0, 1.0], [1.0, 5.0]])
    assert match(real, swapped).tolist() == [0.0]  # sample by sample they are apart


def test_its_slope_is_the_gap_shared_out_among_the_samples() -> None:
    real, fake = draw(5, 3), draw(4, 3).requires_grad_()
    (slope,) = torch.autograd.grad(match(real, fake, 0.7).sum(), fake)
    expected = 2 * 0.7 * (fake.mean(0) - real.mean(0)) / 4
    torch.testing.assert_close(slope, expected.detach().expand(4, 3))


@pytest.mark.parametrize("loss", ["non_saturating", "rpgan", "ragan"])
def test_the_generators_loss_and_gradient_hold_what_the_features_cost(loss: str) -> None:
    config = make_config(*SMALL, f"loss.name={loss}", regularizers=[MATCHING])
    trainer, plain = Trainer(config), Trainer(make_config(*SMALL, f"loss.name={loss}"))
    theta = trainer.state.tensors["generator"].clone().requires_grad_()
    known = list(trainer.phases("generator"))[-1].known
    without = list(plain.phases("generator"))[-1].known
    x_fake = trainer.generator(trainer.generator.split(theta), known["z"])
    gap = read_features(trainer, known["x_real"]).mean(0) - read_features(trainer, x_fake).mean(0)
    cost = 0.5 * gap.square().sum()
    torch.testing.assert_close(known["feature_matching_penalty"], cost.detach().view(1))
    torch.testing.assert_close(known["g_loss"], without["g_loss"] + cost.detach())
    (slope,) = torch.autograd.grad(cost, theta)
    torch.testing.assert_close(known["gradient"], without["gradient"] + slope, atol=1e-5, rtol=1e-4)


def test_matching_features_costs_the_discriminator_nothing() -> None:
    trainer, plain = Trainer(make_config(*SMALL, regularizers=[MATCHING])), Trainer(make_config(*SMALL))
    for each in (trainer, plain):
        each.step("discriminator")
    assert torch.equal(trainer.state.tensors["discriminator"], plain.state.tensors["discriminator"])


def test_the_features_are_those_of_the_discriminator_that_the_generator_learns_from() -> None:
    config = make_config(*SMALL, regularizers=[MATCHING], techniques=[{"name": "simultaneous"}])
    trainer = Trainer(config)
    before = Trainer(config)
    known = list(trainer.phases())[-1].known
    gap = read_features(before, known["x_real"]).mean(0) - read_features(before, known["x_fake"]).mean(0)
    torch.testing.assert_close(known["feature_matching_penalty"], 0.5 * gap.square().sum().view(1))


def test_the_features_are_of_the_points_as_the_discriminator_sees_them() -> None:
    trainer = Trainer(make_config(*SMALL, regularizers=[MATCHING], techniques=[{"name": "instance_noise"}]))
    known = list(trainer.phases("generator"))[-1].known
    gap = read_features(trainer, known["seen_real"]).mean(0) - read_features(trainer, known["seen_fake"]).mean(0)
    assert not torch.equal(known["seen_real"], known["x_real"])
    torch.testing.assert_close(known["feature_matching_penalty"], 0.5 * gap.square().sum().view(1))


@pytest.mark.parametrize("key", ["feature_matching"])
def test_a_discriminator_without_a_hidden_layer_is_refused_in_words(key: str) -> None:
    with pytest.raises(ConfigError, match=r"goes with a discriminator of 1 hidden layer or more, not with 0: it looks"):
        make_config("discriminator.hidden_layers=0", regularizers=[{"name": key}])


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"techniques": [{"name": "instance_noise"}]},
        {"techniques": [{"name": "pacgan", "size": 3}, {"name": "simultaneous"}], "loss": {"name": "rpgan"}},
        {"techniques": [{"name": "spectral_norm"}, {"name": "minibatch_stddev"}]},
    ],
)
@pytest.mark.parametrize("unit", [MATCHING], ids=lambda unit: unit["name"])
def test_an_exported_run_pays_for_features_too(unit: dict[str, Any], others: dict[str, Any], tmp_path: Path) -> None:
    config = make_config(*SMALL, **{"regularizers": [unit, {"name": "mode_seeking"}], "g_updates": 2, **others})
    there = run_script(write_script(config, 30, catalog()), tmp_path)
    here = train(Trainer(config), 30)
    torch.testing.assert_close(torch.tensor(there), torch.tensor(here), atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("techniques", [[], [{"name": "ada"}, {"name": "pacgan"}]])
@pytest.mark.parametrize("unit", [MATCHING], ids=lambda unit: unit["name"])
def test_what_features_cost_is_told_and_adds_up(unit: dict[str, Any], techniques: list[dict[str, Any]]) -> None:
    trainer = Trainer(make_config(*SMALL, regularizers=[unit], techniques=techniques))
    before, told = trainer.state, {}
    for phase in trainer.phases("generator"):
        told[phase.name] = inspect_phase(trainer, phase, before)
        assert json.loads(json.dumps(told[phase.name], allow_nan=False)) == told[phase.name]
        before = trainer.state
    _, parts, result = told["loss"]["formula"][-1]["latex_numbers"].split(" = ")
    assert evaluate_latex(parts) == pytest.approx(evaluate_latex(result), rel=1e-3)
    plain = list(Trainer(make_config(*SMALL, techniques=techniques)).phases("generator"))[-1].known
    added = (phase.known["slope"] - plain["slope"])[0].tolist()
    slopes = [told["backward"]["numbers"][f"penalty_slope_{axis}"] for axis in (1, 2)]
    assert slopes == pytest.approx(added, rel=1e-3, abs=1e-6)
    assert "g_loss = g_loss + penalty.mean()" in told["loss"]["code"]
    known = look_at_generator(trainer, Sizes(generated=20)).known
    paid = known[f"{unit['name']}_penalty"].mean()
    torch.testing.assert_close(known["g_loss"], known["per_example"].mean() + paid)


@pytest.mark.parametrize("unit", [MATCHING], ids=lambda unit: unit["name"])
def test_a_run_that_pays_for_features_goes_back_and_on_as_it_did(unit: dict[str, Any]) -> None:
    config = make_config(*SMALL, regularizers=[unit], techniques=[{"name": "ada"}])
    trainer = Trainer(config)
    train(trainer, 3)
    again = Trainer(config, state=RunState.unpack(trainer.state.pack()))
    assert train(trainer, 3) == train(again, 3)
    assert all(torch.equal(again.state.tensors[name], held) for name, held in trainer.state.tensors.items())
