"""A run's techniques as lines of PyTorch, by their places in a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.errors import ConfigError
from server.gan.config import Catalog, RunConfig, UnitConfig
from server.gan.export.snippets import rename

PLACES = ("functions", "begin", "step", "before", "end")


def describe_techniques(configs: Sequence[RunConfig], catalog: Catalog) -> dict[str, Any]:
    """Give the `techniques` of a run, their `lines` by place, the `points` functions and what is `scoring`.

    Raises:
        ConfigError: they changed on the way, which a script cannot follow.
    """
    units = configs[0].techniques
    if any(one.techniques != units for one in configs):
        raise ConfigError("techniques", "expected the same from the beginning of an exported run to its end")
    facts = {unit["key"]: unit for unit in catalog["techniques"]}
    scripts = [_fill(unit, facts[unit.name]["script"]) for unit in units]
    return {
        "techniques": [facts[unit.name] for unit in units],
        "lines": {place: [script[place] for script in scripts if place in script] for place in PLACES},
        "points": [script["points"] for script in scripts if "points" in script],
        "scoring": next((script["scoring"] for script in scripts if "scoring" in script), "discriminator"),
    }


def _fill(unit: UnitConfig, script: Mapping[str, str]) -> dict[str, str]:
    """Put a technique's numbers into its lines."""
    numbers = {key: repr(value) for key, value in unit.values.items()}
    return {place: rename(lines, numbers) for place, lines in script.items()}
