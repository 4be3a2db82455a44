"""What a worker tells the web process: one frozen class a report, told apart by `type`.

Reports of a run carry its revision, so that what was under way when the run began anew is recognised.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from server.protocol.base import Message
from server.protocol.events import MetricRow, Noticed
from server.protocol.messages import Divergence, Layer, Player, StepPhase, StopMetric


class Position(Message):
    """How far a run is: whole steps, updates of each player, and phases of a step that it stands in."""

    step: int = 0
    d_updates: int = 0
    g_updates: int = 0
    phases: int = 0


class Ready(Message):
    """The worker has started; the catalogue of what it can train."""

    type: Literal["ready"] = "ready"
    catalog: dict[str, Any]


class Unable(Message):
    """The worker cannot start here, and no other one could; why, in words for a user."""

    type: Literal["unable"] = "unable"
    message: str


class Working(Message):
    """The run has its turn now: if the worker is lost before it says another word, this run is the likely reason.

    None: several runs have theirs together.
    """

    type: Literal["working"] = "working"
    run: str | None


class Closed(Message):
    """The run is forgotten: what was said of it before is all that the worker says of it, until it is opened again."""

    type: Literal["closed"] = "closed"
    run: str


class Risking(Message):
    """The worker does now what may take it down, whichever run it is for: it captures a step on a device, or tries it.

    Or, not `underway`, it has done so, and it went well.
    """

    type: Literal["risking"] = "risking"
    underway: bool


class Pong(Message):
    """A sign of life; `slices` are the seconds that each of the newest turns of a run took, since the last sign."""

    type: Literal["pong"] = "pong"
    slices: tuple[float, ...] = ()


class Progress(Message):
    """What happened since the last report; `number` is that of the step order which asked for it, if one did.

    The run made `moved` steps; those that were reported before have no row. `alone` has the steps in which one player
    learned alone, with that player. `joined`: the run made all of them joined with other runs; `program`: all by
    the program of that key.
    The body, where there is one, is the packed state at `position`, after the last of these rows.
    Rows that are not whole steps always come with it, so that what follows the newest state are whole steps only.
    """

    type: Literal["progress"] = "progress"
    run: str
    revision: int
    number: int | None
    position: Position
    moved: int
    joined: bool = False
    program: str = ""
    steps: tuple[int, ...]
    alone: tuple[tuple[int, Player], ...] = ()
    d_loss: tuple[float | None, ...]
    g_loss: tuple[float | None, ...]
    metrics: tuple[MetricRow, ...]
    verdicts: tuple[Noticed, ...] = ()
    steps_per_second: float


class Walked(Message):
    """A run in slow motion has passed a phase."""

    type: Literal["walked"] = "walked"
    run: str
    revision: int
    position: Position
    phase: StepPhase


class Stopped(Message):
    """A run that plays has stopped by itself: at the step it was to reach, or because `metric` is under `below`.

    With `recorded` it has come to the end of what is recorded. The body, where there is one, is the packed state there.
    """

    type: Literal["stopped"] = "stopped"
    run: str
    revision: int
    position: Position
    metric: StopMetric | None = None
    value: float | None = None
    below: float | None = None
    recorded: bool = False


class Applied(Message):
    """The order is carried out; the body, where there is one, is the packed state after its last whole step.

    `phase` is the one that an order to advance went through, or that one to seek has come to.
    """

    type: Literal["applied"] = "applied"
    run: str
    number: int
    position: Position
    phase: StepPhase | None = None


class Inspected(Message):
    """What was asked of a run by an order to inspect it: see `server.gan.inspection`."""

    type: Literal["inspected"] = "inspected"
    run: str
    number: int
    told: dict[str, Any]


class Refused(Message):
    """The order could not be carried out, and why, in words for a user."""

    type: Literal["refused"] = "refused"
    run: str
    number: int
    message: str


class Failed(Message):
    """The run cannot go on; it stands at `position`, its last finite state."""

    type: Literal["failed"] = "failed"
    run: str
    revision: int
    position: Position
    failure: Divergence


class Floors(Message):
    """What a perfect generator would score on each metric for the run's data."""

    type: Literal["floors"] = "floors"
    run: str
    revision: int
    values: dict[str, float]


class Frame(Message):
    """The body is a frame for all of `readers`; `fixed` if it has the arrays that stay the same within the revision.

    `level` as in the orders that asked for it.
    """

    type: Literal["frame"] = "frame"
    run: str
    revision: int
    readers: tuple[int, ...]
    layers: tuple[Layer, ...]
    fixed: bool
    level: int = 0


RunReport = Progress | Walked | Stopped | Applied | Inspected | Refused | Failed | Floors | Frame
Report = Annotated[Ready | Unable | Working | Closed | Risking | Pong | RunReport, Field(discriminator="type")]
_REPORT: TypeAdapter[Report] = TypeAdapter(Report)


def read_report(header: bytes) -> Report:
    """Read a report's header."""
    return _REPORT.validate_json(header)
