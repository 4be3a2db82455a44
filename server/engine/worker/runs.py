"""One run in a worker: carries out its orders, turn by turn, and reports what happens.

It has one task at most; a step that it stands in waits for whichever task comes next. While it goes back in time
(`self._replay`), orders wait; a newer one to go elsewhere, or to pause, ends that way.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import torch

from server.engine import orders, reports
from server.engine.course import Course, Made
from server.engine.worker.journal import NEVER, Journal, Send
from server.engine.worker.journey import Journey
from server.engine.worker.readers import Readers
from server.engine.worker.scores import METRIC_KEYS, METRIC_STEPS
from server.engine.worker.tasks import GoesOn, Playing, Replaying, Stepping
from server.engine.worker.voice import Voice
from server.errors import LabError
from server.gan.compiled.foundry import Foundry
from server.gan.config import Catalog
from server.gan.inspection import inspect_node, tell_sample
from server.gan.metrics import metric_floors
from server.gan.phases import Diverged, Numbers
from server.protocol.messages import StopBelow

LATE_SECONDS = 0.1
"""A run that is further behind its rate than this doesn't catch up."""
MOST_TROUBLES = 3
"""A run whose stacks cannot be trained so often goes by itself: what is wrong is not always another's."""
LOOSE = (orders.Seek, orders.Pause, orders.Play, orders.Inspect)
"""Orders that mean the same wherever the run stands: a newer one need not wait for them."""


class Run(Voice):
    """A journey, what it is to do, and what it has to tell."""

    def __init__(
        self,
        order: orders.Open,
        body: bytes,
        catalog: Catalog,
        device: torch.device,
        frame_seconds: float,
        send: Send,
        foundry: Foundry,
    ) -> None:
        journal = Journal(order.run, send)
        journey = Journey(Course.read(order.legs, order.configs), journal, catalog, device, foundry)
        journey.stand_at(body, order.at_start, order.known_to, order.replay_to)
        super().__init__(order.run, order.revision, journey, journal, Readers(order.run, frame_seconds), send)
        self._replay: Replaying | None = Replaying(order.number, order.replay_to, order.replay_phases)
        self._inbox: deque[tuple[orders.Numbered, bytes]] = deque()
        self._measures, self._begins_at = order.measure, order.begins_at
        self.stack_troubles = 0
        """How often a stack that it was in could not be trained."""

    @property
    def is_waited_for(self) -> bool:
        """Whether what it does next, if anything, is what somebody waits for: it doesn't just play."""
        return self._replay is not None or self._measures or not isinstance(self._task, Playing)

    @property
    def kind(self) -> str:
        """What it must share with other playing runs to be joined with them; empty where it goes by itself."""
        if self.is_waited_for or self.stack_troubles >= MOST_TROUBLES or not isinstance(self._task, Playing):
            return ""
        order = self._task.order
        is_there = order.until is not None and self._journey.step >= order.until
        return "" if order.rate or order.phases_per_second or is_there else self._journey.kind

    def find_due(self) -> float:
        """The time at which there is something to do."""
        if self._replay or self._measures or isinstance(self._task, Stepping):
            return 0.0
        return min(self.find_look_due(), self.find_training_due())

    def find_training_due(self) -> float:
        """The time at which it is to play on."""
        return self._task.due if isinstance(self._task, Playing) and not self.is_waited_for else NEVER

    def obey(self, order: orders.Order, body: bytes = b"") -> None:
        """Carry out an order, or keep it until the run has come to where it is to stand."""
        if isinstance(order, orders.Want):
            self.readers.add(order)
        elif isinstance(order, orders.Leave):
            self.readers.remove(order.reader)
        elif isinstance(order, orders.Numbered):
            self._inbox.append((order, body))
            if self._replay and self._may_cut(self._replay):
                self._cut_replay(self._replay)
            self._obey_waiting()

    def work(self, goes_on: GoesOn) -> None:
        """Do all that is due: a step where it plays, and what somebody waits for as long as the turn goes on."""
        if self._replay:
            self._go_on(self._replay, goes_on)
            return
        self._make_frames()
        if self._measures:
            self._measure_start()
        elif isinstance(self._task, Stepping):
            self._make_steps(goes_on)
        elif self.find_training_due() <= time.monotonic():
            self.play_step()
        self._report_due()

    def play_step(self) -> None:
        """Play one step, or phase, by itself."""
        try:
            if isinstance(self._task, Playing):
                self._play_on(self._task, time.monotonic())
        except Diverged as failure:
            self._fail(failure)
            self._obey_waiting()

    def take_step(self, outcome: Numbers | Diverged, made: Made) -> None:
        """Take in a step that the trainer has made joined with those of other runs, or why it could not be made."""
        if isinstance(outcome, Diverged):
            self._fail(outcome)
            self._obey_waiting()
        elif isinstance(self._task, Playing):
            self._journey.take_step(outcome, made)
            self._stop_after(self._task.order)

    def end(self) -> None:
        """Answer what is still open, because the run begins anew."""
        if self._replay:
            self._answer(self._replay.number)
        self._stop_task()
        while self._inbox:
            self._answer(self._inbox.popleft()[0].number)

    def stand_still(self) -> None:
        """Have no task any more, because of a mistake: who trains it in this turn makes no other step of it."""
        self._task = None

    # Orders -----------------------------------------------------------------------------------------------------

    def _obey_waiting(self) -> None:
        while self._inbox and not self._replay and not self._must_wait():
            order, body = self._inbox.popleft()
            if self._measures and isinstance(order, orders.Advance | orders.Seek):
                self._measure_start()  # now: the run is to leave its start at once
            if isinstance(order, orders.Configure):
                self._configure(order)
            elif isinstance(order, orders.Play):
                self._play(order)
            elif isinstance(order, orders.Fork):
                self._fork(order)
            elif isinstance(order, orders.Inspect):
                self._inspect(order)
            else:
                self._stop_task(scores=isinstance(order, orders.Pause))
                if isinstance(order, orders.Step):
                    self._step(order)
                elif isinstance(order, orders.Advance):
                    self._advance(order.number)
                elif isinstance(order, orders.Seek):
                    self._seek(order, body)
                else:
                    self._answer(order.number)

    def _must_wait(self) -> bool:
        """Steps by hand follow each other; a pause ends them all."""
        if not (isinstance(self._task, Stepping) and isinstance(self._inbox[0][0], orders.Step | orders.Advance)):
            return False
        return not any(isinstance(order, orders.Pause | orders.Seek) for order, _ in self._inbox)

    def _configure(self, order: orders.Configure) -> None:
        """Apply a change between two steps; one that the run stands in is finished with the config it began with."""
        try:
            self._journey.leave_step()
        except Diverged as failure:
            self._fail(failure)
        self._report_rows()
        self._journey.change(order.config)
        self._answer(order.number)

    def _inspect(self, order: orders.Inspect) -> None:
        """Tell the numbers that were asked for; looking changes nothing."""
        walk = self._journey.walk
        try:
            if order.sample is not None:
                within = walk.underway if walk else None
                told: Mapping[str, Any] = tell_sample(self._journey.trainer, order.sample, within=within)
            elif order.node is not None:
                told = inspect_node(self._journey.trainer, order.node)
            else:
                told = self._journey.find_walk().inspect()
        except LabError as refusal:
            self._refuse(order.number, str(refusal))
        else:
            self._send(reports.Inspected(run=self.key, number=order.number, told=dict(told)), b"")

    def _fork(self, order: orders.Fork) -> None:
        self._report_rows()
        self._journey.leave_record()
        self.revision = order.revision
        self._answer(order.number)

    def _step(self, order: orders.Step) -> None:
        if order.player != "both":
            try:
                self._journey.leave_step()
            except Diverged as failure:
                self._fail(failure, order.number)
                return
            self._report_rows()  # it is none of those that were asked for
        self._task = Stepping(order.number, order.player, order.count)
        self._finish_stepping()

    def _advance(self, number: int) -> None:
        try:
            phase = self._journey.take_phase()
        except Diverged as failure:
            self._fail(failure, number)
            return
        self._report_rows(number)
        self._answer(number, phase)

    def _play(self, order: orders.Play) -> None:
        if isinstance(self._task, Playing):
            self._task.order = order
            self._task.due = min(self._task.due, time.monotonic() + self._task.pause)
        else:
            self._stop_task()
            self._task = Playing(order, 0.0)
            self._journal.pace.note(time.monotonic(), self._journey.step)
        self._answer(order.number)

    # Going back in time -----------------------------------------------------------------------------------------

    def _seek(self, order: orders.Seek, body: bytes) -> None:
        head = self._journey.head
        step, phases = min(order.step, head), order.phases if order.step <= head else 0
        try:
            self._journey.stand_at(body, order.at_start, head, seen_to=step)
        except LabError as refusal:
            self._refuse(order.number, str(refusal))
            return
        self._replay = Replaying(order.number, step, phases)
        self._journal.forget_saved()

    def _go_on(self, replay: Replaying, goes_on: GoesOn) -> None:
        """Go on towards the step that was seen already; there, the run is open."""
        try:
            while self._journey.step < replay.step:
                self._journey.repeat_step()
                if not goes_on():
                    return
            phase = self._journey.repeat_phases(replay.phases) if replay.phases else None
        except Diverged as failure:
            self._fail_replay(replay, failure)
        else:
            self._replay = None
            self._answer(replay.number, phase)
        self._obey_waiting()

    def _may_cut(self, replay: Replaying) -> bool:
        """Tell whether the newest order ends the way to where the run is to stand: it says where to stand itself.

        What brings a run back after a lost worker is not ended by a pause.
        """
        if self._journey.step >= replay.step:
            return False
        *before, (newest, _) = self._inbox
        ends = isinstance(newest, orders.Seek) or (
            isinstance(newest, orders.Pause) and replay.number != orders.RESUMING
        )
        return ends and all(isinstance(order, LOOSE) for order, _ in before)

    def _cut_replay(self, replay: Replaying) -> None:
        self._stay_before(replay)
        if replay.number != orders.RESUMING:
            self._answer(replay.number)

    def _fail_replay(self, replay: Replaying, failure: Diverged) -> None:
        """Stand at the last finite step: the record was made by other arithmetic, or is none."""
        self._stay_before(replay)
        told = f"{failure}; the record goes on to step {replay.step:,}, which cannot be reached on this machine"
        if replay.number != orders.RESUMING:
            self._refuse(replay.number, told)
        self._report_failure(failure, told)

    def _stay_before(self, replay: Replaying) -> None:
        """Stay where the run is; what it was on the way to stays recorded."""
        self._replay = self._journey.walk = None
        self._journey.path.known_to = max(self._journey.path.known_to, replay.step)

    # Training ---------------------------------------------------------------------------------------------------

    def _measure_start(self) -> None:
        self._measures = False
        if self._journey.step == self._begins_at:
            self._journey.score()
            self._report_rows()
        floors = metric_floors(self._journey.trainer.config, METRIC_KEYS)
        self._send(reports.Floors(run=self.key, revision=self.revision, values=floors), b"")

    def _make_steps(self, goes_on: GoesOn) -> None:
        """Make steps by hand."""
        try:
            while isinstance(self._task, Stepping):
                self._journey.make_step(self._task.player)
                self._task.left -= 1
                self._finish_stepping()
                if not goes_on():
                    return
        except Diverged as failure:
            self._fail(failure)
            self._obey_waiting()

    def _play_on(self, task: Playing, now: float) -> None:
        """Train one step, or go through one phase; before and after, stop where the run was to stop."""
        order = task.order
        if self._stop_at(order):
            return
        if order.phases_per_second:
            if phase := self._journey.take_phase():
                self._report_rows()
                walked = reports.Walked(run=self.key, revision=self.revision, position=self.position, phase=phase)
                self._send(walked, b"")
        else:
            self._journey.make_step("both")
        task.due = max(task.due, now - LATE_SECONDS) + task.pause if task.pause else 0.0
        self._stop_after(order)

    def _stop_after(self, order: orders.Play) -> None:
        """Stop if the step just made is one to stop at."""
        if not self._stop_at(order) and not self._stop_recorded() and order.stop:
            self._stop_below(order.stop)

    def _stop_at(self, order: orders.Play) -> bool:
        """Stop at the step that was asked for."""
        reached = order.until is not None and self._journey.step >= order.until
        if reached:
            self._stop_itself(reports.Stopped(run=self.key, revision=self.revision, position=self.position))
        return reached

    def _stop_recorded(self) -> bool:
        """Stop where the record ends, so that Play in the past trains nothing new."""
        ends = self._journey.step == self._journey.path.known_to and not self._journey.walk
        if ends:
            stopped = reports.Stopped(run=self.key, revision=self.revision, position=self.position, recorded=True)
            self._stop_itself(stopped)
        return ends

    def _stop_below(self, stop: StopBelow) -> None:
        """Stop if the step just trained was scored, and is under the limit."""
        value = None if self._journey.walk else self._journey.scores.find_below(stop, self._journey.step)
        if value is not None:
            stopped = reports.Stopped(
                run=self.key,
                revision=self.revision,
                position=self.position,
                metric=stop.metric,
                value=value,
                below=stop.below,
            )
            self._stop_itself(stopped)

    def _stop_itself(self, stopped: reports.Stopped) -> None:
        self._stop_task(scores=True)
        self._send(stopped, self._journal.pack(self._journey.whole_state))

    def _stop_task(self, scores: bool = False) -> None:
        """Come to rest; with `scores`, the whole step that the run rests at is scored, if it was not already."""
        journey = self._journey
        if scores and self._task and not journey.walk and journey.step != journey.scores.measured_at:
            journey.score()
        journey.stand_apart()
        task, self._task = self._task, None
        self._journal.pace.stop()
        self._report_rows(task.number if isinstance(task, Stepping) else None)
        if isinstance(task, Stepping):
            self._answer(task.number)

    def _finish_stepping(self) -> None:
        assert isinstance(self._task, Stepping), "only steps by hand come to an end"
        if self._task.left > 0:
            return
        if self._journal.has_rows and self._journey.step % METRIC_STEPS:
            self._journey.score()
        self._stop_task()
        self._obey_waiting()

    def _fail(self, failure: Diverged, number: int | None = None) -> None:
        """Stop, and refuse order `number`, or the steps by hand that are under way."""
        task, self._task, self._journey.walk = self._task, None, None
        self._journal.pace.stop()
        self._journey.stand_apart()
        number = task.number if isinstance(task, Stepping) else number
        self._journey.scores.note_failure(failure)
        self._report_rows(number)
        self._report_failure(failure, str(failure))
        if number is not None:
            self._refuse(number, str(failure))
