"""How large the frames of one page are while its run plays: smaller ones before it has too few of them.

A page has few frames because its link or its browser is slow, so that its credits come late, or because the worker has
little time for it. Both are seen in the same way: fewer frames go to the page than the run has states to show.
"""

from __future__ import annotations

from server.engine.orders import COARSEST

FEW = 10.0
"""So many frames a second a page should have at least."""
MANY = 18.0
"""With so many a second there is room for larger ones: of those that take twice as long there would be about FEW."""
HELD_BACK = 0.8
"""A page that has a smaller share than this of what there is to show is held back; else the run itself is slow."""
SPAN_SECONDS = 2.0
"""So long are frames counted before they are judged."""
GAP_SECONDS = 4.0
"""A page that has had no frame for so long was not looked at: nothing is learned from that."""
BAD_SPANS = 2
"""After so many bad spans in a row the frames become smaller."""
GOOD_SPANS = 5
"""After so many good ones they become larger; twice as many each time that this has turned out to be too much."""
MOST_PATIENCE = 80


class Sizing:
    """The level of one page's frames, as in `orders.Want`, from how they went until now.

    `most` is how many frames a second any page may have.
    """

    def __init__(self, most: float) -> None:
        self.level = 0
        self._few, self._many = min(FEW, 0.5 * most), min(MANY, 0.8 * most)
        self._bad = self._good = 0
        self._patience = GOOD_SPANS
        self._began: tuple[float, int] | None = None
        self._last = 0.0
        self._frames = 0

    def rest(self) -> None:
        """Count anew when the run plays next: it does not now, or what it showed was not looked at."""
        self._began = None

    def note_frame(self, now: float, step: int) -> None:
        """A frame goes to the page at a time in seconds, while its run, which is at a step, plays."""
        if self._began is None or now - self._last >= GAP_SECONDS or step < self._began[1]:
            self._begin(now, step)
            return
        self._last = now
        self._frames += 1
        since, first = self._began
        if now - since >= SPAN_SECONDS:
            self._judge(self._frames / (now - since), (step - first) / (now - since))
            self._begin(now, step)

    def _begin(self, now: float, step: int) -> None:
        self._began, self._last, self._frames = (now, step), now, 0

    def _judge(self, frames: float, steps: float) -> None:
        """Take in how many frames a second the page had of how many steps."""
        is_held_back = frames < HELD_BACK * steps
        is_bad = frames < self._few and is_held_back
        # A run of few steps a second has all of them shown; one of more is not made slower by larger frames.
        is_good = frames >= self._many or (steps < self._few and not is_held_back)
        self._bad = self._bad + 1 if is_bad else 0
        self._good = self._good + 1 if is_good else 0
        if self._bad >= BAD_SPANS and self.level < COARSEST:
            self._move(1)
        elif self._good >= self._patience and self.level > 0:
            self._move(-1)
            self._patience = min(MOST_PATIENCE, 2 * self._patience)

    def _move(self, by: int) -> None:
        self.level += by
        self._bad = self._good = 0
