"""What a run tells the web process: rows of scalars, where it stands, and now and then its packed state.

Every answer to an order comes with the packed state, and so do rows now and then: what follows the newest one are
whole steps only, or steps that were recorded, from which the web process can bring the run back bit for bit
(`server.engine.remote`), and from which a user can go back in time (`server.sessions.snapshots`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from server.engine import reports
from server.engine.course import Made
from server.engine.worker.rows import Pace, Rows
from server.gan.monitor.monitor import Verdict
from server.gan.phases import Numbers, Player
from server.gan.state import Mark, RunState
from server.protocol.events import MetricRow, Noticed, Remedy

REPORT_SECONDS = 0.1
SNAPSHOT_SECONDS = 0.1
SNAPSHOT_STEPS = 8
LONGEST_SECONDS = 1.0
SNAPSHOT_SHARE = 50
"""Training for so long is what going back has to repeat, and a run that makes few steps in that time, as one of many
does, repeats so many, or what it makes in a second; packing takes at most one part in 50 of the time."""
NEVER = float("inf")

Send = Callable[[reports.Report, bytes], None]


class Journal:
    """The rows of one run that are not reported yet, and when its state was packed last."""

    def __init__(self, key: str, send: Send) -> None:
        self.key, self.pace = key, Pace()
        self._send = send
        self._rows = Rows()
        self._saved: Mark | None = None
        self._saving_seconds, self._unsaved_steps = 0.0, 0
        self._saved_at = self._reported_at = time.monotonic()

    def find_due(self) -> float:
        """The time at which there is something to report."""
        return self._reported_at + REPORT_SECONDS if self._rows else NEVER

    def begin_steps(self, made: Made) -> bool:
        """Say how the next steps are made; tells whether those before were made otherwise and are to be reported."""
        if self.has_rows and self._rows.made != made:
            return True
        self._rows.made = made
        return False

    def add_step(self, step: int, losses: Numbers | None, player: Player) -> None:
        """Take in a step of `player`: with its losses, or without where they were reported before."""
        self._rows.add(step, losses, player)

    def add_scores(self, scores: MetricRow) -> None:
        """Take in the metrics of a step."""
        self._rows.metrics.append(scores)

    def add_verdicts(self, verdicts: Iterable[Verdict]) -> None:
        """Take in what the monitor says."""
        for verdict in verdicts:
            remedies = tuple(Remedy(label=label, changes=changes) for label, changes in verdict.remedies)
            self._rows.verdicts.append(Noticed(**verdict._asdict() | {"remedies": remedies}))

    @property
    def has_rows(self) -> bool:
        """Whether a step was taken in that is not reported yet."""
        return self._rows.moved > 0

    def report(
        self,
        revision: int,
        position: reports.Position,
        state: RunState,
        number: int | None,
        plays: bool,
        saves: bool = False,
    ) -> None:
        """Send the rows; with `state` where it `saves`, they are not whole steps (`number`), or the last one is old."""
        rows, self._rows = self._rows, Rows()
        now = self._reported_at = time.monotonic()
        if not rows:
            return
        report = reports.Progress(
            run=self.key,
            revision=revision,
            number=number,
            position=position,
            moved=rows.moved,
            joined=rows.made.joined and rows.moved > 0,
            program=rows.made.program if rows.moved else "",
            steps=tuple(rows.steps),
            alone=tuple(rows.alone),
            d_loss=tuple(rows.d_loss),
            g_loss=tuple(rows.g_loss),
            metrics=tuple(rows.metrics),
            verdicts=tuple(rows.verdicts),
            steps_per_second=self.pace.note(now, position.step) if plays else 0.0,
        )
        self._unsaved_steps += rows.moved
        self._send(report, self.pack(state) if saves or number is not None or self._is_old(now) else b"")

    def _is_old(self, now: float) -> bool:
        """Tell whether the state that was packed last is too far behind."""
        age = now - self._saved_at
        if age < max(SNAPSHOT_SECONDS, SNAPSHOT_SHARE * self._saving_seconds):
            return False
        return self._unsaved_steps >= SNAPSHOT_STEPS or age >= LONGEST_SECONDS

    def pack(self, state: RunState) -> bytes:
        """Pack the state after the last whole step, if it is not the one that was packed last."""
        if self._saved and self._saved.is_of(state):
            return b""
        self._saved, self._saved_at, self._unsaved_steps = Mark(state), time.monotonic(), 0
        packed = state.pack()
        self._saving_seconds = time.monotonic() - self._saved_at
        return packed

    def forget_saved(self) -> None:
        """Pack the next state whatever it is: the run is elsewhere, or the state has come from outside."""
        self._saved = None
