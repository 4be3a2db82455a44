"""Which parts of a run go together: what a loss and a noise go with, and regularizers and techniques with each other.

No torch here: the web process imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.errors import ConfigError, Term, join_terms

Facts = Mapping[str, Any]
"""A unit as the catalogue has it."""
LOSS = "loss.name"


def check_units(made: Facts, loss: Facts, lists: Mapping[str, list[Facts]]) -> None:
    """Refuse a regularizer or technique beside another part of a run with which it means nothing.

    `lists` are the facts of all of them, by section.

    Raises:
        ConfigError: the text says which, and why.
    """
    known = {unit["key"]: unit for facts in lists.values() for unit in facts}
    units = {f"{section}.{i}.name": unit for section in lists for i, unit in enumerate(made[section])}
    for path, unit in units.items():
        _check_company(path, unit, made, known[unit.name])
        for there, other in units.items():
            because = known[unit.name].get("apart", {}).get(other.name)
            if because and _may_meet(*(_find_network(one, known[one.name]) for one in (unit, other))):
                raise ConfigError(
                    path, Term(unit.name, path), " does not go with ", Term(other.name, there), f": {because}"
                )
        if known[unit.name].get("reads_features") and not made["discriminator"].hidden_layers:
            expected = " goes with a discriminator of 1 hidden layer or more, not with 0"
            because = "it looks at what the last of them makes of the points"
            raise ConfigError(path, Term(unit.name, path), f"{expected}: {because}")
        if not loss["is_game"]:
            _check_alone(path, unit, known[unit.name], loss)


def _check_company(path: str, unit: Any, made: Facts, facts: Facts) -> None:
    """Refuse a unit beside a choice of a section with which it means nothing."""
    for section, names in facts.get("goes_with", {}).items():
        if made[section].name not in names:
            raise _refuse_choice(path, Term(unit.name, path), section, names, made[section].name, facts["because"])


def _refuse_choice(path: str, unit: Term, section: str, names: Sequence[str], chosen: str, because: str) -> ConfigError:
    """Say at `path` that a unit goes with others of a section than the chosen one."""
    place = f"{section}.name"
    listed = join_terms(names, place, " or ")
    return ConfigError(
        path, unit, f" goes with {section} ", *listed, ", not with ", Term(chosen, place), f": {because}"
    )


def _find_network(unit: Any, facts: Facts) -> str:
    """Name the network that a unit is on, or "both", or "" where it is about more than weights."""
    return str(unit.values.get("network", facts["network"]))


def _may_meet(one: str, other: str) -> bool:
    """Tell whether two units are about a common network: not where each is on one, and these are two."""
    return {one, other} != {"generator", "discriminator"}


def _check_alone(path: str, unit: Any, facts: Facts, loss: Facts) -> None:
    """Refuse a unit that changes how the discriminator learns, beside a loss that has none."""
    if facts["needs_discriminator"] or unit.values.get("network") == "discriminator":
        because = "it changes how the discriminator learns, and with this loss none does"
        raise _refuse_loss(path, unit.name, "has a discriminator", loss, because)


def check_loss(made: Facts, loss: Facts, dimension: int, catalog: Facts) -> None:
    """Refuse what a loss cannot be minimised with, among the parts of a config that are `made`.

    `dimension` is how many coordinates a point of the data has.

    Raises:
        ConfigError: a part means nothing beside the loss; the text says which, and why.
    """
    for section, names in loss["goes_with"].items():
        if made[section].name not in names:
            chosen, unit = made[section].name, Term(loss["key"], LOSS)
            raise _refuse_choice(f"{section}.name", unit, section, names, chosen, loss["because"])
    _check_numbers(LOSS, made, loss)
    if made["batch_size"] > loss.get("most", made["batch_size"]):
        because = f", which compares all pairs of its points, got {made['batch_size']}"
        raise ConfigError("batch_size", f"expected at most {loss['most']} with ", Term(loss["key"], LOSS), because)
    if not loss["makes_points"]:
        if loss["moves_noise"]:
            _check_answers(made, loss, dimension)
        _check_prices(made, loss, catalog["regularizers"])


def _check_answers(made: Facts, loss: Facts, dimension: int) -> None:
    """Refuse a noise that is no point of the data's space, and a generator that cannot answer what it is asked."""
    unit = Term(loss["key"], LOSS)
    if dimension != (wanted := loss.get("coordinates", dimension)):
        expected = f" goes with data of {wanted} coordinates, not with {dimension}"
        because = "it keeps one coordinate of a point as it moves the other by it"
        raise ConfigError("data.name", unit, f"{expected}: {because}")
    if made["latent"].values["dimension"] != dimension:
        expected = f" goes with latent dimension {dimension}, not with {made['latent'].values['dimension']}"
        because = "it moves points of the noise to the data, which have so many coordinates"
        raise ConfigError("latent.dimension", unit, f"{expected}: {because}")
    if (output := made["generator"].output) != "linear":
        because = f"it lets the generator answer a {loss['answers']}, which may be of any size"
        raise ConfigError("generator.output", unit, f" goes with output linear, not with {output}: {because}")


def _check_prices(made: Facts, loss: Facts, regularizers: list[Facts]) -> None:
    """Refuse what the generator would pay for points, where it generates none in training; its weights have a price."""
    paid = {unit["key"] for unit in regularizers if "generator" in unit["players"] and not unit["histories"]}
    for i, unit in enumerate(made["regularizers"]):
        if unit.name in paid:
            because = "it prices such points, and in training this generator makes none of its noise"
            raise _refuse_loss(f"regularizers.{i}.name", unit.name, "generates points", loss, because)


def check_noise(made: Facts, latent: Facts) -> None:
    """Refuse a technique or regularizer that cannot be on beside a noise.

    Raises:
        ConfigError: the text says which, and why.
    """
    for section in ("regularizers", "techniques"):
        for i, unit in enumerate(made[section]):
            if because := latent["apart"].get(unit.name):
                place, chosen = f"{section}.{i}.name", Term(latent["key"], "latent.name")
                raise ConfigError(place, Term(unit.name, place), " does not go with ", chosen, f": {because}")


def check_needs(made: Facts, loss: Facts, techniques: list[Facts]) -> None:
    """Refuse a technique that needs a number of the run which is 0, more examples, or points where training makes none.

    Raises:
        ConfigError: the text says which, and why.
    """
    known = {unit["key"]: unit for unit in techniques}
    for i, unit in enumerate(made["techniques"]):
        place = f"techniques.{i}.name"
        _check_numbers(place, made, known[unit.name])
        if (most := known[unit.name].get("most")) and not 2 <= made["batch_size"] <= most:
            expected = f" goes with a batch of 2 to {most} points, not with {made['batch_size']}"
            because = "it compares every point of a batch with all others"
            raise ConfigError("batch_size", Term(unit.name, place), f"{expected}: {because}")
        if known[unit.name].get("renews_data") and loss["has_codes"]:
            because = "it puts others in the place of real points, and their codes were learned for these"
            raise _refuse_loss(place, unit.name, "learns no codes", loss, because)
        if known[unit.name].get("reads_batch"):
            _check_batch(place, unit.name, made, loss, known[unit.name]["builds"]["examples"])


def _check_batch(path: str, name: str, made: Facts, loss: Facts, examples: int) -> None:
    """Refuse statistics of a batch that has no spread, or of examples that are made in another way than samples."""
    if made["batch_size"] < examples:
        because = "it divides by the spread of a batch: one example has none, and of two every sum becomes 1 or -1"
        expected = f" goes with a batch of {examples} points or more, not with {made['batch_size']}"
        raise ConfigError(path, Term(name, path), f"{expected}: {because}")
    if not loss["makes_points"]:
        because = "it keeps the statistics of what training reads, and samples are made of something else"
        raise _refuse_loss(path, name, "generates points", loss, because)


def _refuse_loss(path: str, name: str, wanted: str, loss: Facts, because: str) -> ConfigError:
    """Say that the unit which stands at `path` goes with another kind of loss."""
    expected = f" goes with a loss that {wanted}, not with "
    return ConfigError(path, Term(name, path), expected, Term(loss["key"], LOSS), f": {because}")


def _check_numbers(place: str, made: Facts, unit: Facts) -> None:
    """Refuse a unit, which stands at `place`, beside a number of the run that is 0 and that it needs."""
    for path in unit["needs"]:
        section, key = path.split(".")
        if not made[section].values[key]:
            expected = f" of 1 or more, not with 0: {unit['because']}"
            raise ConfigError(place, Term(unit["key"], place), " goes with a ", Term(path), expected)
