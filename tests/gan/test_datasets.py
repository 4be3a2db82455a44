"""The data sets: their laws are the published ones, and every account that a data set gives of its law agrees."""

import json
from math import sqrt
from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats
from torch import Tensor

from server.gan.datasets import COMMON, DATASETS, Box, Dataset, from_lab, to_lab
from server.gan.datasets.base import space_evenly
from server.gan.randomness import draws_for

SEPARATE = ("disjoint", "ring8", "grid16", "grid25")
FINENESS = {
    "ring8": 1200,
    "imbalanced_ring": 1200,
    "published_ring": 1200,
    "grid16": 800,
    "grid25": 1000,
    "swiss_roll": 200,
    "moons": 160,
    "spirals": 160,
    "circles": 100,
    "rings": 160,
    "pinwheel": 160,
    "checkerboard": 900,
    "five_bumps": 1000,
    "even": 1200,
}
"""Cells a side: short beside the law's smallest spread, and for the checkerboard and the even law parts of theirs."""
MODES = {
    "gaussians": 2,
    "disjoint": 3,
    "ring8": 8,
    "imbalanced_ring": 8,
    "published_ring": 8,
    "grid16": 16,
    "grid25": 25,
    "two_bumps": 2,
    "five_bumps": 5,
}
ON_THE_LINE = ("one_bump", "two_bumps", "five_bumps", "even")
"""The data sets whose points have one coordinate."""


def defaults(key: str) -> dict[str, Any]:
    return {parameter.key: parameter.default for parameter in DATASETS[key].parameters}


def draw(key: str, count: int, seed: int = 0) -> Tensor:
    return DATASETS[key](count, draws_for(seed, 0, "test"), **defaults(key))


def lay_lattice(dataset: Dataset, scale: float = 1.0, coarseness: int = 1) -> tuple[Tensor, float]:
    """The centres (n, n, 2) or (n, 1) of small cells of the scaled view, row by row from the bottom, and their side."""
    box, cells = dataset.box(defaults(dataset.key)), int(FINENESS.get(dataset.key, 400) * scale) // coarseness
    side = 2 * box.half_extent * scale / cells
    offsets = (torch.arange(cells) + 0.5) * side - box.half_extent * scale
    places = torch.meshgrid(*(offsets + middle for middle in reversed(box.centre)), indexing="ij")
    return torch.stack(places[::-1], -1), side


def log_density(key: str, points: Tensor) -> Tensor:
    known = DATASETS[key].log_density
    assert known is not None
    return known(points, **defaults(key))


# Promises of every data set -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", DATASETS)
def test_f22_the_same_seed_gives_the_same_points_and_another_gives_others(key: str) -> None:
    assert torch.equal(draw(key, 64, seed=3), draw(key, 64, seed=3))
    assert not torch.equal(draw(key, 64, seed=3), draw(key, 64, seed=4))


@pytest.mark.parametrize("key", DATASETS)
@pytest.mark.parametrize("way", ["plain", "stratified"])
def test_runs_in_a_stack_get_the_points_of_single_runs(key: str, way: str) -> None:
    draw_some = DATASETS[key] if way == "plain" else DATASETS[key].stratified
    stack = draw_some(50, draws_for(range(8), 2, "test"), **defaults(key))
    assert stack.shape == (8, 50, DATASETS[key].dimension)
    assert stack.dtype == torch.float32
    for seed, points in enumerate(stack):
        assert torch.equal(points, draw_some(50, draws_for(seed, 2, "test"), **defaults(key)))
    assert torch.equal(stack[:1], draw_some(50, draws_for([0], 2, "test"), **defaults(key)))


@pytest.mark.parametrize("key", DATASETS)
def test_units_are_a_choice_that_changes_no_draw(key: str) -> None:
    assert DATASETS[key].parameters[-2:] == COMMON
    published = defaults(key) | {"units": "published"}
    assert torch.equal(DATASETS[key](20, draws_for(0, 0, "test"), **published), draw(key, 20))


@pytest.mark.parametrize("key", DATASETS)
def test_the_view_holds_the_data_and_is_not_too_wide_for_them(key: str) -> None:
    largest = to_lab(draw(key, 20_000), DATASETS[key].box(defaults(key))).abs().amax(-1)
    # The two Gaussians are cut off by GAN Lab's own view.
    assert (largest <= 3).float().mean() > (0.98 if key == "gaussians" else 0.99)
    assert largest.max() > 1.5


@pytest.mark.parametrize("key", DATASETS)
def test_the_density_adds_up_to_one(key: str) -> None:
    lattice, side = lay_lattice(DATASETS[key], scale=1.6, coarseness=2)
    assert log_density(key, lattice).double().exp().sum().item() * side ** DATASETS[key].dimension == pytest.approx(
        1, abs=2e-4
    )


@pytest.mark.parametrize("key", DATASETS)
def test_the_density_agrees_with_a_histogram(key: str) -> None:
    cells, count = 20, 200_000
    lattice, side = lay_lattice(DATASETS[key])
    dimension = DATASETS[key].dimension
    masses = log_density(key, lattice).double().exp() * side**dimension
    folded = masses.reshape((cells, len(masses) // cells) * dimension)
    expected = count * folded.sum(tuple(range(1, 2 * dimension, 2))).flatten()
    place = (to_lab(draw(key, count), DATASETS[key].box(defaults(key))) + 3) * (cells / 6)
    inside = place[((place >= 0) & (place < cells)).all(-1)].long()
    index = (inside * cells ** torch.arange(dimension)).sum(-1)
    observed = torch.bincount(index, minlength=cells**dimension)
    full = expected > 20
    deviations = ((observed - expected)[full] / expected[full].sqrt()).square()
    # The sum is chi-squared: its mean is the number of cells, its variance twice that.
    assert deviations.sum().item() == pytest.approx(full.sum().item(), abs=5 * sqrt(2 * full.sum().item()))
    assert expected[full].sum() > 0.95 * count


@pytest.mark.parametrize("key", DATASETS)
def test_the_density_is_a_number_and_small_far_away(key: str) -> None:
    places = [[9.0, 9.0], [-9.0, 9.0], [0.0, -9.0]] if DATASETS[key].dimension == 2 else [[9.0], [-9.0]]
    far = from_lab(torch.tensor(places), DATASETS[key].box(defaults(key)))
    assert not log_density(key, far).isnan().any()
    assert (log_density(key, far) < -20).all()


@pytest.mark.parametrize("key", DATASETS)
def test_a_data_set_describes_itself_as_plain_data(key: str) -> None:
    facts = json.loads(json.dumps(DATASETS[key].describe()))
    assert facts["help"].endswith(".")
    assert facts["dimension"] == (1 if key in ON_THE_LINE else 2)
    assert {len(point) for point in facts["preview"]} == {facts["dimension"]} == {len(facts["box"]["centre"])}
    assert len(facts["preview"]) == 200
    assert all(float(f"{number:.4g}") == number for point in facts["preview"] for number in point)
    assert facts["box"]["half_extent"] > 0
    assert facts["modes"] == MODES.get(key)


# The published laws -------------------------------------------------------------------------------------------------

MOMENTS = {
    "line": ((0.425, 0.75), ((0.75**2 / 12 + 1e-4, -0.75 * 0.3 / 12), (-0.75 * 0.3 / 12, 0.3**2 / 12 + 1e-4))),
    "gaussians": ((0.5, 0.55), ((0.04 + (0.01 + 0.0025) / 2, -0.03), (-0.03, 0.0225 + (0.01 + 0.04) / 2))),
    "ring": ((0.5, 0.45), ((0.3**2 / 2 + 0.025**2, 0.0), (0.0, 0.25**2 / 2 + 0.025**2))),
    "ring8": ((0.0, 0.0), ((2 + 0.02**2, 0.0), (0.0, 2 + 0.02**2))),
    "grid16": ((0.0, 0.0), ((1.25 + 0.02**2, 0.0), (0.0, 1.25 + 0.02**2))),
    "grid25": ((0.0, 0.0), ((8 + 0.05**2, 0.0), (0.0, 8 + 0.05**2))),
    "circles": ((0.0, 0.0), ((2.8125 + 0.24**2, 0.0), (0.0, 2.8125 + 0.24**2))),
    "checkerboard": ((0.0, 0.0), ((16 / 12 / 0.45**2, 0.25 / 0.45**2), (0.25 / 0.45**2, 16 / 12 / 0.45**2))),
    "one_bump": ((1.0,), ((0.16,),)),
    "two_bumps": ((0.0,), ((1.5**2 + 0.09,),)),
    "five_bumps": ((-0.24,), ((0.36 * (10 * 4 + 40 + 30 + 5 * 4) / 25 - 0.24**2 + 0.01,),)),
    "even": ((0.0,), ((4**2 / 12,),)),
}
"""Means and covariances worked out by hand."""


@pytest.mark.parametrize("key", MOMENTS)
def test_p8_mean_and_covariance_are_those_of_the_published_law(key: str) -> None:
    mean, covariance = (np.array(each) for each in MOMENTS[key])
    points, spread = draw(key, 100_000).double().numpy(), np.sqrt(np.diag(covariance))
    error = 5 * spread / np.sqrt(len(points))
    assert np.all(np.abs(points.mean(0) - mean) < error)
    # The standard error of a covariance is at most sqrt(2) times this for tails no heavier than a Gaussian's.
    assert np.all(np.abs(np.atleast_2d(np.cov(points.T)) - covariance) < np.sqrt(2) * np.outer(error, spread))


def test_ring8_has_eight_distinct_modes_a_quarter_of_a_right_angle_and_more_apart() -> None:
    modes = DATASETS["ring8"].modes(defaults("ring8"))
    assert modes is not None
    angles = torch.atan2(modes[0][:, 1], modes[0][:, 0]).rad2deg().remainder(360).sort().values
    assert torch.allclose(angles.diff(), torch.full((7,), 45.0), atol=1e-3)
    assert torch.allclose(modes[0].norm(dim=-1), torch.tensor(2.0))


def test_p8_disjoint_is_three_blobs_at_their_published_places() -> None:
    points = draw("disjoint", 30_000)
    for centre in ((0.35, 0.75), (0.75, 0.6), (0.45, 0.35)):
        blob = points[(points - torch.tensor(centre)).norm(dim=-1) < 0.15]
        assert len(blob) == pytest.approx(10_000, abs=400)
        assert blob.std(0).tolist() == pytest.approx([0.025, 0.025], rel=0.03)


@pytest.mark.parametrize("point", [(0.425, 0.75), (0.8, 0.6), (0.05, 0.9), (0.82, 0.58), (0.43, 0.77), (0.6, 0.65)])
def test_p8_the_lines_density_is_the_integral_over_the_segment(point: tuple[float, float]) -> None:
    def slice_of(u: float) -> float:
        noise = stats.norm(scale=0.01)
        return float(noise.pdf(point[0] - 0.8 + 0.75 * u) * noise.pdf(point[1] - 0.6 - 0.3 * u))

    nearest = (0.75 * (0.8 - point[0]) + 0.3 * (point[1] - 0.6)) / (0.75**2 + 0.3**2)
    expected, _ = integrate.quad(slice_of, 0, 1, points=[min(max(nearest, 0), 1)], limit=200)
    density = log_density("line", torch.tensor(point, dtype=torch.float64)).exp().item()
    assert density == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("point", [(0.8, 0.45), (0.5, 0.45), (0.5, 0.72), (0.27, 0.62), (0.9, 0.9)])
def test_p8_the_rings_density_is_the_integral_over_the_angle(point: tuple[float, float]) -> None:
    def slice_of(angle: float) -> float:
        noise = stats.norm(scale=0.025)
        x, y = 0.5 + 0.3 * np.cos(angle), 0.45 + 0.25 * np.sin(angle)
        return float(noise.pdf(point[0] - x) * noise.pdf(point[1] - y)) / (2 * np.pi)

    expected, _ = integrate.quad(slice_of, 0, 2 * np.pi, limit=500, epsabs=0)
    density = log_density("ring", torch.tensor(point, dtype=torch.float64)).exp().item()
    assert density == pytest.approx(expected, rel=1e-3)


def test_the_density_of_many_given_points_is_a_mixture_however_it_is_cut() -> None:
    noise, rng = 0.1, np.random.default_rng(0)
    centres, looked_at = rng.normal(size=(5000, 2)), rng.normal(size=(2000, 2))
    given = tuple((float(x), float(y)) for x, y in centres)
    known = DATASETS["points"].log_density
    assert known is not None
    found = known(torch.from_numpy(looked_at), points=given, noise=noise)
    squares = ((looked_at[:, None] - centres.astype(np.float32)) ** 2).sum(-1) / noise**2
    expected = special.logsumexp(-squares / 2, axis=1) - np.log(2 * np.pi * noise**2 * len(centres))
    assert np.allclose(found.numpy(), expected, atol=1e-5)


def test_given_points_are_drawn_equally_often_with_their_noise() -> None:
    given = ((0.0, 0.0), (10.0, 0.0), (0.0, 10.0), (10.0, 10.0))
    points = DATASETS["points"](40_000, draws_for(0, 0, "test"), points=given, noise=0.5)
    for centre in given:
        near = points[(points - torch.tensor(centre)).norm(dim=-1) < 5]
        assert len(near) == pytest.approx(10_000, abs=450)
        assert near.std(0).tolist() == pytest.approx([0.5, 0.5], rel=0.03)


# Views, units and modes ---------------------------------------------------------------------------------------------


def test_the_view_of_given_points_is_fitted_to_them() -> None:
    box = DATASETS["points"].box({"points": ((100.0, -3.0), (104.0, -2.0)), "noise": 0.1, "units": "lab"})
    assert box.centre == (102.0, -2.5)
    assert box.half_extent == pytest.approx(1.15 * 2.3)


def test_the_view_of_a_single_point_far_away_keeps_its_digits() -> None:
    box = DATASETS["points"].box({"points": ((1e6, 0.0),), "noise": 0.0001})
    points = DATASETS["points"](500, draws_for(0, 0, "test"), points=((1e6, 0.0),), noise=0.0001)
    assert to_lab(points, box).abs().max() < 0.01


@pytest.mark.parametrize("key", DATASETS)
def test_the_corners_of_the_view_are_at_three_in_lab_units(key: str) -> None:
    box = DATASETS[key].box(defaults(key))
    corners = torch.tensor(box.centre) + box.half_extent * torch.tensor([[1.0, 1.0], [-1.0, 1.0]])
    assert torch.allclose(to_lab(corners, box), torch.tensor([[3.0, 3.0], [-3.0, 3.0]]), atol=1e-5)


def test_from_lab_undoes_to_lab() -> None:
    box, points = Box((5.0, -2.0), 0.25), torch.randn(4, 10, 2, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(from_lab(to_lab(points, box), box), points, atol=1e-5)


@pytest.mark.parametrize("key", SEPARATE)
@pytest.mark.parametrize("count", [100, 2500])
def test_stratified_points_are_spread_evenly_over_the_modes(key: str, count: int) -> None:
    modes = DATASETS[key].modes(defaults(key))
    assert modes is not None
    points = DATASETS[key].stratified(count, draws_for(1, 0, "test"), **defaults(key))
    counts = torch.cdist(points, modes[0]).argmin(-1).bincount(minlength=len(modes[0]))
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("key", DATASETS)
def test_stratified_points_have_the_law_of_plain_ones(key: str) -> None:
    plain = draw(key, 50_000)
    stratified = DATASETS[key].stratified(50_000, draws_for(1, 0, "test"), **defaults(key))
    for direction in ((1.0, 0.0), (0.0, 1.0), (0.6, 0.8)) if DATASETS[key].dimension == 2 else ((1.0,),):
        projected = [(points @ torch.tensor(direction)).numpy() for points in (plain, stratified)]
        assert stats.ks_2samp(*projected).statistic < 1.63 * sqrt(2 / 50_000)


@pytest.mark.parametrize("key", ["line", "ring"])
def test_the_means_of_points_spread_along_a_curve_vary_by_their_noise_alone(key: str) -> None:
    seeds = draws_for(range(200), 0, "test")
    means = DATASETS[key].stratified(400, seeds, **defaults(key)).mean(-2)
    noise = {"line": 0.01, "ring": 0.025}[key] / sqrt(400)
    assert means.std(0).tolist() == pytest.approx([noise, noise], rel=0.2)


def test_places_along_equal_parts_are_in_the_middles_of_equal_steps() -> None:
    part, along = space_evenly(6, 2)
    assert part.tolist() == [0, 0, 0, 1, 1, 1]
    assert along.tolist() == pytest.approx([1 / 6, 1 / 2, 5 / 6] * 2)
    assert space_evenly(7, 5)[0].bincount().tolist() == [1, 2, 1, 2, 1]


def test_the_spread_of_the_modes_follows_its_parameter() -> None:
    modes = DATASETS["ring8"].modes({"std": 0.3, "units": "lab"})
    assert modes is not None
    assert torch.equal(modes[1], torch.full((8, 2), 0.3))
    points = DATASETS["ring8"].stratified(8000, draws_for(0, 0, "test"), std=0.3)
    assert (points[:1000] - modes[0][0]).std(0).tolist() == pytest.approx([0.3, 0.3], rel=0.1)


# Laws on the line ---------------------------------------------------------------------------------------------------


def frozen_laws() -> dict[str, Any]:
    """The laws on the line at other numbers than the defaults, as SciPy has them: (density, distribution, values)."""

    def mix(shares: list[float], laws: list[Any]) -> tuple[Any, Any]:
        return tuple(
            lambda x, one=one: sum(share * getattr(law, one)(x) for share, law in zip(shares, laws, strict=True))
            for one in ("pdf", "cdf")
        )  # type: ignore[return-value]  # a pair

    five = [stats.norm(1.2 * (k - 2), 0.15) for k in range(5)]
    return {
        "one_bump": (*mix([1.0], [stats.norm(-0.5, 0.2)]), {"mean": -0.5, "std": 0.2}),
        "two_bumps": (
            *mix([0.3, 0.7], [stats.norm(-1, 0.1), stats.norm(1, 0.1)]),
            {"apart": 2.0, "std": 0.1, "share": 0.7},
        ),
        "five_bumps": (*mix([0.1, 0.4, 0.15, 0.3, 0.05], five), {"std": 0.15}),
        "even": (*mix([1.0], [stats.uniform(-1.5, 3.0)]), {"reach": 1.5}),
    }


@pytest.mark.parametrize("key", ON_THE_LINE)
def test_a_law_on_the_line_has_scipys_density(key: str) -> None:
    density, _, values = frozen_laws()[key]
    x = torch.linspace(-2.9, 2.9, 400, dtype=torch.float64)
    known = DATASETS[key].log_density
    assert known is not None
    np.testing.assert_allclose(known(x.unsqueeze(-1), **values).exp(), density(x.numpy()), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("way", ["plain", "stratified"])
@pytest.mark.parametrize("key", ON_THE_LINE)
def test_draws_of_a_law_on_the_line_pass_the_test_of_kolmogorov_and_smirnov(key: str, way: str) -> None:
    _, distribution, values = frozen_laws()[key]
    draw_some = DATASETS[key] if way == "plain" else DATASETS[key].stratified
    points = draw_some(4000, draws_for(1, 0, "test"), **values)
    assert stats.kstest(points.squeeze(-1).numpy(), distribution).pvalue > 0.01


@pytest.mark.parametrize("key", ON_THE_LINE)
def test_the_mean_density_of_a_cell_is_the_mass_between_its_edges(key: str) -> None:
    _, distribution, values = frozen_laws()[key]
    edges = torch.linspace(-3, 3, 41, dtype=torch.float64)
    density = DATASETS[key].cell_density([edges], values)
    assert density is not None
    assert density.shape == (40,)
    np.testing.assert_allclose(density * 0.15, np.diff(distribution(edges.numpy())), atol=1e-6)


@pytest.mark.parametrize("key", ["two_bumps", "five_bumps", "even"])
def test_a_stratified_sample_on_the_line_has_fair_counts(key: str) -> None:
    points = DATASETS[key].stratified(1000, draws_for(0, 0, "test"), **defaults(key)).squeeze(-1)
    ends = {"two_bumps": [0.0], "five_bumps": [-1.8, -0.6, 0.6, 1.8], "even": [-1.2, -0.4, 0.4, 1.2]}[key]
    shares = {"two_bumps": [500, 500], "five_bumps": [100, 400, 150, 300, 50], "even": [200] * 5}[key]
    assert torch.bucketize(points, torch.tensor(ends)).bincount().tolist() == shares


def test_the_highest_density_is_that_of_the_highest_bump() -> None:
    highest = DATASETS["two_bumps"].highest_density({"apart": 2.0, "std": 0.1, "share": 0.7})
    assert highest == pytest.approx(0.7 / (0.1 * sqrt(2 * np.pi)), rel=1e-3)
    assert DATASETS["even"].highest_density({"reach": 1.5}) == pytest.approx(1 / 3)
