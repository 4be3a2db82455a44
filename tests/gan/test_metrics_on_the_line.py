"""The metrics of points with one coordinate: equal to independent implementations, right about laws, or absent."""

from math import erf, log, sqrt

import numpy as np
import ot
import prdc
import pytest
import torch
from scipy import stats
from scipy.spatial.distance import cdist, jensenshannon
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from server.gan.datasets import DATASETS, Box
from server.gan.metrics import METRICS, Facts, count_cells, evaluate_metrics, metric_floors
from server.gan.randomness import draws_for
from server.gan.trainer import Trainer
from tests.tools.points import make_data_config
from tests.tools.runs import make_config

BOX = Box((1.0,), 2.0)
FACTS = Facts(BOX)
VALUES = {"std": 0.1}
NEIGHBOURS = {"precision": 3, "recall": 3, "density": 5, "coverage": 5}


def draw_clouds(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Two clouds of single numbers in double precision that differ in number, place and width."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(1, 1, (300, 1))), torch.from_numpy(rng.normal(1.3, 1.4, (200, 1)))


def score(key: str, x_real: Tensor, x_fake: Tensor, facts: Facts = FACTS) -> float:
    return METRICS[key](x_real, x_fake, facts).item()


def five_facts() -> Facts:
    """What a metric may know of the five bumps."""
    return Facts(DATASETS["five_bumps"].box(VALUES), DATASETS["five_bumps"].modes(VALUES))


def draw_five(count: int = 2500, seed: int = 0) -> Tensor:
    return DATASETS["five_bumps"](count, draws_for(seed, 0, "test"), **VALUES)


def test_cells_are_intervals_and_points_outside_are_counted_at_the_ends() -> None:
    x_real, _ = draw_clouds()
    counts, _ = np.histogram(np.clip(x_real.numpy(), -0.999, 2.999), 30, (-1, 3))
    np.testing.assert_allclose(count_cells(x_real, BOX), counts / 300, atol=1e-12)
    assert count_cells(torch.tensor([[-50.0], [50.0]]), BOX)[[0, -1]].tolist() == [0.5, 0.5]


def test_the_divergences_are_scipys_over_thirty_intervals() -> None:
    clouds = draw_clouds()
    p, q = ((count_cells(cloud, BOX).numpy() + 1e-4) / (1 + 30e-4) for cloud in clouds)
    assert score("grid_kl", *clouds) == pytest.approx(stats.entropy(p, q, base=2), abs=1e-9)
    assert score("grid_js", *clouds) == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-9)


def test_the_sliced_distance_is_the_exact_one() -> None:
    x, y = (cloud[:200] for cloud in draw_clouds())
    exact = sqrt(ot.emd2_1d(x.squeeze(-1).numpy(), y.squeeze(-1).numpy()))
    assert score("sliced_w2", x, y) == pytest.approx(exact, rel=1e-6)
    assert score("sliced_w2", x, x + 0.75) == pytest.approx(0.75, rel=1e-6)


def test_frechet_is_the_distance_of_two_bells() -> None:
    x, y = draw_clouds()
    expected = (x.mean() - y.mean()) ** 2 + (x.std() - y.std()) ** 2
    assert score("frechet", x, y) == pytest.approx(expected.item(), rel=1e-9)


def test_mmd_and_energy_are_the_unbiased_ones_of_other_libraries() -> None:
    x, y = (cloud.numpy() for cloud in draw_clouds())

    def kernels(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray(sum(rbf_kernel(a, b, gamma=1.5**2 / (2 * width**2)) for width in (0.1, 0.5, 2.0)))

    for key, compare, sign in (("mmd", kernels, 1), ("energy", cdist, -1)):
        own = [(k.sum() - k.trace()) / (len(k) * (len(k) - 1)) for k in (compare(x, x), compare(y, y))]
        expected = sign * (sum(own) - 2 * compare(x, y).mean())
        assert score(key, *draw_clouds()) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("key", NEIGHBOURS)
def test_neighbours_are_counted_as_by_prdc(key: str) -> None:
    x, y = draw_clouds()
    found = prdc.compute_prdc(x.numpy(), y.numpy(), nearest_k=NEIGHBOURS[key])[key]
    assert score(key, x, y) == pytest.approx(float(found), abs=1e-12)


def test_one_nn_is_that_of_scikit_learn() -> None:
    x, y = draw_clouds()
    points, kinds = np.concatenate((x, y)), np.repeat([0, 1], [300, 200])
    _, nearest = NearestNeighbors(n_neighbors=2).fit(points).kneighbors(points)
    assert score("one_nn", x, y) == pytest.approx((kinds[nearest[:, 1]] == kinds).mean(), abs=1e-9)


def test_of_the_data_themselves_nearly_all_points_are_of_high_quality_as_a_bell_has_it_on_the_line() -> None:
    share = score("high_quality", draw_five(), draw_five(200_000), five_facts())
    assert share == pytest.approx(erf(3 / sqrt(2)), abs=5e-4)
    assert metric_floors(make_data_config("five_bumps"), ["high_quality"])["high_quality"] > 0.9955


def test_modes_on_the_line_are_counted_by_their_own_shares() -> None:
    lost = draw_five()
    lost = lost[(lost.squeeze(-1) < 1.8) & (lost.squeeze(-1) > -0.6)]  # the third and the fourth are left
    assert score("modes", lost, draw_five(), five_facts()) == 5
    assert score("modes", lost, lost, five_facts()) == score("modes20", lost, lost, five_facts()) == 2
    counts = torch.tensor([[0.0]] * 30 + [[1.2]] * 70)
    expected = 0.3 * log(0.3 / 0.15) + 0.7 * log(0.7 / 0.3)
    assert score("reverse_kl", lost, counts, five_facts()) == pytest.approx(expected, rel=1e-5)


def test_what_means_nothing_on_the_line_is_absent() -> None:
    scores = evaluate_metrics(Trainer(make_config("data.name=even")), list(METRICS))
    absent = {key for key, value in scores.items() if value is None}
    assert absent == {key for key in METRICS if (metric := METRICS[key]).needs_modes or metric.extra.get("legacy")}
    assert set(metric_floors(make_data_config("even"), [*METRICS])) == set(METRICS) - absent


@pytest.mark.parametrize("data", ["two_bumps", "even"])
def test_a_metric_scores_a_stack_as_its_runs_alone(data: str) -> None:
    facts, values = five_facts(), {p.key: p.default for p in DATASETS[data].parameters}
    stack = DATASETS[data](400, draws_for([1, 2, 3], 0, "test"), **values)
    for key in METRICS:
        if (metric := METRICS[key]).applies(facts):
            alone = [score(key, draw_five(400), points, facts) for points in stack]
            assert metric(draw_five(400), stack, facts).tolist() == pytest.approx(alone, abs=1e-6), key
