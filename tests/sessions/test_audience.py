"""Pages that look at one run are told the same, each from where it is; what is written once is never out of date."""

import json
from typing import Any

import pytest

from server.sessions import present
from server.sessions.outbox import Outbox
from tests.tools.lockstep import LockstepDesk

TINY: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 8},
    "discriminator": {"hidden_layers": 1, "width": 8},
    "batch_size": 8,
}


def do_nothing() -> None:
    """Hear of nothing."""


class Watcher:
    """A page that only looks on, and how it was told of news."""

    def __init__(self, desk: LockstepDesk) -> None:
        self.desk, self.told = desk, list[dict[str, Any]]()
        self.calls: list[str] = []
        self.outbox: Outbox = desk.session.attach(
            0, lambda: self.calls.append("now"), lambda: self.calls.append("soon")
        )

    def take(self) -> "Watcher":
        texts = [text for text in self.desk.session.take(self.outbox) if isinstance(text, str)]
        self.told += [json.loads(text) for text in texts]
        return self

    @property
    def steps(self) -> list[int]:
        """The steps of the rows that it was told, in order."""
        return [step for one in self.told if one["type"] == "scalars" for step in one["steps"]]

    @property
    def status(self) -> dict[str, Any]:
        """The newest status that it was told."""
        return [one for one in self.told if one["type"] == "status"][-1]


def test_pages_that_have_seen_more_or_less_are_each_told_what_they_lack() -> None:
    desk = LockstepDesk(TINY)
    quick, slow = Watcher(desk).take(), Watcher(desk)
    for _ in range(4):
        desk.do("Step", count=3)
        quick.take()
    late = Watcher(desk)
    for watcher in (slow, late, quick):
        assert watcher.take().steps == desk.rows == list(range(1, 13))
    assert [one for one in slow.told if "event" in one] == [one for one in late.told if "event" in one]


def test_a_page_that_reads_later_is_told_where_the_run_is_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(present, "STATUS_SECONDS", 3_600.0)  # no status is due but for what somebody does
    desk = LockstepDesk(TINY)
    quick, slow = Watcher(desk).take(), Watcher(desk).take()
    desk.begin("Play")
    while desk.status.step < 20:
        desk.wire.take_orders()
        desk.wire.work()
        desk.wire.take_reports()
        quick.take()
    assert quick.status["state"] == "running"
    step = slow.take().status["step"]
    assert step == desk.status.step >= 20
    desk.do("Pause")
    assert quick.take().status == slow.take().status
    assert quick.status["state"] == "paused"


def test_history_of_another_branch_is_told_whole_to_everybody() -> None:
    desk = LockstepDesk(TINY)
    watchers = [Watcher(desk), Watcher(desk)]
    desk.do("Step", count=6)
    for watcher in watchers:
        watcher.take()
    desk.do("Seek", step=2)
    desk.do("Configure", config=TINY | {"d_optimizer": {"name": "sgd"}})
    desk.do("Step")
    for watcher in watchers:
        watcher.told.clear()
        assert watcher.take().steps == [1, 2, 3]


def test_rows_of_a_playing_run_may_wait_for_a_frame_and_what_somebody_did_may_not() -> None:
    desk = LockstepDesk(TINY)
    watcher = Watcher(desk)
    desk.do("Step")
    assert "soon" not in watcher.calls
    desk.begin("Play")
    while desk.status.step < 20:
        desk.wire.take_orders()
        desk.wire.work()
        desk.wire.take_reports()
    assert "soon" in watcher.calls
    watcher.calls.clear()
    desk.do("Pause")
    assert "now" in watcher.calls


def test_a_page_that_comes_back_has_frames_as_large_as_it_had_and_one_beside_it_full_ones() -> None:
    session = LockstepDesk(TINY).session
    page = session.attach(0, do_nothing)
    page.sizing.level = 2
    session.detach(page)
    back, beside = (session.attach(0, do_nothing) for _ in range(2))
    assert (back.sizing.level, beside.sizing.level) == (2, 0)
