"""The code of every unit, executed as it stands, is the unit: each kind is run beside its function."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from server.gan.activations import ACTIVATIONS
from server.gan.catalog import REGISTRIES
from server.gan.datasets import DATASETS
from server.gan.initialisation import INITS
from server.gan.latents import LATENTS
from server.gan.losses import LOSSES
from server.gan.optimizers import OPTIMIZERS, start_slots
from server.gan.randomness import draws_for
from server.gan.registry import Choice, Number, Unit
from tests.tools.runs import GAMES, catalog

COUNT = 500
LONGEST_LINE = 80
"""An exported script's lines have 88 characters, and the code stands inside other blocks."""
LOOKS = ("metrics", "symptoms")
"""Kinds that look at a run and are no part of it."""


def execute(code: str, **names: Any) -> dict[str, Any]:
    """Execute the code among the names that it may use, and give what is there afterwards."""
    there = {"torch": torch, "nn": nn, "F": functional, "np": np, "math": math, **names}
    exec(code, there)
    return there


def value_sets(unit: Unit[Any]) -> list[dict[str, Any]]:
    """The values of a unit's parameters: the defaults, and others in range."""
    defaults = {parameter.key: parameter.default for parameter in unit.parameters}
    moved = {p.key: 0.7 * p.default + 0.3 * p.minimum for p in unit.parameters if isinstance(p, Number)}
    chosen = [{p.key: option} for p in unit.parameters if isinstance(p, Choice) for option in p.options]
    return [defaults, defaults | moved, *(defaults | choice for choice in chosen if choice.items() - defaults.items())]


def agree(ours: Tensor, theirs: Tensor) -> None:
    """Raise where the two differ by more than the last digits of single precision."""
    torch.testing.assert_close(theirs, ours, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "key"), [(kind, key) for kind in REGISTRIES if kind not in LOOKS for key in REGISTRIES[kind]]
)
def test_every_unit_that_a_run_is_made_of_has_code_that_fits_a_line(kind: str, key: str) -> None:
    code = REGISTRIES[kind][key].code
    assert code
    assert code == code.strip()
    assert max(map(len, code.splitlines())) <= LONGEST_LINE
    assert [unit["code"] for unit in catalog()[kind] if unit["key"] == key] == [code]


@pytest.mark.parametrize("key", GAMES)
def test_a_losss_code_gives_both_means(key: str) -> None:
    real_logits, fake_logits = 4 * draws_for(0, 0, "logits").normal(2, COUNT)
    made = execute(LOSSES[key].code, real_logits=real_logits, fake_logits=fake_logits)
    loss = LOSSES[key](real_logits, fake_logits)
    agree(loss.discriminator.mean(), made["d_loss"])
    agree(loss.generator.mean(), made["g_loss"])


@pytest.mark.parametrize(
    ("key", "values"), [(unit.key, values) for unit in OPTIMIZERS.values() for values in value_sets(unit)]
)
def test_an_optimizers_code_walks_the_same_way(key: str, values: Mapping[str, float]) -> None:
    theta = torch.linspace(-1, 1, 12)
    parameter = theta.clone().requires_grad_()
    optimizer = execute(OPTIMIZERS[key].code, parameters=[parameter], **values)["optimizer"]
    slots: Mapping[str, Tensor] = start_slots(OPTIMIZERS[key], theta)
    for step in range(1, 21):
        slope = torch.cos(3 * theta + step) + theta
        parameter.grad = torch.cos(3 * parameter.detach() + step) + parameter.detach()
        optimizer.step()
        change, slots = OPTIMIZERS[key](slope, slots, step, **values)
        theta = theta + change
        agree(theta, parameter.detach())


@pytest.mark.parametrize(
    ("key", "values"), [(unit.key, values) for unit in OPTIMIZERS.values() for values in value_sets(unit)]
)
def test_an_optimizers_arithmetic_is_its_step_to_the_last_digit(key: str, values: Mapping[str, float]) -> None:
    unit = OPTIMIZERS[key]
    slots: Mapping[str, Tensor] = start_slots(unit, torch.zeros(COUNT))
    for step in range(1, 6):
        gradient = draws_for(step, 0, "gradient").normal(COUNT)
        made = execute(unit.arithmetic, gradient=gradient, step=step, **slots, **values)
        change, slots = unit(gradient, slots, step, **values)
        assert torch.equal(change, made["change"])
        assert all(torch.equal(slots[name], made[name]) for name in unit.slots)


@pytest.mark.parametrize("key", ACTIVATIONS)
def test_an_activations_code_is_a_module_that_answers_the_same(key: str) -> None:
    h = torch.linspace(-6, 6, COUNT)
    agree(ACTIVATIONS[key](h), execute(ACTIVATIONS[key].code)["activation"](h))


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("shape", [(1, 9), (9, 9), (9, 4)])
@pytest.mark.parametrize("key", INITS)
def test_an_initialisations_code_draws_the_same_weights(key: str, shape: tuple[int, int], first: bool) -> None:
    draws = draws_for(7, 0, "starting generator")
    made = execute(INITS[key].code, inputs=shape[0], outputs=shape[1], draws=draws, first=first)
    weight, bias = INITS[key](*shape, draws_for(7, 0, "starting generator"), first)
    assert torch.equal(weight, made["weight"])
    assert torch.equal(bias, made["bias"])


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("shape", [(1, 90), (50, 50), (90, 2)])
@pytest.mark.parametrize("key", INITS)
def test_an_initialisations_lines_for_a_layer_follow_the_same_law(
    key: str, shape: tuple[int, int], first: bool
) -> None:
    layer, moments = nn.Linear(*shape), []
    for seed in range(200):
        torch.manual_seed(seed)
        layer.reset_parameters()
        with torch.no_grad():
            execute(INITS[key].layer_code, layer=layer, first=first)
        ours = INITS[key](*shape, draws_for(seed, 0, "layer"), first)
        theirs = (layer.weight.detach().T, layer.bias.detach())
        moments.append([measure_law(*parts) for parts in (ours, theirs)])
    ours_all, theirs_all = torch.tensor(moments).mean(0)
    torch.testing.assert_close(theirs_all, ours_all, atol=0.01, rtol=0.05)


def measure_law(weight: Tensor, bias: Tensor) -> list[float]:
    """The spread of weights and biases, the largest weight, and how far the layer stretches at most."""
    stretch = torch.linalg.matrix_norm(weight, 2)
    return [value.item() for value in (weight.square().mean(), bias.square().mean(), weight.abs().max(), stretch)]


@pytest.mark.parametrize("key", LATENTS)
def test_a_latents_code_draws_the_same_noise(key: str) -> None:
    latent, whole = LATENTS[key], [p.key for p in LATENTS[key].parameters if isinstance(p, Number) and p.integer]
    numbers = value_sets(latent)[-1] | {"dimension": 3}
    numbers |= {name: int(numbers[name]) for name in whole}
    once = execute(latent.points_code, draws=draws_for(7, 0, "points"), **numbers)
    made = execute(latent.code, **{**once, "draws": draws_for(7, 3, "noise")}, count=COUNT)
    law: dict[str, Any] = {name: value for name, value in numbers.items() if name != "dimension"}
    if latent.points:
        law = {"points": latent.points(3, draws_for(7, 0, "points"), **law)}
    agree(latent(COUNT, 3, draws_for(7, 3, "noise"), **law), made["z"])


@pytest.mark.parametrize(
    ("key", "values"), [(unit.key, values) for unit in DATASETS.values() for values in value_sets(unit)]
)
def test_a_data_sets_code_draws_the_same_points_and_finds_the_same_box(key: str, values: Mapping[str, Any]) -> None:
    data, box = DATASETS[key], DATASETS[key].box(values)
    made = execute(data.code, draws=draws_for(7, 3, "data"), count=COUNT, **values)
    agree(data(COUNT, draws_for(7, 3, "data"), **values), made["x_real"])
    if data.fit_box:
        found = execute(data.box_code, **values)
        assert found["centre"] == pytest.approx(box.centre, abs=1e-9)
        assert found["half_extent"] == pytest.approx(box.half_extent, rel=1e-9)
