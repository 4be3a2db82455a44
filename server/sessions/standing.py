"""What is true of a run only while it stands where it did: the phase it has reached, and why it stopped by itself.

Both are kept with the run's position, and are gone as soon as the run is elsewhere; nobody has to forget them.
"""

from __future__ import annotations

from typing import Any

from server.engine import reports
from server.protocol.messages import StepPhase


class Standing:
    """The newest phase and the newest reason to stop, each with the position it belongs to."""

    def __init__(self) -> None:
        self._phase: tuple[reports.Position, StepPhase] | None = None
        self._reason: tuple[reports.Position, str] | None = None

    def note_phase(self, position: reports.Position, phase: StepPhase) -> None:
        """Take in that the run has reached a phase."""
        self._phase = position, phase

    def note_reason(self, position: reports.Position, reason: str) -> None:
        """Take in why the run stopped by itself."""
        self._reason = position, reason

    def find_phase(self, position: reports.Position) -> StepPhase | None:
        """The phase that the run has just passed, if nothing has happened since."""
        return self._phase[1] if self._phase and self._phase[0] == position else None

    def find_reason(self, position: reports.Position) -> str | None:
        """Why the run stopped here by itself, if it did."""
        return self._reason[1] if self._reason and self._reason[0] == position else None


def describe_stop(stop: reports.Stopped, metrics: list[dict[str, Any]]) -> str:
    """Say why a run stopped by itself: `metrics` are the catalogue's units."""
    if stop.recorded:
        return f"Step {stop.position.step:,}: here the record ends. Play again to train on."
    if stop.metric is None or stop.value is None:
        return f"Reached step {stop.position.step:,}, where it was to stop."
    label = next((unit["label"] for unit in metrics if unit["key"] == stop.metric), stop.metric)
    return f"Stopped at step {stop.position.step:,}: {label} is {stop.value:.3f}, under {stop.below:g}."
