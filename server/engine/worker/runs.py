"""One run in a worker: trains it slice by slice, and reports what happens.

Metrics are scored at step 0, at every multiple of METRIC_STEPS, and after a step by hand or in slow motion.
Training does not notice. A run has one task at most; a step that it stands in (`self._walk`) waits for whichever task
comes next. Where it went back, it follows what was recorded (`self._path`), and tells nothing twice.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import torch

from server.engine import orders, reports
from server.engine.course import Course
from server.engine.worker.journal import NEVER, Journal, Send
from server.engine.worker.path import Path
from server.engine.worker.readers import Readers
from server.engine.worker.tasks import Playing, Stepping
from server.engine.worker.walk import Walk
from server.errors import CommandError, LabError
from server.gan.config import Catalog, RunConfig, check_config
from server.gan.inspection import inspect_node, tell_sample
from server.gan.metrics import METRICS, evaluate_metrics, metric_floors
from server.gan.monitor.monitor import Monitor
from server.gan.monitor.vitals import read_run
from server.gan.state import RunState
from server.gan.trainer import Diverged, Losses, Player, Trainer
from server.protocol.messages import Divergence, MetricRow, StepPhase, StopBelow

SLICE_SECONDS = 0.004
LATE_SECONDS = 0.1
"""A run that is further behind its rate than this doesn't catch up."""
METRIC_STEPS = 50
SCORED = ("grid_kl", "grid_js", "modes20", "high_quality", "ganlab_kl", "ganlab_js")
METRIC_KEYS = tuple(key for key in SCORED if METRICS[key].cost == "cheap")


class Run:
    """A trainer, what it is to do, and what it has to tell."""

    def __init__(
        self,
        order: orders.Open,
        body: bytes,
        catalog: Catalog,
        device: torch.device,
        frame_seconds: float,
        send: Send,
    ) -> None:
        self.key, self.revision = order.run, order.revision
        self._catalog, self._device, self._send = catalog, device, send
        self.readers = Readers(self.key, frame_seconds)
        self._journal = Journal(self.key, send)
        self._task: Playing | Stepping | None = None
        self._inbox: deque[tuple[orders.Numbered, bytes]] = deque()
        self._walk: Walk | None = None
        self._ended: tuple[Walk, RunState, RunConfig] | None = None
        self._opening: int | None = None
        self._scored: MetricRow | None = None
        self._measures, self._begins_at = order.measure, order.begins_at
        self._course = Course(order.course)
        self._go_back(order.number, body, order.known_to, order.replay_to, order.replay_phases)
        self._monitor = Monitor(self.trainer.config)

    @property
    def position(self) -> reports.Position:
        """How far the run is."""
        state, phases = self.trainer.state, self._walk.taken if self._walk else 0
        return reports.Position(step=state.step, d_updates=state.d_updates, g_updates=state.g_updates, phases=phases)

    def find_due(self) -> float:
        """The time at which there is something to do."""
        if self._opening is not None or self._measures or isinstance(self._task, Stepping):
            return 0.0
        frame = self.readers.find_due(self.trainer, playing=self._task is not None)
        return min(frame, self._journal.find_due(), self._task.due if self._task else NEVER)

    def obey(self, order: orders.Order, body: bytes = b"") -> None:
        """Carry out an order, or keep it until the run has caught up with what was seen of it."""
        if isinstance(order, orders.Want):
            self.readers.add(order)
        elif isinstance(order, orders.Leave):
            self.readers.remove(order.reader)
        elif isinstance(order, orders.Numbered):
            self._inbox.append((order, body))
            self._obey_waiting()

    def work(self) -> None:
        """Do what is due, training for one slice at most."""
        if self._opening is not None:
            self._replay()
            return
        phase = self._walk.phase if self._walk else ""
        playing = self._task is not None
        for report, body in self.readers.make_frames(self.trainer, self.revision, playing=playing, phase=phase):
            self._send(report, body)
        if self._measures:
            self._measure_start()
        elif self._task:
            self._train(time.monotonic() + SLICE_SECONDS)
        if time.monotonic() >= self._journal.find_due():
            self._report_rows()

    def end(self) -> None:
        """Answer what is still open, because the run begins anew."""
        if self._opening is not None:
            self._answer(self._opening)
        self._stop_task()
        while self._inbox:
            self._answer(self._inbox.popleft()[0].number)

    # Orders -----------------------------------------------------------------------------------------------------

    def _obey_waiting(self) -> None:
        while self._inbox and self._opening is None and not self._must_wait():
            order, body = self._inbox.popleft()
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
            self._leave_step()
        except Diverged as failure:
            self._fail(failure)
        self._report_rows()
        self._change(order.config)
        self._course.note_config(self.trainer.state.step, order.config)
        self._answer(order.number)

    def _inspect(self, order: orders.Inspect) -> None:
        """Tell the numbers that were asked for; looking changes nothing."""
        try:
            if order.sample is not None:
                told: Mapping[str, Any] = tell_sample(self.trainer, order.sample)
            elif order.node is not None:
                told = inspect_node(self.trainer, order.node)
            else:
                told = self._find_walk().inspect()
        except LabError as refusal:
            self._send(reports.Refused(run=self.key, number=order.number, message=str(refusal)), b"")
        else:
            self._send(reports.Inspected(run=self.key, number=order.number, told=dict(told)), b"")

    def _find_walk(self) -> Walk:
        """Give the walk whose last phase the run has just passed.

        Raises:
            CommandError: it stands between two steps that nobody walked through.
        """
        if self._walk and self._walk.taken:
            return self._walk
        walk, state, config = self._ended or (None, None, None)
        if walk is None or state is not self.trainer.state or config is not self.trainer.config:
            raise CommandError("phase: expected a run that goes phase by phase; press Next phase first")
        return walk

    def _fork(self, order: orders.Fork) -> None:
        self._report_rows()
        step = self._whole_state.step
        self._course, self.revision = self._course.cut(step), order.revision
        self._path = Path(self._course, step)
        self._answer(order.number)

    def _seek(self, order: orders.Seek, body: bytes) -> None:
        head = max(self._path.known_to, self._whole_state.step)
        phases = order.phases if order.step <= head else 0
        self._go_back(order.number, body, head, min(order.step, head), phases)
        self._monitor.configure(self.trainer.config)

    def _step(self, order: orders.Step) -> None:
        if order.player != "both":
            try:
                self._leave_step()
            except Diverged as failure:
                self._fail(failure, order.number)
                return
        self._task = Stepping(order.number, order.player, order.count)
        self._finish_stepping()

    def _play(self, order: orders.Play) -> None:
        if isinstance(self._task, Playing):
            self._task.order = order
            self._task.due = min(self._task.due, time.monotonic() + self._task.pause)
        else:
            self._stop_task()
            self._task = Playing(order, 0.0)
            self._journal.pace.note(time.monotonic(), self.trainer.state.step)
        self._answer(order.number)

    def _stop_task(self, scores: bool = False) -> None:
        """Come to rest; with `scores`, the whole step that the run rests at is scored, if it was not already."""
        if scores and self._task and not self._walk and self.trainer.state.step != self._scored_at:
            self._score()
        task, self._task = self._task, None
        self._journal.pace.stop()
        self._report_rows(task.number if isinstance(task, Stepping) else None)
        if isinstance(task, Stepping):
            self._answer(task.number)

    def _answer(self, number: int, phase: StepPhase | None = None) -> None:
        body = self._journal.pack(self._whole_state)
        self._send(reports.Applied(run=self.key, number=number, position=self.position, phase=phase), body)

    # Training ---------------------------------------------------------------------------------------------------

    def _go_back(self, number: int, packed: bytes, known_to: int, replay_to: int, replay_phases: int) -> None:
        """Stand at a state, and begin to train silently towards the step that was seen already."""
        state = RunState.unpack(packed) if packed else None
        step = state.step if state else 0
        self.trainer = Trainer(check_config(self._course.find_config(step), self._catalog), self._device, state)
        self._path = Path(self._course, step, known_to)
        self._walk, self._opening = None, number
        self._replay_to, self._replay_phases = replay_to, replay_phases
        self._scored_at = replay_to
        self._journal.forget_saved()

    def _replay(self) -> None:
        """Go on towards the step that was seen already; there, the run is open."""
        until = time.monotonic() + SLICE_SECONDS
        while self.trainer.state.step < self._replay_to:
            self.trainer.step(self._path.find_player(self.trainer.state.step))
            self._follow_path()
            if time.monotonic() >= until:
                return
        phase = None
        if self._replay_phases:
            self._walk = Walk(self.trainer, self._path.find_player(self.trainer.state.step))
            left = self._replay_phases
            for _ in range(self._walk.count + left if left < 0 else left):
                phase = self._walk.advance()
        assert self._opening is not None, "an open run has nothing to replay"
        number, self._opening = self._opening, None
        self._answer(number, phase)
        self._obey_waiting()

    def _follow_path(self) -> None:
        if config := self._path.follow(self.trainer.state.step):
            self._change(config)

    def _change(self, config: Mapping[str, Any]) -> None:
        self.trainer.configure(check_config(config, self._catalog))
        self._monitor.configure(self.trainer.config)

    def _measure_start(self) -> None:
        self._measures = False
        if self.trainer.state.step == self._begins_at:
            self._score()
            self._report_rows()
        floors = metric_floors(self.trainer.config, METRIC_KEYS)
        self._send(reports.Floors(run=self.key, revision=self.revision, values=floors), b"")

    def _train(self, until: float) -> None:
        try:
            while isinstance(self._task, Stepping) and time.monotonic() < until:
                self._train_step(self._task.player)
                self._task.left -= 1
                self._finish_stepping()
            while isinstance(self._task, Playing) and (now := time.monotonic()) < until and self._task.due <= now:
                self._play_on(self._task, now)
        except Diverged as failure:
            self._fail(failure)
            self._obey_waiting()

    def _play_on(self, task: Playing, now: float) -> None:
        """Train one step, or go through one phase; before and after, stop where the run was to stop."""
        order = task.order
        if self._stop_at(order):
            return
        if order.phases_per_second:
            if phase := self._take_phase():
                self._report_rows()
                walked = reports.Walked(run=self.key, revision=self.revision, position=self.position, phase=phase)
                self._send(walked, b"")
        else:
            self._train_step("both")
        task.due = max(task.due, now - LATE_SECONDS) + task.pause if task.pause else 0.0
        if not self._stop_at(order) and not self._stop_recorded() and order.stop:
            self._stop_below(order.stop)

    def _stop_at(self, order: orders.Play) -> bool:
        """Stop at the step that was asked for."""
        reached = order.until is not None and self.trainer.state.step >= order.until
        if reached:
            self._stop_itself(reports.Stopped(run=self.key, revision=self.revision, position=self.position))
        return reached

    def _stop_recorded(self) -> bool:
        """Stop where the record ends, so that Play in the past trains nothing new."""
        ends = self.trainer.state.step == self._path.known_to and not self._walk
        if ends:
            stopped = reports.Stopped(run=self.key, revision=self.revision, position=self.position, recorded=True)
            self._stop_itself(stopped)
        return ends

    def _stop_below(self, stop: StopBelow) -> None:
        """Stop if the step just trained was scored, and is under the limit."""
        value = self._scored.values.get(stop.metric) if self._scored else None
        if self._scored is None or value is None or self._scored.step != self.trainer.state.step or self._walk:
            return
        if value < stop.below:
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
        self._send(stopped, self._journal.pack(self._whole_state))

    def _train_step(self, player: Player) -> None:
        if self._walk:
            self._leave_step()
            return
        if player == "both":
            player = self._path.find_player(self.trainer.state.step)
        self._note_step(self.trainer.step(player), player)

    def _leave_step(self) -> None:
        """Finish the step that the run stands in, if it stands in one."""
        walk, self._walk = self._walk, None
        if walk:
            walk.finish()
            self._note_step(walk.losses, walk.player)

    def _take_phase(self) -> StepPhase | None:
        """Go through one phase; the last one ends the step, which is scored like a step by hand."""
        walk = self._walk = self._walk or Walk(self.trainer, self._path.find_player(self.trainer.state.step))
        phase = walk.advance()
        if walk.is_over:
            self._walk = None
            self._note_step(walk.losses, walk.player)
            self._ended = walk, self.trainer.state, self.trainer.config
            if self.trainer.state.step % METRIC_STEPS:
                self._score()
        return phase

    def _advance(self, number: int) -> None:
        try:
            phase = self._take_phase()
        except Diverged as failure:
            self._fail(failure, number)
            return
        self._report_rows(number)
        self._answer(number, phase)

    def _note_step(self, losses: Losses, player: Player) -> None:
        step = self.trainer.state.step
        if self._path.knows(step):
            self._journal.add_step(step, None, player)
            self._follow_path()
            return
        self._journal.add_step(step, losses, player)
        if player != "both":
            self._course.note_player(step - 1, player, 1)
            self._monitor.restart()
        if step % METRIC_STEPS == 0:
            self._score()

    def _finish_stepping(self) -> None:
        assert isinstance(self._task, Stepping), "only steps by hand come to an end"
        if self._task.left > 0:
            return
        if self._journal.has_rows and self.trainer.state.step % METRIC_STEPS:
            self._score()
        self._stop_task()
        self._obey_waiting()

    def _score(self) -> None:
        """Measure the whole step that the run stands at, unless it was measured before."""
        if self._path.knows(self.trainer.state.step):
            return
        values = evaluate_metrics(self.trainer, METRIC_KEYS)
        self._scored_at = self.trainer.state.step
        self._scored = MetricRow(step=self._scored_at, values=values)
        self._journal.add_scores(self._scored)
        if self._scored_at % METRIC_STEPS == 0:
            self._journal.add_verdicts(self._monitor.take(read_run(self.trainer, values)))

    def _fail(self, failure: Diverged, number: int | None = None) -> None:
        """Stop, and refuse order `number`, or the steps by hand that are under way."""
        task, self._task, self._walk = self._task, None, None
        self._journal.pace.stop()
        number = task.number if isinstance(task, Stepping) else number
        self._journal.add_verdicts(self._monitor.take_failure(failure.step))
        self._report_rows(number)
        divergence = Divergence(
            step=failure.step, player=failure.player, quantity=failure.quantity, message=str(failure)
        )
        failed = reports.Failed(run=self.key, revision=self.revision, position=self.position, failure=divergence)
        self._send(failed, self._journal.pack(self._whole_state))
        if number is not None:
            self._send(reports.Refused(run=self.key, number=number, message=str(failure)), b"")

    # Reports ----------------------------------------------------------------------------------------------------

    @property
    def _whole_state(self) -> RunState:
        """The state after the last whole step."""
        return self._walk.start if self._walk else self.trainer.state

    def _report_rows(self, number: int | None = None) -> None:
        if isinstance(self._task, Stepping):
            number = self._task.number
        plays = isinstance(self._task, Playing)
        self._journal.report(self.revision, self.position, self._whole_state, number, plays)
