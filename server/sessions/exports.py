"""A branch as others take it: what a script of plain PyTorch has to do, and its scalars as rows."""

from __future__ import annotations

from typing import NamedTuple

from server.errors import CommandError
from server.gan.config import Catalog, RunConfig, check_config
from server.sessions.branches import Branch
from server.sessions.timeline import Timeline

UNTRAINED_STEPS = 1000
"""A run that has not begun is exported with so many steps."""


class Exported(NamedTuple):
    """A run from its beginning: its first config, its steps, and the config of each change, with its step."""

    config: RunConfig
    steps: int
    changes: list[tuple[int, RunConfig]]


def describe_run(branch: Branch, catalog: Catalog) -> Exported:
    """Give what makes the run of a branch again, up to the step that it was trained to.

    Raises:
        CommandError: a script cannot make it again.
    """
    if branch.start.packed:
        raise CommandError(
            "export: expected a run that began with new networks; this one began at a saved model, which no script has"
        )
    alone = next((leg for leg in branch.course.legs if leg.player != "both"), None)
    if alone:
        raise CommandError(
            f"export: expected a run in which both players learned; after step {alone.step} only the {alone.player} did"
        )
    configs = [(leg.step, check_config(leg.config, catalog)) for leg in branch.course.legs if leg.config]
    return Exported(configs[0][1], branch.head or UNTRAINED_STEPS, configs[1:])


def list_scalars(timeline: Timeline) -> dict[int, dict[str, float | None]]:
    """Give the losses and metrics of a history by step and name."""
    scalars = timeline.describe_scalars()
    columns = zip(scalars["steps"], scalars["d_loss"], scalars["g_loss"], strict=True)
    rows: dict[int, dict[str, float | None]] = {step: {"d_loss": d, "g_loss": g} for step, d, g in columns}
    for row in timeline.metrics:
        rows.setdefault(row.step, {}).update(row.values)
    return rows
