"""A run's numbers as CSV: one table of scalars over the steps, one of points.

Nine significant digits give back a number in single precision exactly.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

LOSSES = ("d_loss", "g_loss")
DIGITS = 9
AXES = ("x", "y")


def write_scalars_csv(rows: Mapping[int, Mapping[str, float | None]]) -> str:
    """Write a line a step, in order: the losses, then what else is known by name; an empty cell where nothing is.

    `rows` holds the values of each step by their names, as `{100: {"d_loss": 1.2, "g_loss": 0.8, "modes": 7.0}}`.
    """
    names = dict.fromkeys((*LOSSES, *(name for row in rows.values() for name in row)))
    table = ((step, *(_spell(rows[step].get(name)) for name in names)) for step in sorted(rows))
    return _write(("step", *names), table)


def write_points_csv(groups: Mapping[str, Iterable[Sequence[float]]]) -> str:
    """Write a line a point: the name of its group ("real", "generated", ...), and x, or x and y, in published units."""
    table = [(name, *map(_spell, point)) for name, points in groups.items() for point in points]
    widest = max(map(len, table), default=len(AXES) + 1)
    return _write(("group", *AXES[: widest - 1]), table)


def _write(header: Sequence[str], table: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows((header, *table))
    return text.getvalue()


def _spell(value: float | None) -> str:
    return "" if value is None else f"{value:.{DIGITS}g}"
