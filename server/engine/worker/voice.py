"""What a run says to the web process: frames, rows, answers, and why it stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from server.engine import reports
from server.engine.course import Made
from server.engine.worker.journal import Journal, Send
from server.engine.worker.journey import Journey
from server.engine.worker.readers import Look, Readers
from server.engine.worker.tasks import Playing, Stepping
from server.gan.config import RunConfig
from server.gan.phases import Diverged
from server.gan.trainer import Trainer
from server.protocol.messages import Divergence, StepPhase


class Voice:
    """A run's journey and what it is at, as they are told of."""

    def __init__(
        self, key: str, revision: int, journey: Journey, journal: Journal, readers: Readers, send: Send
    ) -> None:
        self.key, self.revision, self.readers = key, revision, readers
        self._journey, self._journal, self._send = journey, journal, send
        self._task: Playing | Stepping | None = None
        journey.begin_steps = self.begin_steps

    @property
    def position(self) -> reports.Position:
        """How far the run is."""
        return self._journey.position

    @property
    def config(self) -> RunConfig:
        """The run's config now."""
        return self.trainer.config

    @property
    def trainer(self) -> Trainer:
        """What trains the run, by itself."""
        return self._journey.trainer

    def find_look_due(self) -> float:
        """The time at which there is something to show or to report."""
        frame = self.readers.find_due(self._journey.trainer, playing=self._task is not None)
        return min(frame, self._journal.find_due())

    def look(self) -> None:
        """Show and report what is due."""
        self._make_frames()
        self._report_due()

    def list_looks(self) -> list[Look]:
        """Give the looks of which a frame is due while the run plays."""
        return self.readers.list_due(self.trainer)

    def show(self, look: Look, arrays: Mapping[str, np.ndarray], began: float) -> None:
        """Send a frame of arrays of the run as it is; making them began at that time."""
        journey = self._journey
        phase = journey.walk.phase if journey.walk else ""
        self._send(*self.readers.make_frame(journey.trainer, self.revision, look, arrays, phase, began))

    def begin_steps(self, made: Made) -> None:
        """Report the steps before, if they were made otherwise than the next ones are."""
        if self._journal.begin_steps(made):
            self._report_rows()
            self._journal.begin_steps(made)

    def hand_over(self) -> None:
        """Report all that was done, with the state: another worker goes on from there."""
        self._report_rows(saves=True)

    def _make_frames(self) -> None:
        journey = self._journey
        phase = journey.walk.phase if journey.walk else ""
        playing = self._task is not None
        for report, body in self.readers.make_frames(journey.trainer, self.revision, playing=playing, phase=phase):
            self._send(report, body)

    def _report_due(self) -> None:
        if time.monotonic() >= self._journal.find_due():
            self._report_rows()

    def _answer(self, number: int, phase: StepPhase | None = None) -> None:
        """Say that an order is carried out and where the run stands, after the rows of how it came there."""
        self._report_rows()
        body = self._journal.pack(self._journey.whole_state)
        self._send(reports.Applied(run=self.key, number=number, position=self.position, phase=phase), body)

    def _refuse(self, number: int, message: str) -> None:
        self._send(reports.Refused(run=self.key, number=number, message=message), b"")

    def _report_failure(self, failure: Diverged, message: str) -> None:
        told = Divergence(step=failure.step, player=failure.player, quantity=failure.quantity, message=message)
        report = reports.Failed(run=self.key, revision=self.revision, position=self.position, failure=told)
        self._send(report, self._journal.pack(self._journey.whole_state))

    def _report_rows(self, number: int | None = None, saves: bool = False) -> None:
        if isinstance(self._task, Stepping):
            number = self._task.number
        plays = isinstance(self._task, Playing)
        self._journal.report(self.revision, self.position, self._journey.whole_state, number, plays, saves)
