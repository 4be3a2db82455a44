"""Techniques that change the learning rates of both players as time goes on.

Each is the factor of a step, counted from 0: what an optimizer's rate, as it is set, is multiplied with in its updates.
"""

from __future__ import annotations

from server.gan.registry import Number, Paper
from server.gan.techniques.base import TECHNIQUES, RateTechnique
from server.gan.values import Value


def rate_decay(step: int, end: Value, steps: float) -> Value:
    """Both players take shorter and shorter steps: what they still circle around, they come to rest at."""
    return 1 + (end - 1) * (min(step, steps) / steps)


def cyclical_rate(step: int, low: Value, high: Value, step_size: float) -> Value:
    """Both rates rise and fall in turn, in a straight line each: long steps to look around, short ones to settle."""
    turn = step / step_size % 2
    return low + (high - low) * min(turn, 2 - turn)


TECHNIQUES.add(
    RateTechnique(
        "rate_decay",
        "Decaying rates",
        rate_decay,
        r"\eta_t = \eta \,\big(1 - (1 - f) \min(1, \tfrac{t}{T})\big), \quad \text{both players}",
        parameters=(
            Number("end", "Down to", 0.1, 0.0, 1.0, "Which part of a rate is left at the end.", live=True),
            Number("steps", "Until step", 3000, 1, 1e6, "From that step on the rates stay as they are.",
                   integer=True, scale="log"),
        ),
        apart={"cyclical_rate": "it sets the rates of a step too"},
        see="The generated points move less and less from step to step, and stand still where the rates end "
        "at nothing. The inspector tells the rate of each step.",
        code="schedulers = [\n"
        "    torch.optim.lr_scheduler.LinearLR(optimizer, 1, end, steps)\n"
        "    for optimizer in (d_optimizer, g_optimizer)\n"
        "]\n"
        "# After every step of training:\n"
        "for scheduler in schedulers:\n"
        "    scheduler.step()",
        script={
            "rate": "rate_decay",
            "functions": "def rate_decay(step):\n"
            '    """Give what the learning rates are multiplied with in a step."""\n'
            "    return 1 + (end - 1) * (min(step, steps) / steps)",
        },
    )
)  # fmt: skip
TECHNIQUES.add(
    RateTechnique(
        "cyclical_rate",
        "Cyclical rates",
        cyclical_rate,
        r"\eta_t = \eta \,\big(l + (h - l) \min(u, 2 - u)\big), \quad u = \tfrac{t}{S} \bmod 2, \quad"
        r" \text{both players}",
        Paper("Smith", "Cyclical Learning Rates for Training Neural Networks", 2017),
        (
            Number("low", "From", 0.1, 0.0, 1.0, "What a rate is multiplied with where it is lowest.", live=True),
            Number("high", "To", 2.0, 1.0, 10.0, "What a rate is multiplied with where it is highest.", live=True),
            Number("step_size", "Half a cycle", 250, 1, 100_000, "How many steps it rises, and then falls.",
                   integer=True, scale="log"),
        ),
        see="The generated points breathe: they blur while the rates are high and gather in the modes while "
        "they are low. The inspector tells the rate of each step.",
        code="schedulers = [\n"
        "    torch.optim.lr_scheduler.CyclicLR(\n"
        "        optimizer, low * rate, high * rate, step_size, cycle_momentum=False\n"
        "    )\n"
        "    for optimizer, rate in ((d_optimizer, d_rate), (g_optimizer, g_rate))\n"
        "]\n"
        "# After every step of training:\n"
        "for scheduler in schedulers:\n"
        "    scheduler.step()",
        script={
            "rate": "cyclical_rate",
            "functions": "def cyclical_rate(step):\n"
            '    """Give what the learning rates are multiplied with in a step."""\n'
            "    turn = step / step_size % 2\n"
            "    return low + (high - low) * min(turn, 2 - turn)",
        },
    )
)  # fmt: skip
