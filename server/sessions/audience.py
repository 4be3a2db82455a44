"""The pages that look at one run: several show the same truth, each at its own speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count

from server.engine import reports
from server.engine.remote import RemoteRun
from server.protocol.messages import Status
from server.sessions.outbox import Outbox
from server.sessions.timeline import Timeline


class Audience:
    """The outboxes of a session's pages, and the frames that they ask the run for: `most_frames` a second at most."""

    def __init__(self, most_frames: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.outboxes: list[Outbox] = []
        self.run: RemoteRun | None = None
        self._most_frames, self._clock = most_frames, clock
        self._numbers = count(1)

    def __iter__(self) -> Iterator[Outbox]:
        return iter(self.outboxes)

    def __len__(self) -> int:
        return len(self.outboxes)

    def attach(self, seen: int, notify: Callable[[], None]) -> tuple[Outbox, bool]:
        """Let a page in that has seen the events up to number `seen`; tells whether others were here before."""
        number = next(self._numbers)
        outbox = Outbox(number, seen, notify, self._most_frames)
        self.outboxes.append(outbox)
        return outbox, number > 1

    def detach(self, outbox: Outbox) -> bool:
        """Let a page go; tells whether it was here."""
        if outbox not in self.outboxes:
            return False
        self.outboxes.remove(outbox)
        if self.run:
            self.run.leave(outbox.reader)
        return True

    def take(self, outbox: Outbox, timeline: Timeline, status: Status, revision: int) -> list[str | bytes]:
        """Give all that a page is to be sent now: history first, so that an answer follows what it is about."""
        welcome, outbox.welcome = outbox.welcome, None
        texts = [welcome.model_dump_json()] if welcome else []
        texts += [event.model_dump_json() for event in timeline.list_after(outbox.seen)]
        outbox.seen = timeline.newest
        if outbox.status_due:
            outbox.status_due = False
            texts.append(status.model_dump_json())
        texts += [answer.model_dump_json() for answer in outbox.take_answers()]
        taken: list[str | bytes] = [*texts]
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
        for outbox in self.outboxes:
            if outbox.reader in report.readers:
                outbox.put_frame(report, frame)

    def mark_status(self) -> None:
        """Have the status sent to everybody with the next message."""
        for outbox in self.outboxes:
            outbox.status_due = True

    def notify(self) -> None:
        """Tell everybody that there is something to take."""
        for outbox in self.outboxes:
            outbox.notify()

    def finish(self) -> None:
        """The run is over: send what is left, and nothing more."""
        self.run = None
        for outbox in self.outboxes:
            outbox.is_finished = True
            outbox.notify()
