"""One run in a worker: trains it slice by slice, and reports what happens.

Every answer to an order comes with the packed state, and so do rows now and then: what follows the newest one are
whole steps only, from which the web process can bring the run back bit for bit (`server.engine.remote`).
Metrics are scored at step 0, at every multiple of METRIC_STEPS, and after a step by hand or in slow motion.
Training does not notice. A run has one task at most, so nothing can train it twice at a time; a step that it stands in
(`self._walk`) waits for whichever task comes next.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import torch

from server.engine import orders, reports
from server.engine.worker.readers import Readers
from server.engine.worker.rows import Pace, Rows
from server.engine.worker.walk import Walk
from server.gan.config import Catalog, check_config
from server.gan.metrics import METRICS, evaluate_metrics, metric_floors
from server.gan.state import RunState
from server.gan.trainer import Diverged, Losses, Player, Trainer
from server.protocol.messages import Divergence, MetricRow, StepPhase, StopBelow

SLICE_SECONDS = 0.004
REPORT_SECONDS = 0.05
SNAPSHOT_SECONDS = 0.5
SNAPSHOT_SHARE = 50
"""Training for so long is what a lost worker's run has to repeat; packing takes at most one part in 50 of the time."""
LATE_SECONDS = 0.1
"""A run that is further behind its rate than this doesn't catch up."""
METRIC_STEPS = 50
SCORED = ("grid_kl", "grid_js", "modes20", "high_quality", "ganlab_kl", "ganlab_js")
METRIC_KEYS = tuple(key for key in SCORED if METRICS[key].cost == "cheap")
NEVER = float("inf")

Send = Callable[[reports.Report, bytes], None]


@dataclass
class Playing:
    """Training as the order says; the next step, or phase, is due at `due` seconds."""

    order: orders.Play
    due: float

    @property
    def pause(self) -> float:
        """Seconds from one step, or phase, to the next."""
        often = self.order.phases_per_second or self.order.rate
        return 1 / often if often else 0.0


@dataclass
class Stepping:
    """Training as many steps as the order numbered `number` asked for."""

    number: int
    player: Player
    left: int


class Run:
    """A trainer, what it is to do, and what it has to tell."""

    def __init__(
        self,
        order: orders.Open,
        state: RunState | None,
        catalog: Catalog,
        device: torch.device,
        frame_seconds: float,
        send: Send,
    ) -> None:
        self.key, self.revision = order.run, order.revision
        self.trainer = Trainer(check_config(order.config, catalog), device, state)
        self._catalog = catalog
        self.readers = Readers(self.key, self.revision, frame_seconds)
        self._send = send
        self._task: Playing | Stepping | None = None
        self._inbox: deque[orders.Numbered] = deque()
        self._opening: int | None = order.number
        self._replay_to, self._replay_phases = order.replay_to, order.replay_phases
        self._walk: Walk | None = None
        self._scored: MetricRow | None = None
        self._scored_at = order.replay_to
        self._measures, self._begins_at = order.measure, order.begins_at
        self._rows = Rows()
        self._pace = Pace()
        self._saved: RunState | None = None
        self._saving_seconds = 0.0
        self._saved_at = self._reported_at = time.monotonic()

    @property
    def position(self) -> reports.Position:
        """How far the run is."""
        state, phases = self.trainer.state, self._walk.taken if self._walk else 0
        return reports.Position(step=state.step, d_updates=state.d_updates, g_updates=state.g_updates, phases=phases)

    def find_due(self) -> float:
        """The time at which there is something to do."""
        if self._opening is not None or self._measures or isinstance(self._task, Stepping):
            return 0.0
        due = [self.readers.find_due(self.trainer, playing=self._task is not None)]
        if self._task:
            due.append(self._task.due)
        if self._rows:
            due.append(self._reported_at + REPORT_SECONDS)
        return min(due)

    def obey(self, order: orders.Order) -> None:
        """Carry out an order, or keep it until the run has caught up with what was seen of it."""
        if isinstance(order, orders.Want):
            self.readers.add(order)
        elif isinstance(order, orders.Leave):
            self.readers.remove(order.reader)
        elif isinstance(order, orders.Numbered):
            self._inbox.append(order)
            self._obey_waiting()

    def work(self) -> None:
        """Do what is due, training for one slice at most."""
        if self._opening is not None:
            self._replay()
            return
        phase = self._walk.phase if self._walk else ""
        for report, body in self.readers.make_frames(self.trainer, playing=self._task is not None, phase=phase):
            self._send(report, body)
        if self._measures:
            self._measure_start()
        elif self._task:
            self._train(time.monotonic() + SLICE_SECONDS)
        if self._rows and time.monotonic() >= self._reported_at + REPORT_SECONDS:
            self._report_rows()

    def end(self) -> None:
        """Answer what is still open, because the run begins anew."""
        if self._opening is not None:
            self._answer(self._opening)
        self._stop_task()
        while self._inbox:
            self._answer(self._inbox.popleft().number)

    # Orders -----------------------------------------------------------------------------------------------------

    def _obey_waiting(self) -> None:
        while self._inbox and self._opening is None and not self._must_wait():
            order = self._inbox.popleft()
            if isinstance(order, orders.Configure):
                self._configure(order)
            elif isinstance(order, orders.Play):
                self._play(order)
            else:
                self._stop_task(scores=isinstance(order, orders.Pause))
                if isinstance(order, orders.Step):
                    self._step(order)
                elif isinstance(order, orders.Advance):
                    self._advance(order.number)
                else:
                    self._answer(order.number)

    def _must_wait(self) -> bool:
        """Steps by hand follow each other; a pause ends them all."""
        if not (isinstance(self._task, Stepping) and isinstance(self._inbox[0], orders.Step | orders.Advance)):
            return False
        return not any(isinstance(order, orders.Pause) for order in self._inbox)

    def _configure(self, order: orders.Configure) -> None:
        """Apply a change between two steps; one that the run stands in is finished with the config it began with."""
        try:
            self._leave_step()
        except Diverged as failure:
            self._fail(failure)
        self._report_rows()
        self.trainer.configure(check_config(order.config, self._catalog))
        self._answer(order.number)

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
            self._pace.note(time.monotonic(), self.trainer.state.step)
        self._answer(order.number)

    def _stop_task(self, scores: bool = False) -> None:
        """Come to rest; with `scores`, the whole step that the run rests at is scored, if it was not already."""
        if scores and self._task and not self._walk and self.trainer.state.step != self._scored_at:
            self._score()
        task, self._task = self._task, None
        self._pace.stop()
        self._report_rows(task.number if isinstance(task, Stepping) else None)
        if isinstance(task, Stepping):
            self._answer(task.number)

    def _answer(self, number: int, phase: StepPhase | None = None) -> None:
        self._send(reports.Applied(run=self.key, number=number, position=self.position, phase=phase), self._save())

    # Training ---------------------------------------------------------------------------------------------------

    def _replay(self) -> None:
        """Train silently towards the step that was seen already; then the run is open."""
        until = time.monotonic() + SLICE_SECONDS
        while self.trainer.state.step < self._replay_to:
            self.trainer.step()
            if time.monotonic() >= until:
                return
        if self._replay_phases:
            self._walk = Walk(self.trainer)
            for _ in range(self._replay_phases):
                self._walk.advance()
        assert self._opening is not None, "an open run has nothing to replay"
        number, self._opening = self._opening, None
        self._answer(number)
        self._obey_waiting()

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
        if self._stop_at(order.until):
            return
        if order.phases_per_second:
            if phase := self._take_phase():
                self._report_rows()
                self._send(
                    reports.Walked(run=self.key, revision=self.revision, position=self.position, phase=phase), b""
                )
        else:
            self._train_step("both")
        task.due = max(task.due, now - LATE_SECONDS) + task.pause if task.pause else 0.0
        if not self._stop_at(order.until) and order.stop:
            self._stop_below(order.stop)

    def _stop_at(self, until: int | None) -> bool:
        reached = until is not None and self.trainer.state.step >= until
        if reached:
            self._stop_itself(reports.Stopped(run=self.key, revision=self.revision, position=self.position))
        return reached

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
        self._send(stopped, self._save())

    def _train_step(self, player: Player) -> None:
        if self._walk:
            self._leave_step()
        else:
            self._note_step(self.trainer.step(player))

    def _leave_step(self) -> None:
        """Finish the step that the run stands in, if it stands in one."""
        walk, self._walk = self._walk, None
        if walk:
            walk.finish()
            self._note_step(walk.losses)

    def _take_phase(self) -> StepPhase | None:
        """Go through one phase; the last one ends the step, which is scored like a step by hand."""
        walk = self._walk = self._walk or Walk(self.trainer)
        phase = walk.advance()
        if walk.is_over:
            self._walk = None
            self._note_step(walk.losses)
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

    def _note_step(self, losses: Losses) -> None:
        step = self.trainer.state.step
        self._rows.add(step, losses)
        if step % METRIC_STEPS == 0:
            self._score()

    def _finish_stepping(self) -> None:
        assert isinstance(self._task, Stepping), "only steps by hand come to an end"
        if self._task.left > 0:
            return
        if self._rows.steps and self.trainer.state.step % METRIC_STEPS:
            self._score()
        self._stop_task()
        self._obey_waiting()

    def _score(self) -> None:
        values = evaluate_metrics(self.trainer, METRIC_KEYS)
        self._scored_at = self.trainer.state.step
        self._scored = MetricRow(step=self._scored_at, values=values)
        self._rows.metrics.append(self._scored)

    def _fail(self, failure: Diverged, number: int | None = None) -> None:
        """Stop, and refuse order `number`, or the steps by hand that are under way."""
        task, self._task, self._walk = self._task, None, None
        self._pace.stop()
        number = task.number if isinstance(task, Stepping) else number
        self._report_rows(number)
        divergence = Divergence(
            step=failure.step, player=failure.player, quantity=failure.quantity, message=str(failure)
        )
        failed = reports.Failed(run=self.key, revision=self.revision, position=self.position, failure=divergence)
        self._send(failed, self._save())
        if number is not None:
            self._send(reports.Refused(run=self.key, number=number, message=str(failure)), b"")

    # Reports ----------------------------------------------------------------------------------------------------

    def _report_rows(self, number: int | None = None) -> None:
        """Send the rows; with the state where they are not whole steps, or the last one sent is old."""
        rows, self._rows = self._rows, Rows()
        now = self._reported_at = time.monotonic()
        if not rows:
            return
        if isinstance(self._task, Stepping):
            number = self._task.number
        playing = isinstance(self._task, Playing)
        report = reports.Progress(
            run=self.key,
            revision=self.revision,
            number=number,
            position=self.position,
            steps=tuple(rows.steps),
            d_loss=tuple(rows.d_loss),
            g_loss=tuple(rows.g_loss),
            metrics=tuple(rows.metrics),
            steps_per_second=self._pace.note(now, self.trainer.state.step) if playing else 0.0,
        )
        old = now - self._saved_at >= max(SNAPSHOT_SECONDS, SNAPSHOT_SHARE * self._saving_seconds)
        self._send(report, self._save() if old or number is not None else b"")

    def _save(self) -> bytes:
        """Pack the state after the last whole step, if it is not the one that was packed last."""
        state = self._walk.start if self._walk else self.trainer.state
        if state is self._saved:
            return b""
        self._saved, self._saved_at = state, time.monotonic()
        packed = self._saved.pack()
        self._saving_seconds = time.monotonic() - self._saved_at
        return packed
