"""The reference: every unit of every kind, made from the catalogue alone, so that it is complete by construction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.gan.config import Catalog
from server.web.facts import Fact, describe_facts, describe_parameter, list_apart, list_code
from server.web.formulas import convert_latex, has_formula, split_equations
from server.web.links import link_unit, list_places

KINDS = {
    "datasets": ("Data sets", "What is to be learned: a law in the plane that real points are drawn from."),
    "latents": ("Noise", "What the generator begins with: random numbers, fresh ones for every sample."),
    "activations": ("Activations", "What a neuron makes of the sum of its inputs, here called h."),
    "inits": ("First weights", "What the weights of a layer with I inputs are drawn from before step 0."),
    "losses": ("Losses", "What each player pays for scores or for samples; each changes its own weights to pay less."),
    "regularizers": (
        "Regularizers",
        "What a player pays besides its loss, or what the discriminator's weights are held to after every update.",
    ),
    "optimizers": ("Optimizers", "How the slope of a loss becomes a change of the weights."),
    "metrics": (
        "Metrics",
        "How far 2500 generated points are from 2500 real ones. The lab measures the floor, what a perfect generator"
        " would score, for the data of the run, and shows it beside the score.",
    ),
    "symptoms": ("Symptoms", "What the monitor looks for: the ways in which a run goes wrong."),
    "techniques": ("Techniques", "Changes of how both players train, beyond losses, regularizers and optimizers."),
    "presets": ("Presets", "Complete runs to begin with, each with what to look for."),
}
"""Kind -> its heading, and what its units are for. A kind that is not here has its key as its heading."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit on the page: its place is `anchor`, its `equations` are MathML.

    `link` opens the lab with it on; `words` are what a search finds it by.
    """

    anchor: str
    label: str
    help: str
    see: str
    equations: Sequence[str]
    paper: Mapping[str, Any] | None
    parameters: Sequence[Mapping[str, str]]
    facts: Sequence[Fact]
    apart: Sequence[Fact]
    code: Sequence[Fact]
    link: str | None
    words: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """All units of one kind, in the order of a menu."""

    key: str
    title: str
    about: str
    entries: Sequence[Entry]


def build_reference(catalog: Catalog) -> list[Chapter]:
    """Give a chapter for every kind of unit in the catalogue; one that has no unit yet has none."""
    return [
        _build_chapter(kind, units, catalog) for kind, units in catalog.items() if isinstance(units, list) and units
    ]


def _build_chapter(kind: str, units: Sequence[Mapping[str, Any]], catalog: Catalog) -> Chapter:
    title, about = KINDS.get(kind, (kind.capitalize(), ""))
    return Chapter(kind, title, about, [_build_entry(kind, title, unit, catalog) for unit in units])


def _build_entry(kind: str, title: str, unit: Mapping[str, Any], catalog: Catalog) -> Entry:
    equations = split_equations(unit["formula"]) if has_formula(unit) else []
    paper = unit.get("paper")
    words = [title, unit["key"], unit["label"], unit["help"], unit.get("see", "")]
    if paper:
        words += [paper["authors"], paper["title"], str(paper["year"])]
    restarts = unit.get("restarts") or _restarts(kind, catalog)
    return Entry(
        anchor=f"{kind}-{unit['key']}",
        label=unit["label"],
        help=unit["help"],
        see=unit.get("see", ""),
        equations=[convert_latex(equation) for equation in equations],
        paper=paper,
        parameters=[describe_parameter(facts, restarts) for facts in unit.get("parameters", [])],
        facts=describe_facts(unit, catalog),
        apart=list_apart(unit, catalog),
        code=list_code(unit),
        link=link_unit(kind, unit, catalog),
        words=" ".join(words).lower(),
    )


def _restarts(kind: str, catalog: Catalog) -> bool:
    """Tell whether changing a unit of that kind begins a new run."""
    return any(place.partition(".")[0] in catalog["run"]["restarting"] for place in list_places(kind, catalog))
