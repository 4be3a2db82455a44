"""The value of a formula in LaTeX that holds numbers only, as a reader would work it out."""

from __future__ import annotations

import math
import re

FUNCTIONS = {
    "sp": lambda h: math.log1p(math.exp(h)),
    "sigma": lambda h: 1 / (1 + math.exp(-h)),
    "ln": math.log,
    "tanh": math.tanh,
    "sqrt": math.sqrt,
    "max": max,
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
    text = re.sub(r"\\tanh (\S+)", r"tanh(\1)", text)
    while "{" in text:
        text, count = re.subn(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
        text, roots = re.subn(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", text)
        text, exponentials = re.subn(r"\be\^\{([^{}]*)\}", r"exp(\1)", text)
        text, powers = re.subn(r"(?<!\be)\^\{([^{}]*)\}", r"**(\1)", text)
        assert count or roots or exponentials or powers, f"{latex} is not understood at {text}"
    return text.replace("^", "**")
