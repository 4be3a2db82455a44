"""What a run file tells beside its arrays, in the JSON of its metadata: one frozen class a part, strict about types."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from server.engine.course import MOST_LEGS
from server.engine.reports import Position
from server.gan.model_file import MOST_COUNT
from server.gan.tensor_file import Kind
from server.protocol.base import Message
from server.protocol.events import Configured, Tree
from server.protocol.messages import BranchName, Player
from server.sessions.branches import MOST_BRANCHES
from server.sessions.timeline import MOST_MARKS, Kept

MOST_BYTES = 32 << 20
KIND = Kind("saved run", "ganlab-run", 1, MOST_BYTES, 8 << 20, frozenset({"F32", "F64", "I64"}))
DERIVED = (Configured, Tree)
"""Events that are told anew whenever a branch is entered; a file has none of them."""
MOST_METRICS, MOST_CONFIGS = 64, 4096
MOST_EVENTS = MOST_MARKS + 8
"""All that a timeline keeps: what happened at steps, and one of every other kind."""
Index = Annotated[int, Field(ge=0, lt=1 << 24)]
Number = Annotated[int, Field(ge=1, lt=1 << 24)]
"""A branch's: a session counts on from it, and must be able to write what it has counted."""
StepNumber = Annotated[int, Field(ge=0, lt=1 << 48)]
"""A session trains on from it, and must be able to write where it has come to."""
MOST_COUNTED = 1 << 50
"""Of revisions and events: a session counts on from it, in numbers that a browser has exactly."""
Stride = Annotated[int, Field(ge=1, le=MOST_COUNT)]

ProgramKey = Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")]


class ToldLeg(Message):
    """A leg of a branch's course; its config is one of the file's."""

    step: StepNumber
    player: Player
    config: Index | None
    joined: bool = False
    program: ProgramKey = ""


class ToldBranch(Message):
    """A branch; `start` and `snapshots` name states of the file, `metrics` the columns of its scores."""

    number: Number
    name: BranchName
    parent: Number | None
    forked_at: StepNumber
    head: StepNumber
    position: Position
    deleted: bool
    start: Index | None
    legs: tuple[ToldLeg, ...] = Field(min_length=1, max_length=MOST_LEGS)
    snapshots: tuple[tuple[StepNumber, Index], ...]
    events: tuple[Annotated[Kept, Field(discriminator="type")], ...] = Field(max_length=MOST_EVENTS)
    metrics: tuple[str, ...] = Field(max_length=MOST_METRICS)
    strides: tuple[Stride, Stride]


class Content(Message):
    """What a run file tells beside its arrays; each config has only what differs from the one before it."""

    format: str
    version: int
    current: Number
    branches: tuple[ToldBranch, ...] = Field(min_length=1, max_length=MOST_BRANCHES)
    configs: tuple[dict[str, Any], ...] = Field(max_length=MOST_CONFIGS)
