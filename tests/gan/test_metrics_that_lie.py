"""What every metric says about known defects, as measured elsewhere; and that each lies as its own sentence says."""

from math import sqrt

import pytest
import torch

from server.gan.metrics import METRICS, metric_floors
from server.gan.randomness import draws_for
from tests.tools.points import (
    DEFECTS,
    EVERY_MODE,
    draw_modes,
    draw_real,
    find_facts,
    make_data_config,
    score,
)

COLUMNS = (
    *("modes", "high_quality", "reverse_kl", "sliced_w2", "frechet", "mmd", "energy", "one_nn", "grid_kl", "grid_js"),
    *("precision", "recall", "density", "coverage"),
)
MEASURED = {
    "four modes dropped": (4, 0.99, 0.73, 1.27, 2.78, 0.47, 0.87, 0.68, 3.9, 0.33, 0.98, 0.46, 1.02, 0.46),
    "one mode only": (1, 0.99, 2.08, 1.97, 8.2, 2.2, 2.6, 0.89, 6.5, 0.64, 0.99, 0.13, 0.92, 0.13),
    "blurred": (8, 0.04, 0.002, 0.20, 0.010, 0.088, 0.023, 0.95, 1.1, 0.31, 0.06, 1.0, 0.04, 0.14),
    "one Gaussian": (5, 0.00, 0.002, 0.48, 0.0018, 0.22, 0.10, 0.99, 4.5, 0.71, 0.00, 1.0, 0.00, 0.00),
}
"""Scores in an independent measurement, of other draws and against a reference that was not stratified."""
FLOORS = {
    ("ring8", "grid_kl"): (0.017, 0.006),
    ("ring8", "grid_js"): (0.004, 0.0015),
    ("ring8", "reverse_kl"): (0.0025, 0.0015),
    ("ring8", "high_quality"): (0.9889, 0.003),
    ("ring8", "frechet"): (0.003, 0.003),
    ("ring8", "mmd"): (0.001, 0.003),
    ("ring8", "energy"): (0.002, 0.005),
    ("ring8", "one_nn"): (0.501, 0.012),
    ("ring8", "density"): (0.995, 0.02),
    ("ring8", "coverage"): (0.967, 0.01),
    ("grid25", "grid_kl"): (0.051, 0.008),
    ("grid25", "grid_js"): (0.013, 0.002),
    ("grid25", "reverse_kl"): (0.0044, 0.001),
    ("swiss_roll", "frechet"): (0.002, 0.002),
    ("swiss_roll", "mmd"): (0.001, 0.003),
    ("swiss_roll", "energy"): (0.002, 0.004),
    ("swiss_roll", "one_nn"): (0.487, 0.015),
    ("swiss_roll", "density"): (1.01, 0.02),
    ("swiss_roll", "coverage"): (0.972, 0.012),
    ("moons", "frechet"): (0.002, 0.002),
}
"""Floors of that measurement, and how far its few draws and ours may lie apart."""


def find_floor(key: str, data: str = "ring8") -> float:
    """What a perfect generator scores."""
    return metric_floors(make_data_config(data), [key])[key]


@pytest.mark.parametrize(("defect", "key"), [(defect, key) for defect in MEASURED for key in COLUMNS])
def test_known_defects_score_what_was_measured_elsewhere(defect: str, key: str) -> None:
    measured = MEASURED[defect][COLUMNS.index(key)]
    assert score(key, DEFECTS[defect]) == pytest.approx(measured, rel=0.2, abs=0.03)


@pytest.mark.parametrize(("data", "key"), FLOORS)
def test_f2_floors_are_those_measured_elsewhere(data: str, key: str) -> None:
    floor, tolerance = FLOORS[data, key]
    assert find_floor(key, data) == pytest.approx(floor, abs=tolerance)


def test_frechet_scores_one_gaussian_of_the_datas_moments_below_its_floor() -> None:
    x_real, x_fake = (each.double() for each in (draw_real(), DEFECTS["one Gaussian"]))
    white = torch.linalg.solve_triangular(
        torch.linalg.cholesky(torch.cov(x_fake.T)), (x_fake - x_fake.mean(0)).T, upper=False
    )
    twin = (torch.linalg.cholesky(torch.cov(x_real.T)) @ white).T + x_real.mean(0)
    assert METRICS["frechet"](x_real, twin, find_facts()).item() < 1e-6 < find_floor("frechet")
    assert score("modes20", DEFECTS["one Gaussian"]) == 8
    assert score("grid_js", DEFECTS["one Gaussian"]) > 100 * find_floor("grid_js")


def test_frechet_and_energy_hardly_see_that_every_second_mode_is_missing() -> None:
    half = draw_modes([0, 2, 4, 6])
    assert score("frechet", half) < 0.02
    assert score("energy", half) < score("energy", DEFECTS["four modes dropped"]) / 5
    assert score("modes20", half) == 4


def test_mmd_does_not_see_modes_twice_as_wide_and_precision_does() -> None:
    wide = draw_modes(EVERY_MODE, 0.04)
    assert score("mmd", wide) < 0.004
    assert score("precision", wide) < 0.8


def test_energy_minds_a_blur_less_than_a_twentieth_of_four_lost_modes() -> None:
    assert 0 < score("energy", DEFECTS["blurred"]) < score("energy", DEFECTS["four modes dropped"]) / 20


def test_precision_loses_little_with_one_mode_of_eight() -> None:
    assert score("precision", DEFECTS["one mode only"]) > find_floor("precision") - 0.05


def test_recall_does_not_mind_modes_ten_times_too_wide() -> None:
    assert score("recall", DEFECTS["blurred"]) > find_floor("recall") - 0.01
    assert score("precision", DEFECTS["blurred"]) < 0.1


def test_density_scores_one_mode_as_all_eight() -> None:
    assert score("density", DEFECTS["one mode only"]) == pytest.approx(find_floor("density"), abs=0.03)
    assert score("coverage", DEFECTS["one mode only"]) < 0.15


def test_coverage_scores_copies_of_the_data_above_new_points() -> None:
    assert score("coverage", draw_real()) == 1
    assert find_floor("coverage") == pytest.approx(0.97, abs=0.01)


def test_one_nn_finds_copies_that_the_other_metrics_praise() -> None:
    assert score("one_nn", draw_real()) == 0
    # Copies with a little noise: every point's nearest other is still its twin.
    near = draw_real() + 1e-5 / sqrt(2) * draws_for(0, 0, "noise").normal(2500, 2)
    assert score("one_nn", near) < 0.05
    assert score("precision", near) == 1
