"""Initialisations: the laws of first weights, over the run axis, and how a config names them."""

import pytest
import torch

from server.errors import ConfigError
from server.gan.config import NetworkConfig
from server.gan.initialisation import INITS
from server.gan.networks import Network
from server.gan.randomness import draws_for
from server.gan.trainer import Trainer
from tests.tools.runs import catalog, make_config

every_init = pytest.mark.parametrize("init", list(INITS))


def build(init: str, gain: float = 1.0, width: int = 64, inputs: int = 2) -> Network:
    return Network.build(NetworkConfig(3, width, "relu", init=init, init_gain=gain), inputs, 2)


@every_init
def test_weights_have_their_shapes_and_each_run_draws_its_own(init: str) -> None:
    network = build(init)
    together = network.draw_parameters(draws_for(range(8), 0, "first"))
    for run in range(8):
        assert torch.equal(together[run], network.draw_parameters(draws_for(run, 0, "first")))
    assert not torch.equal(together[0], together[1])
    assert [tuple(part.shape) for part in network.split(together[0])] == list(network.shapes)


@every_init
def test_the_gain_multiplies_the_weights_and_leaves_the_biases(init: str) -> None:
    plain = build(init).split(build(init).draw_parameters(draws_for(0, 0, "first")))
    scaled = build(init).split(build(init, gain=0.25).draw_parameters(draws_for(0, 0, "first")))
    for weight, bias, small, same in zip(plain[::2], plain[1::2], scaled[::2], scaled[1::2], strict=True):
        assert torch.equal(small, 0.25 * weight)
        assert torch.equal(same, bias)


@pytest.mark.parametrize(("init", "std"), [("uniform", (3 * 256) ** -0.5), ("normal", 0.02), ("ganlab", 256**-0.5)])
def test_the_spread_of_the_weights_is_the_published_one(init: str, std: float) -> None:
    weight, _ = INITS[init](256, 256, draws_for(0, 0, "first"), False)
    assert weight.std().item() == pytest.approx(std, rel=0.01)
    assert abs(weight.mean().item()) < 0.02 * std


@pytest.mark.parametrize("inputs", [1, 2, 64])
def test_gan_labs_first_layer_is_that_of_two_inputs_whatever_it_has(inputs: int) -> None:
    weight, _ = INITS["ganlab"](inputs, 10_000, draws_for(0, 0, "first"), True)
    assert weight.std().item() == pytest.approx(2**-0.5, rel=0.02)


@pytest.mark.parametrize("init", ["normal", "orthogonal", "ganlab"])
def test_biases_begin_at_zero_but_for_pytorchs_own(init: str) -> None:
    parts = build(init).split(build(init).draw_parameters(draws_for(0, 0, "first")))
    assert all(not bias.any() for bias in parts[1::2])


@pytest.mark.parametrize(("inputs", "outputs"), [(2, 64), (64, 64), (64, 1), (1, 1)])
def test_orthogonal_weights_stretch_nothing(inputs: int, outputs: int) -> None:
    weight, _ = INITS["orthogonal"](inputs, outputs, draws_for([0, 1], 0, "first"), False)
    assert torch.linalg.svdvals(weight) == pytest.approx(torch.ones(2, min(inputs, outputs)).numpy(), abs=1e-5)


def test_orthogonal_weights_prefer_no_direction() -> None:
    """The decomposition alone gives its triangle's diagonal one sign, and the turns then lean to one side."""
    turns = torch.cat([INITS["orthogonal"](2, 2, draws_for(seed, 0, "first"), False)[0] for seed in range(500)])
    assert turns.mean(0).abs().max() < 0.1


@every_init
def test_a_run_begins_with_its_networks_own_initialisations(init: str) -> None:
    config = make_config(f"generator.init={init}", "generator.init_gain=0.5", "discriminator.init=orthogonal")
    state = Trainer(config).state.tensors
    wanted = Network.build(config.generator, 2, 2).draw_parameters(draws_for(0, 0, "starting generator"))
    assert torch.equal(state["generator"], wanted)
    assert config.generator.init == init
    assert not torch.equal(state["discriminator"], Trainer(make_config()).state.tensors["discriminator"])


def test_a_config_says_how_a_network_begins_only_where_it_is_not_the_default() -> None:
    plain = make_config().to_json()
    assert plain["generator"] == {"hidden_layers": 2, "width": 64, "activation": "relu"}
    assert make_config("generator.init=uniform", "discriminator.init_gain=1").to_json() == plain
    other = make_config("discriminator.init=orthogonal", "generator.init_gain=0.8").to_json()
    assert other["discriminator"] == {**plain["discriminator"], "init": "orthogonal"}
    assert other["generator"] == {**plain["generator"], "init_gain": 0.8}
    assert make_config(**{key: other[key] for key in ("generator", "discriminator")}).to_json() == other


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("generator.init=xavier", "^generator.init: expected one of uniform, normal, orthogonal, ganlab, got 'xavier'"),
        ("discriminator.init_gain=0", "^discriminator.init_gain: expected a number from 0.01 to 10, got 0"),
        ("discriminator.output=tanh", "^discriminator.output: unknown key"),
    ],
)
def test_an_unknown_beginning_is_refused(assignment: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make_config(assignment)


def test_the_catalogue_says_what_a_network_may_begin_with() -> None:
    run = catalog()["run"]
    assert list(run["init"]["options"]) == [unit["key"] for unit in catalog()["inits"]] == list(INITS)
    assert run["init"]["default"] == "uniform"
    assert run["init_gain"]["default"] == 1


@every_init
def test_signals_keep_their_strength_between_hidden_layers_where_the_initialisation_promises_it(init: str) -> None:
    network = Network.build(NetworkConfig(8, 64, "relu", init=init), 64, 64)
    weights = network.split(network.draw_parameters(draws_for(0, 0, "first")))[2:-2:2]
    signal = draws_for(1, 0, "signal").normal(200, 64)
    out = signal
    for weight in weights:
        out = out @ weight
    strength = (out.norm() / signal.norm()).item()
    assert (0.5 < strength < 2) == (init in ("orthogonal", "ganlab"))
