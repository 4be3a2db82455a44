"""The techniques: each against its definition, at rest and at work, alone and in a stack."""

from typing import Any

import pytest
import torch
from torch import Tensor

from server.gan.config import RunConfig, check_config
from server.gan.networks import Network
from server.gan.probes import probe_layers
from server.gan.randomness import draws_for
from server.gan.state import RunState
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.base import SamplingTechnique, WeightTechnique
from server.gan.trainer import Trainer
from server.protocol.frames import LAYER_ARRAYS
from tests.tools.runs import catalog, make_config, serve_needs

TRAINING = [unit.key for unit in TECHNIQUES.values() if not isinstance(unit, SamplingTechnique)]
SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
WEIGHTS = [unit for unit in TECHNIQUES.values() if isinstance(unit, WeightTechnique)]


QUICK: dict[str, dict[str, float]] = {"ada": {"kimg": 0.1, "target": -1.0}, "retraining": {"k": 5}}
"""Numbers with which a technique does something in a few steps."""


def config_with(*units: dict[str, object], regularizers: tuple[dict[str, object], ...] = ()) -> RunConfig:
    needs = serve_needs(*(TECHNIQUES[str(unit["name"])] for unit in units))
    plain = make_config(*SMALL, *needs).to_json()
    return check_config({**plain, "techniques": list(units), "regularizers": list(regularizers)}, catalog())


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def networks(trainer: Trainer) -> tuple[Tensor, Tensor]:
    return trainer.state.tensors["generator"], trainer.state.tensors["discriminator"]


@pytest.mark.parametrize("key", list(TECHNIQUES))
def test_every_technique_trains_the_same_in_a_stack(key: str) -> None:
    config = config_with({"name": key})
    alone = networks(train(Trainer(config.with_seed(3)), 6))
    stack = networks(train(Trainer([config.with_seed(seed) for seed in range(8)]), 6))
    for one, many in zip(alone, stack, strict=True):
        torch.testing.assert_close(many[3], one, atol=1e-4, rtol=0)


@pytest.mark.parametrize("key", [key for key in TRAINING if key != "ema"])
def test_every_technique_changes_the_run(key: str) -> None:
    with_it = config_with({"name": key, **QUICK.get(key, {})})
    without = make_config(*SMALL, *serve_needs(TECHNIQUES[key]))
    plain, other = (networks(train(Trainer(config), 24)) for config in (without, with_it))
    assert not torch.equal(plain[0], other[0])


@pytest.mark.parametrize("key", list(TECHNIQUES))
def test_with_every_technique_phases_by_hand_looks_and_a_saved_state_change_nothing(key: str) -> None:
    beside: tuple[dict[str, object], ...] = () if "r1" in TECHNIQUES[key].apart else ({"name": "r1"},)
    config = config_with({"name": key}, regularizers=beside)
    whole, by_hand = train(Trainer(config), 7), Trainer(config)
    for step in range(7):
        for _ in by_hand.phases():
            probe_layers(by_hand, LAYER_ARRAYS)
        if step == 3:
            by_hand = Trainer(config, state=RunState.unpack(by_hand.state.pack()))
    assert by_hand.state.tensors.keys() == whole.state.tensors.keys()
    for name, tensor in whole.state.tensors.items():
        assert torch.equal(tensor, by_hand.state.tensors[name]), name


def test_runs_of_a_stack_may_have_their_own_numbers() -> None:
    gentle, strong = (config_with({"name": "instance_noise", "sigma": sigma}) for sigma in (0.1, 2.0))
    stack = train(Trainer([gentle, strong]), 4).state.tensors["discriminator"]
    for run, config in enumerate((gentle, strong)):
        alone = train(Trainer(config), 4).state.tensors["discriminator"]
        torch.testing.assert_close(stack[run], alone, atol=1e-4, rtol=0)


# Spectral normalization -----------------------------------------------------------------------------------------------


def largest_singular_values(network: Network, parts: list[Tensor]) -> list[float]:
    return [torch.linalg.svdvals(weight)[0].item() for weight in parts[::2]]


def test_spectral_norm_divides_every_layer_by_its_largest_singular_value() -> None:
    trainer = train(Trainer(config_with({"name": "spectral_norm"})), 50)
    raw = trainer.discriminator.split(trainer.state.tensors["discriminator"])
    used = trainer.weights("discriminator")
    expected = largest_singular_values(trainer.discriminator, raw)
    for layer, sigma in enumerate(expected):
        torch.testing.assert_close(used[2 * layer] * sigma, raw[2 * layer], rtol=2e-2, atol=1e-5)
        assert torch.equal(used[2 * layer + 1], raw[2 * layer + 1])


def test_after_fifty_iterations_the_estimate_is_exact() -> None:
    unit = WEIGHTS[0]
    network = Network.build(make_config().discriminator, 2, 1)
    vector = network.draw_parameters(draws_for(5, 0, "weights"))
    assert unit.begin
    slots = unit.begin(network, vector, draws_for(5, 0, "start"))
    assert unit.renew
    for _ in range(50):
        slots = unit.renew(network, vector, slots)
    used = network.split(unit(network, vector, slots))
    for sigma in largest_singular_values(network, used):
        assert sigma == pytest.approx(1, abs=1e-3)


def test_no_score_is_steeper_than_one_a_unit() -> None:
    trainer = train(Trainer(config_with({"name": "spectral_norm"})), 200)
    generator = torch.Generator().manual_seed(0)
    a, b = (6 * torch.rand(10_000, 2, generator=generator) - 3 for _ in range(2))
    weights = trainer.weights("discriminator")
    gap = (trainer.discriminator(weights, a) - trainer.discriminator(weights, b)).abs().squeeze(-1)
    assert (gap / (a - b).norm(dim=-1)).max() <= 1.02


def test_spectral_norm_agrees_with_pytorchs_own() -> None:
    unit = WEIGHTS[0]
    network = Network.build(make_config(*SMALL).discriminator, 2, 1)
    vector = network.draw_parameters(draws_for(1, 0, "weights"))
    assert unit.begin
    slots = unit.begin(network, vector, draws_for(1, 0, "start"))
    leaf = vector.clone().requires_grad_()
    x = torch.randn(32, 2, generator=torch.Generator().manual_seed(0))
    ours = network(network.split(unit(network, leaf, slots)), x).mean()
    (gradient,) = torch.autograd.grad(ours, leaf)
    # A parametrized layer has attributes that its type does not tell.
    layers: list[Any] = [torch.nn.Linear(i, o) for i, o in zip(network.sizes[:-1], network.sizes[1:], strict=True)]
    starts = torch.split_with_sizes(slots["u"], list(network.sizes[1:]))
    for layer, weight, bias, u in zip(
        layers, network.split(vector)[::2], network.split(vector)[1::2], starts, strict=True
    ):
        layer.weight.data, layer.bias.data = weight.T.clone(), bias.clone()
        torch.nn.utils.parametrizations.spectral_norm(layer).eval()  # no iteration: the same directions as ours
        norm = layer.parametrizations.weight[0]
        norm._u.copy_(u)
        norm._v.copy_(torch.nn.functional.normalize(weight @ u, dim=0))
    hidden = x
    for layer in layers[:-1]:
        hidden = torch.relu(layer(hidden))
    theirs = layers[-1](hidden).mean()
    torch.testing.assert_close(ours, theirs)
    originals = [p for layer in layers for p in (layer.parametrizations.weight.original, layer.bias)]
    slopes = torch.autograd.grad(theirs, originals)
    torch.testing.assert_close(
        gradient, torch.cat([s.T.reshape(-1) if s.dim() > 1 else s for s in slopes]), atol=1e-6, rtol=1e-4
    )


def test_the_gradient_of_a_normalised_discriminator_is_that_of_its_trained_weights() -> None:
    trainer = train(Trainer(config_with({"name": "spectral_norm"}, regularizers=({"name": "r1", "gamma": 1.0},))), 3)
    known = {phase.name: phase for phase in trainer.phases("discriminator")}["backward"].known
    before = train(Trainer(config_with({"name": "spectral_norm"}, regularizers=({"name": "r1", "gamma": 1.0},))), 3)
    first = next(iter(before.phases("discriminator")))
    assert torch.equal(first.tensors["x_real"], known["x_real"])
    tensors = before.state.tensors  # its directions are renewed by now
    leaf = tensors["discriminator"].clone().requires_grad_()
    parts = before.discriminator.split(before.craft.shape("discriminator", leaf, tensors))
    x_real = known["x_real"].clone().requires_grad_()
    score = before.discriminator(parts, x_real).squeeze(-1)
    (slope,) = torch.autograd.grad(score.sum(), x_real, create_graph=True)
    fake = before.discriminator(parts, known["x_fake"]).squeeze(-1)
    softplus = torch.nn.functional.softplus
    loss = softplus(-score).mean() + softplus(fake).mean() + 0.5 * slope.square().sum(-1).mean()
    (gradient,) = torch.autograd.grad(loss, leaf)
    torch.testing.assert_close(known["gradient"], gradient, atol=1e-6, rtol=1e-4)


def test_a_move_of_the_trained_weights_is_carried_to_those_that_are_used() -> None:
    trainer = train(Trainer(config_with({"name": "spectral_norm"})), 3)
    tensors, generator = trainer.state.tensors, torch.Generator().manual_seed(0)
    direction = torch.randn(tensors["discriminator"].shape, generator=generator)
    step = 1e-3
    ends = [
        trainer.craft.shape("discriminator", tensors["discriminator"] + sign * step * direction, tensors)
        for sign in (1, -1)
    ]
    expected = (ends[0] - ends[1]) / (2 * step)
    torch.testing.assert_close(trainer.push_to_weights("discriminator", direction), expected, atol=2e-2, rtol=1e-2)


# The others -----------------------------------------------------------------------------------------------------------


def test_instance_noise_fades_in_a_straight_line_and_is_the_same_for_both_sorts() -> None:
    trainer = Trainer(config_with({"name": "instance_noise", "sigma": 1.0, "steps": 4}))
    spreads = []
    for _ in range(5):
        known = {phase.name: phase for phase in trainer.phases("discriminator")}["classify"].known
        noise = torch.cat([known[f"seen_{sort}"] - known[f"x_{sort}"] for sort in ("real", "fake")])
        spreads.append(noise.std().item())
    assert spreads == pytest.approx([1, 0.75, 0.5, 0.25, 0], abs=0.25)
    assert spreads[-1] == 0
    assert not torch.equal(known["seen_real"], torch.zeros(16, 2))


def test_the_generator_learns_from_the_blurred_score() -> None:
    trainer = Trainer(config_with({"name": "instance_noise", "sigma": 1.0}))
    known = list(trainer.phases("generator"))[-1].known
    weights = trainer.weights("discriminator")
    seen = known["seen_fake"].clone().requires_grad_()
    logits = trainer.discriminator(weights, seen).squeeze(-1)
    torch.testing.assert_close(known["fake_logits"].detach(), logits.detach())
    (slope,) = torch.autograd.grad(torch.nn.functional.softplus(-logits).mean(), seen)
    torch.testing.assert_close(known["slope"], slope)


def test_the_average_of_the_generator_is_the_running_mean_and_leaves_training_alone() -> None:
    trainer, plain = Trainer(config_with({"name": "ema", "beta": 0.9})), Trainer(make_config(*SMALL))
    mean = trainer.state.tensors["generator"]
    for _ in range(5):
        trainer.step()
        plain.step()
        mean = 0.9 * mean + 0.1 * trainer.state.tensors["generator"]
    torch.testing.assert_close(trainer.state.tensors["technique.ema.generator"], mean)
    assert torch.equal(trainer.state.tensors["generator"], plain.state.tensors["generator"])


def test_lookahead_pulls_both_players_back_at_the_same_moment() -> None:
    trainer, plain = Trainer(config_with({"name": "lookahead", "k": 3, "alpha": 0.5})), Trainer(make_config(*SMALL))
    start = networks(trainer)
    train(trainer, 2), train(plain, 2)
    assert all(torch.equal(a, b) for a, b in zip(networks(trainer), networks(plain), strict=True))
    train(trainer, 1), train(plain, 1)
    for moved, fast, slow in zip(networks(trainer), networks(plain), start, strict=True):
        torch.testing.assert_close(moved, slow + 0.5 * (fast - slow))


def test_in_simultaneous_updates_the_generator_learns_from_the_discriminator_before_the_step() -> None:
    trainer, alternating = Trainer(config_with({"name": "simultaneous"})), Trainer(make_config(*SMALL))
    before = trainer.weights("discriminator")
    known = list(trainer.phases())[-1].known
    torch.testing.assert_close(
        known["fake_logits"].detach(), trainer.discriminator(before, known["x_fake"]).squeeze(-1)
    )
    other = list(alternating.phases())[-1].known
    assert not torch.equal(known["fake_logits"], other["fake_logits"])
    assert torch.equal(trainer.state.tensors["discriminator"], alternating.state.tensors["discriminator"])


def test_a_technique_is_switched_on_and_off_while_a_run_trains() -> None:
    trainer = train(Trainer(make_config(*SMALL)), 3)
    trainer.configure(config_with({"name": "spectral_norm"}, {"name": "ema"}))
    train(trainer, 2)
    assert {"technique.spectral_norm.u", "technique.ema.generator"} <= trainer.state.tensors.keys()
    trainer.configure(make_config(*SMALL))
    train(trainer, 1)
    assert not [name for name in trainer.state.tensors if name.startswith("technique.")]
