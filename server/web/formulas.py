"""The catalogue's formulas as MathML, which browsers show without a script or a font of ours."""

import re
from collections.abc import Mapping
from typing import Any

from latex2mathml.converter import convert

from server.gan.config import Catalog

TOKENS = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
FUNCTIONS = re.compile(
    r"(?P<factor>(?<=</m[in]>)|(?<=</mstyle>))?<mi>(?P<name>exp|ln|log|max|min|sin|cos|tanh)</mi>"
    r'(?P<bracket><mo stretchy="false">&#x00028;)?'
)
THIN = "0.1667em"
OPENING, CLOSING = ("{", r"\begin", r"\left"), ("}", r"\end", r"\right")


def convert_formulas(catalog: Catalog) -> dict[str, str]:
    """Give the MathML of every unit that has a formula, by `kind/key` (`losses/minimax`)."""
    return {
        f"{kind}/{unit['key']}": convert_latex(unit["formula"])
        for kind, units in catalog.items()
        if isinstance(units, list)
        for unit in units
        if has_formula(unit)
    }


def convert_latex(latex: str) -> str:
    """Give a formula as MathML, to stand by itself."""
    return FUNCTIONS.sub(_set_apart, str(convert(latex, display="block")))


def _set_apart(found: re.Match[str]) -> str:
    """Write a function's name as an operator, with TeX's thin spaces around it: none beside a bracket or a sign."""
    before, after = ("0" if found["factor"] is None else THIN), (THIN if found["bracket"] is None else "0")
    return f'<mo form="prefix" lspace="{before}" rspace="{after}">{found["name"]}</mo>{found["bracket"] or ""}'


def split_equations(latex: str) -> list[str]:
    """Give the equations of a formula, which parts them by a wide space (`, \\quad`) outside of all brackets."""
    lines = [""]
    depth = 0
    for token in TOKENS.findall(latex):
        depth += OPENING.count(token) - CLOSING.count(token)
        if token == r"\quad" and depth == 0:
            lines.append("")
        else:
            lines[-1] += token
    return [line.strip().removesuffix(",") for line in lines if line.strip()]


def has_formula(unit: Mapping[str, Any]) -> bool:
    """Tell whether a unit says what it computes; presets do not."""
    return bool(unit.get("formula"))
