"""When a run's state is packed: often enough that going back repeats little, and no more often."""

import pytest
import torch

from server.engine import reports
from server.engine.worker.journal import SNAPSHOT_STEPS, Journal
from server.gan.phases import Numbers
from server.gan.state import RunState

TICK = 1 / 16
"""Seconds from a report to the next; sums of it are exact."""


def play(seconds: float, steps_per_report: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Report again and again: at which steps, and whether with the state."""
    told: list[tuple[int, bool]] = []
    clock, step = [1000.0], 0
    monkeypatch.setattr("server.engine.worker.journal.time.monotonic", lambda: clock[0])
    journal = Journal("a", lambda report, body: told.append((step, bool(body))))
    for _ in range(round(seconds / TICK)):
        clock[0] += TICK
        for _ in range(steps_per_report):
            step += 1
            journal.add_step(step, Numbers(0.5, 0.5), "both")
        state = RunState({"generator": torch.full((3,), float(step))}, step=step)
        journal.report(1, reports.Position(step=step), state, None, True)
    return told


def test_a_run_that_makes_few_steps_packs_its_state_after_eight_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = [step for step, has_state in play(2.0, 1, monkeypatch) if has_state]
    assert packed == [8, 16, 24, 32]
    assert packed[0] == SNAPSHOT_STEPS


def test_a_fast_run_packs_its_state_after_a_tenth_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(has_state for _, has_state in play(2.0, 100, monkeypatch)) == 16  # every second tick


def test_a_run_that_makes_hardly_a_step_packs_its_state_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.engine.worker.journal.SNAPSHOT_STEPS", 1000)
    assert [step for step, has_state in play(3.0, 1, monkeypatch) if has_state] == [16, 32, 48]
