"""What the worker reports of a run, and what that means for its session."""

from __future__ import annotations

from server.engine import reports
from server.errors import CommandError
from server.gan.config import Catalog
from server.protocol.messages import Advance, Pause, Play, Step
from server.sessions.commands import Commands
from server.sessions.looks import Looks
from server.sessions.present import Present
from server.sessions.standing import describe_stop
from server.sessions.travel import Travel
from server.sessions.waiting import Waiting


class Listener:
    """Takes in the reports of one run, with the packed states that come with them."""

    def __init__(self, present: Present, travel: Travel, commands: Commands, looks: Looks, catalog: Catalog) -> None:
        self._present, self._travel, self._commands, self._looks = present, travel, commands, looks
        self._catalog = catalog

    def receive(self, report: reports.RunReport, packed: bytes) -> None:
        """Take in a report."""
        present = self._present
        if isinstance(report, reports.Progress):
            self._note_progress(report)
        elif isinstance(report, reports.Walked):
            present.note_phase(report.position, report.phase)
        elif isinstance(report, reports.Stopped):
            self._stop(report)
        elif isinstance(report, reports.Applied):
            if report.phase and present.waiting.is_of(report.number, present.opened_in):
                present.note_phase(report.position, report.phase)
            self._looks.tell(report.number, CommandError("inspect: the run began anew; ask again"))
            self._finish(report.number)
        elif isinstance(report, reports.Inspected):
            self._looks.tell(report.number, report.told)
        elif isinstance(report, reports.Refused):
            self._refuse(report)
        elif isinstance(report, reports.Failed):
            present.failure = report.failure
            present.enter("failed")
        elif isinstance(report, reports.Floors):
            present.chronicle.note_floors(report.values)
        present.note_place(packed)
        self._commands.carry_on()  # now, when it is known where the run stands

    def _note_progress(self, report: reports.Progress) -> None:
        present = self._present
        present.pace = report.steps_per_second
        present.branches.current.move(present.run.position)
        if report.steps or report.metrics:
            present.timeline.add_rows(report.steps, report.d_loss, report.g_loss, report.metrics)
        for noticed in report.verdicts:
            present.chronicle.note_verdict(noticed)
        present.note_progress()

    def _stop(self, report: reports.Stopped) -> None:
        """The run has stopped by itself: say why, and mark it in the history."""
        reason = describe_stop(report, self._catalog["metrics"])
        self._present.standing.note_reason(report.position, reason)
        if not report.recorded:
            self._present.chronicle.add_mark("stopped by itself", report.position.step)
        self._present.enter("paused")

    def _refuse(self, report: reports.Refused) -> None:
        refusal = CommandError(report.message)
        self._looks.tell(report.number, refusal)
        waiting = self._present.waiting.pop(report.number)
        if waiting and waiting.command:
            self._commands.refuse(waiting.command.id, refusal)

    def _finish(self, number: int) -> None:
        waiting = self._present.waiting.pop(number)
        if waiting is None:
            return
        if waiting.source:
            if waiting.source is self._present.branches.current:
                self._travel.enter_fork(waiting.source, waiting.forgotten)
        elif waiting.revision >= self._present.opened_in:
            self._apply(waiting)
        if waiting.command:
            self._commands.finish(waiting.command)

    def _apply(self, waiting: Waiting) -> None:
        """Do what a carried out order means for the session."""
        present = self._present
        if isinstance(waiting.command, Play):
            present.enter("running")
        elif waiting.changes:
            self._note_change(waiting)
        elif waiting.aim:
            present.failure = None
            present.enter_rest()
        if isinstance(waiting.command, Step) and waiting.command.player != "both":
            present.chronicle.note_alone(waiting.command.player, present.run.course)
        if (
            isinstance(waiting.command, Pause | Advance | Step | None)
            and not present.failure
            and not present.waiting.goes_on(present.opened_in)
        ):
            present.enter_rest()

    def _note_change(self, waiting: Waiting) -> None:
        present = self._present
        if present.failure:
            present.failure = None
            present.enter("paused")
        elif present.state == "stepping":
            present.enter_rest()
        present.chronicle.note_config(present.plain)
        present.chronicle.add_mark("changed", present.run.position.step, waiting.changes)
