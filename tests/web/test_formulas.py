"""The formulas: every unit's LaTeX becomes MathML that a browser can show."""

import xml.etree.ElementTree as ElementTree

import pytest

from server.gan.catalog import build_catalog
from server.web.formulas import convert_formulas, convert_latex

CATALOG = build_catalog()
FORMULAS = convert_formulas(CATALOG)


def test_every_unit_with_a_formula_has_its_mathml() -> None:
    kinds = [kind for kind in CATALOG if isinstance(CATALOG[kind], list)]
    units = [f"{kind}/{unit['key']}" for kind in kinds for unit in CATALOG[kind] if unit.get("formula")]
    assert list(FORMULAS) == units
    assert "losses/minimax" in units


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_well_formed_and_leaves_no_command_unread(name: str) -> None:
    root = ElementTree.fromstring(FORMULAS[name])
    assert root.tag == "{http://www.w3.org/1998/Math/MathML}math"
    assert "\\" not in "".join(root.itertext())


def test_a_function_stands_apart_from_what_it_is_of_unless_that_is_in_brackets() -> None:
    operator = '<mo form="prefix" lspace="{}" rspace="{}">log</mo>'
    thin = "0.1667em"
    assert operator.format("0", thin) in convert_latex(r"= \log p(x)")
    assert operator.format("0", "0") in convert_latex(r"= \log(2 \pi)")
    assert operator.format(thin, thin) in convert_latex(r"p \log q")


def test_the_logarithm_in_the_price_of_the_flow_is_of_all_of_two_pi() -> None:
    formula = next(unit["formula"] for unit in CATALOG["losses"] if unit["key"] == "coupling_flow")
    assert r"\log(2\pi)" in formula
