"""The data sets are those of the papers' own code: against scikit-learn's and against the published formulas."""

from collections.abc import Callable
from math import cos, log, pi, sin, sqrt
from typing import Any

import numpy as np
import ot
import pytest
import torch
from scipy import integrate, special, stats
from sklearn.datasets import make_circles, make_moons, make_swiss_roll

from server.gan.datasets import DATASETS
from server.gan.datasets.published import RINGS
from server.gan.randomness import draws_for
from server.gan.trainer import Trainer
from tests.tools.runs import make_config

Sampler = Callable[[int, int], np.ndarray]
"""(count, seed) -> (count, 2)."""
NEW = (
    *("imbalanced_ring", "published_ring", "grid16", "swiss_roll", "moons", "spirals", "circles", "rings"),
    *("checkerboard", "pinwheel"),
)
CELLS, COUNT = 24, 100_000


def sample_pinwheel(count: int, seed: int) -> np.ndarray:
    """Five blades: complex numbers turned clockwise by an angle that grows with the exponential of the length."""
    rng = np.random.default_rng(seed)
    along, across = 1 + 0.3 * rng.normal(size=count), 0.1 * rng.normal(size=count)
    turned = 2 * (along + 1j * across) * np.exp(-1j * (2 * pi * rng.integers(5, size=count) / 5 + np.exp(along) / 4))
    return np.stack([turned.real, turned.imag], 1)


def sample_spirals(count: int, seed: int) -> np.ndarray:
    """Two spirals of one and a half turns, 540 degrees."""
    rng = np.random.default_rng(seed)
    n = np.sqrt(rng.random(count)) * np.deg2rad(540)
    x, y = -np.cos(n) * n + rng.random(count) / 2, np.sin(n) * n + rng.random(count) / 2
    sign = rng.choice([-1.0, 1.0], (count, 1))
    return np.asarray(sign * np.stack([x, y], 1) / 3 + 0.1 * rng.normal(size=(count, 2)))


def sample_rings(count: int, seed: int) -> np.ndarray:
    """Four circles with the same number of points on each."""
    rng = np.random.default_rng(seed)
    circle = 3 * rng.choice([0.25, 0.5, 0.75, 1], count) * np.exp(2j * pi * rng.random(count))
    return np.stack([circle.real, circle.imag], 1) + 0.08 * rng.normal(size=(count, 2))


def sample_checkerboard(count: int, seed: int) -> np.ndarray:
    """Points anywhere on the board, kept where the square is dark."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-2, 2, (3 * count, 2))
    return np.asarray(points[np.floor(points).sum(1) % 2 == 0][:count] / 0.45)


SAMPLERS: dict[str, Sampler] = {
    "swiss_roll": lambda count, seed: make_swiss_roll(count, noise=0.25, random_state=seed)[0][:, [0, 2]] / 7.5,
    "moons": lambda count, seed: make_moons(count, noise=0.05, random_state=seed)[0],
    "circles": lambda count, seed: 3 * make_circles(count, noise=0.08, factor=0.5, random_state=seed)[0],
    "pinwheel": sample_pinwheel,
    "spirals": sample_spirals,
    "rings": sample_rings,
    "checkerboard": sample_checkerboard,
}
"""The published laws, by other code than the lab's."""


def defaults(key: str) -> dict[str, Any]:
    """The values of a data set that nobody has turned."""
    return {parameter.key: parameter.default for parameter in DATASETS[key].parameters}


def log_density(key: str, points: Any, **values: Any) -> torch.Tensor:
    """The logarithm of the density at points."""
    known = DATASETS[key].log_density
    assert known is not None
    return known(torch.as_tensor(points, dtype=torch.float64), **{**defaults(key), **values})


# Against other code -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", SAMPLERS)
def test_points_are_as_near_to_the_published_ones_as_to_each_other(key: str) -> None:
    """Ours are compared with each other, because scikit-learn spaces some of its points evenly."""
    ours = DATASETS[key](2500, draws_for(range(5), 0, "test"), **defaults(key)).double().numpy()

    def measure(x: np.ndarray, y: np.ndarray) -> float:
        return float(ot.sliced_wasserstein_distance(x, y, n_projections=30, seed=0))

    noise = [measure(ours[i], ours[j]) for i in range(5) for j in range(i)]
    assert np.mean([measure(each, SAMPLERS[key](2500, 7)) for each in ours]) < max(noise)


@pytest.mark.parametrize("key", SAMPLERS)
def test_published_points_have_the_density_that_is_shown(key: str) -> None:
    (x, y), half = DATASETS[key].box(defaults(key)) if key != "checkerboard" else ((0.0, 0.0), 2 / 0.45)
    edges = torch.linspace(-half, half, CELLS + 1, dtype=torch.float64)
    density = DATASETS[key].cell_density((x + edges, y + edges), defaults(key))
    assert density is not None
    expected = COUNT * density.numpy() * (2 * half / CELLS) ** 2
    points = SAMPLERS[key](COUNT, 7)
    observed, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=(y + edges.numpy(), x + edges.numpy()))
    full = expected > 50
    # Spaced evenly, as scikit-learn spaces them, points agree with the law better than chance: one side is tested.
    total = ((observed - expected)[full] ** 2 / expected[full]).sum()
    assert total < stats.chi2.ppf(0.999, full.sum())
    assert expected[full].sum() > 0.97 * COUNT


# Exact densities ----------------------------------------------------------------------------------------------------


def place_on_roll(u: float) -> tuple[float, float]:
    """The middle of the Swiss roll."""
    t = 1.5 * pi * (1 + 2 * u)
    return t * cos(t) / 7.5, t * sin(t) / 7.5


@pytest.mark.parametrize("noise", [0.1, 0.25, 1.0])
@pytest.mark.parametrize("place", [0.0, 0.001, 0.3, 0.97, 1.0])
def test_the_swiss_rolls_density_is_the_integral_along_it(place: float, noise: float) -> None:
    law, (x, y) = stats.norm(scale=noise / 7.5), place_on_roll(place)
    x += 0.8 * noise / 7.5

    def slice_of(u: float) -> float:
        a, b = place_on_roll(u)
        return float(law.pdf(x - a) * law.pdf(y - b))

    low, high = max(place - 0.2, 0), min(place + 0.2, 1)
    expected = sum(integrate.quad(slice_of, a, b, points=[place], limit=300)[0] for a, b in ((low, high),))
    expected += sum(integrate.quad(slice_of, a, b, limit=300)[0] for a, b in ((0, low), (high, 1)))
    assert log_density("swiss_roll", (x, y), noise=noise).exp().item() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("noise", [0.02, 0.05, 0.2])
@pytest.mark.parametrize("point", [(1.0, 0.0), (0.0, 1.0), (0.5, 0.25), (0.0, 0.52), (1.71, -0.2)])
def test_the_moons_density_is_the_integral_along_both(point: tuple[float, float], noise: float) -> None:
    law, (x, y) = stats.norm(scale=noise), point

    def slice_of(a: float) -> float:
        upper = law.pdf(x - cos(a)) * law.pdf(y - sin(a))
        return float(upper + law.pdf(x - 1 + cos(a)) * law.pdf(y - 0.5 + sin(a))) / (2 * pi)

    expected, _ = integrate.quad(slice_of, 0, pi, limit=500, epsabs=1e-12)
    assert log_density("moons", point, noise=noise).exp().item() == pytest.approx(expected, rel=1e-3, abs=1e-7)


@pytest.mark.parametrize("place", [0.02, 0.5, 0.95, 1.0])
def test_the_spirals_density_is_the_integral_along_them_and_over_the_square(place: float) -> None:
    std = 0.1

    def share(at: float, start: float) -> float:
        """The density along one axis: uniform over a sixth from the start on, with noise."""
        return float(stats.norm.cdf((at - start) / std) - stats.norm.cdf((at - start - 1 / 6) / std)) * 6

    n = 3 * pi * place
    x, y = -n * cos(n) / 3 + 0.1, n * sin(n) / 3 + 0.02

    def slice_of(s: float) -> float:
        n = 3 * pi * s
        a, b = -n * cos(n) / 3, n * sin(n) / 3
        return s * (share(x, a) * share(y, b) + share(-x, a) * share(-y, b))

    nodes, weights = np.polynomial.legendre.leggauss(1000)
    expected = sum(w / 2 * slice_of((u + 1) / 2) for u, w in zip(nodes, weights, strict=True))
    assert log_density("spirals", (x, y)).exp().item() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("key", "radii", "std"), [("circles", (1.5, 3), 0.24), ("rings", (0.75, 1.5, 2.25, 3), 0.08)])
def test_the_density_of_circles_is_the_bessel_function_of_the_distance(
    key: str, radii: tuple[float, ...], std: float
) -> None:
    for distance in (0.1, 0.8, 1.4, 2.3, 3.1):
        turned = [(distance * cos(a), distance * sin(a)) for a in np.linspace(0, 2 * pi, 40)]
        each = [special.ive(0, distance * r / std**2) * np.exp(-(((distance - r) / std) ** 2) / 2) for r in radii]
        expected = np.mean(each) / (2 * pi * std**2)
        assert log_density(key, turned).exp().tolist() == pytest.approx([expected] * 40, rel=1e-4)


def test_the_checkerboard_is_even_on_eight_squares() -> None:
    points = DATASETS["checkerboard"](5000, draws_for(0, 0, "test"))
    density = log_density("checkerboard", points.double()).exp()
    assert torch.allclose(density, torch.full_like(density, 0.45**2 / 8))
    assert points.abs().max().item() == pytest.approx(2 / 0.45, rel=0.001)
    squares = torch.unique((points * 0.45).floor(), dim=0)
    assert len(squares) == 8
    light = (squares + torch.tensor([0.5, 1.5])) / 0.45
    assert (log_density("checkerboard", light) == -torch.inf).all()


def test_the_pinwheels_density_is_that_of_the_blade_over_how_much_the_turn_stretches_it() -> None:
    rng = np.random.default_rng(0)
    blade = torch.from_numpy(np.stack([1 + 0.3 * rng.normal(size=50), 0.1 * rng.normal(size=50)], 1))

    def turn(one: torch.Tensor) -> torch.Tensor:
        a, b = one.unbind(-1)
        angle = 2 * pi * 2 / 5 + 0.25 * a.exp()
        return 2 * torch.stack([a * angle.cos() + b * angle.sin(), b * angle.cos() - a * angle.sin()], -1)

    jacobians = torch.stack([torch.autograd.functional.jacobian(turn, one) for one in blade])  # type: ignore[no-untyped-call]  # torch gives it no types
    own = stats.norm.pdf(blade[:, 0], 1, 0.3) * stats.norm.pdf(blade[:, 1], 0, 0.1) / 5
    expected = torch.from_numpy(own) / jacobians.det().abs()
    found = log_density("pinwheel", turn(blade)).exp()
    # Other blades reach here too, and add a little.
    assert (found > expected * (1 - 1e-6)).all()
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


# The rings of the papers --------------------------------------------------------------------------------------------

PUBLISHED = {
    "unrolled": (2.0, 0.02),
    "pacgan": (1.0, 0.01),
    "numerics": (1.0, 0.01),
    "wgan-gp": (1.41443, 0.0141443),
    "ffjord": (2.82885, 0.353607),
    "flow-matching": (5.0, 0.562341),
    "ntk": (5.0, 0.5),
}


@pytest.mark.parametrize("source", PUBLISHED)
def test_a_ring_has_the_radius_and_spread_of_its_papers_code(source: str) -> None:
    radius, std = PUBLISHED[source]
    modes = DATASETS["published_ring"].modes({"source": source})
    assert modes is not None
    assert torch.allclose(modes.means.norm(dim=-1), torch.tensor(radius), rtol=1e-5)
    assert torch.allclose(modes.stds, torch.tensor(std), rtol=1e-5)
    points = DATASETS["published_ring"](40_000, draws_for(0, 0, "test"), source=source)
    apart, nearest = torch.cdist(points, modes.means).min(-1)
    assert nearest.bincount().tolist() == pytest.approx([5000] * 8, abs=350)
    assert apart.square().mean().div(2).sqrt().item() == pytest.approx(std, rel=0.02)


def test_the_ring_to_begin_with_is_that_of_ring8() -> None:
    assert DATASETS["published_ring"].describe()["parameters"][0]["default"] == "unrolled"
    ours, theirs = (DATASETS[key](500, draws_for(0, 0, "test"), **defaults(key)) for key in ("published_ring", "ring8"))
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_batch_of_the_numerics_of_gans_holds_every_mode_equally_often() -> None:
    points = DATASETS["published_ring"](64, draws_for([0, 1], 0, "test"), source="numerics")
    modes = DATASETS["published_ring"].modes({"source": "numerics"})
    assert modes is not None
    for batch in points:
        assert torch.cdist(batch, modes.means).argmin(-1).tolist() == [k % 8 for k in range(64)]


def test_only_the_copy_with_the_fault_has_seven_modes_one_of_them_twice_as_heavy() -> None:
    counts = {}
    for source in RINGS:
        modes = DATASETS["published_ring"].modes({"source": source})
        assert modes is not None
        assert torch.pdist(modes.means).min() > 0.5
        counts[source] = len(modes.means)
    assert counts == {**dict.fromkeys(RINGS, 8), "seven": 7}
    points = DATASETS["published_ring"](40_000, draws_for(0, 0, "test"), source="seven")
    first = (points - torch.tensor([1.0, 0.0])).norm(dim=-1) < 0.1
    assert first.float().mean().item() == pytest.approx(1 / 4, abs=0.01)


def test_the_uneven_ring_has_its_ratio_and_its_modes_know_their_shares() -> None:
    for ratio in (1.0, 10.0, 63.0):
        modes = DATASETS["imbalanced_ring"].modes({"ratio": ratio})
        assert modes is not None
        assert modes.shares[::2].tolist() == pytest.approx([ratio / (4 * ratio + 4)] * 4)
        assert modes.shares[1::2].tolist() == pytest.approx([1 / (4 * ratio + 4)] * 4)
        points = DATASETS["imbalanced_ring"](40_000, draws_for(0, 0, "test"), ratio=ratio)
        counts = torch.cdist(points, modes.means).argmin(-1).bincount(minlength=8)
        expected = 40_000 * modes.shares
        assert ((counts - expected).square() / expected).sum() < stats.chi2.ppf(0.999, 7)
        fair = DATASETS["imbalanced_ring"].stratified(2500, draws_for(0, 0, "test"), ratio=ratio)
        evenly = torch.cdist(fair, modes.means).argmin(-1).bincount(minlength=8)
        assert (evenly - 2500 * modes.shares).abs().max() <= 1


def test_the_uneven_rings_density_is_its_share_at_each_mode() -> None:
    peaks = log_density("imbalanced_ring", [(2.0, 0.0), (sqrt(2), sqrt(2))], ratio=10.0)
    assert (peaks[0] - peaks[1]).item() == pytest.approx(log(10), abs=1e-3)
    assert peaks[0].exp().item() == pytest.approx(10 / 44 / (2 * pi * 0.02**2), rel=1e-3)


# Training -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", NEW)
def test_a_run_and_a_stack_of_eight_train_on_every_new_data_set(key: str) -> None:
    configs = [make_config(f"data.name={key}", f"seed={seed}") for seed in range(8)]
    alone, stack = Trainer(configs[3]), Trainer(configs)
    for _ in range(3):
        single, losses = alone.step(), stack.step()
    assert losses.discriminator is not None
    assert single.discriminator is not None
    assert losses.discriminator.isfinite().all()
    assert losses.discriminator[3].item() == pytest.approx(single.discriminator.item(), abs=1e-4)


def test_the_angles_of_a_ring_are_eighths_of_a_turn() -> None:
    modes = DATASETS["published_ring"].modes({"source": "pacgan"})
    assert modes is not None
    expected = [(cos(2 * pi * k / 8), sin(2 * pi * k / 8)) for k in range(8)]
    assert torch.allclose(modes.means, torch.tensor(expected), atol=1e-6)
