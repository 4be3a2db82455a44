"""The web process's side of one run: passes orders on, and remembers what brings the run back after a lost worker.

A run is a pure function of a state and of its course from there (`server.engine.course`). So the course, the newest
packed state, and the step that was seen last are enough to have the run back as it was; orders that no worker has
answered are given again, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from server.engine import orders, reports
from server.engine.configs import Plain
from server.engine.cost import HEAVY_SECONDS, allow_seconds
from server.engine.course import EAGERLY, Course, Made
from server.engine.orders import NOTHING, RESUMING
from server.gan.config import RunConfig
from server.protocol.messages import Divergence, Layer, Player, StopBelow

Send = Callable[[orders.Order, bytes], None]
Receive = Callable[[reports.RunReport, bytes], None]


@dataclass(frozen=True)
class Place:
    """A packed state (empty: the start), its step, and where the run is to go from there.

    `is_start`: it is the state that the run began with; what was changed at its step comes after.
    """

    packed: bytes
    step: int
    position: reports.Position
    is_start: bool = False


START = Place(b"", 0, reports.Position(), is_start=True)


class RemoteRun:
    """One run, wherever it is computed; `receive` is called with its reports and the packed states that come with them.

    Frames, whose bytes are not part of a report, go to `show(report, frame)`.
    """

    def __init__(self, key: str, receive: Receive, show: Callable[[reports.Frame, bytes], None]) -> None:
        self.key = key
        self.course: Course
        self.allowance = 0.0
        self.revision = 0
        self.position = reports.Position()
        self.send: Send = _send_nowhere
        self.note_weight: Callable[[], object] = _weigh_nothing
        """Called after an order by which the run may have become heavy, or light."""
        self.futile_starts = 0
        self.is_closed = False
        self._receive = receive
        self._show = show
        self._kept = START
        self._begins_at, self._known_to = 0, NOTHING
        self._measured = False
        self._playing: orders.Play | None = None
        self._pending: dict[int, orders.Numbered] = {}
        self._bodies: dict[int, bytes] = {}
        self._wants: dict[int, orders.Want] = {}
        self._number = RESUMING

    @property
    def is_busy(self) -> bool:
        """Whether the worker computes for this run, or was asked to."""
        return self._playing is not None or self.is_asked

    @property
    def is_asked(self) -> bool:
        """Whether an order is not answered yet."""
        return bool(self._pending)

    @property
    def is_racing(self) -> bool:
        """Whether it plays whole steps: nobody could look at each of its states, and nothing is to stop it."""
        plays = self._playing is not None and self._playing.phases_per_second is None
        return plays and not any(_ends_play(order) for order in self._pending.values())

    @property
    def is_heavy(self) -> bool:
        """Whether its steps may take so long that they would hold up other runs."""
        return self.allowance >= HEAVY_SECONDS

    @property
    def is_wanted(self) -> bool:
        """Whether the worker has anything to do for this run, or will have as soon as it is back."""
        return self.is_busy or bool(self._wants)

    # Orders: each returns the number of its answer --------------------------------------------------------------

    def open(self, config: RunConfig, revision: int, place: Place | None = None) -> int:
        """Begin the run, or begin it anew, at step 0 or at a place that nothing is recorded of."""
        place = place or START
        return self._open(Course.begin(place.step, config.to_json()), revision, place, begins_at=place.step)

    def reopen(self, course: Course, revision: int, place: Place, known_to: int, begins_at: int, measure: bool) -> int:
        """Go to a place of another run, which took that course up to step `known_to`."""
        return self._open(course, revision, place, begins_at, known_to, measure)

    def _open(
        self,
        course: Course,
        revision: int,
        place: Place,
        begins_at: int,
        known_to: int = NOTHING,
        measure: bool = True,
    ) -> int:
        self.position, self.course, self.revision = place.position, course, revision
        self.allowance = max(map(allow_seconds, course.configs))  # it can go back to the heaviest of them
        self._kept = place
        self._begins_at, self._known_to, self._measured = begins_at, known_to, not measure
        self._wants.clear()
        return self._give(self._make_opening(self._next_number()), self._kept.packed)

    def seek(self, place: Place) -> int:
        """Go to a place of this run that was recorded; it stands still there."""
        to = place.position
        order = orders.Seek(
            run=self.key, number=self._next_number(), step=to.step, phases=to.phases, at_start=place.is_start
        )
        return self._give(order, place.packed)

    def fork(self, revision: int) -> int:
        """Forget what is recorded ahead: what follows is another run, of that revision."""
        return self._give(orders.Fork(run=self.key, number=self._next_number(), revision=revision))

    @property
    def saved(self) -> tuple[Plain, bytes]:
        """The config at the newest packed state, and that state; empty where there is none yet."""
        kept = self._kept
        return self.course.first if kept.is_start else self.course.find_config(kept.step), kept.packed

    def configure(self, config: RunConfig) -> int:
        """Apply a change that needs no restart."""
        plain = config.to_json()
        self.allowance = max(self.allowance, allow_seconds(plain))
        return self._give(orders.Configure(run=self.key, number=self._next_number(), config=plain))

    def play(
        self,
        rate: float | None,
        phases_per_second: float | None = None,
        until: int | None = None,
        stop: StopBelow | None = None,
    ) -> int:
        """Train until told otherwise, at most `rate` steps a second, or phase by phase; see `messages.Play`."""
        order = orders.Play(
            run=self.key,
            number=self._next_number(),
            rate=rate,
            phases_per_second=phases_per_second,
            until=until,
            stop=stop,
        )
        return self._give(order)

    def pause(self) -> int:
        """Stop training."""
        return self._give(orders.Pause(run=self.key, number=self._next_number()))

    def advance(self) -> int:
        """Go through one phase."""
        return self._give(orders.Advance(run=self.key, number=self._next_number()))

    def step(self, player: Player, count: int) -> int:
        """Train `count` steps, or updates of one player."""
        return self._give(orders.Step(run=self.key, number=self._next_number(), player=player, count=count))

    def inspect(self, node: str | None = None, sample: int | None = None) -> int:
        """Ask for the numbers of the phase just passed, of a node, or of a generated sample."""
        return self._give(orders.Inspect(run=self.key, number=self._next_number(), node=node, sample=sample))

    # Orders without an answer -----------------------------------------------------------------------------------

    def want(self, reader: int, layers: tuple[Layer, ...], fixed: bool, level: int = 0) -> None:
        """Ask for one frame."""
        order = orders.Want(run=self.key, readers=(reader,), layers=layers, fixed=fixed, level=level)
        self._wants[reader] = order
        self.send(order, b"")

    def leave(self, reader: int) -> None:
        """Forget a reader."""
        self._wants.pop(reader, None)
        self.send(orders.Leave(run=self.key, reader=reader), b"")

    def close(self) -> None:
        """Forget the run, and who hears of it: together they would wait for the collector with all of their states.

        A worker that is only now being replaced is not told of it.
        """
        self.is_closed, self._playing = True, None
        self._receive = self._show = _hear_nothing
        self.note_weight = _weigh_nothing
        self._pending.clear()
        self._wants.clear()
        self.send(orders.Close(run=self.key), b"")

    def stand_by(self) -> None:
        """Keep orders until the run is resumed: its worker has its last one."""
        self.send = _send_nowhere

    # Reports ----------------------------------------------------------------------------------------------------

    def receive(self, report: reports.RunReport, body: bytes) -> None:
        """Take in a report of the run; what an earlier revision still had under way is dropped."""
        if isinstance(report, reports.Frame):
            self._receive_frame(report, body)
            return
        if isinstance(report, reports.Inspected):
            self._take_pending(report.number)
            self._receive(report, b"")
            return
        if isinstance(report, reports.Applied | reports.Refused):
            self._receive_answer(report, body)
            return
        if report.revision != self.revision:
            return
        if isinstance(report, reports.Floors):
            self._measured = True
        else:
            self._receive_progress(report, body)
        self._receive(report, body)
        if isinstance(report, reports.Failed) and is_broken(report.failure):
            self._refuse_pending(report.failure.message)

    def _receive_frame(self, report: reports.Frame, body: bytes) -> None:
        if report.revision != self.revision:
            return
        for reader in report.readers:
            want = self._wants.get(reader)
            if want and (want.layers, want.level) == (report.layers, report.level):  # else other was asked for since
                del self._wants[reader]
        if not self.is_busy:  # one that is busy may still be lost by what it does after its frames
            self.futile_starts = 0
        self._show(report, body)

    def _receive_progress(
        self, report: reports.Progress | reports.Walked | reports.Stopped | reports.Failed, body: bytes
    ) -> None:
        self._keep(report.position, body)
        for step, player in report.alone if isinstance(report, reports.Progress) else ():
            self.course.note_player(step - 1, player, 1)
        if isinstance(report, reports.Progress) and (made := Made(report.joined, report.program)) != EAGERLY:
            self.course.note_made(report.position.step - report.moved, report.moved, made)
        if not isinstance(report, reports.Failed):
            self.futile_starts = 0
        if isinstance(report, reports.Failed | reports.Stopped):
            self._playing = None
        elif isinstance(report, reports.Progress) and report.number in self._pending:
            order = self._pending[report.number]
            if isinstance(order, orders.Advance):  # it went through the last phase: a next worker only answers it
                self._pending[report.number] = orders.Pause(run=self.key, number=report.number)
            else:
                assert isinstance(order, orders.Step), "only steps by hand report their order's number"
                self._pending[report.number] = order.model_copy(update={"count": order.count - report.moved})

    def _keep(self, position: reports.Position, body: bytes) -> None:
        if position.step < self.position.step:  # what it has left stays recorded
            self._known_to = max(self._known_to, self.position.step)
        self.position = position
        if body:
            self._kept = Place(body, position.step, position)

    def _receive_answer(self, report: reports.Applied | reports.Refused, body: bytes) -> None:
        order = self._take_pending(report.number)
        if isinstance(order, orders.Open):
            self._settle_before(report.number)
        if any(isinstance(later, orders.Open) for later in self._pending.values()):
            body = b""  # of a run that has begun anew since
        elif isinstance(report, reports.Applied):
            self._apply(order, report, body)
        elif isinstance(order, orders.Seek):  # it stands on the way there, which the next report tells
            self._note_seek()
        elif body:
            self._keep(self.position, body)
        self._receive(report, body)

    def _apply(self, order: orders.Numbered | None, report: reports.Applied, body: bytes) -> None:
        step = report.position.step
        if isinstance(order, orders.Seek):
            self._note_seek()
        self._keep(report.position, body)
        if isinstance(order, orders.Configure):
            self.course.note_config(step, order.config)
        elif isinstance(order, orders.Fork):
            self.revision, self.course, self._known_to = order.revision, self.course.cut(step), NOTHING
        elif order is not None:
            self._playing = order if isinstance(order, orders.Play) else None

    def _note_seek(self) -> None:
        """The run has left the newest step that it was seen at, which stays recorded."""
        self._known_to, self._playing = max(self._known_to, self.position.step), None

    def _take_pending(self, number: int) -> orders.Numbered | None:
        self._bodies.pop(number, None)
        return self._pending.pop(number, None)

    def _refuse_pending(self, message: str) -> None:
        for number in list(self._pending):
            self._take_pending(number)
            self._receive(reports.Refused(run=self.key, number=number, message=message), b"")

    # Coming back ------------------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Have the run back as it was seen, from a worker that doesn't know it; a closed one stays away."""
        if self.is_closed:
            return
        opening = max((n for n, order in self._pending.items() if isinstance(order, orders.Open)), default=RESUMING)
        for order, body in self._list_orders(opening):
            self.send(order, body)
        self._settle_before(opening)  # last: who is answered may ask for more

    def give_up(self, message: str) -> None:
        """Report that the run is broken: the workers that had it were lost, and it may be the reason."""
        self._wants.clear()
        failure = Divergence(step=self.position.step, player="", quantity="", message=message)
        self.receive(reports.Failed(run=self.key, revision=self.revision, position=self.position, failure=failure), b"")

    def _list_orders(self, opening: int) -> Iterator[tuple[orders.Order, bytes]]:
        """Give what brings the run back, and what was asked of it from the order numbered `opening` on."""
        if opening == RESUMING:
            yield self._make_opening(RESUMING), self._kept.packed
            if self._playing and not any(_ends_play(order) for order in self._pending.values()):
                yield self._playing.model_copy(update={"number": RESUMING}), b""
        for number, order in self._pending.items():
            if number >= opening:
                yield order, self._bodies.get(number, b"")
        yield from ((want, b"") for want in self._wants.values())

    def _settle_before(self, opening: int) -> None:
        """Answer what was asked of the run before it began anew with the order numbered `opening`."""
        for number in [number for number in self._pending if number < opening]:
            self._take_pending(number)
            self._receive(reports.Applied(run=self.key, number=number, position=self.position), b"")

    def _make_opening(self, number: int) -> orders.Open:
        legs, configs = self.course.tell()
        return orders.Open(
            run=self.key,
            number=number,
            revision=self.revision,
            legs=legs,
            configs=configs,
            at_start=self._kept.is_start,
            known_to=self._known_to,
            replay_to=self.position.step,
            replay_phases=self.position.phases,
            measure=not self._measured,
            begins_at=self._begins_at,
        )

    def _give(self, order: orders.Numbered, body: bytes = b"") -> int:
        self._pending[order.number] = order
        if body:
            self._bodies[order.number] = body
        self.send(order, body)
        if isinstance(order, orders.Open | orders.Configure):
            self.note_weight()
        return order.number

    def _next_number(self) -> int:
        self._number += 1
        return self._number


def is_broken(failure: Divergence) -> bool:
    """Tell whether the run stopped for a reason that is not in its numbers; no worker has it any more."""
    return not failure.player


def _ends_play(order: orders.Numbered) -> bool:
    return isinstance(order, orders.Open | orders.Pause | orders.Advance | orders.Step | orders.Seek)


def _send_nowhere(order: orders.Order, body: bytes) -> None:
    """Drop the order: the run has no worker at the moment, and gives it again when it has one."""


def _hear_nothing(report: reports.RunReport, body: bytes) -> None:
    """Drop the report: nobody has the run any more."""


def _weigh_nothing() -> None:
    """Leave it: nobody places the run."""
