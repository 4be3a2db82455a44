"""The formulas: every unit's LaTeX becomes MathML that a browser can show."""

import xml.etree.ElementTree as ElementTree

import pytest

from server.gan.catalog import build_catalog
from server.web.formulas import convert_formulas

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
