"""Finitely many points to learn from, and the augmentation that keeps a discriminator from knowing them by heart."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.config import RunConfig, check_config
from server.gan.datasets import DATASETS
from server.gan.inspection.nodes import NODES, inspect_node
from server.gan.measures import memory_gap
from server.gan.metrics import evaluate_metrics
from server.gan.phases import Phase
from server.gan.probes import Sizes, probe_layers
from server.gan.randomness import draws_for
from server.gan.state import RunState
from server.gan.techniques.augmentation import augment
from server.gan.techniques.overfitting import adjust
from server.gan.trainer import Trainer
from server.protocol.frames import LAYER_ARRAYS
from tests.tools.runs import catalog, make_config

SMALL: dict[str, Any] = {"generator": {"width": 8}, "discriminator": {"width": 8}, "batch_size": 16}


def config_of(size: int, **more: Any) -> RunConfig:
    return check_config({**SMALL, "data": {"name": "ring8", "size": size}, **more}, catalog())


def config_with_ada(size: int = 0, **numbers: float) -> RunConfig:
    return config_of(size, techniques=[{"name": "ada", **numbers}])


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def known_points(trainer: Trainer) -> Tensor:
    assert trainer.source.points is not None
    return trainer.source.points


def find_known(points: Tensor, known: Tensor) -> Tensor:
    """Which of the known points (N, 2) each of some points (M, 2) is, to the last bit: (M, N)."""
    return (points.unsqueeze(-2) == known.unsqueeze(-3)).all(-1)


# Finite data ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", list(DATASETS))
def test_a_batch_is_picked_from_the_points_that_were_drawn_once(key: str) -> None:
    trainer = Trainer(check_config({**SMALL, "data": {"name": key, "size": 7}}, catalog()))
    points = known_points(trainer)
    assert points.shape == (7, DATASETS[key].dimension)
    batches = [trainer.source.draw_batch("discriminator", "data", 0, step) for step in range(20)]
    found = find_known(torch.cat(batches), points)
    assert torch.equal(found.sum(-1), torch.ones(320))
    assert found.double().mean(0).min() > 0.08  # each point's share is a seventh
    others = [*batches[1:], trainer.source.draw_batch("generator", "data", 0, 0)]
    assert not any(torch.equal(batches[0], other) for other in others)


def test_with_size_0_every_batch_is_fresh() -> None:
    trainer = Trainer(config_of(0))
    assert trainer.source.points is None
    seen = torch.cat([trainer.source.draw_batch("discriminator", "data", 0, step) for step in range(20)])
    assert len(seen.unique(dim=0)) == len(seen)  # type: ignore[no-untyped-call]  # torch says nothing of its types


def test_the_points_follow_from_the_seed_and_each_run_of_a_stack_has_its_own() -> None:
    stack = Trainer([config_of(5).with_seed(seed) for seed in range(3)])
    for seed in range(3):
        alone = Trainer(config_of(5, batch_size=4).with_seed(seed))  # the points depend on no batch
        assert torch.equal(known_points(stack)[seed], known_points(alone))
    assert not torch.equal(known_points(stack)[0], known_points(stack)[1])
    batch = stack.source.draw_batch("discriminator", "data", 0, 0)
    for run in range(3):
        assert find_known(batch[run], known_points(stack)[run]).any(-1).all()


def test_a_stack_trains_on_finite_data_as_single_runs_do() -> None:
    stack = train(Trainer([config_of(5).with_seed(seed) for seed in range(8)]), 6)
    alone = train(Trainer(config_of(5).with_seed(3)), 6)
    for name in ("generator", "discriminator"):
        torch.testing.assert_close(stack.state.tensors[name][3], alone.state.tensors[name], atol=1e-4, rtol=0)


def test_both_players_of_a_paired_loss_see_known_points_only() -> None:
    trainer = Trainer(config_of(3, loss={"name": "rpgan"}))
    seen = [phase.tensors["x_real"] for phase in trainer.phases() if "x_real" in phase.tensors]
    assert len(seen) == 2
    for points in seen:
        assert find_known(points, known_points(trainer)).any(-1).all()


def test_a_finite_set_is_no_part_of_the_law_that_metrics_compare_with() -> None:
    keys = ("sliced_w2", "grid_js", "modes20")
    assert evaluate_metrics(Trainer(config_of(3)), keys) == evaluate_metrics(Trainer(config_of(0)), keys)


@pytest.mark.parametrize(("size", "shown"), [(32, 32), (1000, 450)])
def test_the_layer_of_real_samples_shows_the_points_that_are_learned_from(size: int, shown: int) -> None:
    trainer = Trainer(config_of(size))
    layer = probe_layers(trainer, ("real",))["x_real"]
    assert layer.shape == (shown, 2)
    assert torch.equal(torch.from_numpy(layer), trainer.source.from_lab(known_points(trainer))[:shown])


@pytest.mark.parametrize("loss", ["non_saturating", "rpgan"])
def test_all_layers_and_nodes_can_be_looked_at_where_the_real_points_are_fewer_than_the_generated(loss: str) -> None:
    config = config_of(3, loss={"name": loss}, regularizers=[{"name": "r1"}, {"name": "gradient_penalty"}])
    trainer = train(Trainer(config), 2)
    arrays = probe_layers(trainer, LAYER_ARRAYS, Sizes(generated=50))
    assert arrays["real_logits"].shape == (3,)
    assert arrays["gradients"].shape == (50, 2)
    for node in NODES.keys() - {"encoder"}:  # it trains none
        assert inspect_node(trainer, node)["node"] == node
    scope: dict[str, Any] = {"torch": torch, "math": math}
    exec(inspect_node(trainer, "real")["code"], scope)
    assert scope["known"].shape == scope["x_real"].shape == (3, 2)


@pytest.mark.parametrize("size", [-1, 10_001, 1.5])
def test_a_size_out_of_range_is_refused(size: float) -> None:
    with pytest.raises(ConfigError, match=r"data.size: expected a whole number from 0 to 10000"):
        check_config({"data": {"name": "ring8", "size": size}}, catalog())


def test_a_config_from_before_there_were_sizes_trains_on_fresh_points() -> None:
    config = check_config({"data": {"name": "ring8", "std": 0.02, "units": "lab"}}, catalog())
    assert config.data.values["size"] == 0


def test_the_memory_gap_is_how_much_higher_known_points_score_than_fresh_ones() -> None:
    trainer = Trainer([config_of(4).with_seed(seed) for seed in range(2)])
    assert memory_gap(trainer)[:2].abs().max() < 0.2  # nobody has learned anything
    for _ in range(300):
        trainer.step("discriminator")
    fresh = trainer.source.sample_data(4000, draws_for([0, 1, *[1] * 6], 5, "fresh"))
    scores = (trainer.score(points).mean(-1) for points in (known_points(trainer), fresh))
    known, other = scores
    torch.testing.assert_close(memory_gap(trainer), known - other, atol=0.1, rtol=0.1)
    assert memory_gap(trainer)[:2].min() > 0.3


# What the augmentation does to points --------------------------------------------------------------------------------


def probability(p: float) -> Tensor:
    return torch.full((1, 1), p, dtype=torch.float64)


def move(points: Tensor, p: float, seed: int = 0) -> Tensor:
    return augment(points, draws_for(seed, 0, "test"), probability(p))


def read_moves(p: float, count: int = 20_000) -> tuple[Tensor, Tensor]:
    """The matrix (N, 2, 2) and the shift (N, 2) of every move: those of an affine map follow from three points."""
    corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    zero, right, up = (move(corner.expand(count, 2), p) for corner in corners)
    return torch.stack((right - zero, up - zero), -1), zero


def test_with_p_0_every_point_stays_bit_for_bit() -> None:
    points = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(move(points, 0.0), points)


def test_a_move_is_a_quarter_turn_a_scale_and_a_shift_from_the_laws_of_the_paper() -> None:
    matrices, shifts = read_moves(1.0)
    scale = matrices.det().sqrt()
    turns = matrices / scale[:, None, None]
    quarters = torch.atan2(turns[:, 1, 0], turns[:, 0, 0]) / (math.pi / 2)
    torch.testing.assert_close(quarters, quarters.round(), atol=1e-9, rtol=0)
    torch.testing.assert_close(turns @ turns.mT, torch.eye(2).double().expand_as(turns), atol=1e-9, rtol=0)
    assert (torch.bincount(quarters.round().long() % 4) / len(quarters)).sub(0.25).abs().max() < 0.02
    assert scale.log2().mean().abs() < 0.01
    assert scale.log2().std() == pytest.approx(0.2, abs=0.01)
    assert shifts.mean(0).abs().max() < 0.01
    assert shifts.std(0).tolist() == pytest.approx([0.25, 0.25], abs=0.01)


def test_each_kind_of_move_happens_with_probability_p() -> None:
    matrices, shifts = read_moves(0.4)
    scale = matrices.det().sqrt()
    turned = (matrices / scale[:, None, None] - torch.eye(2)).abs().amax((-1, -2)) > 1e-9
    kinds = {"turned": turned, "scaled": (scale - 1).abs() > 1e-9, "shifted": shifts.abs().amax(-1) > 0}
    expected = {"turned": 0.4 * 3 / 4, "scaled": 0.4, "shifted": 0.4}  # one turn in four is none
    assert {kind: made.double().mean().item() for kind, made in kinds.items()} == pytest.approx(expected, abs=0.015)
    both = (kinds["scaled"] & kinds["shifted"]).double().mean()
    assert both == pytest.approx(0.4 * 0.4, abs=0.015)  # each by a draw of its own


def test_the_slope_goes_back_through_every_move() -> None:
    points = torch.randn(12, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: move(x, 0.7, seed=3), points)


# The controller of p --------------------------------------------------------------------------------------------------


def adjust_often(p: float, logits: list[float], target: float, kimg: float) -> list[float]:
    """What p is after each of some updates whose real scores, 8 a batch, have all the same value."""
    slots = {"p": torch.tensor([p]), "signs": torch.zeros(1), "updates": torch.zeros(1)}
    history = []
    for logit in logits:
        slots = adjust(slots, torch.full((8,), logit), target, kimg)
        history.append(slots["p"].item())
    return history


def test_p_moves_after_every_fourth_update_by_the_share_of_the_points_that_were_seen() -> None:
    step = 8 * 4 / (0.5 * 1000)
    assert adjust_often(0.0, [1.0] * 9, 0.2, 0.5) == pytest.approx([0] * 3 + [step] * 4 + [2 * step] * 2)
    assert adjust_often(0.5, [-1.0] * 4, 0.2, 0.5)[-1] == pytest.approx(0.5 - step)
    # The sign is that of the mean over four updates, not of the last one's: (1 + 1 + 1 - 1) / 4 = 0.5.
    assert adjust_often(0.5, [1.0, 1.0, 1.0, -1.0], 0.4, 0.5)[-1] == pytest.approx(0.5 + step)
    assert adjust_often(0.5, [1.0, 1.0, 1.0, -1.0], 0.6, 0.5)[-1] == pytest.approx(0.5 - step)


def test_p_stays_from_0_to_1_and_turns_back_at_once() -> None:
    step = 8 * 4 / 100
    assert adjust_often(0.9, [1.0] * 8, 0.2, 0.1)[-1] == 1
    assert adjust_often(0.9, [1.0] * 8 + [-1.0] * 4, 0.2, 0.1)[-1] == pytest.approx(1 - step)
    assert adjust_often(0.1, [-1.0] * 8, 0.2, 0.1)[-1] == 0


def test_with_the_papers_500_thousand_points_p_hardly_leaves_0_in_a_short_run() -> None:
    ways = {kimg: adjust_often(0.0, [1.0] * 400, 0.2, kimg)[-1] for kimg in (500.0, 2.0)}
    assert ways == pytest.approx({500.0: 400 * 8 / 500_000, 2.0: 1.0}, rel=1e-4)


# At work --------------------------------------------------------------------------------------------------------------

P = "technique.ada.p"


def test_p_is_part_of_the_state_and_every_run_of_a_stack_has_its_own() -> None:
    configs = [config_with_ada(8, target=target, kimg=0.5).with_seed(1) for target in (-1.0, 0.0, 1.0)]
    stack = train(Trainer(configs), 24)
    assert stack.state.tensors[P].shape == (8, 1)
    assert stack.state.tensors[P][0].item() in [pytest.approx(n * 16 * 4 / 500) for n in range(1, 7)]
    assert stack.state.tensors[P][2].item() == 0  # no more than all of the scores can be above 0
    for run, config in enumerate(configs):
        alone = train(Trainer(config), 24).state.tensors
        assert alone[P].shape == (1,)
        torch.testing.assert_close(stack.state.tensors[P][run], alone[P])


def test_p_follows_the_signs_of_the_real_scores_that_the_updates_saw() -> None:
    trainer = with_p(Trainer(config_with_ada(8, target=0.1, kimg=20.0)), 0.5)
    p, ways, signs = 0.5, set[float](), list[float]()
    for _ in range(80):
        signs.append(walk(trainer)["discriminator", "classify"].tensors["real_logits"].sign().mean().item())
        if len(signs) % 4 == 0:
            ways.add(math.copysign(16 * 4 / 20_000, sum(signs[-4:]) / 4 - 0.1))
            p += math.copysign(16 * 4 / 20_000, sum(signs[-4:]) / 4 - 0.1)
        assert trainer.state.tensors[P].item() == pytest.approx(p, abs=1e-6)
    assert len(ways) == 2  # it went both ways


def with_p(trainer: Trainer, p: float) -> Trainer:
    tensors = trainer.state.tensors
    trainer.state = trainer.state._replace(tensors={**tensors, P: torch.full_like(tensors[P], p)})
    return trainer


def walk(trainer: Trainer) -> dict[tuple[str, str], Phase]:
    return {(phase.player, phase.name): phase for phase in trainer.phases()}


def test_both_players_see_moved_points_of_both_sorts_and_with_p_0_none() -> None:
    plain = walk(Trainer(config_with_ada()))
    moved = walk(with_p(Trainer(config_with_ada()), 1.0))
    for player, sorts in (("discriminator", ("real", "fake")), ("generator", ("fake",))):
        for sort in sorts:
            still, seen = plain[player, "classify"].known, moved[player, "classify"].known
            assert torch.equal(still[f"seen_{sort}"], still[f"x_{sort}"])
            assert (seen[f"seen_{sort}"] != seen[f"x_{sort}"]).any(-1).float().mean() > 0.9


def test_the_generators_slope_is_that_of_its_points_before_they_were_moved() -> None:
    trainer = with_p(Trainer(config_with_ada()), 1.0)
    judge = Trainer(trainer.config, state=trainer.state)
    judge.step("discriminator")  # the generator learns from the discriminator as it is then
    known = walk(trainer)["generator", "backward"].known
    x_fake = known["x_fake"].detach().clone().requires_grad_()
    seen = augment(x_fake, draws_for(0, 0, "generator fake ada 0"), torch.ones(1, 1))
    torch.testing.assert_close(seen, known["seen_fake"])
    logits = judge.discriminator(judge.weights("discriminator"), seen).squeeze(-1)
    (slope,) = torch.autograd.grad(torch.nn.functional.softplus(-logits).mean(), x_fake)
    torch.testing.assert_close(slope, known["slope"], atol=1e-7, rtol=1e-4)


def test_going_back_replays_p_and_the_moves_bit_for_bit() -> None:
    config = config_with_ada(8, kimg=0.5)
    whole, halves = train(Trainer(config), 21), train(Trainer(config), 10)
    again = train(Trainer(config, state=RunState.unpack(halves.state.pack())), 11)
    assert again.state.pack() == whole.state.pack()


def test_the_discriminators_node_tells_p() -> None:
    trainer = with_p(Trainer(config_with_ada()), 0.25)
    told = inspect_node(trainer, "discriminator")
    assert told["numbers"]["ada_p"] == 0.25
    assert [formula["latex_numbers"] for formula in told["formula"] if formula["latex"] == "p"] == ["p = 0.25"]
    assert "ada_p" not in inspect_node(Trainer(make_config()), "discriminator")["numbers"]


@pytest.mark.parametrize("loss", ["wasserstein", "rpgan", "least_squares"])
def test_with_a_loss_whose_zero_says_nothing_it_is_refused_in_words(loss: str) -> None:
    with pytest.raises(ConfigError, match=f"ada goes with loss .*, not with {loss}: it asks how many"):
        check_config({"loss": {"name": loss}, "techniques": [{"name": "ada"}]}, catalog())
