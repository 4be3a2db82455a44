"""Optimizers against torch.optim or pytorch_optimizer over 50 steps, for one run and along the run axis; games."""

from collections.abc import Callable, Iterator

import pytest
import pytorch_optimizer
import torch
from torch import Tensor

from server.gan.optimizers import OPTIMIZERS, start_slots


class Optimistic(torch.optim.Optimizer):
    """The published step, -2 lr g_t + lr g_{t-1}, for one parameter; no library has it."""

    def __init__(self, parameters: list[Tensor], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})
        self.past: Tensor | None = None

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]  # the test gives no closure
        (parameter,), lr = self.param_groups[0]["params"], self.param_groups[0]["lr"]
        gradient = parameter.grad.clone()
        parameter -= lr * gradient if self.past is None else 2 * lr * gradient - lr * self.past
        self.past = gradient


REFERENCES: dict[str, Callable[[list[Tensor]], torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.02),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.8),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.8, nesterov=True),
    "omd": lambda p: Optimistic(p, lr=0.02),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.02, alpha=0.95),
    "adam": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.5, 0.999)),
    "adabelief": lambda p: pytorch_optimizer.AdaBelief(p, lr=0.02, betas=(0.5, 0.999), eps=1e-12),
    "grams": lambda p: pytorch_optimizer.Grams(p, lr=0.02, betas=(0.5, 0.999), eps=1e-8),
}
VALUES: dict[str, dict[str, float]] = {
    "sgd": {"learning_rate": 0.02},
    "momentum": {"learning_rate": 0.02, "momentum": 0.8},
    "nesterov": {"learning_rate": 0.02, "momentum": 0.8},
    "omd": {"learning_rate": 0.02},
    "rmsprop": {"learning_rate": 0.02, "alpha": 0.95},
    **{key: {"learning_rate": 0.02, "beta1": 0.5, "beta2": 0.999} for key in ("adam", "adabelief", "grams")},
}
every_optimizer = pytest.mark.parametrize("key", list(OPTIMIZERS))


def slope(theta: Tensor, step: int) -> Tensor:
    """An uneven, moving landscape, so that averages matter."""
    return torch.cos(3 * theta + step) + theta * torch.arange(1.0, theta.shape[-1] + 1)


def walk(key: str, theta: Tensor, values: dict[str, float | Tensor]) -> Iterator[Tensor]:
    unit, slots = OPTIMIZERS[key], start_slots(OPTIMIZERS[key], theta)
    for step in range(1, 51):
        change, slots = unit(slope(theta, step), slots, step, **values)
        theta = theta + change
        yield theta


@every_optimizer
def test_p37_it_agrees_with_its_reference_over_fifty_steps(key: str) -> None:
    theta = torch.linspace(-1, 1, 12)
    parameter = theta.clone().requires_grad_()
    reference = REFERENCES[key]([parameter])
    for step, ours in enumerate(walk(key, theta, dict(VALUES[key])), 1):
        parameter.grad = slope(parameter.detach(), step)
        reference.step()
        torch.testing.assert_close(ours, parameter.detach(), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("beta2", [0.9, 0.999, 0.9999])
def test_adam_along_the_run_axis_agrees_with_torch(beta2: float) -> None:
    start = torch.linspace(-1, 1, 12)
    parameter = start.clone().requires_grad_()
    reference = torch.optim.Adam([parameter], lr=0.02, betas=(0.5, beta2))
    named = {"learning_rate": 0.02, "beta1": 0.5, "beta2": beta2}
    values: dict[str, float | Tensor] = {
        name: torch.full((8, 1), value, dtype=torch.float64) for name, value in named.items()
    }
    for step, ours in enumerate(walk("adam", start.expand(8, -1), values), 1):
        parameter.grad = slope(parameter.detach(), step)
        reference.step()
        torch.testing.assert_close(ours[3], parameter.detach(), atol=1e-6, rtol=1e-6)


@every_optimizer
def test_runs_with_their_own_numbers_share_a_call(key: str) -> None:
    rates = [0.001, 0.02, 0.1]
    start = torch.linspace(-1, 1, 12)
    values: dict[str, float | Tensor] = {
        name: torch.full((3, 1), value, dtype=torch.float64) for name, value in VALUES[key].items()
    }
    values["learning_rate"] = torch.tensor(rates, dtype=torch.float64).unsqueeze(-1)
    *_, together = walk(key, start.expand(3, -1), values)
    for run, rate in enumerate(rates):
        *_, alone = walk(key, start, {**VALUES[key], "learning_rate": rate})
        torch.testing.assert_close(together[run], alone, atol=1e-6, rtol=1e-6)


@every_optimizer
def test_nothing_is_changed_in_place(key: str) -> None:
    gradient = torch.full((4,), -3.0)
    slots = {name: torch.full((4,), 0.5) for name in OPTIMIZERS[key].slots}
    OPTIMIZERS[key](gradient, slots, 1, **VALUES[key])
    assert torch.equal(gradient, torch.full((4,), -3.0))
    assert all(torch.equal(slot, torch.full((4,), 0.5)) for slot in slots.values())


@every_optimizer
def test_p38_p40_every_number_may_be_turned_while_it_runs(key: str) -> None:
    assert all(getattr(parameter, "live", False) for parameter in OPTIMIZERS[key].parameters)


def test_the_first_optimistic_step_is_a_plain_one_and_the_next_counts_the_turn_twice() -> None:
    first, slots = OPTIMIZERS["omd"](torch.tensor([3.0]), start_slots(OPTIMIZERS["omd"], torch.zeros(1)), 1, 0.1)
    assert first.item() == pytest.approx(-0.3)
    second, _ = OPTIMIZERS["omd"](torch.tensor([5.0]), slots, 2, 0.1)
    assert second.item() == pytest.approx(-0.1 * (2 * 5 - 3))


def test_trap_the_past_of_an_optimistic_step_is_a_copy() -> None:
    gradient = torch.tensor([3.0])
    _, slots = OPTIMIZERS["omd"](gradient, start_slots(OPTIMIZERS["omd"], gradient), 1, 0.1)
    gradient.fill_(5.0)  # as zero_grad and backward do with the same tensor
    change, _ = OPTIMIZERS["omd"](gradient, slots, 2, 0.1)
    assert change.item() == pytest.approx(-0.7)


def play_bilinear(key: str, steps: int) -> float:
    """How far from rest the game f(x, y) = x y is, that began at (1, 1): x lowers f, y raises it, both at once."""
    place = torch.ones(2, dtype=torch.float64)
    slots = start_slots(OPTIMIZERS[key], place)
    for step in range(1, steps + 1):
        change, slots = OPTIMIZERS[key](torch.stack((place[1], -place[0])), slots, step, 0.2)
        place = place + change
    return float(place.norm())


def test_in_a_bilinear_game_optimistic_steps_spiral_in_where_plain_ones_spiral_out() -> None:
    assert play_bilinear("omd", 500) < 1e-3
    assert play_bilinear("sgd", 500) > 1e3


def test_adabelief_steps_further_where_slopes_are_steady_and_shorter_where_they_jump() -> None:
    lengths = {}
    for key in ("adam", "adabelief"):
        values = {"learning_rate": 0.01, "beta1": 0.5, "beta2": 0.9}
        slots = start_slots(OPTIMIZERS[key], torch.zeros(2))
        for step in range(1, 41):
            gradient = torch.tensor([1.0, (-1.0) ** step])
            change, slots = OPTIMIZERS[key](gradient, slots, step, **values)
        lengths[key] = change.abs()
    favour = {key: (steady / jumping).item() for key, (steady, jumping) in lengths.items()}
    assert favour["adabelief"] > 10 * favour["adam"]


def test_trap_adabeliefs_epsilon_is_in_the_average_at_every_step() -> None:
    slots = start_slots(OPTIMIZERS["adabelief"], torch.zeros(1))
    for step in range(1, 4):
        _, slots = OPTIMIZERS["adabelief"](torch.zeros(1), slots, step, 0.01, 0.5, 0.999)
    assert slots["spread"].item() == pytest.approx(1e-12 * (1 + 0.999 + 0.999**2), rel=1e-5)


def test_trap_adabelief_steps_by_its_rule_from_the_first_step() -> None:
    """Its package's default does plain steps until its average is long enough."""
    change, _ = OPTIMIZERS["adabelief"](
        torch.ones(1), start_slots(OPTIMIZERS["adabelief"], torch.zeros(1)), 1, 0.01, 0.5, 0.999
    )
    assert change.item() == pytest.approx(-0.01 / 0.5, rel=1e-5)


def test_grams_goes_as_far_as_adam_and_always_against_the_slope() -> None:
    slots = {key: start_slots(OPTIMIZERS[key], torch.zeros(2)) for key in ("adam", "grams")}
    changes = {}
    for step, gradient in enumerate(torch.tensor([[1.0, 1.0], [1.0, -0.1]]), 1):
        for key in slots:
            changes[key], slots[key] = OPTIMIZERS[key](gradient, slots[key], step, 0.01, 0.9, 0.999)
    assert changes["adam"][1] < 0
    assert changes["grams"].tolist() == pytest.approx([changes["adam"][0].item(), -changes["adam"][1].item()])
