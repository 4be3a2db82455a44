"""One frozen class a message; text messages are JSON, told apart by `type`.

A client's message that changes something carries an `id`; it is answered by `done` or `failure` with the same id.
A session carries out an id once and answers a repetition with the same answer, so a page that is loaded anew counts
on from the clock's milliseconds, and two tabs of one session do not meet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from server import errors
from server.errors import ConfigError, LabError, MessageError
from server.protocol.base import Message
from server.protocol.events import Configured, Floors, Mark, Scalars, Tree, Verdict

PROTOCOL = 1
"""The version of the conversation; a page and a server of different versions say so and stop."""

Layer = Literal[
    "noise",
    "real",
    "generated",
    "averaged",
    "refined",
    "reconstructed",
    "encoded",
    "predictions",
    "surface",
    "optimum",
    "warp",
    "streams",
    "gradients",
    "d_gradients",
    "density",
]
"""What a frame can hold, by the name a page watches; `server.protocol.frames` says which arrays each has."""
State = Literal["paused", "running", "stepping", "failed", "closed"]
Player = Literal["both", "discriminator", "generator"]
PhaseName = Literal["sample", "generate", "classify", "loss", "backward", "update"]
StopMetric = Literal["grid_kl", "grid_js"]
"""The metrics that a stop condition may name: scored while a run trains, and lower is better."""
Id = Annotated[int, Field(ge=0, le=2**53)]
StepNumber = Annotated[int, Field(ge=0, le=2**53)]
BranchNumber = Annotated[int, Field(ge=1, le=2**53)]
BranchName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


# What a page says ---------------------------------------------------------------------------------------------------


class Hello(Message):
    """First message: begin a session, or come back to `session`.

    `seen` is the number of the newest event that the page still holds (0: it holds nothing).
    `waits`: where the lab is full, the page waits in line and is told its place; without, it is refused.
    """

    type: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    session: str | None = Field(None, max_length=64)
    seen: Annotated[int, Field(ge=0, le=2**53)] = 0
    config: dict[str, Any] | None = None
    preset: str | None = Field(None, max_length=64)
    waits: bool = False


class Configure(Message):
    """Change the run to `config` (complete or partial: missing keys take their defaults).

    Changes of seed, data, latent or networks begin a new run at step 0; all others apply while it goes on.
    """

    type: Literal["configure"] = "configure"
    id: Id
    config: dict[str, Any]


class StopBelow(Message):
    """A stop condition: the metric has fallen under `below`."""

    metric: StopMetric
    below: Annotated[float, Field(gt=0, le=1e6)]


class Play(Message):
    """Train until paused, and at most until step `until` or until `stop` holds at a step that is scored.

    `rate` bounds the steps a second (none: as fast as it goes). With `phases_per_second` the run walks through its
    steps phase by phase, in slow motion; without, a step that it stands in is finished first.
    """

    type: Literal["play"] = "play"
    id: Id
    rate: Annotated[float, Field(gt=0, le=1e6)] | None = None
    phases_per_second: Annotated[float, Field(ge=0.01, le=100)] | None = None
    until: StepNumber | None = None
    stop: StopBelow | None = None


class Pause(Message):
    """Stop training; `done` comes when the last step is over, and nothing changes after it.

    A run in slow motion stops where it is, inside its step.
    """

    type: Literal["pause"] = "pause"
    id: Id


class Advance(Message):
    """Go on to the next phase of the step, or to the first one of the next step; a run that plays is paused."""

    type: Literal["advance"] = "advance"
    id: Id


class Step(Message):
    """Train `count` steps: whole ones, or one update of one player each.

    A step that the run stands in is the first of the whole ones; before an update of one player it is finished.
    """

    type: Literal["step"] = "step"
    id: Id
    player: Player = "both"
    count: Annotated[int, Field(ge=1, le=10_000)] = 1


class Seek(Message):
    """Go to a step of this branch that was trained before, and stand still there, as it was, bit for bit.

    What is recorded beyond it stays: to play or to step goes along it, and a change leaves it, as a new branch.
    """

    type: Literal["seek"] = "seek"
    id: Id
    step: StepNumber


class Back(Message):
    """Go back by one step, or to the beginning of the step that the run stands in; or by one phase."""

    type: Literal["back"] = "back"
    id: Id
    by: Literal["step", "phase"] = "step"


class Switch(Message):
    """Go to another branch, where it was left."""

    type: Literal["switch"] = "switch"
    id: Id
    branch: BranchNumber


class Rename(Message):
    """Give a branch a name."""

    type: Literal["rename"] = "rename"
    id: Id
    branch: BranchNumber
    name: BranchName


class Delete(Message):
    """Take a branch out of the tree; it can be restored for a while."""

    type: Literal["delete"] = "delete"
    id: Id
    branch: BranchNumber


class Restore(Message):
    """Bring a deleted branch back."""

    type: Literal["restore"] = "restore"
    id: Id
    branch: BranchNumber


class Reset(Message):
    """Begin a new run at step 0 with the same settings; the same seed, or the one given. The one before is kept."""

    type: Literal["reset"] = "reset"
    id: Id
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None


class Watch(Message):
    """Say which layers the page shows; nothing else is computed or sent."""

    type: Literal["watch"] = "watch"
    layers: tuple[Layer, ...] = Field(max_length=16)


class Credit(Message):
    """Allow `count` more frames; sent after a frame is painted."""

    type: Literal["credit"] = "credit"
    count: Annotated[int, Field(ge=1, le=8)] = 1


# What a session says: answers and where the run is -------------------------------------------------------------------


class Term(Message):
    """A key in a refusal: it may stand at `place` of a run's description, or is a place itself where that is empty."""

    key: str
    place: str


class Refusal(Message):
    """What is wrong at `path` of a run's description; the words put together are the sentence after `path: `."""

    path: str
    words: tuple[str | Term, ...]

    @classmethod
    def read(cls, error: ConfigError) -> Refusal:
        """Give what an error of the description says."""
        words = (Term(**word._asdict()) if isinstance(word, errors.Term) else word for word in error.words)
        return cls(path=error.key, words=tuple(words))


class Failure(Message):
    """Something was refused; `id` is the command's, or none where it could not be read.

    Where it is a run's description, `refusal` is the message in parts.
    """

    type: Literal["failure"] = "failure"
    id: int | None
    message: str
    refusal: Refusal | None = None

    @classmethod
    def read(cls, identity: int | None, error: LabError) -> Failure:
        """Give the answer to a message that has met an error."""
        refusal = Refusal.read(error) if isinstance(error, ConfigError) else None
        return cls(id=identity, message=str(error), refusal=refusal)


class Done(Message):
    """The command called `id` is carried out; `step` is the run's step after it."""

    type: Literal["done"] = "done"
    id: int
    step: int


class Divergence(Message):
    """Why a run stopped: which quantity of which player was not finite, at which step.

    Where its numbers were finite and the lab itself could not go on with it, player and quantity are empty.
    """

    step: int
    player: str
    quantity: str
    message: str


class StepPhase(Message):
    """A phase that has just been passed: the `number`-th of `count` of the step, in one of a player's updates.

    `numbers` are those of the phase, such as d_loss or gradient_norm; none where one is not finite.
    `d_loss` and `g_loss` are the newest of this step; none before they are counted.
    """

    step: int
    number: int
    count: int
    player: Literal["discriminator", "generator"]
    update: int
    updates: int
    name: PhaseName
    numbers: dict[str, float | None]
    d_loss: float | None
    g_loss: float | None


class Status(Message):
    """Where the run is; sent whenever the state changes, at every phase, and a few times a second while it runs.

    Every step from `first` to `head` can be gone to; `step` is less than `head` where the run went back.
    `phase` is the one just passed where the run goes phase by phase; `reason` says why it stopped by itself, if it did.
    `unkept` says why what happens now would be lost with the lab's process, while that is so.
    """

    type: Literal["status"] = "status"
    state: State
    step: int
    d_updates: int
    g_updates: int
    first: int
    head: int
    revision: int
    steps_per_second: float
    failure: Divergence | None = None
    phase: StepPhase | None = None
    reason: str | None = None
    unkept: str | None = None


class Welcome(Message):
    """Answer to hello: the session, its config and where its run is; `resumed` if it was there before.

    `restored`: it had left the memory, and is back as it was last kept; the page may have seen more.
    The events after number `since` follow; where `since` is 0 that is all of them, and the page first forgets its own.
    """

    type: Literal["welcome"] = "welcome"
    protocol: int
    session: str
    resumed: bool
    restored: bool = False
    since: int
    config: dict[str, Any]
    status: Status


class Queued(Message):
    """First answer to a hello that waits while the lab is full, and again whenever its place is another.

    The page is the `place`-th in line, counted from 1, for one of all `sessions`; a welcome follows by itself, and
    leaving gives the place up.
    """

    type: Literal["queued"] = "queued"
    place: int
    sessions: int


ClientMessage = Annotated[
    Hello
    | Configure
    | Play
    | Pause
    | Advance
    | Step
    | Seek
    | Back
    | Switch
    | Rename
    | Delete
    | Restore
    | Reset
    | Watch
    | Credit,
    Field(discriminator="type"),
]
ServerMessage = Annotated[
    Welcome | Queued | Status | Configured | Scalars | Floors | Mark | Verdict | Tree | Done | Failure,
    Field(discriminator="type"),
]
Command = Configure | Play | Pause | Advance | Step | Seek | Back | Switch | Rename | Delete | Restore | Reset
"""The client's messages that carry an id and are answered."""

_CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)

_USUAL: Mapping[str | bytes, Credit] = {
    credit.model_dump_json(): credit for credit in (Credit(count=count) for count in range(1, 9))
}
"""What a page says after every frame, as it writes it, letter by letter: it need not be read each time."""


def parse_message(text: str | bytes) -> ClientMessage:
    """Read a client's message.

    Raises:
        MessageError: it is not JSON, or of no known type, or a field is wrong; the text names the field.
    """
    if usual := _USUAL.get(text):
        return usual
    try:
        return _CLIENT.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "message"
        raise MessageError(f"{place}: {first['msg'][:200]}") from None


def find_id(text: str) -> int | None:
    """Give the id of a command that could not be read as a message; none where there is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    number = found.get("id") if isinstance(found, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None
