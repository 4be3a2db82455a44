"""Optimizers that divide each slope by its usual size, so that every weight moves at a similar pace.

Shape letters: P parameters; leading axes are runs.
"""

from torch import Tensor

from server.gan.optimizers.base import EPSILON, OPTIMIZERS, Optimizer, Slots, Step, describe_rate, round_value
from server.gan.registry import Number, Paper
from server.gan.values import Value
from server.gan.worked import Line

BELIEF_EPSILON = 1e-12
"""What AdaBelief's authors use for a small GAN."""


def rmsprop(gradient: Tensor, slots: Slots, step: int, learning_rate: Value, alpha: Value) -> Step:
    """Divides each slope by its usual size, so that every weight moves at a similar pace."""
    square = slots["square"].lerp(gradient.square(), round_value(1 - alpha, gradient))
    return round_value(-learning_rate, gradient) * gradient / square.sqrt().add_(EPSILON), {"square": square}


def adam(gradient: Tensor, slots: Slots, step: int, learning_rate: Value, beta1: Value, beta2: Value) -> Step:
    """Averages the slope and divides by its usual size: the usual choice for GANs, with a small beta 1."""
    mean = slots["mean"].lerp(gradient, round_value(1 - beta1, gradient))
    square = slots["square"].lerp(gradient.square(), round_value(1 - beta2, gradient))
    scale = square.sqrt().mul_(round_value((1 - beta2**step) ** -0.5, gradient)).add_(EPSILON)
    change = (mean * round_value(-learning_rate / (1 - beta1**step), gradient)).div_(scale)
    return change, {"mean": mean, "square": square}


def adabelief(gradient: Tensor, slots: Slots, step: int, learning_rate: Value, beta1: Value, beta2: Value) -> Step:
    """Believes a slope that comes as expected: it takes long steps while slopes are steady, short ones when they jump.

    Epsilon is in the average too, at every step, as in the paper's algorithm 2.
    """
    mean = slots["mean"].lerp(gradient, round_value(1 - beta1, gradient))
    surprise = (gradient - mean).square()
    spread = slots["spread"].lerp(surprise, round_value(1 - beta2, gradient)).add_(BELIEF_EPSILON)
    scale = spread.sqrt().mul_(round_value((1 - beta2**step) ** -0.5, gradient)).add_(BELIEF_EPSILON)
    change = (mean * round_value(-learning_rate / (1 - beta1**step), gradient)).div_(scale)
    return change, {"mean": mean, "spread": spread}


def grams(gradient: Tensor, slots: Slots, step: int, learning_rate: Value, beta1: Value, beta2: Value) -> Step:
    """Steps as long as Adam's, but against today's slope: the average says how far, never which way."""
    change, slots = adam(gradient, slots, step, learning_rate, beta1, beta2)
    return -gradient.sign() * change.abs_(), slots


BETAS = (
    Number("beta1", "Beta 1", 0.5, 0.0, 0.999, "How slowly the average slope is forgotten.", live=True),
    Number("beta2", "Beta 2", 0.999, 0.0, 0.9999, "How slowly the usual size of the slope is forgotten.", live=True),
)
MEAN = Line(
    "mean",
    r"<beta1> \cdot <mean_before> + (1 - <beta1>) \cdot <gradient>",
    "The usual slope: the old average, and a part of the new slope.",
)
MEAN_HAT = Line(
    "mean_hat",
    r"\frac{<mean>}{1 - <beta1>^{<t>}}",
    "The average began at zero, so the first ones are too small; this makes up for it.",
    value=lambda n: n["mean"] / (1 - n["beta1"] ** n["t"]),
)
SQUARE = Line(
    "square",
    r"<beta2> \cdot <square_before> + (1 - <beta2>) \cdot <gradient>^2",
    "How large the slope usually is: the old average of its square, and a little of the new one.",
)
SQUARE_HAT = Line(
    "square_hat",
    r"\frac{<square>}{1 - <beta2>^{<t>}}",
    "The same for the average of the squares.",
    value=lambda n: n["square"] / (1 - n["beta2"] ** n["t"]),
)
MEAN_SYMBOLS = {
    "mean": "m_t",
    "mean_before": "m_{t-1}",
    "mean_hat": r"\hat{m}_t",
    "beta1": r"\beta_1",
    "beta2": r"\beta_2",
}
ADAM_SYMBOLS = {**MEAN_SYMBOLS, "square": "v_t", "square_before": "v_{t-1}", "square_hat": r"\hat{v}_t"}
MOMENTS = (
    "mean = mean.lerp(gradient, 1 - beta1)\n"
    "square = square.lerp(gradient.square(), 1 - beta2)\n"
    "scale = square.sqrt() * (1 - beta2**step) ** -0.5 + 1e-8\n"
)

OPTIMIZERS.add(
    Optimizer(
        "rmsprop",
        "RMSProp",
        rmsprop,
        r"v \leftarrow \alpha v + (1 - \alpha) g^2,"
        r" \quad \theta \leftarrow \theta - \eta \frac{g}{\sqrt{v} + \epsilon}",
        Paper("Tieleman and Hinton", "Lecture 6.5: RMSProp", 2012),
        (
            describe_rate(0.001),
            Number(
                "alpha", "Alpha", 0.99, 0.0, 0.9999, "How slowly the usual size of the slope is forgotten.", live=True
            ),
        ),
        slots=("square",),
        symbols={"square": "v_t", "square_before": "v_{t-1}", "alpha": r"\alpha"},
        lines=(
            Line(
                "square",
                r"<alpha> \cdot <square_before> + (1 - <alpha>) \cdot <gradient>^2",
                "How large the slope usually is: the old average of its square, and a little of the new one.",
            ),
            Line(
                "change",
                r"-<learning_rate> \cdot \frac{<gradient>}{\sqrt{<square>} + <epsilon>}",
                "The slope is divided by its usual size, so that every weight moves at a similar pace.",
            ),
        ),
        basic=True,
        see="On the ring of eight four seeds of five find all modes within some 300 steps, sooner than with "
        "Adam. In the inspector, a weight's gradient is divided by its usual size.",
        code="optimizer = torch.optim.RMSprop(parameters, lr=learning_rate, alpha=alpha)",
        arithmetic="square = square.lerp(gradient.square(), 1 - alpha)\n"
        "change = -learning_rate * gradient / (square.sqrt() + 1e-8)",
    )
)
OPTIMIZERS.add(
    Optimizer(
        "adam",
        "Adam",
        adam,
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, "
        r"\quad \theta \leftarrow \theta - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}",
        Paper("Kingma and Ba", "Adam: A Method for Stochastic Optimization", 2015),
        (describe_rate(0.001), *BETAS),
        slots=("mean", "square"),
        symbols=ADAM_SYMBOLS,
        lines=(
            MEAN,
            SQUARE,
            MEAN_HAT,
            SQUARE_HAT,
            Line(
                "change",
                r"-<learning_rate> \cdot \frac{<mean_hat>}{\sqrt{<square_hat>} + <epsilon>}",
                "The usual slope, divided by its usual size: every weight moves at a similar pace.",
            ),
        ),
        basic=True,
        see="Of each player all weights move at a similar pace, however steep the loss is for them: the "
        "inspector shows the division. On the ring of eight all modes are found within some 1,500 steps.",
        code="optimizer = torch.optim.Adam(parameters, lr=learning_rate, betas=(beta1, beta2))",
        arithmetic=MOMENTS + "change = -learning_rate / (1 - beta1**step) * mean / scale",
    )
)
OPTIMIZERS.add(
    Optimizer(
        "adabelief",
        "AdaBelief",
        adabelief,
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g,"
        r" \quad s \leftarrow \beta_2 s + (1 - \beta_2) (g - m)^2 + \epsilon,"
        r" \quad \theta \leftarrow \theta - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)} + \epsilon}",
        Paper("Zhuang et al.", "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients", 2020),
        (describe_rate(0.0002), *BETAS),
        slots=("mean", "spread"),
        symbols={**MEAN_SYMBOLS, "spread": "s_t", "spread_before": "s_{t-1}", "spread_hat": r"\hat{s}_t"},
        lines=(
            MEAN,
            Line(
                "spread",
                r"<beta2> \cdot <spread_before> + (1 - <beta2>) \cdot (<gradient> - <mean>)^2 + <epsilon>",
                "How far slopes usually lie from the average: the old average of the square, a little of the new one.",
            ),
            MEAN_HAT,
            Line(
                "spread_hat",
                r"\frac{<spread>}{1 - <beta2>^{<t>}}",
                "The same for the average of the squares.",
                value=lambda n: n["spread"] / (1 - n["beta2"] ** n["t"]),
            ),
            Line(
                "change",
                r"-<learning_rate> \cdot \frac{<mean_hat>}{\sqrt{<spread_hat>} + <epsilon>}",
                "The usual slope, divided by how far slopes stray from it: the steadier they are, the longer the step.",
            ),
        ),
        epsilon=BELIEF_EPSILON,
        see="At its default rate, a fifth of Adam's, the points take longer to spread: on the ring of eight "
        "up to half of the modes are found after 300 steps, and all after 1,500. The inspector shows what"
        " it divides by.",
        code="import pytorch_optimizer\n\n"
        "optimizer = pytorch_optimizer.AdaBelief(\n"
        "    parameters, lr=learning_rate, betas=(beta1, beta2), eps=1e-12\n"
        ")",
        arithmetic="mean = mean.lerp(gradient, 1 - beta1)\n"
        "surprise = (gradient - mean).square()\n"
        "spread = spread.lerp(surprise, 1 - beta2) + 1e-12\n"
        "scale = spread.sqrt() * (1 - beta2**step) ** -0.5 + 1e-12\n"
        "change = -learning_rate / (1 - beta1**step) * mean / scale",
    )
)
OPTIMIZERS.add(
    Optimizer(
        "grams",
        "Grams",
        grams,
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, "
        r"\quad \theta \leftarrow \theta - \eta\, \mathrm{sign}(g)"
        r" \frac{|m| / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}",
        Paper("Cao, Li, Song", "Grams: Gradient Descent with Adaptive Momentum Scaling", 2024),
        (describe_rate(0.001), *BETAS),
        slots=("mean", "square"),
        symbols=ADAM_SYMBOLS,
        lines=(
            MEAN,
            SQUARE,
            MEAN_HAT,
            SQUARE_HAT,
            Line(
                "change",
                r"-<learning_rate> \cdot \mathrm{sign}(<gradient>) \cdot"
                r" \frac{\lvert <mean_hat> \rvert}{\sqrt{<square_hat>} + <epsilon>}",
                "As far as Adam would go, but against today's slope, wherever the usual one points.",
            ),
        ),
        see="On the ring of eight it looks much as Adam does. In the inspector, the change always has the "
        "sign opposite to today's gradient, which with Adam it need not have.",
        code="import pytorch_optimizer\n\n"
        "optimizer = pytorch_optimizer.Grams(\n"
        "    parameters, lr=learning_rate, betas=(beta1, beta2), eps=1e-8\n"
        ")",
        arithmetic=MOMENTS + "average = learning_rate / (1 - beta1**step) * mean / scale\n"
        "change = -gradient.sign() * average.abs()",
    )
)
