"""The web process's side of one run: passes orders on, and remembers what brings the run back after a lost worker.

A run is a pure function of its config and a state, and what follows the newest packed state are whole steps only
(`reports.Progress`). So the config, that state, and the step that was seen last are enough to have the run back as it
was; orders that no worker has answered are given again, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from server.engine import orders, reports
from server.engine.cost import allow_seconds
from server.gan.config import RunConfig
from server.gan.model_file import Model
from server.protocol.messages import Divergence, Layer, Player, StopBelow

Send = Callable[[orders.Order, bytes], None]
Receive = Callable[[reports.RunReport], None]

RESUMING = 0
"""The number of orders that nobody waits for, because they only bring a run back to where it was."""


class RemoteRun:
    """One run, wherever it is computed; `receive` is called with its reports.

    Frames, whose bytes are not part of a report, go to `show(report, frame)`.
    """

    def __init__(self, key: str, receive: Receive, show: Callable[[reports.Frame, bytes], None]) -> None:
        self.key = key
        self.config: dict[str, Any] = {}
        self.allowance = 0.0
        self.revision = 0
        self.position = reports.Position()
        self.send: Send = _send_nowhere
        self.futile_starts = 0
        self.is_closed = False
        self._receive = receive
        self._show = show
        self._state = b""
        self._begins_at = 0
        self._measured = False
        self._playing: orders.Play | None = None
        self._pending: dict[int, orders.Numbered] = {}
        self._wants: dict[int, orders.Want] = {}
        self._number = RESUMING

    @property
    def is_busy(self) -> bool:
        """Whether the worker computes for this run, or was asked to."""
        return self._playing is not None or bool(self._pending)

    @property
    def is_wanted(self) -> bool:
        """Whether the worker has anything to do for this run, or will have as soon as it is back."""
        return self.is_busy or bool(self._wants)

    # Orders: each returns the number of its answer --------------------------------------------------------------

    def open(self, config: RunConfig, revision: int, model: Model | None = None) -> int:
        """Begin the run, or begin it anew, at step 0 or at a saved model."""
        self.position = reports.Position()
        if model:
            at = model.counters
            self.position = reports.Position(step=at["step"], d_updates=at["d_updates"], g_updates=at["g_updates"])
        self.config, self.revision, self._begins_at = config.to_json(), revision, self.position.step
        self.allowance = allow_seconds(config)
        self._state, self._measured = model.packed if model else b"", False
        self._wants.clear()
        order = orders.Open(
            run=self.key,
            number=self._next_number(),
            revision=revision,
            config=self.config,
            begins_at=self._begins_at,
        )
        return self._give(order, self._state)

    @property
    def saved(self) -> tuple[dict[str, Any], bytes]:
        """The newest packed state, empty where there is none yet, and the config it was trained with."""
        return self.config, self._state

    def configure(self, config: RunConfig) -> int:
        """Apply a change that needs no restart."""
        self.allowance = allow_seconds(config)
        return self._give(orders.Configure(run=self.key, number=self._next_number(), config=config.to_json()))

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

    # Orders without an answer -----------------------------------------------------------------------------------

    def want(self, reader: int, layers: tuple[Layer, ...], fixed: bool) -> None:
        """Ask for one frame."""
        self._wants[reader] = order = orders.Want(run=self.key, reader=reader, layers=layers, fixed=fixed)
        self.send(order, b"")

    def leave(self, reader: int) -> None:
        """Forget a reader."""
        self._wants.pop(reader, None)
        self.send(orders.Leave(run=self.key, reader=reader), b"")

    def close(self) -> None:
        """Forget the run; a worker that is only now being replaced is not told of it."""
        self.is_closed, self._playing = True, None
        self._pending.clear()
        self._wants.clear()
        self.send(orders.Close(run=self.key), b"")

    # Reports ----------------------------------------------------------------------------------------------------

    def receive(self, report: reports.RunReport, body: bytes) -> None:
        """Take in a report of the run; what an earlier revision still had under way is dropped."""
        if isinstance(report, reports.Applied | reports.Refused):
            self._receive_answer(report, body)
        elif report.revision != self.revision:
            return
        elif isinstance(report, reports.Frame):
            self._wants.pop(report.reader, None)
            if not self.is_busy:  # one that is busy may still be lost by what it does after its frames
                self.futile_starts = 0
            self._show(report, body)
            return
        elif isinstance(report, reports.Floors):
            self._measured = True
        else:
            self._receive_progress(report, body)
        self._receive(report)
        if isinstance(report, reports.Failed) and is_broken(report.failure):
            self._refuse_pending(report.failure.message)

    def _receive_progress(
        self, report: reports.Progress | reports.Walked | reports.Stopped | reports.Failed, body: bytes
    ) -> None:
        self.position, self._state = report.position, body or self._state
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
                self._pending[report.number] = order.model_copy(update={"count": order.count - len(report.steps)})

    def _receive_answer(self, report: reports.Applied | reports.Refused, body: bytes) -> None:
        order = self._pending.pop(report.number, None)
        if isinstance(order, orders.Open):
            self._settle_before(report.number)
        if any(isinstance(later, orders.Open) for later in self._pending.values()):
            return  # of a run that has begun anew since
        self._state = body or self._state
        if isinstance(report, reports.Refused):
            return
        self.position = report.position
        if isinstance(order, orders.Configure):
            self.config = order.config
        elif order is not None:
            self._playing = order if isinstance(order, orders.Play) else None

    def _refuse_pending(self, message: str) -> None:
        pending, self._pending = self._pending, {}
        for number in pending:
            self._receive(reports.Refused(run=self.key, number=number, message=message))

    # Coming back ------------------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Have the run back as it was seen, from a worker that doesn't know it; a closed one stays away."""
        if self.is_closed:
            return
        for order, body in list(self._list_orders()):
            self.send(order, body)

    def give_up(self, message: str) -> None:
        """Report that the run is broken: the workers that had it were lost, and it may be the reason."""
        self._wants.clear()
        failure = Divergence(step=self.position.step, player="", quantity="", message=message)
        self.receive(reports.Failed(run=self.key, revision=self.revision, position=self.position, failure=failure), b"")

    def _list_orders(self) -> Iterator[tuple[orders.Order, bytes]]:
        opening = max((n for n, order in self._pending.items() if isinstance(order, orders.Open)), default=RESUMING)
        if opening == RESUMING:
            yield self._reopen(), self._state
            if self._playing and not any(_ends_play(order) for order in self._pending.values()):
                yield self._playing.model_copy(update={"number": RESUMING}), b""
        for number, order in list(self._pending.items()):
            if number >= opening:
                yield order, self._state if number == opening else b""
        yield from ((want, b"") for want in self._wants.values())
        self._settle_before(opening)

    def _settle_before(self, opening: int) -> None:
        """Answer what was asked of the run before it began anew with the order numbered `opening`."""
        for number in [number for number in self._pending if number < opening]:
            del self._pending[number]
            self._receive(reports.Applied(run=self.key, number=number, position=self.position))

    def _reopen(self) -> orders.Open:
        return orders.Open(
            run=self.key,
            number=RESUMING,
            revision=self.revision,
            config=self.config,
            replay_to=self.position.step,
            replay_phases=self.position.phases,
            measure=not self._measured,
            begins_at=self._begins_at,
        )

    def _give(self, order: orders.Numbered, body: bytes = b"") -> int:
        self._pending[order.number] = order
        self.send(order, body)
        return order.number

    def _next_number(self) -> int:
        self._number += 1
        return self._number


def is_broken(failure: Divergence) -> bool:
    """Tell whether the run stopped for a reason that is not in its numbers; no worker has it any more."""
    return not failure.player


def _ends_play(order: orders.Numbered) -> bool:
    return isinstance(order, orders.Pause | orders.Advance | orders.Step)


def _send_nowhere(order: orders.Order, body: bytes) -> None:
    """Drop the order: the run has no worker at the moment, and gives it again when it has one."""
