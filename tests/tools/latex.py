"""The value of a formula in LaTeX that holds numbers only, as a reader would work it out."""

from __future__ import annotations

import math
import re

FUNCTIONS = {
    "sp": lambda h: math.log1p(math.exp(h)),
    "sigma": lambda h: 1 / (1 + math.exp(-h)),
    "ln": math.log,
    "tanh": math.tanh,
    "sin": math.sin,
    "Phi": lambda h: (1 + math.erf(h / math.sqrt(2))) / 2,
    "sqrt": math.sqrt,
    "max": max,
    "min": min,
    "step": lambda h: float(h > 0),
    "abs": abs,
    "sign": lambda h: math.copysign(1, h) if h else 0,
    "exp": math.exp,
}


def evaluate_latex(latex: str) -> float:
    """Work out products, fractions, powers, roots and the functions of the lab's formulas."""
    return float(eval(_translate(latex), {"__builtins__": {}}, FUNCTIONS))  # numbers and FUNCTIONS alone


def _translate(latex: str) -> str:
    """Write a formula in Python's notation."""
    text = latex.replace(r"\cdot", "*").replace(r"\times 10^", r"\times\ten^").replace(r"\,", "*")
    text = re.sub(r"([\d.]+) \\times\\ten\^\{(-?\d+)\}", r"\1e\2", text)
    text = text.replace(r"\mathrm{sp}", "sp").replace(r"\sigma", "sigma").replace(r"\ln", "ln").replace(r"\max", "max")
    text = text.replace(r"\mathrm{sign}", "sign").replace(r"\min", "min").replace(r"\mathrm{H}", "step")
    text = text.replace(r"\lvert", "abs(").replace(r"\rvert", ")")
    text = re.sub(r"\\(tanh|sin) (\S+)", r"\1(\2)", text.replace(r"\Phi", "Phi"))
    while "{" in text:
        text, count = re.subn(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
        text, roots = re.subn(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", text)
        text, exponentials = re.subn(r"\be\^\{([^{}]*)\}", r"exp(\1)", text)
        text, powers = re.subn(r"(?<!\be)\^\{([^{}]*)\}", r"**(\1)", text)
        assert count or roots or exponentials or powers, f"{latex} is not understood at {text}"
    return text.replace("^", "**")
