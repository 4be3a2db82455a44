"""Batch normalization in the generator: its definition, its slopes, its running statistics, and what is told of it."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from server.errors import ConfigError
from server.gan.activations import ACTIVATIONS
from server.gan.config import NetworkConfig, RunConfig, check_config, restarts
from server.gan.inspection import inspect_node, inspect_phase, tell_sample
from server.gan.model_file import build_model, read_model, write_model
from server.gan.networks import Network
from server.gan.probes import probe_layers
from server.gan.randomness import draws_for
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.base import BatchTechnique
from server.gan.trainer import Trainer
from tests.tools.runs import catalog, make_config

SMALL = ("generator.width=5", "discriminator.width=6", "batch_size=16", "generator.activation=tanh")
MEAN, VARIANCE = "technique.batch_norm.mean", "technique.batch_norm.variance"


def find_unit() -> BatchTechnique:
    unit = TECHNIQUES["batch_norm"]
    assert isinstance(unit, BatchTechnique)
    return unit


UNIT = find_unit()


def config_with(*others: str, **sections: Any) -> RunConfig:
    plain = {**make_config(*SMALL).to_json(), **sections}
    plain["techniques"] = [{"name": "batch_norm"}, *({"name": name} for name in others)]
    return check_config(plain, catalog())


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def build(seeds: int | range = 4, activation: str = "tanh") -> tuple[Network, Tensor]:
    """A network with the technique, and numbers that it may train, in double precision."""
    network = Network.build(NetworkConfig(2, 7, activation, "linear", scaled=2), 3, 2)
    vector = network.draw_parameters(draws_for(seeds, 0, "weights")).double()
    return network, vector + 0.3 * draws_for(seeds, 1, "weights").normal(vector.shape[-1]).double()


def draw_batch(seeds: int | range = 4, count: int = 32) -> Tensor:
    return draws_for(seeds, 2, "noise").normal(count, 3).double()


def answer(network: Network, vector: Tensor, z: Tensor) -> Tensor:
    return network(network.split(UNIT(network, vector, UNIT.measure(network, vector, z))), z)


def build_torch(network: Network, vector: Tensor) -> nn.Sequential:
    """The same network of PyTorch's own modules, whose linear layers have no bias."""
    parts, modules = network.split(vector.detach()), list[nn.Module]()
    for layer, scale in enumerate(network.split_scales(vector.detach())):
        inputs, outputs = parts[2 * layer].shape
        linear = nn.Linear(inputs, outputs, bias=False).double()
        norm = nn.BatchNorm1d(outputs).double()
        linear.weight.data, norm.weight.data = parts[2 * layer].T.clone(), scale.clone()
        norm.bias.data = parts[2 * layer + 1].clone()
        modules += [linear, norm, nn.Tanh()]
    last = nn.Linear(*parts[-2].shape).double()
    last.weight.data, last.bias.data = parts[-2].T.clone(), parts[-1].clone()
    return nn.Sequential(*modules, last)


def test_in_training_it_is_what_torch_nn_computes_and_so_are_all_slopes() -> None:
    network, vector = build()
    leaf, z = vector.clone().requires_grad_(), draw_batch()
    theirs, upstream = build_torch(network, vector), torch.randn(32, 2, dtype=torch.float64)
    torch.testing.assert_close(answer(network, leaf, z), theirs(z))
    (gradient,) = torch.autograd.grad(answer(network, leaf, z), leaf, upstream)
    theirs(z).backward(upstream)
    parts, scales = network.split(gradient), network.split_scales(gradient)
    norms = [module for module in theirs if isinstance(module, nn.BatchNorm1d)]
    linears = [module for module in theirs if isinstance(module, nn.Linear)]
    for layer, linear in enumerate(linears):
        assert linear.weight.grad is not None
        torch.testing.assert_close(parts[2 * layer], linear.weight.grad.T)
    for layer, norm in enumerate(norms):
        torch.testing.assert_close(scales[layer], norm.weight.grad)
        torch.testing.assert_close(parts[2 * layer + 1], norm.bias.grad)
    assert linears[-1].bias is not None
    torch.testing.assert_close(parts[-1], linears[-1].bias.grad)


def test_the_running_statistics_and_what_samples_are_made_with_are_those_of_torch_nn() -> None:
    network, vector = build()
    theirs, slots = build_torch(network, vector), UNIT.start(network, vector)
    for seed in range(5):
        z = draw_batch(seed)
        theirs(z)
        slots = UNIT.move(slots, UNIT.measure(network, vector, z), 32)
    norms = [module for module in theirs if isinstance(module, nn.BatchNorm1d)]
    torch.testing.assert_close(
        slots["mean"], torch.cat([norm.running_mean for norm in norms if norm.running_mean is not None])
    )
    torch.testing.assert_close(
        slots["variance"], torch.cat([norm.running_var for norm in norms if norm.running_var is not None])
    )
    z = draw_batch(9)
    torch.testing.assert_close(network(network.split(UNIT(network, vector, slots)), z), theirs.eval()(z))


def test_over_a_batch_every_hidden_sum_has_its_bias_for_mean_and_its_scale_for_spread() -> None:
    network, vector = build()
    z = draw_batch(count=400)
    trace = network.trace(network.split(UNIT(network, vector, UNIT.measure(network, vector, z))), z)
    parts, scales = network.split(vector), network.split_scales(vector)
    for layer, scale in enumerate(scales):
        torch.testing.assert_close(trace.sums[layer].mean(0), parts[2 * layer + 1])
        torch.testing.assert_close(trace.sums[layer].std(0, correction=0), scale.abs(), rtol=1e-3, atol=0)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_a_stack_of_eight_is_eight_runs(activation: str) -> None:
    network, vectors = build(range(8), activation)
    z = draw_batch(range(8))
    together, measured = answer(network, vectors, z), UNIT.measure(network, vectors, z)
    for run in range(8):
        torch.testing.assert_close(together[run], answer(network, vectors[run], z[run]))
        alone = UNIT.measure(network, vectors[run], z[run])
        assert all(torch.allclose(measured[name][run], alone[name]) for name in ("mean", "variance"))


@pytest.mark.parametrize("loss", ["non_saturating", "rpgan", "mmd"])
def test_the_generators_gradient_is_that_of_finite_differences_of_the_whole_update(loss: str) -> None:
    """With the statistics moving along: to leave their slopes out gives other numbers."""
    trainer = train(Trainer(config_with(loss={"name": loss})), 3)
    start, network = trainer.state.tensors["generator"].double(), trainer.generator
    known = {phase.name: phase for phase in trainer.phases("generator")}["update"].known
    z, scoring = known["z"].double(), [part.double() for part in trainer.weights("discriminator")]

    def find_loss(vector: Tensor) -> float:
        points = answer(network, vector, z)
        if loss == "mmd":
            return trainer.price_answers(known["x_real"].double(), points).mean().item()
        fake = trainer.discriminator(scoring, points).squeeze(-1)
        real = trainer.discriminator(scoring, known["x_real"].double()).squeeze(-1) if loss == "rpgan" else fake
        return float(trainer.loss(real, fake).generator.mean())

    for place in (*range(0, len(start), 3), *range(len(start) - 10, len(start))):
        step = torch.zeros_like(start)
        step[place] = 1e-5
        slope = (find_loss(start + step) - find_loss(start - step)) / 2e-5
        assert known["gradient"][place].item() == pytest.approx(slope, rel=5e-3, abs=5e-6), place


def test_both_turns_take_the_batchs_statistics_and_only_the_generators_moves_the_running_ones() -> None:
    trainer = train(Trainer(config_with()), 3)
    tensors = dict(trainer.state.tensors)
    for player in ("discriminator", "generator"):
        phases = {phase.name: phase for phase in trainer.phases(player)}
        known = phases["update"].known
        used = UNIT(
            trainer.generator, tensors["generator"], UNIT.measure(trainer.generator, tensors["generator"], known["z"])
        )
        made = trainer.generator(trainer.generator.split(used), known["z"])
        torch.testing.assert_close(known["x_fake"], made)
        assert torch.equal(trainer.state.tensors[MEAN], tensors[MEAN]) == (player == "discriminator")
    measured = UNIT.measure(trainer.generator, tensors["generator"], known["z"])
    torch.testing.assert_close(trainer.state.tensors[MEAN], 0.9 * tensors[MEAN] + 0.1 * measured["mean"])
    expected = 0.9 * tensors[VARIANCE] + 0.1 * measured["variance"] * 16 / 15
    torch.testing.assert_close(trainer.state.tensors[VARIANCE], expected)


def test_outside_training_a_sample_does_not_depend_on_those_beside_it() -> None:
    trainer = train(Trainer(config_with()), 5)
    z = draws_for(0, 0, "z").normal(20, 2)
    torch.testing.assert_close(trainer.generate(z)[:3], trainer.generate(z[:3]))
    trained = [trainer.make_points(z[:count], trainer.weights_on(z[:count])) for count in (20, 3)]
    assert not torch.allclose(trained[0][:3], trained[1], atol=1e-3)


def test_a_run_begins_with_scales_of_one_biases_of_zero_and_the_weights_that_were_drawn() -> None:
    trainer, plain = Trainer(config_with()), Trainer(make_config(*SMALL))
    raw, drawn = (one.generator.split(one.state.tensors["generator"]) for one in (trainer, plain))
    assert all(torch.equal(one, other) for one, other in zip(raw[::2], drawn[::2], strict=True))
    assert [bool(bias.any()) for bias in raw[1::2]] == [False, False, True]
    assert torch.equal(torch.cat(trainer.generator.split_scales(trainer.state.tensors["generator"])), torch.ones(10))
    assert torch.equal(trainer.state.tensors[MEAN], torch.zeros(10))
    assert torch.equal(trainer.state.tensors[VARIANCE], torch.ones(10))


def test_a_saved_model_has_the_running_statistics_and_goes_on_bit_by_bit() -> None:
    trainer = train(Trainer(config_with()), 4)
    model = read_model(write_model(build_model(trainer.config, trainer.state.pack())), catalog())
    assert model.arrays[VARIANCE].tolist() == trainer.state.tensors[VARIANCE].tolist()
    again = train(Trainer(trainer.config, state=type(trainer.state).unpack(model.packed)), 3)
    for name, tensor in train(trainer, 3).state.tensors.items():
        assert torch.equal(tensor, again.state.tensors[name]), name


def test_the_averaged_generator_is_shown_with_the_running_statistics() -> None:
    config = config_with()
    plain = config.to_json() | {"techniques": [{"name": "batch_norm"}, {"name": "ema", "beta": 0.0}]}
    trainer = train(Trainer(check_config(plain, catalog())), 3)
    arrays = probe_layers(trainer, ("generated", "averaged"))
    assert arrays["x_averaged"] == pytest.approx(arrays["x_fake"], abs=1e-5)


@pytest.mark.parametrize(
    ("others", "sections", "said"),
    [
        ((), {"batch_size": 1}, "goes with a batch of 3 points or more, not with 1: it divides by the spread"),
        (
            (),
            {"batch_size": 2},
            "goes with a batch of 3 points or more, not with 2: .* of two every sum becomes 1 or -1",
        ),
        ((), {"generator": {"hidden_layers": 0}}, "goes with a generator of 1 hidden layer or more, not with 0"),
        ((), {"regularizers": [{"name": "consensus"}]}, "batch_norm does not go with consensus: it makes a point"),
        (("extragradient",), {}, "batch_norm does not go with extragradient: it would look ahead"),
        (("pixel_norm",), {}, "batch_norm does not go with pixel_norm: it brings"),
        (("weight_norm",), {}, "batch_norm does not go with weight_norm: it takes the place"),
        (("equalized_rate",), {}, "batch_norm does not go with equalized_rate: it takes the place"),
        ((), {"loss": {"name": "flow_matching"}}, "goes with a loss that generates points, not with flow_matching"),
    ],
)
def test_what_it_would_make_false_is_refused_in_words(others: tuple[str, ...], sections: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config_with(*others, **sections)


def test_a_change_of_it_begins_a_new_run() -> None:
    plain = make_config(*SMALL)
    assert restarts(plain, config_with())
    assert restarts(config_with(), plain)


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_the_sums_of_a_phase_add_up_to_the_points_of_its_batch(player: Any) -> None:
    trainer = train(Trainer(config_with(generator={"width": 4, "hidden_layers": 1, "activation": "tanh"})), 3)
    walk, before = trainer.phases(player), trainer.state
    phase = next(phase for phase in walk if phase.name == "generate")
    told = inspect_phase(trainer, phase, before)
    numbers = told["numbers"]
    assert numbers["layer_2_sum"] == pytest.approx(phase.known["x_fake"][0, 0].item(), rel=1e-4, abs=1e-5)
    assert any("means and variances of this batch" in note for note in told["notes"])


def test_the_story_of_a_sample_adds_up_and_says_whose_statistics_it_has() -> None:
    trainer = train(Trainer(config_with(generator={"width": 4, "hidden_layers": 2, "activation": "tanh"})), 5)
    story = tell_sample(trainer, 3)
    stages = {stage["key"]: stage for stage in story["stages"]}
    numbers = stages["generator-2"]["numbers"]
    products = sum((numbers[f"input_{i}"] or 0) * (numbers[f"weight_{i}"] or 0) for i in range(1, 5))
    assert numbers["sum"] == pytest.approx(products + (numbers["bias"] or 0), rel=1e-4, abs=1e-6)
    assert any("running means and variances" in note for note in story["notes"])
    assert story["moved"]
    assert story["first_order"] is None
    assert "g_h1 = generator[1](generator[0](z))" in stages["generator-1"]["code"]
    assert "g_a2 = generator[5](g_h2)" in stages["generator-2"]["code"]
    assert "g_h3 = g_a2 @ generator[6].weight.T" in stages["generator-3"]["code"]
    built = inspect_node(trainer, "generator")["code"]
    assert built.count("nn.BatchNorm1d(4)") == 2
    assert "running means and variances" in " ".join(inspect_node(trainer, "generator")["notes"])
    assert "Batch" not in " ".join(inspect_node(trainer, "noise")["notes"])
