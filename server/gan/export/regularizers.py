"""A run's regularizers as lines of PyTorch: what they add to the loss, and what follows an update."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from server.gan.config import UnitConfig
from server.gan.export.snippets import find_names, rename

Facts = Mapping[str, Any]
OTHER = "other_loss"
"""What the other player's loss is called in an update of one."""
POINTS = {"discriminator": "x_real", "generator": "x_fake"}
"""The points that each player brings to an update."""


def write_penalties(
    units: Sequence[UnitConfig], facts: Mapping[str, Facts], player: str, read: Mapping[str, str]
) -> str:
    """Give the lines that add a player's penalties to its loss; `facts` are those of the regularizers, by key.

    `read` says what the discriminator is that the generator learns from, and what that one reads of the points.
    """
    lines, loss = [], f"{player[0]}_loss"
    for unit in sorted(units, key=lambda one: not facts[one.name]["reads_field"]):  # the game alone has a field
        if not facts[unit.name]["projects"] and player in facts[unit.name]["players"]:
            code = _write(unit, facts)
            if facts[unit.name]["histories"]:
                code = rename(code, {"network": player, "history": f"{player[0]}_history.mean"})
            if facts[unit.name].get("remembers"):
                code = rename(code, {"x": POINTS[player], "memory": f"{player[0]}_memory.rows"})
            if player == "generator" and facts[unit.name]["reads_features"]:
                code = rename(code, read)
            if facts[unit.name]["reads_field"]:
                other = "d_loss" if player == "generator" else "g_loss"
                scoring = read["discriminator"] if player == "generator" else "discriminator"
                code = rename(code, {other: OTHER, "discriminator": scoring})
            if "draws" in find_names(code):
                lines.append(f'draws = Draws(step, f"discriminator {unit.name} {{update}}")')
            lines += [code, f"{loss} = {loss} + penalty.mean()"]
    return "\n".join(lines)


def write_afters(units: Sequence[UnitConfig], facts: Mapping[str, Facts], player: str, read: Mapping[str, str]) -> str:
    """Give the lines that follow an update of a player: weights cut off, running means moved on, points remembered.

    `read` is as for `write_penalties`.
    """
    points = POINTS[player] if player == "discriminator" else read[POINTS[player]]
    memories = [f"{player[0]}_memory.add({points})" for unit in units if facts[unit.name].get("remembers")]
    histories = [f"{player[0]}_history.add()" for unit in units if player in facts[unit.name]["histories"]]
    return "\n".join([*(_write_scored(units, facts) if player == "discriminator" else ()), *histories, *memories])


def _write_scored(units: Sequence[UnitConfig], facts: Mapping[str, Facts]) -> list[str]:
    """Give the lines that follow an update of the discriminator, whatever becomes of its parameters then."""
    lines = []
    for unit in units:
        if facts[unit.name]["projects"]:
            lines.append(_write(unit, facts))
        lines += [
            f"{name}_average.add({name}.detach().mean(), {unit.values['decay']!r})"
            for name in facts[unit.name]["averages"]
        ]
    return lines


def write_averages(units: Sequence[UnitConfig], facts: Mapping[str, Facts], players: Collection[str]) -> list[str]:
    """Give the lines that begin the running means of these regularizers; those of parameters, of players that learn."""
    lines = [f"{name}_average = Average()" for unit in units for name in facts[unit.name]["averages"]]
    memories = [facts[unit.name] for unit in units if facts[unit.name].get("remembers")]
    kept = [(player[0], one["remembers"]) for one in memories for player in one["players"] if player[0] in players]
    paid = [player for unit in units for player in facts[unit.name]["histories"] if player[0] in players]
    lines += [f"{letter}_memory = Memory({length})" for letter, length in kept]
    return [*lines, *(f"{player[0]}_history = History({player})" for player in paid)]


def _write(unit: UnitConfig, facts: Mapping[str, Facts]) -> str:
    """Give a regularizer's own lines: its choices named before, its numbers in their places."""
    averages = {f"{name}_average": f"{name}_average.value" for name in facts[unit.name]["averages"]}
    choices = [f'{key} = "{value}"' for key, value in unit.values.items() if isinstance(value, str)]
    numbers = {key: repr(value) for key, value in unit.values.items() if not isinstance(value, str)}
    return "\n".join([*choices, rename(facts[unit.name]["code"], {**numbers, **averages})])
