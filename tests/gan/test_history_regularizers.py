"""What both players pay for going far from where they have been: closed forms, and in runs."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.export.script import Change, write_script
from server.gan.inspection import inspect_phase
from server.gan.inspection.looks import look_at_generator
from server.gan.model_file import expect_shapes
from server.gan.probes import Sizes
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script, train
from tests.tools.runs import catalog, make_config

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
WEIGHT = 0.3
AVERAGING = {"name": "historical_averaging", "weight": WEIGHT}
PLAYERS = ("discriminator", "generator")


def test_the_price_is_the_squared_distance_from_the_mean_and_its_slope_twice_the_way() -> None:
    now = torch.tensor([1.0, -2.0, 4.0], dtype=torch.float64, requires_grad=True)
    mean = torch.tensor([0.0, -2.0, 1.0], dtype=torch.float64)
    price = REGULARIZERS["historical_averaging"](now, mean, weight=0.5)
    assert price.tolist() == [0.5 * (1 + 9)]
    assert torch.autograd.grad(price.sum(), now)[0].tolist() == [1.0, 0.0, 3.0]


@pytest.mark.parametrize("loss", ["non_saturating", "mmd"])
def test_each_player_pays_for_the_distance_from_the_mean_of_all_its_past_with_the_present(loss: str) -> None:
    config = make_config(*SMALL, f"loss.name={loss}", "d_updates=2", regularizers=[AVERAGING])
    trainer, past, updates = Trainer(config), {player: list[Tensor]() for player in PLAYERS}, 0
    for _ in range(3):
        for phase in trainer.phases():
            if phase.name == "sample":
                past[phase.player].append(trainer.state.tensors[phase.player].double())
            if phase.name == "loss":
                mean, now = torch.stack(past[phase.player]).mean(0), past[phase.player][-1]
                expected = WEIGHT * (now - mean).square().sum()
                torch.testing.assert_close(phase.known["historical_averaging_penalty"].double(), expected.view(1))
                updates += 1
    assert updates == (9 if loss == "non_saturating" else 3)


@pytest.mark.parametrize("player", PLAYERS)
def test_the_gradient_draws_each_player_back_to_where_it_was(player: str) -> None:
    config = make_config(*SMALL, regularizers=[AVERAGING])
    trainer = Trainer(config)
    train(trainer, 5)
    plain = Trainer(make_config(*SMALL), state=trainer.state)
    tensors = trainer.state.tensors
    away = tensors[player] - tensors[f"regularizer.historical_averaging.{player}"]
    known, without = (list(one.phases(player))[-1].known for one in (trainer, plain))  # type: ignore[arg-type]  # a player
    torch.testing.assert_close(known["gradient"] - without["gradient"], 2 * WEIGHT * away, atol=1e-5, rtol=1e-3)
    letter = player[0]
    paid = WEIGHT * away.square().sum()
    torch.testing.assert_close(known[f"{letter}_loss"], without[f"{letter}_loss"] + paid)


def test_switched_on_while_a_run_trains_its_memory_begins_there_and_goes_back_exactly() -> None:
    plain, config = make_config(*SMALL), make_config(*SMALL, regularizers=[AVERAGING])
    trainer = Trainer(plain)
    train(trainer, 3)
    trainer.configure(config)
    for player in PLAYERS:
        held = trainer.state.tensors[f"regularizer.historical_averaging.{player}"]
        assert torch.equal(held, trainer.state.tensors[player])
    train(trainer, 2)
    shapes = {name: tuple(tensor.shape) for name, tensor in trainer.state.tensors.items()}
    assert shapes == expect_shapes(config, catalog())
    again = Trainer(config, state=RunState.unpack(trainer.state.pack()))
    assert train(trainer, 3) == train(again, 3)
    assert all(torch.equal(again.state.tensors[name], held) for name, held in trainer.state.tensors.items())
    trainer.configure(plain)
    assert not [name for name in trainer.state.tensors if name.startswith("regularizer.")]


def test_a_run_of_a_stack_that_fails_keeps_its_memory_as_it_was() -> None:
    rules = [f"{letter}_optimizer.{key}" for letter in "dg" for key in ("name=sgd", "learning_rate=10")]
    wild = make_config(*SMALL, *rules, "loss.name=least_squares", regularizers=[AVERAGING])
    stack = Trainer([wild, wild.with_seed(1)])
    for _ in range(30):
        stack.step()
    assert all(stack.failures[:2])
    assert all(tensor.isfinite().all() for tensor in stack.state.tensors.values())


@pytest.mark.parametrize("loss", ["non_saturating", "energy"])
def test_an_exported_run_remembers_as_the_lab_does_from_when_it_is_switched_on(loss: str, tmp_path: Path) -> None:
    clipped = [{"name": "weight_clipping", "bound": 0.3}] if loss == "non_saturating" else []
    changes: list[Change] = [
        (3, make_config(*SMALL, f"loss.name={loss}", "d_updates=2", regularizers=[AVERAGING, *clipped])),
        (9, make_config(*SMALL, f"loss.name={loss}", "d_updates=2")),
        (12, make_config(*SMALL, f"loss.name={loss}", "d_updates=2", regularizers=[AVERAGING])),
    ]
    config = make_config(*SMALL, f"loss.name={loss}", "d_updates=2")
    there = run_script(write_script(config, 20, catalog(), changes), tmp_path)
    here = train(Trainer(config), 20, changes)
    torch.testing.assert_close(torch.tensor(there), torch.tensor(here), atol=1e-4, rtol=1e-5, equal_nan=True)


def test_a_generated_point_is_not_said_to_be_priced_but_the_generators_bias_is() -> None:
    trainer = Trainer(make_config(*SMALL, regularizers=[AVERAGING]))
    train(trainer, 2)
    before = trainer.state
    for phase in trainer.phases("generator"):
        told = inspect_phase(trainer, phase, before)
        before = trainer.state
        if phase.name == "backward":
            chain, bias, _ = told["formula"][-3:]
            assert r"\partial P" not in chain["latex"]
            assert r"\partial P" in bias["latex"]
            assert bias["meaning"].endswith("and of the penalties.")
    known = look_at_generator(trainer, Sizes(generated=20)).known
    paid = known["historical_averaging_penalty"].mean()
    assert paid > 0
    torch.testing.assert_close(known["g_loss"], known["per_example"].mean() + paid)


def test_beside_lookahead_whose_way_back_is_no_update_it_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="lookahead does not go with historical_averaging: it holds both players"):
        make_config(regularizers=[AVERAGING], techniques=[{"name": "lookahead"}])
