"""Optimizers against torch.optim over 50 steps, for one run and along the run axis."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from server.gan.optimizers import OPTIMIZERS, start_slots

REFERENCES: dict[str, Callable[[list[Tensor]], torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.02),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.8),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.02, alpha=0.95),
    "adam": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.5, 0.999)),
}
VALUES: dict[str, dict[str, float]] = {
    "sgd": {"learning_rate": 0.02},
    "momentum": {"learning_rate": 0.02, "momentum": 0.8},
    "rmsprop": {"learning_rate": 0.02, "alpha": 0.95},
    "adam": {"learning_rate": 0.02, "beta1": 0.5, "beta2": 0.999},
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
def test_p37_it_agrees_with_torch_over_fifty_steps(key: str) -> None:
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
    gradient = torch.ones(4)
    slots = {name: torch.full((4,), 0.5) for name in OPTIMIZERS[key].slots}
    OPTIMIZERS[key](gradient, slots, 1, **VALUES[key])
    assert torch.equal(gradient, torch.ones(4))
    assert all(torch.equal(slot, torch.full((4,), 0.5)) for slot in slots.values())


@every_optimizer
def test_p38_p40_every_number_may_be_turned_while_it_runs(key: str) -> None:
    assert all(getattr(parameter, "live", False) for parameter in OPTIMIZERS[key].parameters)
