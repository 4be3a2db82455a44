"""Weight normalization and the equalized learning rate: other numbers are trained than a network computes with."""

from math import sqrt
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from server.errors import ConfigError
from server.gan.config import RunConfig, check_config, restarts
from server.gan.export.script import write_script
from server.gan.inspection import inspect_node
from server.gan.inspection.summaries import measure_layers
from server.gan.inspection.updates import find_place
from server.gan.model_file import build_model, read_model, write_model
from server.gan.networks import Network
from server.gan.phases import Learner
from server.gan.probes import probe_layers
from server.gan.randomness import draws_for
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.base import BatchTechnique, Reparametrisation
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script
from tests.gan.test_export import train as list_losses
from tests.tools.runs import catalog, make_config

UNITS = {
    unit.key: unit
    for unit in TECHNIQUES.values()
    if isinstance(unit, Reparametrisation) and not isinstance(unit, BatchTechnique)
}
"""Those that concern either player; what depends on a batch has tests of its own."""
PLAYERS: tuple[Learner, ...] = ("generator", "discriminator")
SMALL = ("generator.width=5", "discriminator.width=6", "batch_size=16", "discriminator.activation=tanh")
every_unit = pytest.mark.parametrize("key", list(UNITS))


def config_with(key: str, network: str = "both", **others: Any) -> RunConfig:
    plain = {**make_config(*SMALL).to_json(), "techniques": [{"name": key, "network": network}], **others}
    return check_config(plain, catalog())


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def build_network(key: str, layers: int = 2) -> tuple[Network, Tensor]:
    """A discriminator that the technique builds, and what it trains at first, in double precision."""
    config = config_with(key, discriminator={"hidden_layers": layers, "width": 6, "activation": "tanh"})
    network = Network.build(config.discriminator, 2, 1)
    return network, UNITS[key].first(network, network.draw_parameters(draws_for(4, 0, "weights")).double())


@every_unit
def test_a_network_begins_with_the_weights_that_were_drawn_for_it(key: str) -> None:
    plain = Trainer(make_config(*SMALL))
    for network in (*PLAYERS, "both"):
        trainer = Trainer(config_with(key, network))
        for player in PLAYERS:
            for part, drawn in zip(trainer.weights(player), plain.weights(player), strict=True):
                torch.testing.assert_close(part, drawn, atol=1e-6, rtol=1e-6)


@every_unit
@pytest.mark.parametrize("network", PLAYERS)
def test_only_the_chosen_network_trains_other_numbers(key: str, network: Learner) -> None:
    trainer, plain = Trainer(config_with(key, network)), Trainer(make_config(*SMALL))
    changed = [name for name in PLAYERS if not torch.equal(trainer.state.tensors[name], plain.state.tensors[name])]
    assert changed == [network]


def test_a_neurons_weights_are_as_long_as_its_scale() -> None:
    trainer = train(Trainer(config_with("weight_norm")), 20)
    for player in PLAYERS:
        network, vector = getattr(trainer, player), trainer.state.tensors[player]
        raw, scales = network.split(vector), network.split_scales(vector)
        assert len(scales) == 3
        for layer, (weight, scale) in enumerate(zip(trainer.weights(player)[::2], scales, strict=True)):
            torch.testing.assert_close(weight.norm(dim=-2), scale.abs())
            assert not torch.allclose(raw[2 * layer], weight)
            torch.testing.assert_close(trainer.weights(player)[2 * layer + 1], raw[2 * layer + 1])


def test_weight_norm_has_the_slopes_of_the_paper() -> None:
    """Salimans and Kingma, equation 3: dL/dg = dL/dw . v / |v|, and dL/dv = g / |v| (dL/dw - dL/dg v / |v|)."""
    network, vector = build_network("weight_norm")
    vector += 0.3 * torch.randn(vector.shape, generator=torch.Generator().manual_seed(1), dtype=vector.dtype)
    used = UNITS["weight_norm"](network, vector.requires_grad_(), {})
    upstream = torch.randn(used.shape, generator=torch.Generator().manual_seed(2), dtype=used.dtype)
    (gradient,) = torch.autograd.grad(used, vector, upstream)
    raw, slopes, found = network.split(vector), network.split(upstream), network.split(gradient)
    scales = zip(network.split_scales(vector), network.split_scales(gradient), strict=True)
    for layer, (g, g_slope) in enumerate(scales):
        v, slope = raw[2 * layer], slopes[2 * layer]
        length = v.square().sum(0).sqrt()
        expected = (slope * v).sum(0) / length
        torch.testing.assert_close(g_slope, expected)
        torch.testing.assert_close(found[2 * layer], g / length * (slope - expected * v / length))
        torch.testing.assert_close(found[2 * layer + 1], slopes[2 * layer + 1])


def test_weight_norm_agrees_with_pytorchs_own() -> None:
    network, vector = build_network("weight_norm")
    leaf = vector.clone().requires_grad_()
    x = torch.randn(32, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ours = network(network.split(UNITS["weight_norm"](network, leaf, {})), x).mean()
    (gradient,) = torch.autograd.grad(ours, leaf)
    hidden, slopes = x, []
    raw = network.split(vector)
    layers: list[Any] = []  # a parametrized layer has attributes that its type does not tell
    for weight, bias in zip(raw[::2], raw[1::2], strict=True):
        layer = nn.Linear(*weight.shape).double()
        layer.weight.data, layer.bias.data = weight.T.clone(), bias.clone()
        layers.append(nn.utils.parametrizations.weight_norm(layer))
        hidden = layers[-1](torch.tanh(hidden) if len(layers) > 1 else hidden)
    theirs = hidden.mean()
    torch.testing.assert_close(ours, theirs)
    for layer in layers:
        g, v = layer.parametrizations.weight.original0, layer.parametrizations.weight.original1
        slopes.append(torch.autograd.grad(theirs, (v, layer.bias, g), retain_graph=True))
    parts = network.split(gradient)
    found = zip(parts[::2], parts[1::2], network.split_scales(gradient), strict=True)
    for (v_slope, bias_slope, g_slope), (direction, bias, scale) in zip(slopes, found, strict=True):
        torch.testing.assert_close(direction, v_slope.T)
        torch.testing.assert_close(bias, bias_slope)
        torch.testing.assert_close(scale, g_slope.reshape(-1))


@pytest.mark.parametrize(("width", "latent"), [(8, 2), (8, 32), (128, 2)])
def test_a_trained_weight_is_in_units_of_the_first_size_that_he_gives_its_layer(width: int, latent: int) -> None:
    config = config_with("equalized_rate", generator={"width": width}, latent={"dimension": latent})
    trainer = train(Trainer(config), 3)
    raw = trainer.generator.split(trainer.state.tensors["generator"])
    for layer, inputs in enumerate((latent, width, width)):
        torch.testing.assert_close(trainer.weights("generator")[2 * layer], raw[2 * layer] * sqrt(2 / inputs))
        torch.testing.assert_close(trainer.weights("generator")[2 * layer + 1], raw[2 * layer + 1])


def test_one_rate_moves_all_layers_by_the_same_part_of_their_first_size() -> None:
    """With signs for slopes, as Adam's first step has them, a weight moves by rate times sqrt(2 / I)."""
    config = config_with("equalized_rate", d_optimizer={"name": "adam", "learning_rate": 0.01})
    trainer = Trainer(config)
    before = trainer.weights("discriminator")
    trainer.step("discriminator")
    for layer, (was, now) in enumerate(zip(before[::2], trainer.weights("discriminator")[::2], strict=True)):
        inputs = trainer.discriminator.sizes[layer]
        moved = (now - was).abs().median().item()
        assert moved == pytest.approx(0.01 * sqrt(2 / inputs), rel=1e-3)


@every_unit
@pytest.mark.parametrize("player", PLAYERS)
def test_the_gradient_of_an_update_is_that_of_finite_differences(key: str, player: Learner) -> None:
    """With a penalty on slopes, so second derivatives go through the technique too."""
    config = config_with(key, regularizers=[{"name": "r1", "gamma": 1.0}])
    trainer = train(Trainer(config), 3)
    before = dict(trainer.state.tensors)
    known = {phase.name: phase for phase in trainer.phases(player)}["update"].known
    z, x_real = known["z"].double(), known.get("x_real", torch.zeros(0)).double()
    softplus = nn.functional.softplus

    def find_loss(vector: Tensor) -> float:
        vectors = {name: before[name].double() for name in PLAYERS} | {player: vector}
        parts = {
            name: getattr(trainer, name).split(UNITS[key](getattr(trainer, name), vectors[name], {}))
            for name in PLAYERS
        }
        fake = trainer.discriminator(parts["discriminator"], trainer.generator(parts["generator"], z))
        if player == "generator":
            return softplus(-fake).mean().item()
        points = x_real.clone().requires_grad_()
        real = trainer.discriminator(parts["discriminator"], points)
        (slope,) = torch.autograd.grad(real.sum(), points)
        return (softplus(-real).mean() + softplus(fake).mean() + slope.square().sum(-1).mean() / 2).item()

    start, gradient = before[player].double(), known["gradient"]
    for place in (*range(0, len(start), 7), *range(len(start) - 3, len(start))):
        step = torch.zeros_like(start)
        step[place] = 1e-5
        slope = (find_loss(start + step) - find_loss(start - step)) / 2e-5
        assert gradient[place].item() == pytest.approx(slope, rel=2e-3, abs=2e-6), place


@every_unit
@pytest.mark.parametrize("player", PLAYERS)
def test_a_move_of_what_is_trained_is_carried_to_the_weights(key: str, player: Learner) -> None:
    trainer = train(Trainer(config_with(key)), 3)
    vector = trainer.state.tensors[player].double()
    direction = torch.randn(vector.shape, generator=torch.Generator().manual_seed(0))
    network = getattr(trainer, player)
    ends = [UNITS[key](network, vector + sign * 1e-6 * direction, {}) for sign in (1, -1)]
    expected = ((ends[0] - ends[1]) / 2e-6).float()
    torch.testing.assert_close(trainer.push_to_weights(player, direction), expected, atol=1e-5, rtol=1e-4)


@every_unit
def test_the_averaged_generator_is_shown_with_the_weights_that_it_computes_with(key: str) -> None:
    config = config_with(key, techniques=[{"name": key}, {"name": "ema", "beta": 0.0}])
    trainer = train(Trainer(config), 3)
    arrays = probe_layers(trainer, ("generated", "averaged"))
    assert arrays["x_averaged"] == pytest.approx(arrays["x_fake"], abs=1e-5)


@every_unit
def test_a_change_of_it_begins_a_new_run(key: str) -> None:
    plain = make_config(*SMALL)
    assert restarts(plain, config_with(key))
    assert restarts(config_with(key, "generator"), config_with(key, "both"))
    assert not restarts(config_with(key), config_with(key, batch_size=8))


@every_unit
def test_a_saved_model_has_all_that_is_trained(key: str) -> None:
    trainer = train(Trainer(config_with(key)), 2)
    model = read_model(write_model(build_model(trainer.config, trainer.state.pack())), catalog())
    assert model.arrays["generator"].tolist() == trainer.state.tensors["generator"].tolist()


def test_the_inspector_finds_scales_and_counts_them_in_a_layers_share() -> None:
    trainer = train(Trainer(config_with("weight_norm")), 2)
    network, vector = trainer.generator, trainer.state.tensors["generator"]
    count = sum(network.lengths)
    places = [find_place("generator", network, count + index).words for index in (0, 4, 5, 11)]
    assert places == [
        "the scale of neuron 1 of the hidden layer 1",
        "the scale of neuron 5 of the hidden layer 1",
        "the scale of neuron 1 of the hidden layer 2",
        "the scale of neuron 2 of the output layer",
    ]
    shares = measure_layers(network, vector)
    assert sqrt(sum(share**2 for share in shares)) == pytest.approx(vector.norm().item(), rel=1e-6)
    told = inspect_node(trainer, "g-gradients")
    numbers = told["numbers"]
    assert numbers["gradient_norm"] == pytest.approx(
        sqrt(sum((numbers[f"layer_{layer}_norm"] or 0) ** 2 for layer in (1, 2, 3)))
    )


@every_unit
def test_for_the_discriminator_alone_it_goes_with_a_loss_that_has_one(key: str) -> None:
    for network in ("both", "generator"):
        assert not config_with(key, network, loss={"name": "mmd"}).is_game
    with pytest.raises(ConfigError, match="goes with a loss that has a discriminator, not with mmd"):
        config_with(key, "discriminator", loss={"name": "mmd"})


@every_unit
def test_beside_clipping_which_would_cut_off_no_weight_it_is_refused_in_words(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key} does not go with weight_clipping: it cuts off"):
        config_with(key, regularizers=[{"name": "weight_clipping"}])


OTHERS: dict[str, dict[str, Any]] = {
    "spectral_norm": {},
    "san": {},
    "minibatch_discrimination": {},
    "weight_norm": {"network": "discriminator"},
    "equalized_rate": {"network": "discriminator"},
}
"""Techniques that are about the discriminator's weights, and how they are on it alone."""


@pytest.mark.parametrize("other", list(OTHERS))
@every_unit
def test_on_the_generator_it_goes_with_what_is_about_the_discriminators_weights(key: str, other: str) -> None:
    if key == other:
        return
    others = [{"name": other, **OTHERS[other]}]
    plain = make_config(*SMALL, techniques=others)
    config = make_config(*SMALL, techniques=[{"name": key, "network": "generator"}, *others])
    for player in PLAYERS:
        trainer, without = Trainer(config), Trainer(plain)
        trainer.step(player)
        without.step(player)
        changed = [
            not torch.allclose(a, b, atol=1e-5) for a, b in zip(*map(read_weights, (trainer, without)), strict=True)
        ]
        assert changed == [player == "generator", False]
    stack = train(Trainer([config.with_seed(seed) for seed in range(3)]), 3)
    alone = train(Trainer(config.with_seed(2)), 3)
    torch.testing.assert_close(stack.state.tensors["generator"][2], alone.state.tensors["generator"], atol=1e-4, rtol=0)


def read_weights(trainer: Trainer) -> list[Tensor]:
    return [torch.cat([part.flatten() for part in trainer.weights(player)]) for player in PLAYERS]


@pytest.mark.parametrize(
    "techniques",
    [
        [{"name": "weight_norm", "network": "generator"}, {"name": "spectral_norm"}],
        [{"name": "equalized_rate", "network": "generator"}, {"name": "san"}],
        [{"name": "equalized_rate", "network": "generator"}, {"name": "weight_norm", "network": "discriminator"}],
        [{"name": "weight_norm", "network": "discriminator"}, {"name": "batch_norm"}],
    ],
)
def test_a_script_has_a_technique_for_each_network(techniques: list[dict[str, Any]], tmp_path: Path) -> None:
    config = make_config(*SMALL, techniques=techniques)
    there = run_script(write_script(config, 15, catalog()), tmp_path)
    here = list_losses(Trainer(config), 15)
    torch.testing.assert_close(torch.tensor(there), torch.tensor(here), atol=1e-4, rtol=1e-5)


@every_unit
def test_on_the_generator_it_leaves_clipping_to_the_discriminator(key: str) -> None:
    trainer = Trainer(config_with(key, "generator", regularizers=[{"name": "weight_clipping", "bound": 0.02}]))
    generator, discriminator = read_weights(train(trainer, 3))
    assert discriminator.abs().max() <= 0.02 < generator.abs().max()


@every_unit
def test_on_a_network_that_another_is_on_it_is_refused_in_words(key: str) -> None:
    for network in ("both", "discriminator"):
        with pytest.raises(ConfigError, match=f"{key} does not go with spectral_norm: it puts other weights in the"):
            make_config(techniques=[{"name": key, "network": network}, {"name": "spectral_norm"}])
    for network in ("both", "generator"):
        with pytest.raises(ConfigError, match=f"batch_norm does not go with {key}: it takes the place"):
            make_config(techniques=[{"name": key, "network": network}, {"name": "batch_norm"}])
