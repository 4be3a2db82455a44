"""Networks against torch.nn, the written-out reverse pass against autograd, runs against each other."""

import pytest
import torch
from torch import Tensor, nn

from server.gan.activations import ACTIVATIONS
from server.gan.config import NetworkConfig
from server.gan.networks import Network
from server.gan.randomness import draws_for


class Sine(nn.Module):
    """PyTorch has no module of this kind."""

    def forward(self, h: Tensor) -> Tensor:
        return torch.sin(h)


MODULES: dict[str, nn.Module] = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(0.2),
    "tanh": nn.Tanh(),
    "silu": nn.SiLU(),
    "elu": nn.ELU(),
    "gelu": nn.GELU(),
    "softplus": nn.Softplus(),
    "sigmoid": nn.Sigmoid(),
    "sine": Sine(),
}
every_activation = pytest.mark.parametrize("activation", list(ACTIVATIONS))


def build(activation: str = "relu", hidden_layers: int = 2, outputs: int = 1, output: str = "linear") -> Network:
    return Network.build(NetworkConfig(hidden_layers, 16, activation, output), 2, outputs)


def build_reference(network: Network, parts: list[Tensor]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for weight, bias in zip(parts[::2], parts[1::2], strict=True):
        linear = nn.Linear(*weight.shape)
        linear.weight.data, linear.bias.data = weight.T.clone(), bias.clone()
        layers += [linear, MODULES[network.activation.key]]
    return nn.Sequential(*layers[:-1], *([MODULES[network.output.key]] if network.output else []))


@every_activation
@pytest.mark.parametrize("outputs", [1, 2, 8])
@pytest.mark.parametrize("hidden_layers", [0, 1, 3])
@pytest.mark.parametrize("output", ["linear", "tanh"])
def test_p41_a_network_computes_what_torch_nn_computes(
    activation: str, outputs: int, hidden_layers: int, output: str
) -> None:
    network = build(activation, hidden_layers, outputs, output)
    parts = network.split(network.draw_parameters(draws_for(0, 0, "test")))
    x = draws_for(1, 0, "test").normal(32, 2)
    torch.testing.assert_close(network(parts, x), build_reference(network, parts)(x), atol=1e-6, rtol=1e-5)


@every_activation
@pytest.mark.parametrize("outputs", [1, 2, 8])
@pytest.mark.parametrize("seeds", [3, range(8)])
@pytest.mark.parametrize("output", ["linear", "tanh"])
def test_the_reverse_pass_agrees_with_autograd(activation: str, outputs: int, seeds: int | range, output: str) -> None:
    network = build(activation, 2, outputs, output)
    vector = network.draw_parameters(draws_for(seeds, 0, "test")).double().requires_grad_()
    x = draws_for(seeds, 1, "test").normal(32, 2).double().requires_grad_()
    trace = network.trace(network.split(vector), x)
    upstream = torch.randn(trace.outputs.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    by_autograd = torch.autograd.grad(trace.outputs, (vector, x), upstream)
    parts = network.split(vector)
    torch.testing.assert_close(network.parameter_gradient(parts, trace, upstream), by_autograd[0])
    torch.testing.assert_close(network.input_gradient(parts, trace, upstream), by_autograd[1])


@every_activation
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("output", ["linear", "tanh"])
def test_the_tangent_is_the_change_of_the_outputs(activation: str, outputs: int, output: str) -> None:
    network = build(activation, 2, outputs, output)
    vector, direction = (network.draw_parameters(draws_for(seed, 0, "test")).double() for seed in (0, 1))
    x = draws_for(1, 0, "test").normal(32, 2).double()
    parts = network.split(vector)
    change = network.tangent(parts, network.trace(parts, x), network.split(direction))
    ahead, behind = (network(network.split(vector + sign * 1e-6 * direction), x) for sign in (1, -1))
    torch.testing.assert_close(change, (ahead - behind) / 2e-6, atol=1e-6, rtol=1e-5)


@every_activation
def test_an_activations_reverse_agrees_with_finite_differences(activation: str) -> None:
    unit = ACTIVATIONS[activation]
    h = torch.tensor([-2.0, -0.3, 0.4, 3.0], dtype=torch.float64)
    slope = (unit(h + 1e-6) - unit(h - 1e-6)) / 2e-6
    torch.testing.assert_close(unit.reverse(torch.ones_like(h), h), slope, atol=1e-6, rtol=1e-6)


def test_each_run_of_a_stack_computes_what_it_computes_alone() -> None:
    network = build(outputs=2)
    vector, x = network.draw_parameters(draws_for(range(8), 0, "a")), draws_for(range(8), 0, "b").normal(32, 2)
    together = network(network.split(vector), x)
    for run in range(8):
        alone = network(network.split(vector[run]), x[run])
        torch.testing.assert_close(together[run], alone, atol=1e-6, rtol=1e-5)


def test_f7_the_number_of_hidden_layers_is_the_number_of_hidden_layers() -> None:
    assert build(hidden_layers=3).sizes == (2, 16, 16, 16, 1)


def test_join_undoes_split() -> None:
    network = build(outputs=2)
    vector = network.draw_parameters(draws_for(range(8), 0, "test"))
    assert torch.equal(network.join(network.split(vector)), vector)


def test_p41_initial_parameters_follow_the_law_of_torch_nn_linear() -> None:
    network = Network.build(NetworkConfig(1, 256, "relu"), 256, 1)
    weight, bias = network.split(network.draw_parameters(draws_for(0, 0, "test")))[:2]
    bound = 256**-0.5
    assert 0.99 * bound < weight.abs().max() <= bound
    assert bias.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
