"""`ganlab catalog`: everything that can be chosen, as data or as tables to read."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from server.gan.catalog import build_catalog
from server.gan.config import Catalog


def show_catalog(as_json: bool) -> None:
    """Write the catalogue to stdout."""
    catalog = build_catalog()
    if as_json:
        sys.stdout.write(json.dumps(catalog, ensure_ascii=False, allow_nan=False) + "\n")
        return
    console = Console()
    for table in make_tables(catalog):
        console.print(table)


def make_tables(catalog: Catalog) -> Iterator[Table]:
    """Give one table a kind of unit, in the catalogue's order; a kind without units has none."""
    for kind, units in catalog.items():
        if not isinstance(units, list) or not units:
            continue
        table = Table("key", "parameters", "what it is", title=kind, title_justify="left", title_style="bold")
        for unit in units:
            table.add_row(unit["key"], "\n".join(describe_parameters(unit)), unit["help"])
        yield table


def describe_parameters(unit: dict[str, Any]) -> Iterator[str]:
    """Give each parameter of a unit with its default and range."""
    for parameter in unit.get("parameters", ()):
        match parameter["type"]:
            case "number":
                ends = f"{parameter['minimum']:g} to {parameter['maximum']:g}"
                yield f"{parameter['key']} = {parameter['default']:g} ({ends})"
            case "choice":
                yield f"{parameter['key']} = {parameter['default']} ({', '.join(parameter['options'])})"
            case _:
                yield f"{parameter['key']}: a list of {len(parameter['default'])}"
