"""Pixel norm in the generator's hidden layers: its definition, its slopes, and what the inspector tells of it."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from server.errors import ConfigError
from server.gan.activations import ACTIVATIONS
from server.gan.config import NetworkConfig, RunConfig, check_config, restarts
from server.gan.inspection import inspect_node, tell_sample
from server.gan.networks import Network
from server.gan.norms import NORMS
from server.gan.randomness import draws_for
from server.gan.trainer import Trainer
from tests.tools.runs import catalog, make_config

SMALL = ("generator.width=5", "discriminator.width=6", "batch_size=16")


class PixelNorm(nn.Module):
    """Karras et al., 2018, section 4.2."""

    def forward(self, a: Tensor) -> Tensor:
        return a / torch.sqrt(torch.mean(a**2, dim=1, keepdim=True) + 1e-8)


def build(activation: str = "tanh", output: str = "linear") -> Network:
    return Network.build(NetworkConfig(2, 7, activation, output, norm="pixel"), 3, 2)


def config_with(**others: Any) -> RunConfig:
    plain = {**make_config(*SMALL).to_json(), "techniques": [{"name": "pixel_norm"}], **others}
    return check_config(plain, catalog())


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def test_a_network_with_pixel_norm_computes_what_torch_nn_computes() -> None:
    network = build()
    vector = network.draw_parameters(draws_for(0, 0, "test")).double()
    modules: list[nn.Module] = []
    for weight, bias in zip(network.split(vector)[::2], network.split(vector)[1::2], strict=True):
        linear = nn.Linear(*weight.shape).double()
        linear.weight.data, linear.bias.data = weight.T.clone(), bias.clone()
        modules += [linear, nn.Tanh(), PixelNorm()]
    x = draws_for(1, 0, "test").normal(32, 3).double()
    torch.testing.assert_close(network(network.split(vector), x), nn.Sequential(*modules[:-2])(x))


def test_every_answer_that_is_handed_on_has_a_mean_square_of_one() -> None:
    trainer = train(Trainer(config_with()), 3)
    trace = trainer.generator.trace(trainer.weights("generator"), draws_for(0, 0, "z").normal(20, 2))
    for handed in trace.inputs[1:]:
        torch.testing.assert_close(handed.square().mean(-1), torch.ones(20))
    plain = trainer.discriminator.trace(trainer.weights("discriminator"), trace.outputs)
    assert not torch.allclose(plain.inputs[1].square().mean(-1), torch.ones(20), atol=0.01)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("seeds", [3, range(8)])
@pytest.mark.parametrize("output", ["linear", "tanh"])
def test_the_reverse_pass_and_the_tangent_are_those_of_autograd(
    activation: str, seeds: int | range, output: str
) -> None:
    network = build(activation, output)
    vector = network.draw_parameters(draws_for(seeds, 0, "test")).double().requires_grad_()
    direction = network.draw_parameters(draws_for(seeds, 5, "test")).double()
    x = draws_for(seeds, 1, "test").normal(32, 3).double().requires_grad_()
    trace = network.trace(network.split(vector), x)
    upstream = torch.randn(trace.outputs.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    probe = upstream.clone().requires_grad_()
    back = torch.autograd.grad(trace.outputs, (vector, x), probe, create_graph=True)
    (ahead,) = torch.autograd.grad((back[0] * direction).sum(), probe)
    parts = network.split(vector)
    torch.testing.assert_close(network.parameter_gradient(parts, trace, upstream), back[0])
    torch.testing.assert_close(network.input_gradient(parts, trace, upstream), back[1])
    torch.testing.assert_close(network.tangent(parts, trace, network.split(direction)), ahead)


def test_its_slopes_are_those_of_finite_differences_and_the_same_both_ways() -> None:
    answers = torch.tensor([[0.5, -2.0, 1.0], [1e-5, 0.0, 3e-5]], dtype=torch.float64)
    for row in answers:
        slopes = torch.stack([NORMS["pixel"].pull(unit, row) for unit in torch.eye(3, dtype=torch.float64)])
        step = 1e-9
        ends = [NORMS["pixel"].function(row + sign * step * torch.eye(3, dtype=torch.float64)) for sign in (1, -1)]
        torch.testing.assert_close(slopes, (ends[0] - ends[1]) / (2 * step), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(slopes, slopes.T)


def test_where_a_layer_answers_nothing_nothing_comes_back_but_numbers() -> None:
    nothing = torch.zeros(2, 4)
    assert torch.equal(NORMS["pixel"].function(nothing), nothing)
    assert NORMS["pixel"].pull(torch.ones(2, 4), nothing).isfinite().all()


def test_the_generators_gradient_is_that_of_autograd_through_the_whole_update() -> None:
    trainer = train(Trainer(config_with()), 3)
    weights = trainer.weights("discriminator")
    leaf = trainer.state.tensors["generator"].clone().requires_grad_()
    known = {phase.name: phase for phase in trainer.phases("generator")}["update"].known
    fake = trainer.discriminator(weights, trainer.generator(trainer.generator.split(leaf), known["z"]))
    (gradient,) = torch.autograd.grad(nn.functional.softplus(-fake).mean(), leaf)
    torch.testing.assert_close(known["gradient"], gradient, atol=1e-6, rtol=1e-4)


def test_the_story_of_a_sample_adds_up_behind_the_norm() -> None:
    trainer = train(Trainer(config_with(generator={"width": 4, "hidden_layers": 2})), 5)
    story = tell_sample(trainer, 3)
    stages = {stage["key"]: stage for stage in story["stages"]}
    first, second = ({vector["name"]: vector for vector in stages[f"generator-{layer}"]["vectors"]} for layer in (1, 2))
    handed = first[r"\hat{a}^{(G1)}"]["values"]
    assert second[r"\hat{a}^{(G1)}"]["values"] == handed
    assert sum((value or 0) ** 2 for value in handed) / 4 == pytest.approx(1, abs=1e-3)
    numbers = stages["generator-2"]["numbers"]
    products = sum((numbers[f"input_{i}"] or 0) * (numbers[f"weight_{i}"] or 0) for i in range(1, 5))
    assert numbers["sum"] == pytest.approx(products + (numbers["bias"] or 0), rel=1e-4, abs=1e-6)
    assert numbers["normed"] == pytest.approx((numbers["activation"] or 0) / ((numbers["square"] or 0) + 1e-8) ** 0.5)
    assert "g_n1 = generator[2](g_a1)" in stages["generator-1"]["code"]
    assert "generator[3].weight" in stages["generator-2"]["code"]
    assert "generator[8]" not in stages["generator-3"]["code"]


@pytest.mark.parametrize("output", ["linear", "tanh"])
def test_the_inspectors_lines_build_a_network_that_runs(output: str) -> None:
    trainer = Trainer(config_with(generator={"width": 4, "hidden_layers": 2, "output": output}))
    names: dict[str, Any] = {"nn": nn, "torch": torch}
    exec(inspect_node(trainer, "generator")["code"], names)
    modules = [type(module).__name__ for module in names["generator"]]
    last = ["Tanh"] if output == "tanh" else []
    assert modules == [*["Linear", "ReLU", "PixelNorm"] * 2, "Linear", *last]


def test_a_change_of_it_begins_a_new_run_and_a_generator_without_hidden_layers_is_refused() -> None:
    assert restarts(make_config(*SMALL), config_with())
    with pytest.raises(ConfigError, match="pixel_norm goes with a generator of 1 hidden layer or more, not with 0: it"):
        config_with(generator={"hidden_layers": 0})
