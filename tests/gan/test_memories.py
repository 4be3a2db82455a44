"""Manifold entropy and the points that it remembers: closed forms, the trap of the published buffer, and in runs."""

import pytest
import torch
from torch import Tensor

from server.gan.memories import Memory
from server.gan.model_file import expect_shapes
from server.gan.regularizers import REGULARIZERS
from server.gan.trainer import Trainer
from tests.gan.test_feature_regularizers import read_features
from tests.tools.runs import catalog, make_config

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
ENTROPY = {"name": "manifold_entropy", "weight": 0.2}
PLAYERS = {"discriminator": "x_real", "generator": "x_fake"}


def price(features: Tensor, past: Tensor, known: Tensor, weight: float = 1.0) -> Tensor:
    return REGULARIZERS["manifold_entropy"](features, past, known, weight=weight)


def test_the_price_is_minus_the_logarithm_of_the_mean_squared_way_to_the_nearest_known() -> None:
    features = torch.tensor([[0.0, 0.0], [3.0, 4.0]], dtype=torch.float64)
    past = torch.tensor([[0.0, 0.1], [0.0, 1.0], [3.0, 2.0], [9.0, 9.0]], dtype=torch.float64)
    known = torch.tensor([False, True, True, True])  # the nearest of the first is not there yet
    expected = -2 * torch.tensor((1.0 + 4.0) / 2, dtype=torch.float64).log()
    torch.testing.assert_close(price(features, past, known, 2.0), expected.view(1), atol=1e-7, rtol=1e-7)


def test_points_that_follow_its_slope_go_away_from_their_nearest() -> None:
    features = torch.tensor([[1.0, 0.0], [0.0, 3.0]], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(price(features, torch.zeros(1, 2).double(), torch.tensor([True])).sum(), features)
    torch.testing.assert_close(slope, -features.detach() / 5)  # -(1 / 5) of the gap of 5, that is half its slope
    assert torch.autograd.gradcheck(lambda f: price(f, torch.zeros(1, 2).double(), torch.tensor([True])), (features,))


def test_before_anything_is_known_and_where_all_look_alike_the_price_and_its_slope_are_finite() -> None:
    features = torch.zeros(3, 2, requires_grad=True)
    empty = price(features, torch.zeros(4, 2), torch.zeros(4, dtype=torch.bool))
    assert empty.tolist() == [0.0]
    alike = price(features, torch.zeros(4, 2), torch.ones(4, dtype=torch.bool))
    for one in (empty, alike):
        (slope,) = torch.autograd.grad(one.sum(), features, retain_graph=True)
        assert slope.isfinite().all()
    assert alike.item() == pytest.approx(18.42, abs=0.01)


def test_trap_the_memory_keeps_its_length_and_forgets_the_oldest() -> None:
    """The authors' buffer drops a batch and takes in one row, until a batch is compared with the one before alone."""
    memory, seen = Memory(torch.zeros(10, 1), torch.zeros(1)), []
    for step in range(5):
        points = torch.arange(4.0).unsqueeze(-1) + 4 * step
        seen += points.squeeze(-1).tolist()
        memory = memory.add(points)
        assert memory.rows.shape == (10, 1)
        known = seen[-10:]
        assert memory.known.tolist() == [False] * (10 - len(known)) + [True] * len(known)
        assert memory.rows[memory.known].squeeze(-1).tolist() == known


def test_a_batch_longer_than_the_memory_leaves_its_end() -> None:
    memory = Memory(torch.zeros(3, 1), torch.zeros(1)).add(torch.arange(7.0).unsqueeze(-1))
    assert memory.rows.squeeze(-1).tolist() == [4.0, 5.0, 6.0]
    assert memory.known.all()


@pytest.mark.parametrize("player", PLAYERS)
def test_each_player_is_compared_with_its_own_points_of_earlier_updates(player: str) -> None:
    trainer, past = Trainer(make_config(*SMALL, "d_updates=2", regularizers=[ENTROPY])), list[Tensor]()
    for _ in range(4):
        for phase in trainer.phases():
            if phase.player != player or phase.name != "loss":
                continue
            points, expected = phase.known[PLAYERS[player]].detach(), 0.0
            if past:
                ways = read_features(trainer, points).unsqueeze(1) - read_features(trainer, torch.cat(past))
                expected = -0.2 * (ways.square().sum(-1).amin(1).mean() + 1e-8).log().item()
            assert phase.known["manifold_entropy_penalty"].item() == pytest.approx(expected, rel=1e-4)
            past.append(points)
    assert len(past) == (8 if player == "discriminator" else 4)


def test_what_is_remembered_is_what_the_discriminator_reads_and_a_saved_model_knows_its_shape() -> None:
    config = make_config(*SMALL, regularizers=[ENTROPY], techniques=[{"name": "pacgan", "size": 3}])
    trainer = Trainer(config)
    known = list(trainer.phases("discriminator"))[-1].known
    tensors = trainer.state.tensors
    rows = tensors["regularizer.manifold_entropy.discriminator"].view(-1, 6)[-16:]
    torch.testing.assert_close(rows, trainer.craft.read(known["x_real"]))
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == expect_shapes(config, catalog())


def test_beside_the_slopes_of_the_game_the_points_are_remembered_too() -> None:
    trainer = Trainer(make_config(*SMALL, regularizers=[ENTROPY, {"name": "consensus"}]))
    trainer.step()
    for player in PLAYERS:
        assert trainer.state.tensors[f"regularizer.manifold_entropy.{player}_count"].item() == 16
