"""What a loss goes with: its noise, the shape of its generator, and who may price the points that are generated.

No torch here: the web process imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.errors import ConfigError

Facts = Mapping[str, Any]
"""A unit as the catalogue has it."""


def check_loss(made: Facts, loss: Facts, dimension: int, catalog: Facts) -> None:
    """Refuse what a loss cannot be minimised with, among the parts of a config that are `made`.

    `dimension` is how many coordinates a point of the data has.

    Raises:
        ConfigError: a part means nothing beside the loss; the text says which, and why.
    """
    for section, names in loss["goes_with"].items():
        if made[section].name not in names:
            expected = f"{loss['key']} goes with {section} {' or '.join(names)}, not with {made[section].name}"
            raise ConfigError(f"{section}.name", f"{expected}: {loss['because']}")
    _check_numbers("loss.name", made, loss)
    if made["batch_size"] > loss.get("most", made["batch_size"]):
        most = f"expected at most {loss['most']} with {loss['key']}, which compares all pairs of its points"
        raise ConfigError("batch_size", f"{most}, got {made['batch_size']}")
    if not loss["makes_points"]:
        if loss["moves_noise"]:
            _check_answers(made, loss, dimension)
        _check_prices(made, loss, catalog["regularizers"])


def _check_answers(made: Facts, loss: Facts, dimension: int) -> None:
    """Refuse a noise that is no point of the data's space, and a generator that cannot answer what it is asked."""
    if dimension != (wanted := loss.get("coordinates", dimension)):
        expected = f"{loss['key']} goes with data of {wanted} coordinates, not with {dimension}"
        because = "it keeps one coordinate of a point as it moves the other by it"
        raise ConfigError("data.name", f"{expected}: {because}")
    if made["latent"].values["dimension"] != dimension:
        expected = (
            f"{loss['key']} goes with latent dimension {dimension}, not with {made['latent'].values['dimension']}"
        )
        because = "it moves points of the noise to the data, which have so many coordinates"
        raise ConfigError("latent.dimension", f"{expected}: {because}")
    if (output := made["generator"].output) != "linear":
        because = f"it lets the generator answer a {loss['answers']}, which may be of any size"
        raise ConfigError("generator.output", f"{loss['key']} goes with output linear, not with {output}: {because}")


def _check_prices(made: Facts, loss: Facts, regularizers: list[Facts]) -> None:
    """Refuse what the generator would pay for points, where it generates none in training; its weights have a price."""
    paid = {unit["key"] for unit in regularizers if "generator" in unit["players"] and not unit["histories"]}
    for i, unit in enumerate(made["regularizers"]):
        if unit.name in paid:
            expected = f"{unit.name} goes with a loss that generates points, not with {loss['key']}"
            because = "it prices such points, and in training this generator makes none of its noise"
            raise ConfigError(f"regularizers.{i}.name", f"{expected}: {because}")


def check_noise(made: Facts, latent: Facts) -> None:
    """Refuse a technique or regularizer that cannot be on beside a noise.

    Raises:
        ConfigError: the text says which, and why.
    """
    for section in ("regularizers", "techniques"):
        for i, unit in enumerate(made[section]):
            if because := latent["apart"].get(unit.name):
                raise ConfigError(f"{section}.{i}.name", f"{unit.name} does not go with {latent['key']}: {because}")


def check_needs(made: Facts, loss: Facts, techniques: list[Facts]) -> None:
    """Refuse a technique that needs a number of the run which is 0, more examples, or points where training makes none.

    Raises:
        ConfigError: the text says which, and why.
    """
    known = {unit["key"]: unit for unit in techniques}
    for i, unit in enumerate(made["techniques"]):
        _check_numbers(f"techniques.{i}.name", made, known[unit.name])
        if (most := known[unit.name].get("most")) and not 2 <= made["batch_size"] <= most:
            words = f"{unit.name} goes with a batch of 2 to {most} points, not with {made['batch_size']}"
            raise ConfigError("batch_size", f"{words}: it compares every point of a batch with all others")
        if known[unit.name].get("renews_data") and not loss["makes_points"]:
            expected = f"{unit.name} goes with a loss that generates points, not with {loss['key']}"
            because = "it takes such points for real, and in training this generator makes none of its noise"
            raise ConfigError(f"techniques.{i}.name", f"{expected}: {because}")
        if known[unit.name].get("reads_batch"):
            _check_batch(f"techniques.{i}.name", unit.name, made, loss, known[unit.name]["builds"]["examples"])


def _check_batch(path: str, name: str, made: Facts, loss: Facts, examples: int) -> None:
    """Refuse statistics of a batch that has no spread, or of examples that are made in another way than samples."""
    if made["batch_size"] < examples:
        because = "it divides by the spread of a batch: one example has none, and of two every sum becomes 1 or -1"
        expected = f"{name} goes with a batch of {examples} points or more, not with {made['batch_size']}"
        raise ConfigError(path, f"{expected}: {because}")
    if not loss["makes_points"]:
        because = "it keeps the statistics of what training reads, and samples are made of something else"
        raise ConfigError(path, f"{name} goes with a loss that generates points, not with {loss['key']}: {because}")


def _check_numbers(place: str, made: Facts, unit: Facts) -> None:
    """Refuse a unit, which stands at `place`, beside a number of the run that is 0 and that it needs."""
    for path in unit["needs"]:
        section, key = path.split(".")
        if not made[section].values[key]:
            words = f"{unit['key']} goes with a {path} of 1 or more, not with 0: {unit['because']}"
            raise ConfigError(place, words)
