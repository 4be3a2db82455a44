"""The history of a session as it tells it: events, each with its number `event`, counted from 1; they come in order."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from server.protocol.base import Message


class Configured(Message):
    """The run's config now, complete; `restarted` when a new run began at step 0."""

    type: Literal["configured"] = "configured"
    event: int
    config: dict[str, Any]
    revision: int
    restarted: bool


class MetricRow(Message):
    """The metrics at one step, in the metrics' own units; none where one is not defined there."""

    step: int
    values: dict[str, float | None]


class Scalars(Message):
    """All rows of scalars since the last such message, in order; a loss is none where its player did not play."""

    type: Literal["scalars"] = "scalars"
    event: int
    revision: int
    steps: tuple[int, ...]
    d_loss: tuple[float | None, ...]
    g_loss: tuple[float | None, ...]
    metrics: tuple[MetricRow, ...] = ()


class Mark(Message):
    """Something that the user did at a step: what changed, by dotted path, before and after."""

    type: Literal["mark"] = "mark"
    event: int
    step: int
    revision: int
    text: str
    changes: dict[str, tuple[Any, Any]] = Field(default_factory=dict)


class Remedy(Message):
    """A change of the run that may help: what a button says, and new values by dotted key."""

    label: str
    changes: dict[str, Any]


class Noticed(Message):
    """What is wrong with a run, by the key of its symptom: found at `step`, begun at `began_at`, with its numbers."""

    kind: str
    began_at: int
    step: int
    evidence: dict[str, float]
    sentence: str
    remedies: tuple[Remedy, ...]


class Verdict(Noticed):
    """What the monitor has noticed in this branch; each is told once."""

    type: Literal["verdict"] = "verdict"
    event: int
    revision: int


class BranchFacts(Message):
    """A branch: from step `forked_at` on it is not its parent's any more; it was trained up to step `head`."""

    number: int
    name: str
    parent: int | None
    forked_at: int
    first: int
    head: int
    deleted: bool


class Tree(Message):
    """The tree of the session's branches, and the present one; where that one ends, the status says.

    `generation` counts how often the branches of a file took the place of all: their numbers then begin anew.
    """

    type: Literal["tree"] = "tree"
    event: int
    revision: int
    generation: int
    current: int
    branches: tuple[BranchFacts, ...]


class Floors(Message):
    """What a perfect generator would score on each metric for this run's data."""

    type: Literal["floors"] = "floors"
    event: int
    revision: int
    values: dict[str, float]
