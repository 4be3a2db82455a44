"""Learned codes: every point of the data has a latent of its own, from which the generator is to rebuild it.

Shape letters: N examples, n points of the data, D coordinates, Z latent dimensions; leading axes are runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from torch import Tensor

from server.gan.codes import draw_near
from server.gan.losses.base import LOSSES, Answer, LoneLoss
from server.gan.registry import Number, Paper


@dataclass(frozen=True)
class CodeLoss(LoneLoss):
    """A loss of rebuilt points: `(x_real (..., N, D), rebuilt (..., N, D)) -> (..., N)`.

    The generator's network reads the code of a real point and answers what it takes that point to be. Its number `rate`
    says how far the codes go. Samples are made of latents of the normal law that is fitted to all codes.
    """

    answers: ClassVar[str] = "rebuilt"
    slope: ClassVar[str] = "rebuilt_slope"
    reads_noise: ClassVar[bool] = False
    has_codes: ClassVar[bool] = True
    words: ClassVar[Mapping[str, str]] = {
        "part": "This loss compares each real point with what the generator rebuilds of its code.",
        "draw": "Real points are picked, each with its code. The generator rebuilds the points from the codes.",
        "count": "How far from its point is each that is rebuilt? That is counted as the generator’s loss.",
        "generate": "Generate: the codes of real points become points again",
        "loss": "Loss: how far from the real points are they?",
        "arrows": "Noise, shaped like the codes of the real points, goes through the generator and becomes generated"
        " samples. The loss compares the points rebuilt from the codes with the real ones.",
        "script": "the generator learns to make each point of its code.",
        "letters": "In the formulas $x_i$ is a real point, $z_i$ its code, and $G$ the generator.",
    }
    g_parts: tuple[str, ...] = field(default=(), kw_only=True)

    def follow(self, answer: Answer, z: Tensor, *, codes: Tensor | None = None, **numbers: Any) -> list[Tensor]:
        """Give the samples (..., N, D) alone: of noise (..., N, Z) that is spread as the codes (..., n, Z) are."""
        assert codes is not None, "a run of this loss has codes"
        return [answer(draw_near(codes, z))]

    def read(self, known: Mapping[str, Tensor], answer: Answer) -> Tensor:
        """Give the codes of the batch's points (..., N, Z)."""
        return known["codes"]

    def price(self, aims: Tensor, answers: Tensor, **numbers: Any) -> Tensor:
        """Compute what rebuilt points (..., N, D) cost; how far codes go does not count."""
        return super().price(aims, answers)


def glo(x_real: Tensor, rebuilt: Tensor) -> Tensor:
    """No discriminator: each real point has a code of its own, learned as the generator learns to rebuild the point."""
    return (rebuilt - x_real).square().sum(-1)


LOSSES.add(
    CodeLoss(
        "glo",
        "GLO: learned codes (no discriminator)",
        glo,
        r"L_G = \frac{1}{n} \sum_{i=1}^{n} \lVert G(z_i) - x_i \rVert^2, \quad \lVert z_i \rVert \le 1, \quad"
        r" G(z) \;\text{with}\; z \sim \mathcal{N}(\bar z, \operatorname{cov} z_i)",
        Paper("Bojanowski, Joulin, Lopez-Paz, Szlam", "Optimizing the Latent Space of Generative Networks", 2018),
        (
            Number("rate", "Learning rate of the codes", 0.01, 0.0, 1.0,
                   "How far each code goes against the slope of its own point's price; at 0 it stays as it was drawn."),
        ),
        goes_with={"latent": ("normal",)},
        needs={"data.size": 512},
        because="it learns a code for each of finitely many points, and draws samples of the normal law that is fitted"
        " to the codes",
        see="There is no surface, no prediction and no needle: no sample is priced. As Reconstructions show, 512 points"
        " of the ring of eight come back to their places within 1,000 steps; but hardly one sample in a hundred lies in"
        " a mode.",
        code="rebuilt = generator(codes[picked])\n"
        "g_loss = (rebuilt - x_real).square().sum(1).mean()",
        sampling_code="apart = (codes - codes.mean(0)).double()\n"
        "covariance = apart.T @ apart / len(codes) + 1e-9 * torch.eye(codes.shape[1])\n"
        "x_fake = generator(codes.mean(0) + z @ torch.linalg.cholesky(covariance).T.float())",
        moving_code="with torch.no_grad():\n"
        "    codes -= rate * len(x_real) * codes.grad\n"
        "    codes /= torch.linalg.vector_norm(codes, dim=1, keepdim=True).clamp(min=1)\n"
        "codes.grad = None",
    )
)  # fmt: skip
