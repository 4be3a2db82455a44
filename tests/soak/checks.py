"""What must hold of a saved run: each branch is a plain replay, bit for bit, and no acknowledged change is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from server.errors import LabError
from server.sessions.branches import Branch
from server.sessions.run_file import read_run
from tests.tools.replay import Row, replay
from tests.tools.runs import catalog


def check_run(content: bytes, rates: Sequence[float], head: int) -> list[str]:
    """Say what is wrong with a saved run whose present branch was told to end at step `head`."""
    try:
        branches, current = read_run(content, catalog())
    except LabError as error:
        return [f"a saved run cannot be read: {error}"]
    kept = {config["g_optimizer"]["learning_rate"] for branch in branches for config in branch.course.configs}
    wrong = [f"an acknowledged change is lost: the rate {rate}" for rate in rates if rate not in kept]
    told = next(branch.head for branch in branches if branch.number == current)
    if told != head:
        wrong.append(f"the status says that the run was trained to step {head}, and its file to step {told}")
    return wrong + [what for branch in branches for what in check_branch(branch)]


def check_branch(branch: Branch) -> list[str]:
    """Say what is wrong with a branch, by training its course once more."""
    states, rows = replay(branch, branch.snapshots.steps)
    wrong = [
        f"{branch.name}: the state of step {step} is not that of a plain replay"
        for step, packed in zip(branch.snapshots.steps, branch.snapshots.packed, strict=True)
        if states.get(step) != packed
    ]
    told = {step: read_row(*losses) for step, *losses in zip(*branch.timeline.columns, strict=True)}
    if told.keys() != rows.keys():
        wrong.append(f"{branch.name}: {len(told)} rows of losses for {len(rows)} steps")
    different = sorted(step for step in told.keys() & rows.keys() if told[step] != rows[step])
    if different:
        wrong.append(f"{branch.name}: the losses of step {different[0]} and {len(different) - 1} more are others")
    return wrong


def read_row(d_loss: float, g_loss: float) -> Row:
    """The losses of a row; none where its player did not learn."""
    return None if math.isnan(d_loss) else d_loss, None if math.isnan(g_loss) else g_loss
