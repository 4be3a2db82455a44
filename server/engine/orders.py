"""What the web process tells a worker: one frozen class an order, told apart by `type`.

An order with a number is answered by `reports.Applied`, `Refused` or `Inspected` with the same number, in the order
given.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import groupby
from typing import Annotated, Any, Literal, cast

from pydantic import Field, TypeAdapter

from server.engine.course import IndexedLeg
from server.protocol.base import Message
from server.protocol.messages import Layer, Player, StopBelow

RunKey = str


BUT_ONE = -1
"""A number of phases: all of the step but the last one."""
RESUMING = 0
"""The number of orders that nobody waits for, because they only bring a run back to where it was."""
COARSEST = 2
"""Frames have their full size at level 0, and are smaller at each level up to this one."""
NOTHING = -1
"""The step up to which a run is recorded that was never further than where it is."""


class Open(Message):
    """Build the run, in place of one of that key; the body is a packed state to begin at, or empty for step 0.

    Its course is `legs` and `configs`, as `Course.tell` tells it. The state is the one after all that was changed at
    its step; or, with `at_start`, the one that the course begins with, and so it is without a body.
    From that state the run follows its course up to step `replay_to`, silently, and walks `replay_phases` phases into
    the step after it. The steps up to `known_to` were reported before and are not again.
    `measure`: report the floors of its metrics and, at step `begins_at`, the scores it starts with.
    """

    type: Literal["open"] = "open"
    run: RunKey
    number: int
    revision: int
    legs: tuple[IndexedLeg, ...]
    configs: tuple[dict[str, Any], ...]
    at_start: bool = False
    known_to: int = NOTHING
    replay_to: int = 0
    replay_phases: int = 0
    measure: bool = True
    begins_at: int = 0


class Seek(Message):
    """Stop playing and go to `phases` phases after step `step`, or to the newest step where that is earlier.

    The body is a packed state before it, or empty for step 0; `at_start` as in `Open`.
    A newer order of this kind, or to pause, ends it before it is there, unless another one came between.
    """

    type: Literal["seek"] = "seek"
    run: RunKey
    number: int
    step: int
    phases: int = 0
    at_start: bool = False


class Fork(Message):
    """Forget what is recorded ahead: what follows is another run, of that revision."""

    type: Literal["fork"] = "fork"
    run: RunKey
    number: int
    revision: int


class Configure(Message):
    """Apply a config that needs no restart; a step that the run stands in is finished before, with the old one."""

    type: Literal["configure"] = "configure"
    run: RunKey
    number: int
    config: dict[str, Any]


class Play(Message):
    """Train until told otherwise, at most `rate` steps a second, or phase by phase; see `messages.Play`.

    A run that follows what is recorded stops where the record ends.
    """

    type: Literal["play"] = "play"
    run: RunKey
    number: int
    rate: float | None = None
    phases_per_second: float | None = None
    until: int | None = None
    stop: StopBelow | None = None


class Pause(Message):
    """Stop training, inside a step that is walked, or on the way to where the run was to go; nothing changes after."""

    type: Literal["pause"] = "pause"
    run: RunKey
    number: int


class Advance(Message):
    """Stop playing and go through one phase; the answer has it."""

    type: Literal["advance"] = "advance"
    run: RunKey
    number: int


class Step(Message):
    """Stop playing and train `count` steps, or updates of one player, after those ordered before."""

    type: Literal["step"] = "step"
    run: RunKey
    number: int
    player: Player
    count: int


class Inspect(Message):
    """Tell the numbers of the phase just passed, of a node of the overview, or of the `sample`-th generated sample.

    It stops nothing and changes nothing; the answer is `reports.Inspected`.
    """

    type: Literal["inspect"] = "inspect"
    run: RunKey
    number: int
    node: str | None = None
    sample: int | None = None


class Want(Message):
    """Make one frame for readers, for each as soon as there is something that its last one did not show.

    `fixed`: with the arrays that do not change within a revision, and at once. `level`: how much smaller than in full.
    """

    type: Literal["want"] = "want"
    run: RunKey
    readers: tuple[int, ...]
    layers: tuple[Layer, ...]
    fixed: bool
    level: Annotated[int, Field(ge=0, le=COARSEST)] = 0


class Leave(Message):
    """Forget a reader."""

    type: Literal["leave"] = "leave"
    run: RunKey
    reader: int


class Close(Message):
    """Forget the run, and say `reports.Closed`; who `hands_over` reports before what it has done, with its state."""

    type: Literal["close"] = "close"
    run: RunKey
    hands_over: bool = False


class Ping(Message):
    """Answer with `reports.Pong`: a sign of life."""

    type: Literal["ping"] = "ping"


Order = Annotated[
    Open | Seek | Fork | Configure | Play | Pause | Advance | Step | Inspect | Want | Leave | Close | Ping,
    Field(discriminator="type"),
]
Numbered = Open | Seek | Fork | Configure | Play | Pause | Advance | Step | Inspect
_ORDER: TypeAdapter[Order] = TypeAdapter(Order)


def join_wants(given: Iterable[tuple[Order, bytes]]) -> Iterator[tuple[Order, bytes]]:
    """Give orders with their bodies; those that follow each other and want the same for several readers are one."""
    for look, alike in groupby(given, lambda one: _find_look(one[0])):
        if look is None:
            yield from alike
            continue
        wants = [cast("Want", order) for order, _ in alike]
        readers = tuple(reader for want in wants for reader in want.readers)
        yield (wants[0].model_copy(update={"readers": readers}) if len(wants) > 1 else wants[0]), b""


def _find_look(order: Order) -> tuple[Hashable, ...] | None:
    return (order.run, order.layers, order.fixed, order.level) if isinstance(order, Want) else None


def read_order(header: bytes) -> Order:
    """Read an order's header."""
    return _ORDER.validate_json(header)
