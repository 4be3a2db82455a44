"""A run's techniques as lines of PyTorch, by their places in a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.errors import ConfigError
from server.gan.config import Catalog, RunConfig, UnitConfig
from server.gan.export.snippets import rename

PLACES = ("functions", "begin", "step", "round", "before", "price", "slopes", "after", "end")
PLAYERS = ("discriminator", "generator")


def describe_techniques(configs: Sequence[RunConfig], catalog: Catalog) -> dict[str, Any]:
    """Give the `techniques` of a run, their `lines` by place, the functions `points` and `company`, what is `scoring`.

    `moving` are the lines before a player's optimizer moves it; the players take their turns in so many `rounds`.
    `encodes` tells whether there is an encoder, `leads` which of the `points` the generator reads too, and `sampling`
    has the lines that make samples then.
    `drawing` are those that train nothing: how the samples were drawn in the end.

    Raises:
        ConfigError: those that train changed on the way, compare points, or take samples into the data that are more
            than an answer of the generator, which a script cannot follow.
    """
    facts = {unit["key"]: unit for unit in catalog["techniques"]}
    loss = next(one for one in catalog["losses"] if one["key"] == configs[0].loss.name)
    units = _list_training(configs, facts, loss)
    drawing = [unit for unit in configs[-1].techniques if facts[unit.name].get("refines")]
    on_line = configs[0].data_dimension == 1
    scripts = [
        _fill(unit, facts[unit.name]["script"] | (facts[unit.name]["line_script"] if on_line else {})) for unit in units
    ]
    return {
        "techniques": [facts[unit.name] for unit in units],
        "lines": {place: [script[place] for script in scripts if place in script] for place in PLACES},
        "moving": {player: _list_moving(player, scripts) for player in PLAYERS},
        "rounds": configs[0].rounds,
        "ahead": next(
            (s["ahead"] for unit, s in zip(units, scripts, strict=True) if "ahead" in s and unit.values["k"]), ""
        ),
        "rate": next((script["rate"] for script in scripts if "rate" in script), ""),
        "points": _list_points(units, facts),
        "drawing": [_describe_drawing(unit, facts[unit.name], loss["makes_points"]) for unit in drawing],
        "company": next((script["company"] for script in scripts if "company" in script), None),
        "encodes": configs[0].has_encoder,
        "sampling": next((script["sampling"] for script in scripts if "sampling" in script), ""),
        "leads": next((unit.name for unit in units if facts[unit.name].get("leads")), ""),
        "scoring": next((script["scoring"] for script in scripts if "scoring" in script), "discriminator"),
    }


def _list_training(
    configs: Sequence[RunConfig], facts: Mapping[str, Any], loss: Mapping[str, Any]
) -> Sequence[UnitConfig]:
    """Give the techniques that a run trains with; see `describe_techniques` for what is refused."""
    training = [[unit for unit in one.techniques if not facts[unit.name].get("refines")] for one in configs]
    units = training[0]
    if any(others != units for others in training):
        raise ConfigError("techniques", "expected the same from the beginning of an exported run to its end")
    if names := [unit.name for unit in units if facts[unit.name].get("compares")]:
        because = "it compares real and generated points apart, in one pass, whose sums a script would add up otherwise"
        raise ConfigError("techniques", f"expected none that cannot be exported, got {names[0]}: {because}")
    if names := [] if loss["makes_points"] else [unit.name for unit in units if facts[unit.name].get("renews_data")]:
        because = (
            f"a script takes what the generator answers for samples, and with {loss['key']} they are more than that"
        )
        raise ConfigError("techniques", f"expected none that cannot be exported, got {names[0]}: {because}")
    return units


def _describe_drawing(unit: UnitConfig, facts: Mapping[str, Any], makes_points: bool) -> Mapping[str, Any]:
    """Give the facts of a technique of drawing with its numbers in its code, which says where samples are made else."""
    code = _fill(unit, {"code": facts["code"]})["code"]
    if not makes_points:
        code = "# make_samples(z) is what draw_samples makes of z\n" + rename(code, {"generator": "make_samples"})
    return {**facts, "code": code}


def _list_moving(player: str, scripts: Sequence[Mapping[str, str]]) -> list[str]:
    """Give the lines before a player's optimizer moves it: those of both players, and those of this one."""
    return [
        rename(script[place], {"player": player})
        for script in scripts
        for place in ("moving", f"moving_{player}")
        if place in script
    ]


def _list_points(units: Sequence[UnitConfig], facts: Mapping[str, Any]) -> list[str]:
    """Name the functions that points go through, in order: what puts a level beside them comes last, as in a run."""
    scripts = [facts[unit.name]["script"] for unit in units]
    through = [(bool(facts[unit.name].get("level")), script) for unit, script in zip(units, scripts, strict=True)]
    return [script["points"] for _, script in sorted(through, key=lambda one: one[0]) if "points" in script]


def _fill(unit: UnitConfig, script: Mapping[str, str]) -> dict[str, str]:
    """Put a technique's numbers into its lines."""
    numbers = {key: repr(value) for key, value in unit.values.items()}
    return {place: rename(lines, numbers) for place, lines in script.items()}
