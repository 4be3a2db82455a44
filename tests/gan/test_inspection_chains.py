"""The chain rule of the generator's backward phase, with what techniques and penalties put into it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from latex2mathml.converter import convert
from torch import Tensor

from server.gan.config import RunConfig
from server.gan.inspection import PhaseInspection, inspect_phase
from server.gan.inspection.nodes import inspect_node
from server.gan.phases import Phase
from server.gan.randomness import draws_for
from server.gan.regularizers import REGULARIZERS
from server.gan.techniques.augmentation import augment
from server.gan.trainer import Trainer
from tests.tools.runs import make_config

SMALL = ("generator.width=8", "discriminator.width=6", "batch_size=16", "data.name=gaussians", "g_updates=2")
MODE_SEEKING = [{"name": "mode_seeking", "weight": 0.3}]
COMPANIES: dict[str, list[dict[str, Any]]] = {
    "alone": [],
    "in packs": [{"name": "pacgan", "size": 3}],
    "with the spread": [{"name": "minibatch_stddev"}],
    "blurred": [{"name": "instance_noise"}],
}
P = "technique.ada.p"
AXES = (1, 2)


def walk_backward(config: RunConfig, p: float | None = None) -> Iterator[tuple[Trainer, Phase, PhaseInspection]]:
    """Train two steps, then walk through the generator's backward phases of one in which ADA's p is given."""
    trainer = Trainer(config)
    for _ in range(2):
        trainer.step()
    if p is not None:
        tensors = trainer.state.tensors
        trainer.state = trainer.state._replace(tensors={**tensors, P: torch.full_like(tensors[P], p)})
    before = trainer.state
    for phase in trainer.phases():
        if (phase.player, phase.name) == ("generator", "backward"):
            yield trainer, phase, inspect_phase(trainer, phase, before)
        before = trainer.state


def read(told: PhaseInspection, *names: str) -> Tensor:
    """Read told numbers, none of which may be missing."""
    return torch.tensor([told["numbers"][name] for name in names], dtype=torch.float64)


def read_pair(told: PhaseInspection, name: str) -> Tensor:
    return read(told, *(f"{name}_{axis}" for axis in AXES))


def read_jacobian(told: PhaseInspection) -> Tensor:
    return read(told, "jacobian_11", "jacobian_12", "jacobian_21", "jacobian_22").view(2, 2)


def measure_penalty(trainer: Trainer, phase: Phase) -> Tensor:
    """How the penalty on the generator's samples grows as the first of them moves, by autograd on the unit itself."""
    x_fake = phase.known["x_fake"].detach().double().requires_grad_()
    price = REGULARIZERS["mode_seeking"](phase.known["z"].double(), x_fake, weight=0.3).mean()
    return torch.autograd.grad(price, x_fake)[0][0]


def check_written(told: PhaseInspection) -> None:
    """Every formula can be drawn, and the matrix times the vector, plus what is paid, is what is shown as the slope."""
    for formula in told["formula"]:
        for latex in (formula["latex"], formula["latex_numbers"]):
            assert "<" not in latex
            assert "merror" not in convert(latex)
    (line,) = (formula["latex_numbers"] for formula in told["formula"] if "pmatrix" in formula["latex_numbers"])
    product, result = line.split(" = ")[1:]
    plain = re.sub(r"([-\d.]+) \\times 10\^\{(-?\d+)\}", r"\1e\2", f"{product} = {result}")
    numbers = [float(number) for number in re.findall(r"-?\d[\d.]*(?:e-?\d+)?", plain)]
    matrix, vector = torch.tensor(numbers[:4]).view(2, 2), torch.tensor(numbers[4:6])
    rest = torch.tensor(numbers[6:-2]).view(-1, 2).sum(0)
    torch.testing.assert_close(matrix @ vector + rest, torch.tensor(numbers[-2:]), rtol=5e-3, atol=1e-4)


@pytest.mark.parametrize("regularizers", [[], MODE_SEEKING], ids=["alone", "with a penalty"])
@pytest.mark.parametrize("company", COMPANIES)
def test_behind_an_augmentation_the_told_numbers_are_those_of_the_chain_rule(
    company: str, regularizers: list[dict[str, Any]]
) -> None:
    techniques = [{"name": "ada"}, *COMPANIES[company]]
    turned = 0
    for seed in range(3):
        config = make_config(*SMALL, techniques=techniques, regularizers=regularizers).with_seed(seed)
        for trainer, phase, told in walk_backward(config, p=1.0):
            jacobian, seen = read_jacobian(told), read_pair(told, "seen_slope")
            turned += bool(jacobian[0, 1] != 0 or jacobian[0, 0] < 0)
            paid = measure_penalty(trainer, phase) if regularizers else torch.zeros(2)
            if regularizers:
                torch.testing.assert_close(read_pair(told, "penalty_slope"), paid, rtol=1e-5, atol=1e-7)
            else:
                assert "penalty_slope_1" not in told["numbers"]
            slope = read_pair(told, "slope")
            torch.testing.assert_close(jacobian.T @ seen + paid, slope, rtol=1e-5, atol=1e-7)
            assert slope.tolist() == phase.known["slope"][0].tolist()
            if company in ("alone", "blurred"):
                own = phase.known["fake_logit_gradient"][0].item() * read_pair(told, "score_slope")
                torch.testing.assert_close(own, seen, rtol=1e-5, atol=1e-9)
            labels = {unit.label for unit in trainer.craft if unit.key in ("ada", "instance_noise")}
            (line,) = (one for one in told["formula"] if "pmatrix" in one["latex_numbers"])
            assert all(label in line["meaning"] for label in labels)
            assert (r"\partial P" in line["latex"]) == bool(regularizers)
            check_written(told)
    assert turned >= 2


def test_the_jacobian_is_that_of_the_move_which_this_update_made() -> None:
    config = make_config(*SMALL, techniques=[{"name": "ada"}]).with_seed(4)
    for trainer, phase, told in walk_backward(config, p=1.0):
        step, corners = trainer.state.step, (torch.zeros(2), *torch.eye(2))
        zero, right, up = (
            augment(
                corner.double().expand(16, 2),
                draws_for(4, step, f"generator fake ada {phase.update}"),
                torch.ones(1, 1),
            )[0]
            for corner in corners
        )
        expected = torch.stack((right - zero, up - zero), -1)
        torch.testing.assert_close(read_jacobian(told), expected, rtol=1e-6, atol=1e-7)
        moved = expected @ phase.known["x_fake"][0].detach().double() + zero
        torch.testing.assert_close(moved, phase.known["seen_fake"][0].double(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("techniques", "p"), [([{"name": "ada"}], 0.0), ([{"name": "instance_noise"}], None)])
def test_where_a_point_is_only_put_elsewhere_the_chain_goes_straight_to_it(
    techniques: list[dict[str, Any]], p: float | None
) -> None:
    config = make_config(*SMALL, techniques=techniques, regularizers=MODE_SEEKING)
    for trainer, phase, told in walk_backward(config, p):
        assert "jacobian_11" not in told["numbers"]
        own = phase.known["fake_logit_gradient"][0].item() * read_pair(told, "score_slope")
        paid = read_pair(told, "penalty_slope")
        torch.testing.assert_close(paid, measure_penalty(trainer, phase), rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(own + paid, read_pair(told, "slope"), rtol=1e-5, atol=1e-7)


def test_at_rest_the_points_are_judged_as_they_are() -> None:
    trainer = Trainer(make_config(*SMALL, techniques=[{"name": "ada"}]))
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, P: torch.ones(1)})
    assert "jacobian_11" not in inspect_node(trainer, "g-gradients")["numbers"]


@pytest.mark.parametrize("loss", ["mmd", "energy"])
def test_the_slope_of_a_loss_without_a_discriminator_is_split_from_that_of_the_penalty(loss: str) -> None:
    for trainer, phase, told in walk_backward(make_config(*SMALL, f"loss.name={loss}", regularizers=MODE_SEEKING)):
        x_fake = phase.known["x_fake"].detach().requires_grad_()
        (game,) = torch.autograd.grad(trainer.price_answers(phase.known["x_real"], x_fake).mean(), x_fake)
        parts = read_pair(told, "game_slope"), read_pair(told, "penalty_slope")
        torch.testing.assert_close(parts[0], game[0].double(), rtol=1e-4, atol=1e-7)
        torch.testing.assert_close(parts[1], measure_penalty(trainer, phase), rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(sum(parts), read_pair(told, "slope"), rtol=1e-6, atol=1e-9)
        (line,) = (one for one in told["formula"] if "through no discriminator" in one["meaning"])
        assert r"\frac{\partial P}{\partial u}" in line["latex"]
        assert len(line["latex_numbers"].split(" + ")) == 2


@pytest.mark.parametrize("loss", ["mmd", "energy"])
def test_without_a_penalty_the_slope_of_such_a_loss_is_told_whole(loss: str) -> None:
    for _, _, told in walk_backward(make_config(*SMALL, f"loss.name={loss}")):
        assert not {"game_slope_1", "penalty_slope_1"} & told["numbers"].keys()
        assert any(one["latex"] == r"\frac{\partial L_G}{\partial u}" for one in told["formula"])
