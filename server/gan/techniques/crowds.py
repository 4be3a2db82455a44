"""Minibatch discrimination: the discriminator compares what it makes of the points of a batch."""

from __future__ import annotations

from server.gan.crowds import Crowd
from server.gan.papers import IMPROVED
from server.gan.registry import Number
from server.gan.techniques.base import TECHNIQUES, CrowdTechnique

SLOPES = "it has no slope of one point's score alone, as the others' scores move with the point"
FEATURES = "both are about the last hidden layer, and how like its company a point is stands among its features then"
WEIGHTS = "it would have to say too what becomes of the weights that compare points"
READING = "that scores a point alone, and here a score belongs to a whole batch"
COMPANY = "each shows the discriminator a point's company in its own way, and one is enough"
OTHERS = {
    **dict.fromkeys(("r1", "r2", "gradient_penalty", "dragan", "consensus"), SLOPES),
    **dict.fromkeys(("feature_matching", "adaptive_mix", "manifold_entropy", "san"), FEATURES),
    **dict.fromkeys(("orthogonal", "spectral_norm", "weight_norm", "equalized_rate"), WEIGHTS),
    **dict.fromkeys(("rejection", "metropolis_hastings", "langevin"), READING),
    **dict.fromkeys(("pacgan", "minibatch_stddev"), COMPANY),
    "diffusion": "points of many depths stand beside each other there, and how like they are says little",
    "unrolled": "it looks through whole updates of a discriminator that scores each point alone",
    "bigan": "it would compare points together with their noise, and like points could hide behind unlike noise",
}


def minibatch_discrimination() -> type[Crowd]:
    """Beside its last hidden features the discriminator reads how like those of the rest of its batch they are.

    A clump is found out by that, however real each point is. Real and generated batches are compared apart. The paper
    adds up over the batch; here it is the mean over the others, which does not grow with their number.
    """
    return Crowd


TECHNIQUES.add(
    CrowdTechnique(
        "minibatch_discrimination",
        "Minibatch discrimination",
        minibatch_discrimination,
        r"d = w^{\top} [f(x_i), o(x_i)] + b, \quad M_i = f(x_i)\, T, \quad"
        r" o_k(x_i) = \tfrac{1}{N - 1} \sum_{j \ne i} e^{-\lVert M_{i,k} - M_{j,k} \rVert_1}",
        IMPROVED,
        (
            Number("kernels", "Kernels", 16, 1, 32, "In so many ways are points compared.", integer=True),
            Number("size", "Coordinates of a kernel", 5, 1, 8, "So many numbers of a point does each way compare.",
                   integer=True),
        ),
        crowd=("kernels", "size"),
        most=256,
        apart=OTHERS,
        see="From the preset Mode collapse, the clump bursts within some hundred steps, and all eight modes are found"
        " by step 500. The surface shows the score of a place that is compared with the samples generated now.",
        code="class Compare(nn.Module):\n"
        "    def __init__(self, inputs):\n"
        "        super().__init__()\n"
        "        start = 2 * torch.rand(inputs, kernels * size) - 1\n"
        "        self.T = nn.Parameter(start / inputs**0.5)\n"
        "\n"
        "    def forward(self, f):\n"
        "        M = (f @ self.T).view(len(f), kernels, size)\n"
        "        o = torch.exp(-(M[:, None] - M).abs().sum(-1))\n"
        "        o = (o.sum(1) - 1) / (len(f) - 1)  # without itself\n"
        "        return torch.cat([f, o], 1)\n"
        "\n"
        "*hidden, last = discriminator\n"
        "wider = nn.Linear(last.in_features + kernels, 1)\n"
        "discriminator = nn.Sequential(*hidden, Compare(last.in_features), wider)",
    )
)  # fmt: skip
