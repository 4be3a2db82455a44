"""Metrics over all pairs of points, and of moments: equal to independent implementations, and free of known faults."""

from math import sqrt
from typing import Any

import numpy as np
import ot
import prdc
import pytest
import torch
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import NearestNeighbors
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from server.gan.datasets import Box
from server.gan.metrics import METRICS, Facts
from server.gan.metrics.distances import BLOCK_ROWS, reach_neighbour
from tests.tools.points import DEFECTS, draw_perfect, draw_real, find_facts

PAIRS = ("mmd", "energy", "precision", "recall", "density", "coverage", "one_nn")
FACTS = Facts(Box((0.0, 0.0), 3.0))
PRDC = {"precision": 3, "recall": 3, "density": 5, "coverage": 5}
"""How many neighbours each is defined with."""


def draw_clouds(seed: int = 0, real: int = 300, fake: int = 200) -> tuple[Tensor, Tensor]:
    """Two clouds in double precision that differ in number, place and width."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(real, 2))), torch.from_numpy(rng.normal(0.3, 1.4, (fake, 2)))


def count_by_prdc(key: str, x_real: Tensor, x_fake: Tensor) -> float:
    """What the library says."""
    found = prdc.compute_prdc(x_real.double().numpy(), x_fake.double().numpy(), nearest_k=PRDC[key])
    return float(found[key])


# The kernel distance ------------------------------------------------------------------------------------------------


def sum_kernels(x: np.ndarray, y: np.ndarray, lab: float) -> np.ndarray:
    """The sum of the three kernels for every pair; `lab` is how many lab units one unit is."""
    return np.asarray(sum(rbf_kernel(x, y, gamma=lab**2 / (2 * width**2)) for width in (0.1, 0.5, 2.0)))


@pytest.mark.parametrize("half_extent", [3.0, 0.5, 40.0])
def test_mmd_is_the_unbiased_one_by_scikit_learns_kernels_whose_widths_follow_the_view(half_extent: float) -> None:
    x_real, x_fake = draw_clouds()
    x, y, lab = x_real.numpy(), x_fake.numpy(), 3 / half_extent
    own = [(k.sum() - k.trace()) / (len(k) * (len(k) - 1)) for k in (sum_kernels(x, x, lab), sum_kernels(y, y, lab))]
    expected = sum(own) - 2 * sum_kernels(x, y, lab).mean()
    found = METRICS["mmd"](x_real, x_fake, Facts(Box((0.0, 0.0), half_extent))).item()
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("key", ["mmd", "energy"])
def test_two_samples_of_one_law_are_at_no_distance_on_average(key: str) -> None:
    """The published faults count a point with itself, and divide by the number of other pairs, or of all."""
    samples = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 400, 30, 2)))
    scores = METRICS[key](samples[0], samples[1], FACTS)
    error = scores.std() / sqrt(400)
    assert scores.mean().abs() < 3 * error
    own_kernels, mean_distance = 3.0, torch.pdist(samples[0, 0]).mean().item()
    fault = {"mmd": 2 * own_kernels / 29, "energy": 2 * mean_distance / 30}[key]
    assert fault > 20 * error


def test_mmd_scores_the_same_whatever_the_units() -> None:
    x_real, x_fake = draw_clouds()
    large = METRICS["mmd"](100 * x_real, 100 * x_fake, Facts(Box((0.0, 0.0), 300.0)))
    assert large.item() == pytest.approx(METRICS["mmd"](x_real, x_fake, FACTS).item(), rel=1e-9)


# The energy distance ------------------------------------------------------------------------------------------------


def test_energy_is_that_of_scipys_distances_without_those_of_a_point_to_itself() -> None:
    x_real, x_fake = draw_clouds()
    x, y = x_real.numpy(), x_fake.numpy()
    within = [cdist(each, each).sum() / (len(each) * (len(each) - 1)) for each in (x, y)]
    expected = 2 * cdist(x, y).mean() - sum(within)
    assert METRICS["energy"](x_real, x_fake, FACTS).item() == pytest.approx(expected, abs=1e-9)


def test_energy_of_two_points_far_apart_is_twice_their_distance() -> None:
    x_real = torch.zeros(50, 2, dtype=torch.float64)
    assert METRICS["energy"](x_real, x_real + torch.tensor([3.0, 4.0]), FACTS).item() == pytest.approx(10)


# The Fréchet distance -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_frechet_is_the_squared_distance_of_gaussians_by_pot(seed: int) -> None:
    x_real, x_fake = draw_clouds(seed)
    x_fake = x_fake @ torch.tensor([[1.0, 0.8], [0.0, 0.3]], dtype=torch.float64)
    moments = [(x.mean(0), np.cov(x.T)) for x in (x_real.numpy(), x_fake.numpy())]
    (real_mean, real), (fake_mean, fake) = moments
    expected = ot.gaussian.bures_wasserstein_distance(real_mean, fake_mean, real, fake) ** 2
    assert METRICS["frechet"](x_real, x_fake, FACTS).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("shape", ["point", "line"])
def test_frechet_of_points_without_width_is_worked_out_by_hand(shape: str) -> None:
    x_real, x_fake = draw_clouds(fake=300)
    x_fake = x_fake * torch.tensor([0.0, 0.0] if shape == "point" else [1.0, 0.0])
    (a, d), c = torch.cov(x_real.T).diagonal(), x_fake[:, 0].var()
    # The product has the one eigenvalue a c: the other root is zero.
    by_hand = (x_real.mean(0) - x_fake.mean(0)).square().sum() + a + d + c - 2 * (a * c).sqrt()
    assert METRICS["frechet"](x_real, x_fake, FACTS).item() == pytest.approx(by_hand.item(), rel=1e-6)


# Neighbours ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", PRDC)
@pytest.mark.parametrize("seed", range(3))
def test_neighbours_are_counted_as_by_prdc(key: str, seed: int) -> None:
    x_real, x_fake = draw_clouds(seed)
    assert METRICS[key](x_real, x_fake, FACTS).item() == pytest.approx(count_by_prdc(key, x_real, x_fake), abs=1e-12)


@pytest.mark.parametrize("key", PRDC)
def test_single_precision_is_enough_within_a_narrow_mode(key: str) -> None:
    """The formula by squares and products would leave no digit of a distance of a thousandth at a radius of two."""
    x_real, x_fake = draw_real(count=1000), draw_perfect(count=1000)
    assert METRICS[key](x_real, x_fake, find_facts()).item() == pytest.approx(
        count_by_prdc(key, x_real, x_fake), abs=1e-3
    )


def test_a_point_is_not_a_neighbour_of_itself() -> None:
    line = torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [7.0, 0.0]])
    assert reach_neighbour(line, 1).tolist() == [1, 1, 4, 16]
    assert reach_neighbour(line, 2).tolist() == [9, 4, 9, 36]


def test_reach_is_found_across_the_borders_of_blocks() -> None:
    points, _ = draw_clouds(real=2 * BLOCK_ROWS + 7)
    apart, _ = NearestNeighbors(n_neighbors=6).fit(points.numpy()).kneighbors(points.numpy())
    assert np.allclose(reach_neighbour(points, 5).sqrt().numpy(), apart[:, 5])


@pytest.mark.parametrize(("place", "precision"), [(-3.0, 1.0), (-3.001, 0.0)])
def test_precision_counts_a_point_exactly_as_far_as_the_third_neighbour(place: float, precision: float) -> None:
    x_real = torch.stack([torch.arange(5.0), torch.zeros(5)], -1)
    x_fake = torch.tensor([[place, 0.0]])
    assert METRICS["precision"](x_real, x_fake, FACTS).item() == precision


@pytest.mark.parametrize("place", [-5.0, -4.999])
def test_density_and_coverage_do_not_count_a_point_exactly_as_far_as_the_fifth(place: float) -> None:
    x_real = torch.stack([torch.arange(6.0), torch.zeros(6)], -1)
    x_fake = torch.tensor([[place, 0.0]])
    inside = float(place > -5)
    assert METRICS["density"](x_real, x_fake, FACTS).item() == pytest.approx(inside / 5)
    assert METRICS["coverage"](x_real, x_fake, FACTS).item() == pytest.approx(inside / 6)


def test_one_nn_is_that_of_scikit_learn_with_every_point_left_out_once() -> None:
    x_real, x_fake = draw_clouds()
    both, kinds = torch.cat([x_real, x_fake]).numpy(), np.repeat([0, 1], [len(x_real), len(x_fake)])
    nearest = NearestNeighbors(n_neighbors=2).fit(both).kneighbors(both, return_distance=False)[:, 1]
    expected = (kinds[nearest] == kinds).mean()
    assert METRICS["one_nn"](x_real, x_fake, FACTS).item() == pytest.approx(expected, abs=1e-12)


# Sizes --------------------------------------------------------------------------------------------------------------


class Largest(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch gives it no types
    """Notes how many numbers the largest tensor has that any operation makes."""

    numbers = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operation."""
        made = func(*args, **(kwargs or {}))
        for each in made if isinstance(made, tuple) else (made,):
            if isinstance(each, Tensor):
                self.numbers = max(self.numbers, each.numel())
        return made


@pytest.mark.parametrize("key", PAIRS)
def test_a_stack_takes_no_more_room_for_its_pairs_than_a_block_of_one_run(key: str) -> None:
    x_real, stack = draw_real(), draw_perfect(seed=[0, 1, 2])
    with Largest() as largest:  # type: ignore[no-untyped-call]  # as above
        scores = METRICS[key](x_real, stack, find_facts())
    assert scores.shape == (3,)
    assert len(x_real) * BLOCK_ROWS <= largest.numbers < 1_000_000


@pytest.mark.parametrize("key", [*PAIRS, "frechet"])
def test_stacks_of_stacks_and_points_in_double_precision_are_scored_too(key: str) -> None:
    x_real, x_fake = draw_clouds(real=100, fake=100)
    stack = torch.stack([x_fake, x_fake + 1]).expand(3, 2, 100, 2)
    scores = METRICS[key](x_real, stack, FACTS)
    assert scores.shape == (3, 2)
    assert scores.dtype == torch.float64
    assert torch.equal(scores[0], scores[2])
    reals = torch.stack([x_real, x_real - 1])
    apart = METRICS[key](reals, x_fake, FACTS)
    assert apart[1].item() == pytest.approx(scores[0, 1].item(), abs=1e-9)
    assert scores[1, 1].item() == pytest.approx(METRICS[key](x_real, x_fake + 1, FACTS).item(), abs=1e-12)


def test_the_scores_of_two_kinds_of_collapse_differ() -> None:
    """What the collapsed generator makes is good, and what the blurred one makes is everywhere."""
    x_real, facts = draw_real(), find_facts()
    quality, variety = (
        {defect: METRICS[key](x_real, DEFECTS[defect], facts).item() for defect in ("one mode only", "blurred")}
        for key in ("precision", "recall")
    )
    assert quality["one mode only"] > 0.9 > 0.1 > quality["blurred"]
    assert variety["blurred"] > 0.9 > 0.2 > variety["one mode only"]
