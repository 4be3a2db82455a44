"""Learning rates that change with the steps: PyTorch's own schedules, at work in a run and told by the inspector."""

import json
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.optim.lr_scheduler import CyclicLR, LinearLR, LRScheduler

from server.errors import ConfigError
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.base import RateTechnique
from server.gan.trainer import Trainer
from tests.gan.test_inspection_phases import walk
from tests.tools.runs import make_config

RATES = [unit.key for unit in TECHNIQUES.values() if isinstance(unit, RateTechnique)]
SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
SGD = ('d_optimizer={"name": "sgd", "learning_rate": 0.02}', 'g_optimizer={"name": "sgd", "learning_rate": 0.01}')
CYCLE = {"low": 0.25, "high": 3.0, "step_size": 7}
DECAY = {"end": 0.2, "steps": 12}
NUMBERS = {"rate_decay": DECAY, "cyclical_rate": CYCLE}


def trace_torch(schedule: Callable[[torch.optim.Optimizer], LRScheduler], rate: float, count: int) -> list[float]:
    """The rates of `count` steps under a schedule of PyTorch."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler, rates = schedule(optimizer), []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def start(key: str, *assignments: str, **numbers: float) -> Trainer:
    """A small run with a schedule."""
    return Trainer(make_config(*SMALL, *assignments, techniques=[{"name": key, **numbers}]))


@pytest.mark.parametrize(("end", "steps"), [(0.1, 300), (0.0, 7), (1.0, 5), (0.5, 1)])
def test_decaying_rates_are_pytorchs_linear_ones(end: float, steps: int) -> None:
    ours = [0.003 * TECHNIQUES["rate_decay"](t, end=end, steps=steps) for t in range(400)]
    theirs = trace_torch(lambda optimizer: LinearLR(optimizer, 1, end, steps), 0.003, 400)
    assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(("low", "high", "size"), [(0.1, 2.0, 50), (0.0, 1.0, 7), (1.0, 10.0, 1)])
def test_cyclical_rates_are_pytorchs_triangular_ones(low: float, high: float, size: int) -> None:
    ours = [0.002 * TECHNIQUES["cyclical_rate"](t, low=low, high=high, step_size=size) for t in range(400)]
    theirs = trace_torch(
        lambda optimizer: CyclicLR(optimizer, low * 0.002, high * 0.002, size, cycle_momentum=False), 0.002, 400
    )
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("key", RATES)
def test_all_updates_of_a_step_and_of_both_players_have_the_rate_of_that_step(key: str) -> None:
    trainer = start(key, *SGD, "d_updates=2", **NUMBERS[key])
    for step in range(20):
        factor = TECHNIQUES[key](step, **NUMBERS[key])
        tensors: dict[str, Tensor] = {}
        for phase in trainer.phases():
            tensors |= phase.tensors
            if phase.name == "update":
                rate = 0.02 if phase.player == "discriminator" else 0.01
                torch.testing.assert_close(phase.tensors["change"], -rate * factor * tensors["gradient"])


@pytest.mark.parametrize(("key", "name", "values"), [
    ("rate_decay", "end", (0.0, 0.4, 1.0)),
    ("cyclical_rate", "low", (0.0, 0.5, 1.0)),
    ("cyclical_rate", "high", (1.0, 2.0, 10.0)),
])  # fmt: skip
def test_runs_of_a_stack_may_decay_and_rise_each_in_its_own_way(key: str, name: str, values: tuple[float, ...]) -> None:
    configs = [make_config(*SMALL, techniques=[{"name": key, **NUMBERS[key], name: value}]) for value in values]
    stack = Trainer(configs)
    alone = [Trainer(config) for config in configs]
    for trainer in (stack, *alone):
        for _ in range(6):
            trainer.step()
    for row, trainer in enumerate(alone):
        for network in ("generator", "discriminator"):
            torch.testing.assert_close(
                stack.state.tensors[network][row], trainer.state.tensors[network], atol=1e-5, rtol=0
            )


def test_a_schedule_that_is_switched_on_late_goes_by_the_steps_of_the_run() -> None:
    late, whole = Trainer(make_config(*SMALL, *SGD)), start("rate_decay", *SGD, end=1.0, steps=10)
    for trainer in (late, whole):
        for _ in range(5):
            trainer.step()
    half = make_config(*SMALL, *SGD, techniques=[{"name": "rate_decay", "end": 0.0, "steps": 10}])
    for trainer in (late, whole):
        trainer.configure(half)
        before = trainer.state.tensors["generator"]
        *_, last = trainer.phases("generator")
        gradient = (trainer.state.tensors["generator"] - before) / -0.005
        torch.testing.assert_close(last.tensors["change"] / -0.005, gradient, atol=1e-3, rtol=0)
    assert torch.equal(late.state.tensors["generator"], whole.state.tensors["generator"])


@pytest.mark.parametrize("names", [RATES, RATES[::-1]])
def test_two_schedules_at_once_are_refused_in_words(names: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"does not go with .*: it sets the rates of a step too"):
        make_config(techniques=[{"name": name} for name in names])


@pytest.mark.parametrize("key", RATES)
def test_the_inspector_tells_the_rate_of_the_step_and_how_it_came_about(key: str) -> None:
    techniques = json.dumps([{"name": key, **NUMBERS[key]}])
    factor = TECHNIQUES[key](3, **NUMBERS[key])
    updates = [told for phase, *_, told in walk(*SGD, f"techniques={techniques}") if phase.name == "update"]
    assert len(updates) == 3
    for told in updates:
        numbers, rate = told["numbers"], 0.02 if told["player"] == "discriminator" else 0.01
        assert numbers["set_rate"] == rate
        assert numbers["factor"] == pytest.approx(factor)
        assert numbers["learning_rate"] == pytest.approx(rate * factor)
        assert numbers["change"] == pytest.approx(-rate * factor * (numbers["gradient"] or 0), rel=1e-5)
        (line,) = [line for line in told["formula"] if "times the one that is set" in line["meaning"]]
        assert line["latex"] == r"\eta = f \cdot \eta_{\text{set}}"
        assert f'["lr"] = {rate * factor!r}' in told["code"]


def test_without_a_schedule_the_inspector_tells_no_factor() -> None:
    for _, _, _, told in walk(*SGD):
        assert "factor" not in told["numbers"]
        assert "param_groups" not in told["code"]
