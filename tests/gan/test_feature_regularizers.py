"""What is paid for the discriminator's last hidden layer: closed forms, independent sums, and in runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.export.script import write_script
from server.gan.inspection.looks import look_at_generator
from server.gan.networks import Network
from server.gan.probes import Sizes
from server.gan.randomness import draws_for
from server.gan.regularization import Scorer
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script, train
from tests.tools.latex import evaluate_latex
from tests.tools.runs import catalog, make_config
from tests.tools.telling import tell_phases
from tests.tools.textbook import ACTIVATIONS, run_network

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
MATCHING = {"name": "feature_matching", "weight": 0.5}
ENTROPY = {"name": "manifold_entropy", "weight": 0.2}


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


# AdaptiveMix ----------------------------------------------------------------------------------------------------------


class Halves:
    """A critic whose two features are how far a point lies to the right of 0, and to the left."""

    weights: Sequence[Tensor] = ()

    def read_features(self, points: Tensor) -> Tensor:
        return torch.cat((points.clamp_min(0), (-points).clamp_min(0)), -1)


def mix(critic: object, x_real: Tensor, x_fake: Tensor, weight: float = 1.0) -> Tensor:
    return REGULARIZERS["adaptive_mix"](critic, x_real, x_fake, draws_for(0, 0, "mix"), weight=weight)


def test_a_fold_between_two_points_costs_and_a_straight_stretch_costs_next_to_nothing() -> None:
    across, straight = torch.tensor([[100.0], [-100.0]]), torch.tensor([[100.0], [300.0]])
    share = draws_for(0, 0, "mix").uniform(1, 1).item()  # that of the real points comes first; blur is small beside 100
    fold = 1 - max(share, 1 - share) / (share**2 + (1 - share) ** 2) ** 0.5
    assert mix(Halves(), across, straight, 2.0).tolist() == pytest.approx([2 * fold, 2 * fold], abs=1e-3)
    assert mix(Halves(), straight, straight).abs().max() < 1e-5


def test_its_gradient_is_that_of_the_mixs_features_towards_a_target_that_stays() -> None:
    """Against the textbook's features and finite differences, in float64, with the target as it is at first."""
    network = Network.build(make_config("discriminator.width=5", "discriminator.activation=tanh").discriminator, 2, 1)
    vector, (x_real, x_fake) = 0.7 * draw(sum(network.lengths)), draw(2, 6, 2)
    hidden = sum(network.lengths[:4])

    def features(at: Tensor, points: Tensor) -> Tensor:
        return run_network(at[:hidden], network.sizes[:-1], "tanh", "tanh", points)

    def price(at: Tensor) -> Tensor:
        draws, total = draws_for(0, 0, "mix"), torch.zeros((), dtype=at.dtype)
        for points in (x_real, x_fake):
            share = draws.uniform(1, 1).double()
            other = torch.cat((points[-1:], points[:-1]))
            target = share * features(vector, points) + (1 - share) * features(vector, other)
            target = target + 0.05 * draws.normal(6, 5).double()
            mixed = features(at, share * points + (1 - share) * other)
            cosines = (mixed * target).sum(-1) / (mixed.norm(dim=-1) * target.norm(dim=-1))
            total = total + (1 - cosines).mean()
        return total

    leaf = vector.clone().requires_grad_()
    found = mix(Scorer(network, network.split(leaf)), x_real, x_fake).mean()
    torch.testing.assert_close(found, price(vector))
    (gradient,) = torch.autograd.grad(found, leaf)
    steps = torch.eye(len(vector), dtype=vector.dtype) * 1e-6
    differences = torch.stack([(price(vector + step) - price(vector - step)) / 2e-6 for step in steps])
    torch.testing.assert_close(gradient, differences, atol=1e-7, rtol=1e-5)


# All of them ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["feature_matching", "adaptive_mix", "manifold_entropy"])
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
@pytest.mark.parametrize(("unit", "batch", "steps"), [(MATCHING, 16, 30), (ENTROPY, 64, 5)], ids=["means", "entropy"])
def test_an_exported_run_pays_for_features_too(
    unit: dict[str, Any], batch: int, steps: int, others: dict[str, Any], tmp_path: Path
) -> None:
    """A nearest neighbour is far more sensitive than a mean, so the two are not compared for as long.

    The price of entropy rises the steeper the nearer a neighbour is. A run of the lab parts from itself as far as from
    its script, by .001 to .1 after ten steps, where a single first weight differs in its last digit. In five steps such
    a digit stays one, and 64 points an update have filled the memory and dropped the oldest of it by then.
    """
    regularizers = [unit, {"name": "mode_seeking"}, {"name": "adaptive_mix"}]
    config = make_config(*SMALL, f"batch_size={batch}", **{"regularizers": regularizers, "g_updates": 2, **others})
    there = run_script(write_script(config, steps, catalog()), tmp_path)
    here = train(Trainer(config), steps)
    torch.testing.assert_close(torch.tensor(there), torch.tensor(here), atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("techniques", [[], [{"name": "ada"}, {"name": "pacgan"}]])
@pytest.mark.parametrize("unit", [MATCHING, ENTROPY], ids=lambda unit: unit["name"])
def test_what_features_cost_is_told_and_adds_up(unit: dict[str, Any], techniques: list[dict[str, Any]]) -> None:
    trainer = Trainer(make_config(*SMALL, regularizers=[unit], techniques=techniques))
    told, known = tell_phases(trainer, "generator")
    _, parts, result = told["loss"]["formula"][-1]["latex_numbers"].split(" = ")
    assert evaluate_latex(parts) == pytest.approx(evaluate_latex(result), rel=1e-3)
    plain = list(Trainer(make_config(*SMALL, techniques=techniques)).phases("generator"))[-1].known
    added = (known["slope"] - plain["slope"])[0].tolist()
    slopes = [told["backward"]["numbers"][f"penalty_slope_{axis}"] for axis in (1, 2)]
    assert slopes == pytest.approx(added, rel=1e-3, abs=1e-6)
    assert "g_loss = g_loss + penalty.mean()" in told["loss"]["code"]
    known = look_at_generator(trainer, Sizes(generated=20)).known
    paid = known[f"{unit['name']}_penalty"].mean()
    torch.testing.assert_close(known["g_loss"], known["per_example"].mean() + paid)


@pytest.mark.parametrize("unit", [MATCHING, ENTROPY], ids=lambda unit: unit["name"])
def test_a_run_that_pays_for_features_goes_back_and_on_as_it_did(unit: dict[str, Any]) -> None:
    config = make_config(*SMALL, regularizers=[unit], techniques=[{"name": "ada"}])
    trainer = Trainer(config)
    train(trainer, 3)
    again = Trainer(config, state=RunState.unpack(trainer.state.pack()))
    assert train(trainer, 3) == train(again, 3)
    assert all(torch.equal(again.state.tensors[name], held) for name, held in trainer.state.tensors.items())
