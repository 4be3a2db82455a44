"""The metrics: equal to independent implementations, at the floor for a perfect generator, right about defects."""

import json
from math import log, log2, sqrt

import numpy as np
import ot
import pytest
import torch
from scipy import stats
from scipy.spatial import distance
from torch import Tensor

from server.gan.datasets import DATASETS, Box
from server.gan.ganlab_grid import count_fake
from server.gan.metrics import METRICS, build_directions, count_cells, evaluate_metrics, evaluate_stack, metric_floors
from server.gan.metrics.scoring import FLOOR_DRAWS
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.tools.points import (
    DEFECTS,
    EVERY_MODE,
    draw_modes,
    draw_perfect,
    draw_real,
    draw_reference,
    find_facts,
    make_data_config,
    score,
)

TRUE = [metric.key for metric in METRICS.values() if not metric.extra.get("legacy")]
CHEAP = [metric.key for metric in METRICS.values() if metric.cost == "cheap"]
BEST = {
    "modes": 8,
    "modes20": 8,
    "high_quality": 1 - np.exp(-4.5),
    **dict.fromkeys(("precision", "recall", "density", "coverage"), 1),
}
"""What the data themselves score where that is not 0."""
DEAR_DATA = ("ring8", "swiss_roll")
FLOORS = [(key, data) for key in METRICS for data in (DATASETS if key in CHEAP else DEAR_DATA)]


# Promises of every metric -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", TRUE)
def test_the_data_themselves_score_best(key: str) -> None:
    x_real = draw_real(count=2400)
    assert METRICS[key](x_real, x_real, find_facts()).item() == pytest.approx(BEST.get(key, 0), abs=0.006)


@pytest.mark.parametrize("key", METRICS)
def test_runs_in_a_stack_score_as_single_runs(key: str) -> None:
    x_real, stack = draw_real(), draw_perfect(seed=[1, 2, 3])
    scores = METRICS[key](x_real, stack, find_facts())
    assert scores.shape == (3,)
    alone = torch.stack([METRICS[key](x_real, points, find_facts()) for points in stack])
    assert torch.allclose(scores, alone, atol=1e-6)
    assert torch.allclose(METRICS[key](x_real.expand(3, -1, -1), stack, find_facts()), scores, atol=1e-6)


@pytest.mark.parametrize(("key", "data"), FLOORS)
def test_f2_another_perfect_generator_scores_the_floor(key: str, data: str) -> None:
    floors = metric_floors(make_data_config(data), [key])
    if not METRICS[key].applies(find_facts(data)):
        assert floors == {}
        return
    count = FLOOR_DRAWS[METRICS[key].cost]
    perfect = draw_perfect(data, seed=list(range(50, 50 + count)))
    scores = METRICS[key](draw_reference(data), perfect, find_facts(data)).double()
    tolerance = 4 * scores.std().item() * sqrt(2 / count) + 1e-6
    assert scores.mean().item() == pytest.approx(floors[key], abs=tolerance)


@pytest.mark.parametrize(("key", "data"), [(key, data) for key in METRICS for data in METRICS[key].floors])
def test_a_floor_that_is_written_down_is_the_measured_one_to_two_digits(key: str, data: str) -> None:
    (floor,) = metric_floors(make_data_config(data), [key]).values()
    assert METRICS[key].floors[data] == pytest.approx(floor, rel=0.05)


@pytest.mark.parametrize("key", METRICS)
def test_a_metric_has_a_floor_on_the_ring_and_where_it_needs_no_modes_on_the_roll(key: str) -> None:
    assert set(METRICS[key].floors) == {"ring8", *(() if METRICS[key].needs_modes else ("swiss_roll",))}


@pytest.mark.parametrize("key", METRICS)
def test_scores_stay_in_the_stated_range_for_points_far_outside(key: str) -> None:
    metric, far = METRICS[key], draw_perfect() * torch.tensor([1e6, -1e6])
    value = score(key, far)
    assert value >= (metric.lowest or 0) - 1e-6
    assert value <= (metric.highest if metric.highest is not None else float("inf")) + 1e-6


@pytest.mark.parametrize("key", METRICS)
def test_a_metric_describes_itself_as_plain_data(key: str) -> None:
    facts = json.loads(json.dumps(METRICS[key].describe()))
    assert facts["better"] in ("lower", "higher")
    assert facts["cost"] in ("cheap", "dear")
    assert facts["help"].endswith(".")
    assert facts["lies"].endswith(".")
    assert facts["unit"]


# Independent implementations ----------------------------------------------------------------------------------------


def count_by_numpy(points: Tensor, data: str) -> np.ndarray:
    """Smoothed shares of the 30 x 30 cells, points outside moved to the border."""
    (x, y), half = find_facts(data).box
    view = [[x - half, x + half], [y - half, y + half]]
    inside = np.clip(points.double().numpy(), (x - half, y - half), (x + half, y + half))
    shares = np.histogram2d(inside[:, 0], inside[:, 1], bins=30, range=view)[0].T.ravel() / len(points)
    return np.asarray((shares + 1e-4) / (1 + 900e-4))


@pytest.mark.parametrize("data", ["gaussians", "ring8", "points"])
def test_p48_grid_divergences_are_those_of_scipy(data: str) -> None:
    x_fake = draw_perfect(data, seed=1) * 1.1 + 0.05
    real, fake = count_by_numpy(draw_real(data), data), count_by_numpy(x_fake, data)
    assert score("grid_kl", x_fake, data) == pytest.approx(stats.entropy(real, fake, base=2), rel=0.01)
    js = distance.jensenshannon(real, fake, base=2) ** 2
    assert score("grid_js", x_fake, data) == pytest.approx(js, rel=0.01)


def test_p48_grid_kl_goes_from_real_to_generated() -> None:
    half, whole = draw_modes([0, 1, 2, 3]), draw_modes(EVERY_MODE)
    missing = METRICS["grid_kl"](whole, half, find_facts()).item()
    surplus = METRICS["grid_kl"](half, whole, find_facts()).item()
    assert missing > 3 * surplus


@pytest.mark.parametrize("data", ["ring", "grid25"])
def test_sliced_w2_is_that_of_pot_with_the_same_directions(data: str) -> None:
    x_real, x_fake = draw_real(data, count=600), draw_perfect(data, seed=1, count=600) * 1.2
    expected = ot.sliced_wasserstein_distance(
        x_real.double().numpy(), x_fake.double().numpy(), projections=build_directions().double().numpy().T, p=2
    )
    assert METRICS["sliced_w2"](x_real, x_fake, find_facts(data)).item() == pytest.approx(expected, rel=1e-4)


def test_sliced_w2_of_a_shift_is_its_length_over_the_root_of_two() -> None:
    x_real = draw_real()
    shifted = METRICS["sliced_w2"](x_real, x_real + torch.tensor([3.0, 4.0]), find_facts()).item()
    assert shifted == pytest.approx(5 / sqrt(2), rel=1e-4)


def test_directions_are_of_length_one_and_none_repeats_another() -> None:
    directions = build_directions()
    assert directions.shape == (200, 2)
    assert torch.allclose(directions.norm(dim=-1), torch.tensor(1.0))
    cosines = (directions @ directions.T).abs() - torch.eye(200)
    assert cosines.max() < 0.99995


# Histograms ---------------------------------------------------------------------------------------------------------


def test_f3_points_outside_the_view_are_counted_at_its_border() -> None:
    points = torch.tensor([[-1e30, -1e30], [9.0, 9.0], [9.0, -3.1], [0.05, 1e30]])
    cells = count_cells(points, find_facts().box).reshape(30, 30)
    assert cells.sum().item() == pytest.approx(1)
    assert [cells[place].item() for place in ((0, 0), (29, 29), (0, 29), (29, 15))] == [0.25] * 4


def test_f3_cells_lie_row_by_row_from_the_bottom_left() -> None:
    cells = count_cells(torch.tensor([[0.05, 0.01], [0.999, 0.02]]), find_facts("line").box)
    assert cells.nonzero().flatten().tolist() == [1, 29]


def test_f3_a_generator_cannot_hide_points_outside_the_view() -> None:
    x_fake = draw_perfect()
    x_fake[:1250] += 100
    assert score("grid_js", x_fake) > 0.2


# Modes --------------------------------------------------------------------------------------------------------------


def test_one_close_point_reaches_a_mode_but_does_not_cover_it() -> None:
    x_fake = draw_modes([0, 1, 2])
    x_fake[0] = torch.tensor([-2.0, 0.05])
    assert score("modes", x_fake) == 4
    assert score("modes20", x_fake) == 3


def test_a_point_more_than_three_spreads_away_reaches_no_mode() -> None:
    x_fake = draw_modes([0])
    x_fake[0] = torch.tensor([-2.0, 0.061])
    assert score("modes", x_fake) == 1


@pytest.mark.parametrize(("num_points", "covered"), [(62, 1), (63, 2)])
def test_a_mode_is_covered_from_a_fifth_of_its_fair_share(num_points: int, covered: int) -> None:
    x_fake = draw_modes([0])
    x_fake[:num_points] = torch.tensor([-2.0, 0.0])
    assert score("modes20", x_fake) == covered


@pytest.mark.parametrize(("num_points", "covered"), [(19, 1), (20, 2)])
def test_a_fifth_of_a_fair_share_is_exact_where_it_is_a_whole_number(num_points: int, covered: int) -> None:
    x_fake = torch.zeros(2500, 2)
    x_fake[:num_points] = 4.0
    assert score("modes20", x_fake, "grid25") == covered


def test_shares_are_fair_when_they_are_those_of_the_data() -> None:
    perfect, evenly = draw_perfect("imbalanced_ring"), draw_modes(EVERY_MODE)
    assert score("modes20", perfect, "imbalanced_ring") == 8
    assert score("reverse_kl", perfect, "imbalanced_ring") < 0.005
    by_hand = log(44 / 8 / 10) / 2 + log(44 / 8) / 2
    assert score("reverse_kl", evenly, "imbalanced_ring") == pytest.approx(by_hand, abs=0.05)


def test_reverse_kl_counts_every_point_and_takes_an_empty_mode_as_nothing() -> None:
    x_fake = torch.tensor([[20.0, 0.0]]).repeat(2500, 1)
    assert score("reverse_kl", x_fake) == pytest.approx(log(8), rel=1e-5)
    assert score("high_quality", x_fake) == 0


def test_distances_are_in_the_spreads_of_the_nearest_mode() -> None:
    x_fake = torch.tensor([[0.7, 0.95], [0.7, 0.4], [0.84, 0.1], [0.9, 0.4]])
    assert METRICS["high_quality"](x_fake, x_fake, find_facts("gaussians")).item() == 0.5


# Known defects, and floors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["grid_kl", "grid_js", "sliced_w2", "reverse_kl"])
def test_losing_more_modes_scores_worse(key: str) -> None:
    scores = [score(key, draw_modes(list(range(kept)))) for kept in (8, 6, 4, 2, 1)]
    assert scores == sorted(scores)
    assert scores[1] > 2 * scores[0]


def test_half_the_modes_dropped_has_the_divergence_worked_out_by_hand() -> None:
    by_hand = (1 / 2 + log2(2 / 3) / 2 + log2(4 / 3)) / 2
    # Smoothing spreads 9 % of the mass evenly, so the score is a little below that of the law itself.
    assert 0.85 * by_hand < score("grid_js", draw_modes([0, 1, 2, 3])) < by_hand


def test_blur_deceives_the_counts_of_modes_but_not_the_histograms() -> None:
    blurred = DEFECTS["blurred"]
    assert score("modes20", blurred) == 8
    assert score("reverse_kl", blurred) < 0.01
    assert score("grid_js", blurred) > 50 * metric_floors(make_data_config(), ["grid_js"])["grid_js"]


@pytest.mark.parametrize(("data", "plain"), [("ring8", 0.156), ("grid25", 0.210)])
def test_a_stratified_reference_lowers_the_floor_of_sliced_w2(data: str, plain: float) -> None:
    assert 0 < metric_floors(make_data_config(data), ["sliced_w2"])["sliced_w2"] < plain


def score_as_gan_lab(x_real: np.ndarray, x_fake: np.ndarray) -> tuple[float, float]:
    """How many reals that tool's evaluator counts, and its JS: it cuts ever longer pieces out of the list it reads."""
    numbers, counted = x_real.ravel(), []
    for i in range(450):
        piece, numbers = numbers[2 * i : 4 * i + 2], np.delete(numbers, slice(2 * i, 4 * i + 2))
        if len(piece) >= 2:
            counted.append(piece[:2])
    cells = [
        np.histogram2d(points[:, 0], points[:, 1], bins=30, range=[[0, 1], [0, 1]])[0] / total
        for points, total in ((np.array(counted), 450), (x_fake, len(x_fake)))
    ]
    real, fake, middle = (share + 1e-4 for share in (*cells, (cells[0] + cells[1]) / 2))
    halves = [(share * np.log2(share / middle)).sum() for share in (real, fake)]
    return len(counted), float(sum(halves)) / 2


@pytest.mark.parametrize(("key", "perfect", "collapsed"), [("ganlab_kl", 0.72, 1.67), ("ganlab_js", 0.41, 0.63)])
def test_f1_gan_labs_own_metrics_cannot_tell_a_perfect_generator_from_a_bad_one(
    key: str, perfect: float, collapsed: float
) -> None:
    scores = METRICS[key](draw_real("gaussians"), draw_perfect("gaussians", list(range(20))), find_facts("gaussians"))
    assert scores.mean().item() == pytest.approx(perfect, rel=0.06)
    clump = torch.tensor([0.3, 0.7]).expand(2500, 2)
    assert score(key, clump, "gaussians") == pytest.approx(collapsed, rel=0.06)
    assert METRICS[key].describe()["legacy"] is True


def test_f1_gan_labs_js_is_that_of_its_evaluator_on_the_same_points() -> None:
    counted = draw_perfect("gaussians", seed=0, count=151).clamp(0.01, 0.99).numpy()
    atlas = np.full((11_550, 2), 0.5, dtype=np.float32)
    atlas[[i * (i + 3) // 2 for i in range(151)]] = counted
    x_fake = draw_perfect("gaussians", seed=1, count=150).clamp(0.01, 0.99)
    number, theirs = score_as_gan_lab(atlas, x_fake.numpy())
    ours = METRICS["ganlab_js"](torch.from_numpy(counted), x_fake, find_facts("gaussians")).item()
    assert number == len(counted)
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_f3_gan_labs_grid_reads_a_point_outside_in_another_row_or_nowhere() -> None:
    box = Box((0.5, 0.5), 0.5)
    strays = torch.tensor([[-0.5, 0.5], [0.5, 2.0]])
    wrapped = count_fake(strays[:1], box)
    assert wrapped.argmax().item() == 14 * 30 + 15
    gone = count_fake(strays[1:], box)
    assert gone.max().item() == pytest.approx(1e-4)


def test_f1_f2_a_perfect_generator_scores_041_in_gan_labs_evaluator_and_the_floor_here() -> None:
    atlas = draw_perfect("gaussians", seed=0, count=12_000 - 450).numpy()
    counted, theirs = score_as_gan_lab(atlas, draw_perfect("gaussians", seed=1, count=150).numpy())
    assert counted == 151
    assert theirs == pytest.approx(0.41, abs=0.02)
    floor = metric_floors(make_data_config("gaussians"), ["grid_js"])["grid_js"]
    assert score("grid_js", draw_perfect("gaussians", seed=1), "gaussians") == pytest.approx(floor, rel=0.1)
    assert floor < 0.06


# Scoring runs -------------------------------------------------------------------------------------------------------


def test_scoring_a_run_twice_gives_the_same_and_changes_nothing() -> None:
    trainer, unseen = Trainer(make_data_config()), Trainer(make_data_config())
    first = evaluate_metrics(trainer, METRICS)
    assert evaluate_metrics(trainer, METRICS) == first
    trainer.step()
    unseen.step()
    assert all(torch.equal(trainer.state.tensors[name], tensor) for name, tensor in unseen.state.tensors.items())


def test_a_stack_is_scored_as_its_runs_alone() -> None:
    configs = [make_data_config(seed=seed) for seed in range(3)]
    together = evaluate_stack(Trainer(configs), METRICS)
    assert len(together) == 3
    for row, config in zip(together, configs, strict=True):
        assert row == pytest.approx(evaluate_metrics(Trainer(config), METRICS), rel=1e-3, abs=1e-3)


def test_training_lowers_the_divergence() -> None:
    trainer = Trainer(make_data_config())
    before = evaluate_metrics(trainer, ["grid_js"])["grid_js"]
    for _ in range(300):
        trainer.step()
    after = evaluate_metrics(trainer, ["grid_js"])["grid_js"]
    assert before is not None
    assert after is not None
    assert after < before


def test_metrics_of_modes_are_none_for_data_without_modes() -> None:
    scores = evaluate_metrics(Trainer(make_data_config("ring")), METRICS)
    assert {key for key, value in scores.items() if value is None} == {
        metric.key for metric in METRICS.values() if metric.needs_modes
    }
    assert set(metric_floors(make_data_config("ring"), CHEAP)) == {key for key in CHEAP if not METRICS[key].needs_modes}


def test_a_run_whose_points_are_not_finite_has_no_scores() -> None:
    trainer = Trainer([make_data_config(seed=seed) for seed in range(2)])
    broken = trainer.state.tensors["generator"].clone()
    broken[1] = float("nan")
    trainer.state = RunState({**trainer.state.tensors, "generator": broken})
    fine, failed = evaluate_stack(trainer, METRICS)
    assert None not in fine.values()
    assert set(failed.values()) == {None}


def test_floors_do_not_depend_on_the_units_or_on_anything_but_the_data() -> None:
    floors = metric_floors(make_data_config(), CHEAP)
    other = make_data_config(seed=9, batch_size=7, units="published")
    assert metric_floors(other, CHEAP) == floors
    assert metric_floors(make_data_config(std=0.3), CHEAP) != floors


@pytest.mark.parametrize("data", ["ring8", "two_bumps"])
def test_what_metrics_read_together_is_what_each_reads_alone_whatever_was_scored_before(data: str) -> None:
    shared, x_real = find_facts(data), draw_real(data)
    keys = [key for key in METRICS if METRICS[key].cost == "cheap" and METRICS[key].applies(shared)]
    for seed in (1, 2, 1, 3):
        x_fake = draw_perfect(data, seed)
        for key in keys:
            alone = METRICS[key](x_real, x_fake, find_facts(data))
            assert METRICS[key](x_real, x_fake, shared).equal(alone), key
            assert METRICS[key](x_fake, x_real, shared).equal(METRICS[key](x_fake, x_real, find_facts(data))), key
