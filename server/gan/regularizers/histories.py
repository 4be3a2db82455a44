"""What both players pay for going far from where they have been.

Shape letters: P parameters; `...` are leading axes of independent runs.
"""

from __future__ import annotations

from torch import Tensor

from server.gan.papers import IMPROVED
from server.gan.regularizers.base import REGULARIZERS, HistoryRegularizer, weight_number
from server.gan.values import Value


def historical_averaging(parameters: Tensor, history: Tensor, weight: Value) -> Tensor:
    """Both players pay for being far from the mean of all that they have been: a game that circles is drawn inwards.

    The mean takes in the present parameters, as in the paper, so the first update costs nothing.
    """
    return weight * (parameters - history).square().sum(-1, keepdim=True)


REGULARIZERS.add(
    HistoryRegularizer(
        "historical_averaging",
        "Historical averaging",
        historical_averaging,
        r"\lambda\, \lVert \theta_t - \tfrac{1}{t} \sum_{i=1}^{t} \theta_i \rVert^2"
        r" \quad \text{for each player's parameters } \theta",
        IMPROVED,
        (weight_number("weight", "Weight", 0.1, 10.0, "How much the distance from the mean costs both players."),),
        see="In the smallest game the circle of the generated cloud becomes a spiral that comes to rest. On the ring "
        "of eight all modes are held evenly after 1,000 steps, but hardly a point lies inside one: both players "
        "linger.",
        code="# history: the mean of all that the parameters have been, these ones with it\n"
        "now = nn.utils.parameters_to_vector(network.parameters())\n"
        "penalty = weight * (now - history).square().sum().unsqueeze(0)",
    )
)
