"""The pages that look at one run: several show the same truth, each at its own speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count

from server.engine import reports
from server.engine.remote import RemoteRun
from server.engine.reports import Position
from server.protocol.messages import Status
from server.sessions.outbox import Outbox
from server.sessions.sizing import Sizing
from server.sessions.timeline import Timeline


class Audience:
    """The outboxes of a session's pages, and the frames that they ask the run for: `most_frames` a second at most."""

    def __init__(self, most_frames: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.outboxes: list[Outbox] = []
        self.run: RemoteRun | None = None
        self._most_frames, self._clock = most_frames, clock
        self._numbers = count(1)
        self._left: Sizing | None = None
        """How large the frames of the page were that left last: the next one, most likely the same, begins so."""
        self._events: tuple[int, int, list[str]] = (0, 0, [])
        """What was told last: the events after one number up to another, for whoever else has seen as much."""
        self._status: tuple[Position | None, str] | None = None
        """The newest status that was told, and where the run stood; none where another is to be told."""

    def __iter__(self) -> Iterator[Outbox]:
        return iter(self.outboxes)

    def __len__(self) -> int:
        return len(self.outboxes)

    def attach(
        self, seen: int, notify: Callable[[], None], notify_soon: Callable[[], None] | None = None
    ) -> tuple[Outbox, bool]:
        """Let a page in that has seen the events up to number `seen`; tells whether others were here before."""
        number = next(self._numbers)
        outbox = Outbox(number, seen, notify, notify_soon, self._most_frames)
        if self._left:
            outbox.sizing, self._left = self._left, None
            outbox.sizing.rest()
        self.outboxes.append(outbox)
        return outbox, number > 1

    def detach(self, outbox: Outbox) -> bool:
        """Let a page go; tells whether it was here."""
        if outbox not in self.outboxes:
            return False
        self.outboxes.remove(outbox)
        self._left = outbox.sizing
        if self.run:
            self.run.leave(outbox.reader)
        return True

    def take(
        self, outbox: Outbox, timeline: Timeline, describe: Callable[[], Status], revision: int
    ) -> list[str | bytes]:
        """Give all that a page is to be sent now: history first, so that an answer follows what it is about."""
        welcome, outbox.welcome = outbox.welcome, None
        taken: list[str | bytes] = [welcome.model_dump_json()] if welcome else []
        if outbox.seen != timeline.newest:
            taken += self._tell_events(outbox.seen, timeline)
            outbox.seen = timeline.newest
        if outbox.status_due:
            outbox.status_due = False
            taken.append(self._tell_status(describe))
        taken += [answer.model_dump_json() for answer in outbox.take_answers()]
        if (frame := outbox.take_frame()) is not None:
            taken.append(frame)
            self._note_frame(outbox)
            self.ask_frame(outbox, revision)
        return taken

    def _note_frame(self, outbox: Outbox) -> None:
        if self.run and self.run.is_racing:
            outbox.sizing.note_frame(self._clock(), self.run.position.step)
        else:
            outbox.sizing.rest()

    def _tell_events(self, seen: int, timeline: Timeline) -> list[str]:
        """Write the events after number `seen`: once for all who have seen as much, for no change is without a number.

        A page that is alone asks once; its history is not kept twice.
        """
        if self._events[:2] != (seen, timeline.newest):
            texts = [event.model_dump_json() for event in timeline.list_after(seen)]
            if len(self.outboxes) == 1:
                return texts
            self._events = seen, timeline.newest, texts
        return self._events[2]

    def _tell_status(self, describe: Callable[[], Status]) -> str:
        """Write the status, once for all who are told it while the run stands where it does."""
        position = self.run.position if self.run else None
        if self._status is None or self._status[0] is not position:
            self._status = position, describe().model_dump_json()
        return self._status[1]

    def ask_frame(self, outbox: Outbox, revision: int) -> None:
        """Ask the run for a page's next frame, if it may have one: in full, unless the run races."""
        if self.run is None:
            return
        level = outbox.sizing.level if self.run.is_racing else 0
        if request := outbox.choose_request(revision, level):
            layers, fixed = request
            self.run.want(outbox.reader, layers, fixed, level)

    def ask_all(self, revision: int) -> None:
        """Ask for other frames than those that are asked for, where the run is in another state than then."""
        for outbox in self.outboxes:
            self.ask_frame(outbox, revision)

    def ask_anew(self, revision: int) -> None:
        """Ask for all frames again: the run began anew, and has forgotten who asked."""
        for outbox in self.outboxes:
            outbox.forget_request()
        self.ask_all(revision)

    def show(self, report: reports.Frame, frame: bytes) -> None:
        """Give a frame to the pages that asked for it."""
        readers = frozenset(report.readers)
        for outbox in self.outboxes:
            if outbox.reader in readers:
                outbox.put_frame(report, frame)

    def mark_status(self) -> None:
        """Have the status sent to everybody with the next message."""
        self._status = None
        for outbox in self.outboxes:
            outbox.status_due = True

    def notify(self) -> None:
        """Tell everybody that there is something to take."""
        for outbox in self.outboxes:
            outbox.notify()

    def notify_soon(self) -> None:
        """Tell everybody that there is something to take, which may go with the next frame."""
        for outbox in self.outboxes:
            outbox.notify_soon()

    def finish(self) -> None:
        """The run is over: send what is left, and nothing more."""
        self.run = None
        for outbox in self.outboxes:
            outbox.is_finished = True
            outbox.notify()
