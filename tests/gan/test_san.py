"""SAN: the last layer's length follows the loss, its direction the gap between real and generated points."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from server.errors import ConfigError
from server.gan.config import RunConfig, check_config
from server.gan.inspection import inspect_node
from server.gan.probes import probe_layers
from server.gan.trainer import Trainer
from tests.tools.runs import catalog, make_config

SMALL = ("generator.width=5", "discriminator.width=6", "batch_size=16")
softplus = nn.functional.softplus


def config_with(**others: Any) -> RunConfig:
    plain = {**make_config(*SMALL).to_json(), "techniques": [{"name": "san"}], **others}
    return check_config(plain, catalog())


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def find_slopes(trainer: Trainer, x_real: Tensor, x_fake: Tensor, gamma: float) -> dict[str, Tensor]:
    """The split objective by its definition, in double precision, by autograd: slopes of h's part, length, direction.

    Takida et al. (2024), section 5, as their public code for hinge and softplus has it: omega = w / |w|, and |w| a
    number of h. What the function's loss does to omega is stopped, and so is what the direction's does to h.
    """
    parts = [part.double() for part in trainer.weights("discriminator")]
    inner = [part.clone().requires_grad_() for part in parts[:-2]]
    length = parts[-2].norm().requires_grad_()
    omega, bias = (parts[-2] / parts[-2].norm()).requires_grad_(), parts[-1].clone().requires_grad_()

    def hidden(x: Tensor) -> Tensor:
        for weight, shift in zip(inner[::2], inner[1::2], strict=True):
            x = torch.relu(x @ weight + shift)
        scaled: Tensor = x * length
        return scaled

    points = x_real.double().requires_grad_()
    h_real, h_fake, stopped = hidden(points), hidden(x_fake.double()), omega.detach()
    real, fake = h_real @ stopped + bias, h_fake @ stopped + bias
    (slope,) = torch.autograd.grad(real.sum(), points, create_graph=True)
    loss = softplus(-real).mean() + softplus(fake).mean() + gamma / 2 * slope.square().sum(-1).mean()
    direction = (h_fake.detach() @ omega).mean() - (h_real.detach() @ omega).mean()
    slopes = torch.autograd.grad(loss + direction, [*inner, bias, length, omega])
    return {"rest": torch.cat([one.flatten() for one in slopes[:-2]]), "length": slopes[-2], "omega": slopes[-1]}


@pytest.mark.parametrize("gamma", [0.0, 1.0])
@pytest.mark.parametrize("layers", [0, 1, 2])
def test_the_gradient_is_that_of_the_split_objective(layers: int, gamma: float) -> None:
    regularizers = [{"name": "r1", "gamma": gamma}] if gamma else []
    config = config_with(regularizers=regularizers, discriminator={"hidden_layers": layers, "width": 6})
    trainer, before = (train(Trainer(config), 3) for _ in range(2))
    known = {phase.name: phase for phase in trainer.phases("discriminator")}["update"].known
    expected = find_slopes(before, known["x_real"], known["x_fake"], gamma)
    found, weights = before.discriminator.split(known["gradient"]), before.weights("discriminator")
    w, slope = weights[-2].double(), found[-2].double()
    omega = w / w.norm()
    along = (omega * slope).sum()
    torch.testing.assert_close(along, expected["length"], rtol=1e-4, atol=1e-6)
    across = expected["omega"] - omega * (omega * expected["omega"]).sum()
    # d omega = (1 - omega omega^T) dw / |w|
    torch.testing.assert_close(slope - along * omega, across / w.norm(), rtol=1e-4, atol=1e-6)
    rest = torch.cat([part.flatten() for part in (*found[:-2], found[-1])]).double()
    torch.testing.assert_close(rest, expected["rest"], rtol=1e-4, atol=1e-6)


def test_the_loss_never_turns_the_last_layer_and_the_other_aim_never_stretches_it() -> None:
    unit = Trainer(config_with()).craft
    turn = next(iter(unit)).function
    generator = torch.Generator().manual_seed(0)
    weight, slope, other = (torch.randn(2, 6, 1, generator=generator) for _ in range(3))
    real, fake = (torch.randn(2, 16, 6, generator=generator) for _ in range(2))
    omega = weight / weight.norm(dim=-2, keepdim=True)
    across = other - omega * (omega * other).sum(-2, keepdim=True)
    torch.testing.assert_close(turn(weight, slope + across, real, fake), turn(weight, slope, real, fake))
    along = (omega * turn(weight, slope, real, fake)).sum(-2)
    torch.testing.assert_close(along, (omega * slope).sum(-2))


def test_everything_but_the_last_layer_learns_as_without_it() -> None:
    trainer, plain = Trainer(config_with()), Trainer(make_config(*SMALL))
    known = [{p.name: p for p in one.phases("discriminator")}["backward"].known["gradient"] for one in (trainer, plain)]
    with_it, without = (trainer.discriminator.split(gradient) for gradient in known)
    assert not torch.allclose(with_it[-2], without[-2])
    for layer in (0, 1, 2, 3, 5):
        assert torch.equal(with_it[layer], without[layer])


def test_looks_follow_the_turned_slope_and_no_optimum_is_shown() -> None:
    trainer, plain = train(Trainer(config_with()), 5), train(Trainer(config_with()), 5)
    plain.configure(make_config(*SMALL))
    told = [inspect_node(one, "d-gradients")["numbers"] for one in (trainer, plain)]
    assert told[0]["layer_1_norm"] == told[1]["layer_1_norm"]
    assert told[0]["layer_3_norm"] != told[1]["layer_3_norm"]
    changes = [probe_layers(one, ("d_gradients",))["surface_change"] for one in (trainer, plain)]
    assert abs(changes[0] - changes[1]).max() > 0.01
    assert "last.weight.grad = away" in inspect_node(trainer, "d-gradients")["code"]
    shown = ["optimal_surface" in probe_layers(one, ("optimum",)) for one in (trainer, plain)]
    assert shown == [False, True]


@pytest.mark.parametrize("runs", ["wasserstein", "rpgan", "mmd"])
def test_it_goes_with_losses_that_its_aim_suits(runs: str) -> None:
    with pytest.raises(ConfigError, match=f"not with {runs}: it"):
        config_with(loss={"name": runs})


@pytest.mark.parametrize("other", ["spectral_norm", "weight_norm", "equalized_rate", "rejection"])
def test_it_does_not_go_with_what_it_would_make_untrue(other: str) -> None:
    with pytest.raises(ConfigError, match=f"san does not go with {other}: it"):
        config_with(techniques=[{"name": "san"}, {"name": other}])
