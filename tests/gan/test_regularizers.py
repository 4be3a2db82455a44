"""The regularizers: closed forms for linear and quadratic critics, finite differences, traps of published code."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config
from server.gan.networks import Network
from server.gan.randomness import Draws, draws_for
from server.gan.registry import Number
from server.gan.regularization import Scorer
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.tools.runs import make_config

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
STOPPED = ("adaptive_mix",)
"""Penalties with a target that they do not pull at: finite differences would move it, so their own tests hold it."""
PENALTIES = [unit.key for unit in REGULARIZERS.values() if not unit.projects and unit.players == ("discriminator",)]
DOUBLE = torch.float64


class Critic:
    """A critic written by hand: any function of points, with weights that nobody looks at."""

    def __init__(self, score: Callable[[Tensor], Tensor]) -> None:
        self.score = score
        self.weights: list[Tensor] = []

    def __call__(self, points: Tensor) -> Tensor:
        return self.score(points)


LINEAR = Critic(lambda x: x @ torch.tensor([0.0, 2.0], dtype=x.dtype) + 5.0)
QUADRATIC = Critic(lambda x: 0.5 * x.square().sum(-1))


def defaults(key: str) -> dict[str, object]:
    return {p.key: p.default for p in REGULARIZERS[key].parameters}


def draws() -> Draws:
    return draws_for(0, 0, "test")


def penalise(key: str, critic: Critic | Scorer, x_real: Tensor, x_fake: Tensor, **numbers: object) -> Tensor:
    unit = REGULARIZERS[key]
    kept = {"averages": {name: torch.zeros(1, dtype=x_real.dtype) for name in unit.averages}} if unit.averages else {}
    penalty: Tensor = unit(critic, x_real, x_fake, draws(), **{**defaults(key), **numbers}, **kept)
    return penalty


def points(seed: int, count: int = 16) -> Tensor:
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def test_a_linear_critic_of_slope_two_pays_the_golden_values() -> None:
    x_real, x_fake = points(0), points(1)
    assert torch.allclose(penalise("r1", LINEAR, x_real, x_fake, gamma=1.0), torch.tensor(2.0, dtype=DOUBLE))
    assert torch.allclose(penalise("r2", LINEAR, x_real, x_fake, gamma=1.0), torch.tensor(2.0, dtype=DOUBLE))
    one = torch.ones(16, dtype=DOUBLE)
    for key in ("gradient_penalty", "dragan"):
        torch.testing.assert_close(penalise(key, LINEAR, x_real, x_fake, gp_weight=1.0), one)


def test_a_quadratic_critic_pays_by_the_place_that_is_looked_at() -> None:
    x_real, x_fake = points(0), points(1)
    half = 0.5 * 0.3
    torch.testing.assert_close(penalise("r1", QUADRATIC, x_real, x_fake, gamma=0.3), half * x_real.square().sum(-1))
    torch.testing.assert_close(penalise("r2", QUADRATIC, x_real, x_fake, gamma=0.3), half * x_fake.square().sum(-1))
    share = draws().uniform(16, 1).to(DOUBLE)
    between = (share * x_real + (1 - share) * x_fake).norm(dim=-1)
    torch.testing.assert_close(
        penalise("gradient_penalty", QUADRATIC, x_real, x_fake, gp_weight=2.0), 2 * (between - 1).square()
    )
    near = (x_real + 0.5 * x_real.std(correction=0) * draws().uniform(16, 2).to(DOUBLE)).norm(dim=-1)
    torch.testing.assert_close(penalise("dragan", QUADRATIC, x_real, x_fake, gp_weight=2.0), 2 * (near - 1).square())


def test_trap_the_slope_is_each_samples_own_and_not_the_batchs() -> None:
    one, many = points(0)[:1], points(0)
    alone = torch.cat([penalise("gradient_penalty", QUADRATIC, x, x, gp_weight=1.0) for x in many.unsqueeze(1)])
    together = penalise("gradient_penalty", QUADRATIC, many, many, gp_weight=1.0)  # real and fake alike: no mixing
    torch.testing.assert_close(together, alone)
    assert together.shape == (16,)
    assert alone[:1] == penalise("gradient_penalty", QUADRATIC, one, one, gp_weight=1.0)


def test_trap_every_sample_is_mixed_by_its_own_share() -> None:
    real, fake = torch.zeros(64, 2, dtype=DOUBLE), torch.full((64, 2), 3.0, dtype=DOUBLE)
    penalty = penalise("gradient_penalty", QUADRATIC, real, fake, gp_weight=1.0)
    assert len(set(penalty.tolist())) == 64


def test_a_one_sided_penalty_lets_a_gentle_slope_pass() -> None:
    gentle = Critic(lambda x: 0.5 * x[..., 0])
    x = points(0)
    assert penalise("gradient_penalty", gentle, x, x, gp_weight=1.0, sides="one").max() == 0
    torch.testing.assert_close(
        penalise("gradient_penalty", gentle, x, x, gp_weight=1.0), torch.full((16,), 0.25, dtype=DOUBLE)
    )


def test_a_flat_critic_has_a_finite_gradient() -> None:
    weight = torch.zeros(2, dtype=DOUBLE, requires_grad=True)
    flat = Critic(lambda x: x @ weight)
    (gradient,) = torch.autograd.grad(penalise("gradient_penalty", flat, points(0), points(1)).sum(), weight)
    assert gradient.isfinite().all()


def test_lecam_prices_the_gap_to_the_usual_score_of_the_other_sort() -> None:
    identity = Critic(lambda x: x[..., 0])
    x_real, x_fake = torch.tensor([[2.0, 0.0], [-1.0, 0.0]]), torch.tensor([[-3.0, 0.0], [4.0, 0.0]])
    averages = {"real_logits": torch.tensor([1.0]), "fake_logits": torch.tensor([-0.5])}
    penalty = REGULARIZERS["lecam"](identity, x_real, x_fake, draws(), weight=0.1, decay=0.9, averages=averages)
    # (2 + .5)^2 + (1 + 3)^2, and the second pair has both scores on the other side: nothing.
    torch.testing.assert_close(penalty, torch.tensor([0.1 * (6.25 + 16.0), 0.0]))


def test_label_smoothing_is_the_cross_entropy_with_the_target() -> None:
    logits = points(0)[:, 0]
    critic = Critic(lambda x: x[..., 0])
    x = torch.stack((logits, logits), -1)
    whole = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, 0.9), reduction="none")
    plain = torch.nn.functional.softplus(-logits)
    torch.testing.assert_close(plain + penalise("label_smoothing", critic, x, x, target=0.9), whole)


def test_trap_smoothing_keeps_the_other_side_of_the_target() -> None:
    """Without (1 - a) sp(d) the best answer on p = q is a/(a+1) = .4737; with it, it is a/2 = .45."""
    logit, softplus = torch.zeros(1, dtype=DOUBLE, requires_grad=True), torch.nn.functional.softplus
    everywhere = points(0)[:1]
    for _ in range(4000):
        penalty = penalise("label_smoothing", Critic(logit.expand_as), everywhere[..., 0], everywhere[..., 0])
        (slope,) = torch.autograd.grad((softplus(-logit) + softplus(logit) + penalty).sum(), logit)
        logit = (logit - 0.1 * slope).detach().requires_grad_()
    assert torch.sigmoid(logit).item() == pytest.approx(0.45, abs=1e-4)


def test_orthogonal_columns_cost_nothing_and_equal_ones_do() -> None:
    network = Network.build(make_config(*SMALL).discriminator, 2, 1)
    weights = [torch.zeros(shape, dtype=DOUBLE) for shape in network.shapes]
    scorer = Scorer(network, weights)
    weights[0][0, 0] = weights[0][1, 1] = 3.0
    assert penalise("orthogonal", scorer, points(0), points(1), beta=1.0).tolist() == [0.0]
    weights[0][0, 1] = 2.0  # now the first two columns share a row: twice (3 * 2)^2
    assert penalise("orthogonal", scorer, points(0), points(1), beta=1.0).tolist() == [72.0]


@pytest.mark.parametrize("key", [key for key in PENALTIES if key not in STOPPED])
def test_the_gradient_of_every_penalty_agrees_with_finite_differences(key: str) -> None:
    """Through the network itself, in float64, so that second derivatives are seen to be right."""
    network = Network.build(make_config("discriminator.width=5", "discriminator.activation=tanh").discriminator, 2, 1)
    vector = 0.7 * torch.randn(sum(network.lengths), generator=torch.Generator().manual_seed(1), dtype=DOUBLE)
    x_real, x_fake = points(2), points(3)

    def price(vector: Tensor) -> Tensor:
        return penalise(key, Scorer(network, network.split(vector)), x_real, x_fake).mean()

    leaf = vector.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(price(leaf), leaf, allow_unused=False)
    step = 1e-6
    basis = torch.eye(len(vector), dtype=DOUBLE) * step
    differences = torch.stack([(price(vector + e) - price(vector - e)) / (2 * step) for e in basis])
    torch.testing.assert_close(gradient, differences.detach(), atol=1e-7, rtol=1e-5)


# At work ------------------------------------------------------------------------------------------------------------


def config_with(key: str, *assignments: str, **numbers: object) -> RunConfig:
    plain = make_config(*SMALL, *assignments).to_json()
    return check_config({**plain, "regularizers": [{"name": key, **numbers}]}, build_catalog())


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


@pytest.mark.parametrize("key", list(REGULARIZERS))
def test_every_regularizer_changes_the_run_and_trains_the_same_in_a_stack(key: str) -> None:
    config = config_with(key)
    (player, *_) = REGULARIZERS[key].players
    plain = train(Trainer(make_config(*SMALL).with_seed(3)), 4).state.tensors[player]
    alone = train(Trainer(config.with_seed(3)), 4).state.tensors[player]
    stack = train(Trainer([config.with_seed(seed) for seed in range(8)]), 4).state.tensors[player]
    assert not torch.equal(plain, alone)
    torch.testing.assert_close(stack[3], alone, atol=1e-4, rtol=0)


def test_runs_of_a_stack_may_have_their_own_weights() -> None:
    weak, strong = config_with("r1", gamma=0.1), config_with("r1", gamma=10.0)
    stack = train(Trainer([weak, strong]), 4).state.tensors["discriminator"]
    for run, config in enumerate((weak, strong)):
        alone = train(Trainer(config), 4).state.tensors["discriminator"]
        torch.testing.assert_close(stack[run], alone, atol=1e-4, rtol=0)


def test_the_loss_and_the_gradient_hold_the_penalty() -> None:
    config = config_with("r1", gamma=2.0)
    plain, priced = Trainer(make_config(*SMALL)), Trainer(config)
    without = {p.name: p.tensors for p in plain.phases("discriminator")}
    known = {p.name: p.tensors for p in priced.phases("discriminator")}
    penalty = known["loss"]["r1_penalty"]
    torch.testing.assert_close(known["loss"]["d_loss"], without["loss"]["d_loss"] + penalty.mean())
    vector = Trainer(config).state.tensors["discriminator"].clone().requires_grad_()
    network = priced.discriminator
    r1 = penalise("r1", Scorer(network, network.split(vector)), known["sample"]["x_real"], points(0), gamma=2.0)
    (slope,) = torch.autograd.grad(r1.mean(), vector)
    torch.testing.assert_close(known["backward"]["gradient"], without["backward"]["gradient"] + slope)


def test_clipping_holds_after_every_update_biases_too() -> None:
    trainer = Trainer(config_with("weight_clipping", bound=0.05))
    for _ in range(3):
        trainer.step()
        assert trainer.state.tensors["discriminator"].abs().max() <= torch.tensor(0.05)


def test_lecam_averages_are_bias_free_and_decay() -> None:
    trainer = Trainer(config_with("lecam", decay=0.5))
    means = []
    for _ in range(3):
        known = list(trainer.phases("discriminator"))[-1].known
        means.append(known["real_logits"].detach().mean())
    tensors = trainer.state.tensors
    average = tensors["regularizer.lecam.real_logits"] / tensors["regularizer.lecam.real_logits_weight"]
    expected = (means[0] * 0.125 + means[1] * 0.25 + means[2] * 0.5) / 0.875
    torch.testing.assert_close(average.squeeze(), expected)


def test_before_the_first_update_the_usual_scores_are_those_of_an_undecided_discriminator() -> None:
    known = list(Trainer(config_with("lecam", weight=0.5)).phases("discriminator"))[-1].known
    real, fake = known["real_logits"].detach(), known["fake_logits"].detach()
    torch.testing.assert_close(known["lecam_penalty"], 0.5 * (real.clamp_min(0) ** 2 + (-fake).clamp_min(0) ** 2))


def test_a_regularizer_is_switched_on_and_off_while_a_run_trains() -> None:
    plain = make_config(*SMALL)
    trainer = train(Trainer(plain), 3)
    trainer.configure(config_with("lecam"))
    train(trainer, 2)
    assert "regularizer.lecam.real_logits" in trainer.state.tensors
    packed = RunState.unpack(trainer.state.pack())
    again = Trainer(config_with("lecam"), state=packed)
    assert torch.equal(train(again, 2).state.tensors["discriminator"], train(trainer, 2).state.tensors["discriminator"])
    trainer.configure(plain)
    assert not [name for name in trainer.state.tensors if name.startswith("regularizer.")]


def test_a_regularizer_that_means_nothing_beside_a_loss_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="label_smoothing goes with loss non_saturating or minimax, not with least_"):
        config_with("label_smoothing", "loss.name=least_squares")


@pytest.mark.parametrize("key", PENALTIES)
def test_every_number_of_a_penalty_turns_while_a_run_trains(key: str) -> None:
    assert all(p.live for p in REGULARIZERS[key].parameters if isinstance(p, Number))


def test_clipping_beside_spectral_norm_which_computes_with_other_weights_is_refused_in_words() -> None:
    with pytest.raises(
        ConfigError, match="spectral_norm does not go with weight_clipping: it cuts off the numbers tha"
    ):
        make_config(techniques=[{"name": "spectral_norm"}], regularizers=[{"name": "weight_clipping"}])
