"""Optimizers whose steps are in proportion to the slope: plain steps, two kinds of momentum, and optimism.

Shape letters: P parameters; leading axes are runs.
"""

from torch import Tensor

from server.gan.optimizers.base import OPTIMIZERS, Optimizer, Slots, Step, describe_rate, round_value
from server.gan.registry import Number, Paper
from server.gan.values import Value
from server.gan.worked import Line


def sgd(gradient: Tensor, slots: Slots, step: int, learning_rate: Value) -> Step:
    """Walks straight downhill, a step in proportion to the slope."""
    return round_value(-learning_rate, gradient) * gradient, {}


def momentum(gradient: Tensor, slots: Slots, step: int, learning_rate: Value, momentum: Value) -> Step:
    """Rolls like a heavy ball: past slopes keep pushing."""
    velocity = slots["velocity"] * round_value(momentum, gradient) + gradient
    return round_value(-learning_rate, gradient) * velocity, {"velocity": velocity}


def nesterov(gradient: Tensor, slots: Slots, step: int, learning_rate: Value, momentum: Value) -> Step:
    """A heavy ball that looks ahead: today's slope counts more and past ones less, so that it turns sooner."""
    kept = round_value(momentum, gradient)
    velocity = slots["velocity"] * kept + gradient
    return round_value(-learning_rate, gradient) * (gradient + kept * velocity), {"velocity": velocity}


def omd(gradient: Tensor, slots: Slots, step: int, learning_rate: Value) -> Step:
    """Adds to each slope how it has just turned: in a game, this damps the circling that plain steps drive outward."""
    turn = (gradient - slots["past"]) * (step > 1)
    # A copy: whoever fills the same gradient again would change the past with it, and leave plain steps.
    return round_value(-learning_rate, gradient) * (gradient + turn), {"past": gradient.clone()}


MOMENTUM = Number("momentum", "Momentum", 0.9, 0.0, 0.999, "How much of the old speed is kept.", live=True)
VELOCITY = Line(
    "velocity",
    r"<momentum> \cdot <velocity_before> + <gradient>",
    "The speed is what is left of the old speed, and the new slope on top.",
)
VELOCITY_SYMBOLS = {"velocity": "v_t", "velocity_before": "v_{t-1}", "momentum": r"\mu"}

OPTIMIZERS.add(
    Optimizer(
        "sgd",
        "SGD",
        sgd,
        r"\theta \leftarrow \theta - \eta\, g",
        parameters=(describe_rate(0.01),),
        lines=(
            Line("change", r"-<learning_rate> \cdot <gradient>", "The weight moves against its slope, by the rate."),
        ),
        basic=True,
        see="In the inspector, a weight's change is its gradient times the rate, and nothing else. On the "
        "ring of eight the generated points gather in a clump or two at first, and are slow to spread.",
        code="optimizer = torch.optim.SGD(parameters, lr=learning_rate)",
        arithmetic="change = -learning_rate * gradient",
    )
)
OPTIMIZERS.add(
    Optimizer(
        "momentum",
        "SGD with momentum",
        momentum,
        r"v \leftarrow \mu v + g, \quad \theta \leftarrow \theta - \eta\, v",
        Paper("Polyak", "Some methods of speeding up the convergence of iteration methods", 1964),
        (describe_rate(0.01), MOMENTUM),
        slots=("velocity",),
        symbols=VELOCITY_SYMBOLS,
        lines=(
            VELOCITY,
            Line("change", r"-<learning_rate> \cdot <velocity>", "The weight moves against its speed, by the rate."),
        ),
        basic=True,
        see="The generated points overshoot and swing. At its default rate, all points on the ring of eight "
        "are in one clump that is thrown about, often out of the view: with a momentum of 0.9 slopes add "
        "up to ten times the step.",
        code="optimizer = torch.optim.SGD(parameters, lr=learning_rate, momentum=momentum)",
        arithmetic="velocity = velocity * momentum + gradient\nchange = -learning_rate * velocity",
    )
)
OPTIMIZERS.add(
    Optimizer(
        "nesterov",
        "SGD with Nesterov momentum",
        nesterov,
        r"v \leftarrow \mu v + g, \quad \theta \leftarrow \theta - \eta\, (g + \mu v)",
        Paper(
            "Sutskever, Martens, Dahl, Hinton",
            "On the importance of initialization and momentum in deep learning",
            2013,
        ),
        (describe_rate(0.01), MOMENTUM),
        slots=("velocity",),
        symbols=VELOCITY_SYMBOLS,
        lines=(
            VELOCITY,
            Line(
                "change",
                r"-<learning_rate> \cdot (<gradient> + <momentum> \cdot <velocity>)",
                "The weight moves against the slope and against what will be left of the speed, by the rate.",
            ),
        ),
        see="Much as with momentum: at its default rate all points on the ring of eight are in one clump that"
        " is thrown about. A smaller rate or momentum calms it.",
        code="optimizer = torch.optim.SGD(\n    parameters, lr=learning_rate, momentum=momentum, nesterov=True\n)",
        arithmetic="velocity = velocity * momentum + gradient\n"
        "change = -learning_rate * (gradient + momentum * velocity)",
    )
)
OPTIMIZERS.add(
    Optimizer(
        "omd",
        "Optimistic SGD (OMD)",
        omd,
        r"\theta \leftarrow \theta - \eta\, (2 g_t - g_{t-1}), \quad g_0 = g_1",
        Paper("Daskalakis, Ilyas, Syrgkanis, Zeng", "Training GANs with Optimism", 2018),
        (describe_rate(0.01),),
        slots=("past",),
        symbols={"past": r"g_{\text{past}}", "past_before": "g_{t-1}", "turn": r"\Delta g"},
        lines=(
            Line(
                "turn",
                r"(<gradient> - <past_before>) \cdot \min(1, <t> - 1)",
                "How the slope has turned since the last update; at the first there was none to turn from.",
                value=lambda n: (n["gradient"] - n["past_before"]) * min(1, n["t"] - 1),
            ),
            Line(
                "change",
                r"-<learning_rate> \cdot (<gradient> + <turn>)",
                "The weight moves as if the slope would turn by as much again.",
            ),
            Line("past", "<gradient>", "The slope is kept for the next update."),
        ),
        see="In the smallest game, two players without hidden layers, the circle of the generated cloud "
        "becomes a spiral that comes to rest. On the ring of eight it looks much as plain SGD does: a "
        "clump or two, slow to spread.",
        code="class OptimisticSGD(torch.optim.SGD):\n"
        "    def step(self):\n"
        '        for p in self.param_groups[0]["params"]:\n'
        "            now = p.grad.clone()\n"
        '            p.grad = 2 * now - self.state[p].get("past", now)\n'
        '            self.state[p]["past"] = now\n'
        "        super().step()\n"
        "\n\n"
        "optimizer = OptimisticSGD(parameters, lr=learning_rate)",
        arithmetic="turn = (gradient - past) * min(1, step - 1)\n"
        "change = -learning_rate * (gradient + turn)\n"
        "past = gradient.clone()",
    )
)
