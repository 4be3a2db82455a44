"""Laws that fill areas: a checkerboard and a pinwheel. Their densities follow from a change of variables.

Shape letters: N points, A arms, P places along an arm; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from math import log, pi

import torch
from torch import Tensor

from server.gan.datasets.base import COMMON, DATASETS, Box, Dataset, space_evenly
from server.gan.datasets.curves import FFJORD
from server.gan.mixtures import PAIRS_AT_ONCE
from server.gan.randomness import Draws
from server.gan.registry import Paper

# A checkerboard -----------------------------------------------------------------------------------------------------

BOARD_SCALE = 0.45
SQUARES = 8


def draw_checkerboard(count: int, draws: Draws) -> Tensor:
    """The dark squares of a board of four by four, evenly filled, with sharp edges: hard for a smooth generator."""
    x = 4 * draws.uniform(count) - 2
    y = draws.uniform(count) - 2 * draws.integers(2, count) + x.floor() % 2
    return torch.stack([x, y], -1) / BOARD_SCALE


def spread_checkerboard(count: int, draws: Draws) -> Tensor:
    """Draw the same number of points in every square, or as near to it as `count` allows."""
    square, _ = space_evenly(count, SQUARES)
    column, lower = square % 4 - 2, square // 4
    corner = torch.stack([column, column % 2 - 2 * lower], -1)
    return (corner + draws.uniform(count, 2)) / BOARD_SCALE


def checkerboard_log_density(points: Tensor) -> Tensor:
    """Give log p at points (..., N, 2): the same in every dark square, and minus infinity elsewhere."""
    x, y = (points * BOARD_SCALE).unbind(-1)
    dark = (x.floor() + y.floor()) % 2 == 0
    inside = (points * BOARD_SCALE).abs().amax(-1) < 2
    # The notebook that the data come from says 1/32, which would be their density if they were divided by 0.5.
    full = torch.full_like(x, log(BOARD_SCALE**2 / SQUARES))
    return full.where(dark & inside, -torch.inf)


DATASETS.add(
    Dataset(
        "checkerboard", "Checkerboard", draw_checkerboard,
        r"p(x) = \tfrac18\, 0.45^2 \text{ where } \lfloor 0.45\, x_1 \rfloor + \lfloor 0.45\, x_2 \rfloor"
        r" \text{ is even and } |0.45\, x_i| < 2",
        Paper("Lipman, Chen, Ben-Hamu, Nickel, Le", "Flow Matching for Generative Modeling", 2023),
        COMMON, view=Box((0.0, 0.0), 5.0), density=checkerboard_log_density, spread=spread_checkerboard,
        see="The real samples fill every other square evenly, with sharp edges that Real density shows. The "
        "place to look is there: a smooth warp cannot break off as sharply.",
        code="x = 4 * draws.uniform(count) - 2\n"
        "y = draws.uniform(count) - 2 * draws.integers(2, count) + x.floor() % 2\n"
        "x_real = torch.stack([x, y], 1) / 0.45",
    )
)  # fmt: skip


# A pinwheel ---------------------------------------------------------------------------------------------------------

ARMS = 5
RADIAL_STD, TANGENTIAL_STD = 0.3, 0.1
RATE, WHEEL_SCALE = 0.25, 2.0
SIGMAS = 6
PLACES = 24
NEWTON_STEPS = 4


def draw_pinwheel(count: int, draws: Draws) -> Tensor:
    """Five blades that bend the more the farther out they reach."""
    return _bend_arms(draws.integers(ARMS, count), draws)


def spread_pinwheel(count: int, draws: Draws) -> Tensor:
    """Draw the same number of points on every blade, or as near to it as `count` allows."""
    return _bend_arms(space_evenly(count, ARMS)[0], draws)


def _bend_arms(arm: Tensor, draws: Draws) -> Tensor:
    """Points (..., N, 2): a Gaussian along and across an arm, turned by the arm's angle, and farther out by more."""
    along, across = (draws.normal(arm.shape[-1], 2) * torch.tensor([RADIAL_STD, TANGENTIAL_STD])).unbind(-1)
    along = along + 1
    angle = _turn(along, arm)
    x, y = along * angle.cos() + across * angle.sin(), across * angle.cos() - along * angle.sin()
    return WHEEL_SCALE * torch.stack([x, y], -1)


def _turn(along: Tensor, arm: Tensor) -> Tensor:
    return 2 * pi * arm.to(along) / ARMS + RATE * along.exp()


def pinwheel_log_density(points: Tensor) -> Tensor:
    """Give log p at points (..., N, 2); beyond six standard deviations along an arm it is taken as minus infinity.

    A point comes from the places along the arms from which the turn leads to it. They are where a gap changes its
    sign; each adds the Gaussian's density there, over how much the turn stretches the plane.
    """
    at_once = PAIRS_AT_ONCE // (ARMS * PLACES)
    pieces = [_sum_sources(piece / WHEEL_SCALE) for piece in torch.split(points.reshape(-1, 2), at_once)]
    return (torch.cat(pieces) / (ARMS * WHEEL_SCALE**2)).log().reshape(points.shape[:-1])


def _sum_sources(points: Tensor) -> Tensor:
    """Give the sum (N,) over all places along arms that lead to each of the points (N, 2)."""
    along = torch.linspace(1 - SIGMAS * RADIAL_STD, 1 + SIGMAS * RADIAL_STD, PLACES).to(points)
    arms = torch.arange(ARMS, device=points.device).unsqueeze(-1)
    before = _measure_gap(points[:, None, None], along, arms)[0] < 0
    point, arm, place = (before[..., 1:] != before[..., :-1]).nonzero(as_tuple=True)
    root, chosen = (along[place] + along[place + 1]) / 2, points[point]
    for _ in range(NEWTON_STEPS):
        gap, across = _measure_gap(chosen, root, arm)
        root = (root - gap / _stretch(root, across)).clamp(along[place], along[place + 1])
    _, across = _measure_gap(chosen, root, arm)
    squares = ((root - 1) / RADIAL_STD).square() + (across / TANGENTIAL_STD).square()
    mass = torch.exp(-squares / 2) / (2 * pi * RADIAL_STD * TANGENTIAL_STD) / _stretch(root, across).abs()
    return points.new_zeros(len(points)).index_add(0, point, mass)


def _measure_gap(points: Tensor, along: Tensor, arm: Tensor) -> tuple[Tensor, Tensor]:
    """Turn points (..., 2) back as far as those at `along` were turned: how far off `along` is then, and `across`."""
    (x, y), angle = points.unbind(-1), _turn(along, arm)
    return along - (x * angle.cos() - y * angle.sin()), x * angle.sin() + y * angle.cos()


def _stretch(along: Tensor, across: Tensor) -> Tensor:
    """The turn's Jacobian determinant, which is also the slope of the gap."""
    return 1 + RATE * along.exp() * across


DATASETS.add(
    Dataset(
        "pinwheel", "Pinwheel", draw_pinwheel,
        r"x = 2 R\big({-\tfrac{2 \pi k}{5}} - 0.25\, e^{a}\big) (a, b)^{\top}, \quad"
        r" a \sim \mathcal{N}(1, 0.3^2),\; b \sim \mathcal{N}(0, 0.1^2), \; k \in \{0, \ldots, 4\}",
        FFJORD, COMMON, view=Box((0.0, 0.0), 4.0), density=pinwheel_log_density, spread=spread_pinwheel,
        see="The real samples are five bent blades that come close to each other in the middle. The surface "
        "needs as many bends to follow them, and the warp has to reach out five times.",
        code="arm = draws.integers(5, count)\n"
        "a, b = (draws.normal(count, 2) * torch.tensor([0.3, 0.1])).unbind(1)\n"
        "a = a + 1\n"
        "angle = 2 * math.pi * arm / 5 + 0.25 * a.exp()\n"
        "x = a * angle.cos() + b * angle.sin()\n"
        "y = b * angle.cos() - a * angle.sin()\n"
        "x_real = 2 * torch.stack([x, y], 1)",
    )
)  # fmt: skip
