"""Links to the lab with a unit on, in the form that the page itself writes and reads (static/js/link/).

A fragment has entries `key=text`, in alphabetical order. A unit is named by its section (`loss=hinge`), one of a list
by the list (`regularizers=r1`), one of a network by its place there (`generator.activation=tanh`).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from server.gan.config import LIST_SECTIONS, NETWORKS, Catalog

NETWORK_UNITS = {"activations": "activation", "inits": "init"}
"""Kind -> the key of a network that names a unit of it."""
PRESETS = "presets"
# What encodeURIComponent leaves alone beside what `quote` does, and what static/js/link/fragment.js decodes again.
PLAIN = "!*'()" + ",:;/"


def link_unit(kind: str, unit: Mapping[str, Any], catalog: Catalog) -> str | None:
    """Give the address of the lab with that unit on, and with what it goes with; none where no run has such a unit."""
    places = list_places(kind, catalog)
    if not places:
        return None
    entries = {**_find_company(unit, catalog), **dict.fromkeys(places, unit["key"])}
    return f"/#{write_fragment(entries)}"


def list_places(kind: str, catalog: Catalog) -> Sequence[str]:
    """Give the keys of a link that name a unit of that kind: two for one that either player may have."""
    if kind == PRESETS:
        return ["preset"]
    if kind in NETWORK_UNITS:
        return [f"{network}.{NETWORK_UNITS[kind]}" for network in NETWORKS]
    sections = {**catalog["run"]["sections"], **LIST_SECTIONS}
    return [section for section, of in sections.items() if of == kind]


def write_fragment(entries: Mapping[str, str]) -> str:
    """Join entries as the page does, without the sign before them."""
    return "&".join(f"{quote(key, PLAIN)}={quote(text, PLAIN)}" for key, text in sorted(entries.items()))


def _find_company(unit: Mapping[str, Any], catalog: Catalog) -> dict[str, str]:
    """Give the units beside which this one means something, unless they are defaults, and the numbers it needs."""
    defaults = catalog["run"]["defaults"]
    wanted = unit.get("goes_with", {})
    numbers = {path: str(number) for path, number in unit.get("needs", {}).items()}
    return numbers | {section: names[0] for section, names in wanted.items() if defaults[section]["name"] not in names}
