"""What is known of a unit besides its name and formula, in words for the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from server.gan.config import LIST_SECTIONS, Catalog

Unit = Mapping[str, Any]
SECTIONS = {"data": "data set", "latent": "noise"}
"""What a part of a run is called, where its key is not the word for it."""


class Fact(NamedTuple):
    """What a fact is called, and what it is."""

    label: str
    text: str


def describe_parameter(facts: Unit, restarts: bool) -> dict[str, str]:
    """Give a parameter's row: label, default, range, help, and what a change of it does."""
    return {
        "label": facts["label"],
        "default": _write_default(facts),
        "range": _write_range(facts),
        "help": facts["help"],
        "change": "begins a new run" if restarts else "applies at once",
    }


def describe_facts(unit: Unit, catalog: Catalog) -> list[Fact]:
    """Give what else is known of a unit, in the order of the table below."""
    told = ((label, write(unit, catalog)) for label, write in FACTS.items())
    return [Fact(label, text) for label, text in told if text]


def list_apart(unit: Unit, catalog: Catalog) -> list[Fact]:
    """Give what a unit is kept from and why, whichever of the two says so, by name in the order of the alphabet."""
    reasons = dict(unit.get("apart", {}))
    beside = {one["key"]: one for section in LIST_SECTIONS for one in catalog[section]}
    for other in catalog["techniques"] if beside.get(unit["key"]) == unit else ():
        if unit["key"] in other["apart"]:
            reasons.setdefault(other["key"], other["apart"][unit["key"]])
    return sorted(Fact(beside[key]["label"] if key in beside else key, why) for key, why in reasons.items())


def list_code(unit: Unit) -> list[Fact]:
    """Give the unit as a student would write it; an optimizer's arithmetic too, where PyTorch's call hides it."""
    once = f"{unit['points_code']}  # once, before training\n" if unit.get("points_code") else ""
    listings = (("In PyTorch", "code", once), ("Its arithmetic", "arithmetic", ""))
    return [Fact(label, before + unit[key]) for label, key, before in listings if unit.get(key)]


def write_number(value: float) -> str:
    """Write a number for a reader: 0.001, 20,000, −1."""
    return f"{value:,.10f}".rstrip("0").rstrip(".").replace("-", "−")


def _write_default(facts: Unit) -> str:
    if facts["type"] == "points":
        return f"{len(facts['default'])} points"
    return write_number(facts["default"]) if facts["type"] == "number" else str(facts["default"])


def _write_range(facts: Unit) -> str:
    if facts["type"] == "choice":
        return " or ".join(facts["options"])
    bounds = f"{write_number(facts['minimum'])} to {write_number(facts['maximum'])}"
    if facts["type"] == "points":
        return f"1 to {write_number(facts['most'])} points, each coordinate {bounds}"
    return f"whole, {bounds}" if facts["integer"] else bounds


def _write_scores(unit: Unit, catalog: Catalog) -> str:
    """Say what a metric's numbers can be."""
    if "better" not in unit:
        return ""
    ends = (("from", unit["lowest"]), ("to", unit["highest"]))
    bounds = " ".join(f"{word} {write_number(end)}" for word, end in ends if end is not None)
    return f"{bounds or 'any number'}, {unit['unit']}".removesuffix(", ")


def _write_floors(unit: Unit, catalog: Catalog) -> str:
    """Say what a perfect generator scores on a metric."""
    if "floors" not in unit:
        return ""
    floors = (f"{write_number(floor)} ({_find_label(catalog, 'data', data)})" for data, floor in unit["floors"].items())
    return f"a perfect generator scores {', '.join(floors)}"


def _write_reading(unit: Unit, catalog: Catalog) -> str:
    """Say how a loss's score is read."""
    score = unit.get("score")
    if not score:
        return ""
    if score["kind"] == "target":
        return f"{write_number(score['real'])} is what it wants of real points, {write_number(score['fake'])} of others"
    if score["kind"] == "relative":
        return "only differences between scores mean something"
    return "its sigmoid is a probability of being real"


def _write_partners(unit: Unit, catalog: Catalog) -> str:
    wanted = unit.get("goes_with", {})
    parts = [
        f"{SECTIONS.get(section, section)}: {_list_labels(catalog, section, names)}"
        for section, names in wanted.items()
    ]
    parts += [f"{_find_number(catalog, path)} of 1 or more" for path in unit.get("needs", {})]
    text = "; ".join(parts)
    return f"{text}, because {unit['because']}" if text and unit.get("because") else text


def _write_density(unit: Unit, catalog: Catalog) -> str:
    if "has_density" not in unit:
        return ""
    return "known exactly" if unit["has_density"] else "not known; it can only be drawn from"


def _write_cost(unit: Unit, catalog: Catalog) -> str:
    costs = {"cheap": "cheap, under a millisecond", "dear": "dear, several milliseconds or more"}
    cost = str(unit.get("cost", ""))
    return costs.get(cost, cost)


def _list_labels(catalog: Catalog, section: str, keys: Any) -> str:
    return " or ".join(_find_label(catalog, section, key) for key in keys)


def _find_label(catalog: Catalog, section: str, key: str) -> str:
    """Give the label of a unit that a section of a config, or a kind, knows by its key."""
    kind = catalog["run"]["sections"].get(section, section)
    return next((str(unit["label"]) for unit in catalog[kind] if unit["key"] == key), key)


def _find_number(catalog: Catalog, path: str) -> str:
    """Give the label of a number of a section's units that a dotted path names."""
    section, key = path.split(".")
    units = catalog[catalog["run"]["sections"][section]]
    labels = (str(facts["label"]).lower() for unit in units for facts in unit["parameters"] if facts["key"] == key)
    return next(labels, path)


def _write_payers(unit: Unit, _: Catalog) -> str:
    return "" if unit.get("projects") else " and ".join(f"the {player}" for player in unit.get("players", ()))


FACTS: Mapping[str, Callable[[Unit, Catalog], str]] = {
    "Watch for this": lambda unit, _: unit.get("watch_for", ""),
    "Better": lambda unit, _: f"{unit['better']} is better" if "better" in unit else "",
    "Scores": _write_scores,
    "Floor": _write_floors,
    "Cost": _write_cost,
    "When it lies": lambda unit, _: unit.get("lies", ""),
    "Data": lambda unit, _: "only where the data have modes" if unit.get("needs_modes") else "",
    "Modes": lambda unit, _: str(unit.get("modes") or ""),
    "Density": _write_density,
    "Who learns": lambda unit, _: "" if unit.get("is_game", True) else "the generator alone: nobody judges its points",
    "Most examples": lambda unit, _: f"{unit['most']:,}, as it compares all pairs of them" if "most" in unit else "",
    "Paid by": _write_payers,
    "A score": _write_reading,
    "Goes with": _write_partners,
    "When it acts": lambda unit, _: "after every update, on the weights" if unit.get("projects") else "",
    "Remembers": lambda unit, _: ", ".join(unit.get("slots", ())),
    "Seen by": lambda unit, _: "; ".join(unit.get("evidence", {}).values()),
    "Pre-trained model": lambda unit, _: f"at step {unit['pretrained']:,}" if unit.get("pretrained") else "",
    "Kept for comparison": lambda unit, _: "it repeats another tool’s runs or numbers" if unit.get("legacy") else "",
}
