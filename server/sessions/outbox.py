"""What one page is to be sent: answers and history are kept in order and never lost, of frames there is one at most.

A frame is asked for only when the page has granted a credit for it and the one before has been sent, so the newest
state is the one that is shown. Only where a page is to have other layers or sizes than those that were asked for is
other asked for at once: then a frame of the former that was made meanwhile is let go, and no page gets more frames than
it has granted, nor one of other sizes than it was to have.
History is not kept here: the outbox knows how far the page has seen the session's timeline.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from server.engine import reports
from server.protocol.messages import Done, Failure, Layer, Welcome
from server.sessions.sizing import Sizing

MOST_CREDIT = 8
MOST_ANSWERS = 1_000
NOTHING_FIXED: tuple[int, int, frozenset[Layer]] = (0, 0, frozenset())


class Outbox:
    """One page's view of a session; `notify` is called when there is something to take.

    `notify_soon` is called for what may wait a little for a frame that it can go with; without it, `notify` is.
    It has `most_frames` a second at most.
    """

    def __init__(
        self,
        reader: int,
        seen: int,
        notify: Callable[[], None],
        notify_soon: Callable[[], None] | None = None,
        most_frames: float = 30.0,
    ) -> None:
        self.reader = reader
        self.seen = seen
        self.notify, self.notify_soon = notify, notify_soon or notify
        self.layers: tuple[Layer, ...] = ()
        self.credit = 0
        self.frame: bytes | None = None
        self.sizing = Sizing(most_frames)
        self.welcome: Welcome | None = None
        self.status_due = True
        self.is_finished = False
        self._answers: deque[Done | Failure] = deque()
        self._asked: tuple[tuple[Layer, ...], int] | None = None
        self._fixed = NOTHING_FIXED
        """The revision, the level and the layers of the newest fixed arrays that the page has."""

    def grant(self, count: int) -> None:
        """Allow `count` more frames, up to a bound."""
        self.credit = min(MOST_CREDIT, self.credit + count)

    def answer(self, answer: Done | Failure) -> None:
        """Keep an answer until it is taken; a page that gives commands and reads no answers is let go."""
        if len(self._answers) >= MOST_ANSWERS:
            self.is_finished = True
        else:
            self._answers.append(answer)
        self.notify()

    def take_answers(self) -> list[Done | Failure]:
        """Give the answers and forget them."""
        answers = list(self._answers)
        self._answers.clear()
        return answers

    def choose_request(self, revision: int, level: int = 0) -> tuple[tuple[Layer, ...], bool] | None:
        """Give the layers to ask a frame of that level of, and whether with their fixed arrays.

        None: nothing is to be asked now.
        """
        look = (self.layers, level)
        if not (self.credit and self.layers) or self.frame is not None or self._asked == look:
            return None
        self._asked = look
        *shown_in, shown = self._fixed
        return self.layers, shown_in != [revision, level] or not shown.issuperset(self.layers)

    def forget_request(self) -> None:
        """Nothing is asked for any more, because the run began anew."""
        self._asked = None

    def put_frame(self, report: reports.Frame, frame: bytes) -> None:
        """Keep a frame until it is taken, which uses up a credit; one that is not what was asked for last is let go."""
        if self._asked != (report.layers, report.level):
            if self._asked is None:
                # The run takes it as seen. With fixed arrays it gives another, even where nothing changes any more.
                self._fixed = NOTHING_FIXED
            return
        self._asked = None
        self.credit -= 1
        self.frame = frame
        if report.fixed:
            self._fixed = (report.revision, report.level, frozenset(report.layers))
        self.notify()

    def take_frame(self) -> bytes | None:
        """Give the frame and forget it."""
        frame, self.frame = self.frame, None
        return frame
