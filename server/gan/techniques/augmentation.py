"""Adaptive discriminator augmentation: both sorts of points are moved about at random, no oftener than is needed.

Shape letters: N examples, D coordinates of a point; `...` are leading axes of independent runs.
"""

from __future__ import annotations

import torch
from torch import Tensor

from server.gan.papers import LIMITED_DATA
from server.gan.randomness import Draws
from server.gan.techniques.base import TECHNIQUES, InputTechnique, Tensors
from server.gan.techniques.overfitting import (
    ADJUST_SCRIPT,
    BECAUSE,
    BEGIN_SCRIPT,
    LIMITS,
    SLOTS,
    WITH_A_ZERO,
    adjust,
    describe_numbers,
)
from server.gan.values import Value

SCALE, SHIFT = 0.2, 0.25
"""Standard deviations: of the logarithm of a scale, to base 2, as in the paper; of a shift, in lab units."""
COSINES, SINES = (1.0, 0.0, -1.0, 0.0), (0.0, 1.0, 0.0, -1.0)
"""Of the four quarter turns, without rounding."""


def ada(points: Tensor, draws: Draws, step: int, slots: Tensors, target: Value, kimg: Value) -> Tensor:
    """Points are turned, scaled and shifted at random before they are scored, the more the surer the real ones are.

    On the line there is nothing to turn: points are mirrored about the origin instead.
    Penalties of the discriminator look at the points as it sees them, moved; the authors' R1 looks at those before.
    """
    return augment(points, draws, slots["p"])


def augment(points: Tensor, draws: Draws, p: Tensor) -> Tensor:
    """Turn points (..., N, D), scale and shift them, each with probability p (..., 1, 1); about the origin.

    Autograd sees through it. Where it is 0 a point stays as it is.
    """
    count = points.shape[-2]

    def draw_places() -> Tensor:
        return draws.uniform(count, 1).to(points) < p

    places = draw_places()
    turned = (_mirror if points.shape[-1] == 1 else _turn)(points, draws, places)
    scale = torch.where(draw_places(), torch.exp2(SCALE * draws.normal(count, 1).to(points)), 1.0)
    shift = torch.where(draw_places(), SHIFT * draws.normal(count, points.shape[-1]).to(points), 0.0)
    return turned * scale + shift


def _turn(points: Tensor, draws: Draws, places: Tensor) -> Tensor:
    """Turn points (..., N, 2) by quarters about the origin, where `places` (..., N, 1) says so."""
    quarters = torch.where(places, draws.integers(4, points.shape[-2], 1).to(points.device), 0)
    cosine, sine = torch.tensor(COSINES).to(points)[quarters], torch.tensor(SINES).to(points)[quarters]
    x, y = points.unbind(-1)
    return cosine * points + sine * torch.stack((-y, x), -1)


def _mirror(points: Tensor, draws: Draws, places: Tensor) -> Tensor:
    """Mirror every other point (..., N, 1), by chance, about the origin, where `places` (..., N, 1) says so."""
    flips = torch.where(places, draws.integers(2, points.shape[-2], 1).to(points.device), 0)
    return points * (1 - 2 * flips)


TURN = f"""        quarters = torch.where(draw_places(), draws.integers(4, len(points), 1), 0)
        cosine = torch.tensor({list(COSINES)})[quarters]
        sine = torch.tensor({list(SINES)})[quarters]
        x, y = points.unbind(1)
        turned = cosine * points + sine * torch.stack((-y, x), 1)
"""
MIRROR = """        flips = torch.where(draw_places(), draws.integers(2, len(points), 1), 0)
        turned = points * (1 - 2 * flips)
"""

SCRIPT = f'''class Ada:
    """Turns, scales and shifts points; p follows how surely the real ones are told."""

    def __init__(self):
        {BEGIN_SCRIPT}

    def __call__(self, points, draws, step):
        def draw_places():
            return draws.uniform(len(points), 1) < self.p

{TURN}        scaled, scale = draw_places(), torch.exp2({SCALE} * draws.normal(len(points), 1))
        shifted, shift = draw_places(), {SHIFT} * draws.normal(*points.shape)
        moved = turned * torch.where(scaled, scale, 1.0)
        return moved + torch.where(shifted, shift, 0.0)

{ADJUST_SCRIPT}'''

TECHNIQUES.add(
    InputTechnique(
        "ada",
        "Adaptive augmentation (ADA)",
        ada,
        r"d(T_p(x)),\; d(T_p(G(z))), \quad \text{every } 4 \text{ updates: } \quad"
        r" p \leftarrow p + \operatorname{sign}\big(\mathbb{E}[\operatorname{sign} d(T_p(x))] - r\big)"
        r" \frac{4 N}{1000\, K}",
        LIMITED_DATA,
        describe_numbers(
            0.2,
            "The paper's 0.6, for images, is hardly reached in the plane.",
            "The paper's 500 is for trainings on many millions.",
        ),
        slots=SLOTS,
        limits=LIMITS,
        adjust=adjust,
        tells={"p": "how often a point is turned (on the line: mirrored), and scaled, and shifted"},
        goes_with={"loss": WITH_A_ZERO},
        because=BECAUSE,
        see="The points are drawn as they are; only the discriminator sees them moved. What it remembers of few points"
        " is smeared over the places where the moves take them, so the islands on its surface stay low. A click on the"
        " discriminator tells p.",
        code="# T turns (on the line: mirrors), scales and shifts, each with probability p.\n"
        "x_real, x_fake = T(x_real, p), T(x_fake, p)\n"
        "# After every fourth update of the discriminator:\n"
        "way = torch.sign(real_logits.sign().mean() - target)\n"
        "p = (p + way * 4 * len(x_real) / (1000 * kimg)).clamp(0, 1)",
        script={"points": "ada", "functions": SCRIPT, "begin": "ada = Ada()", "after": "ada.adjust(real_logits)"},
        line_script={"functions": SCRIPT.replace(TURN, MIRROR).replace("Turns", "Mirrors")},
    )
)
