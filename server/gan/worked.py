"""Worked formulas: one template, written with symbols and again with the numbers of a moment.

A template is LaTeX in which `<name>` stands for a quantity: `<beta1> \\cdot <mean_before>` becomes
`\\beta_1 \\cdot m_{t-1}`, and `0.5 \\cdot 0.02` with its numbers. No torch here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isinf, isnan

PLACE = re.compile(r"<([A-Za-z]\w*)>")
DIGITS, EXACT_DIGITS = 4, 6
"""Significant digits that are shown, and those up to which a number is short enough to be shown as it is."""
SHOWN_COORDINATES = 4
PLAIN = range(-3, 5)
"""Powers of ten of the first digit for which a number is written without one."""

Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a calculation, `result` = `template`, and what it does in a sentence.

    `value` computes the result where nothing else holds it, from the quantities before it.
    """

    result: str
    template: str
    meaning: str
    value: Callable[[Numbers], float] | None = None


def write_symbols(template: str, symbols: Mapping[str, str]) -> str:
    """Write a template with the symbols of its quantities."""
    return PLACE.sub(lambda match: symbols[match[1]], template)


def write_numbers(template: str, numbers: Numbers, digits: int = DIGITS) -> str:
    """Write a template with numbers in place of its quantities; in brackets where a sign or a power would mislead."""

    def write(match: re.Match[str]) -> str:
        number = write_number(numbers[match[1]], digits)
        before, after = template[: match.start()].rstrip(), template[match.end() :].lstrip()
        signed = number.startswith("-") and bool(before) and before[-1] not in "={(,&["
        powered = after.startswith("^") and (number.startswith("-") or r"\times" in number)
        return f"({number})" if signed or powered else number

    return PLACE.sub(write, template)


def write_number(value: float, digits: int = DIGITS) -> str:
    """Write a number in LaTeX, rounded to `digits` significant digits; with a power of ten where it needs one.

    A whole number of type int is written in full, and so is any number of few digits: a rate, a beta.
    """
    if isinstance(value, int) or value == 0:
        return str(int(value))
    if isnan(value):
        return r"\text{not a number}"
    if isinf(value):
        return r"\infty" if value > 0 else r"-\infty"
    if float(f"{value:.{EXACT_DIGITS}g}") == value:
        digits = max(digits, EXACT_DIGITS)
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if power in PLAIN:
        return _trim(f"{float(f'{mantissa}e{power}'):.{max(0, digits - 1 - power)}f}")
    return rf"{_trim(mantissa)} \times 10^{{{power}}}"


def write_vector(values: Sequence[float]) -> str:
    """Write the numbers of a vector in brackets, the first few where it is long."""
    shown = [write_number(value) for value in values[:SHOWN_COORDINATES]]
    dots = [r"\ldots"] if len(values) > SHOWN_COORDINATES else []
    return "(" + r",\; ".join(shown + dots) + ")"


def number_vector(name: str, values: Sequence[float]) -> dict[str, float]:
    """Name the coordinates of a vector, counted from 1: `x_1`, `x_2`."""
    return {f"{name}_{i}": value for i, value in enumerate(values, 1)}


def _trim(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number
