"""Runs that stand at different steps, joined for a while: each goes on as it does joined with nobody."""

from typing import Any

import pytest
import torch

from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config
from server.gan.joined import MOST_RUNS, Joined, find_kind, find_width
from server.gan.optimizers import OPTIMIZERS
from server.gan.phases import Diverged, Numbers
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.tools.states import is_same

SMALL: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 8},
    "discriminator": {"hidden_layers": 1, "width": 8},
    "batch_size": 32,
}


def make_config(**settings: Any) -> RunConfig:
    return check_config(SMALL | settings, build_catalog())


def train(config: RunConfig, *steps: int) -> list[Trainer]:
    """Single runs, each of which has made so many steps by itself."""
    trainers = [Trainer(config.with_seed(seed)) for seed in range(len(steps))]
    for trainer, count in zip(trainers, steps, strict=True):
        for _ in range(count):
            trainer.step()
    return trainers


def advance(trainers: list[Trainer], count: int) -> list[Numbers | Diverged]:
    joined = Joined(trainers)
    told: list[Numbers | Diverged] = []
    for _ in range(count):
        told = joined.advance()
    return told


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"d_updates": 2, "regularizers": [{"name": "gradient_penalty"}]},
        {"data": {"name": "ring8", "size": 40}},
        {"loss": {"name": "rpgan"}, "regularizers": [{"name": "lecam"}]},
    ],
    ids=["as it comes", "draws of a penalty", "finite data", "pairs and averages"],
)
def test_a_run_goes_on_among_others_as_joined_with_nobody(settings: dict[str, Any]) -> None:
    config = make_config(**settings)
    among, lonely = train(config, *range(11)), train(config, *range(11))
    advance(among, 20)
    for trainer in lonely:
        advance([trainer], 7)
        advance([trainer], 13)
    assert [trainer.state.step for trainer in among] == list(range(20, 31))
    assert all(is_same(one.state, other.state) for one, other in zip(among, lonely, strict=True))


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_joined_runs_of_every_optimizer_agree_with_runs_by_themselves(name: str) -> None:
    config = make_config(d_optimizer={"name": name}, g_optimizer={"name": name})
    joined, alone = train(config, 0, 1, 5), train(config, 0, 1, 5)
    told = advance(joined, 4)
    losses = [[trainer.step().read() for _ in range(4)][-1] for trainer in alone]
    for one, other, loss, expected in zip(joined, alone, told, losses, strict=True):
        torch.testing.assert_close(one.state.tensors, other.state.tensors, atol=1e-5, rtol=1e-4)
        assert one.state[1:] == other.state[1:]
        assert isinstance(loss, Numbers)
        torch.testing.assert_close(tuple(loss), tuple(expected), atol=1e-5, rtol=1e-4)


def test_a_run_that_diverges_stays_where_it_was_and_the_others_notice_nothing() -> None:
    config = make_config(loss={"name": "least_squares"}, d_optimizer={"name": "sgd"}, g_optimizer={"name": "sgd"})
    trainers, undisturbed = train(config, 3, 4, 5), train(config, 3, 4, 5)
    wild = make_config(loss={"name": "least_squares"}, d_optimizer={"name": "sgd", "learning_rate": 10.0},
                       g_optimizer={"name": "sgd", "learning_rate": 10.0})  # fmt: skip
    trainers[1].configure(wild.with_seed(1))
    joined, told = Joined(trainers), []
    for _ in range(40):
        told = joined.advance()
    assert isinstance(told[1], Diverged)
    assert told[1].step == trainers[1].state.step + 1
    assert all(torch.isfinite(tensor).all() for tensor in trainers[1].state.tensors.values())
    advance(undisturbed, 40)
    assert all(is_same(trainers[run].state, undisturbed[run].state) for run in (0, 2))


def test_a_state_that_a_stack_has_made_stays_as_it_was_while_the_stack_goes_on() -> None:
    trainers = train(make_config(), 0, 3)
    joined = Joined(trainers)
    joined.advance()
    kept = trainers[1].state
    copied = kept.copy()
    joined.advance()
    assert is_same(kept, copied)
    assert is_same(kept, RunState.unpack(kept.pack()))
    assert not torch.equal(kept.tensors["generator"], trainers[1].state.tensors["generator"])


def test_a_stack_no_longer_holds_a_run_that_was_changed_or_went_on_alone() -> None:
    trainers = train(make_config(), 0, 1, 2)
    joined = Joined(trainers)
    joined.advance()
    assert joined.holds(trainers)
    assert not joined.holds(trainers[:2])
    trainers[2].configure(trainers[2].config)
    assert not joined.holds(trainers)


def test_only_runs_that_gain_by_it_and_count_no_steps_are_joined() -> None:
    def tell(**settings: Any) -> str:
        return find_kind(Trainer(make_config(**settings)))

    assert tell(seed=1) == tell(seed=2, d_optimizer={"name": "adam", "learning_rate": 0.5}) != ""
    assert tell(batch_size=64) not in ("", tell())
    assert tell(techniques=[{"name": "ema"}]) == ""
    assert find_width(make_config()) == MOST_RUNS
    heavy = {"hidden_layers": 3, "width": 256}
    assert find_width(make_config(generator=heavy, discriminator=heavy, batch_size=4096)) == 0
