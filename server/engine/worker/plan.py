"""Who has something to do.

With many runs, finding it out takes as long as a turn: so not all are asked before each, but those that something has
happened to.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from server.engine.worker.runs import Run

PLANNING_SHARE = 20
"""Looking at all runs takes at most one part in so many of the time."""
LONGEST_SECONDS = 0.2
"""But it is not put off for longer: what took long was most likely that another process had the core meanwhile."""
SHARES = {"waited for": 2, "looks": 1, "training": 1}
"""How the time is shared where there is more to do than fits in: what somebody waits for, frames and rows, steps."""


class Plan:
    """Runs, by their keys, that have something to do: somebody waits for it; frames or rows of playing ones; steps.

    The latter two are by group. Looks are taken from the plan as they are made: who waited longest when all runs were
    asked comes first, and who has come since, after those.
    """

    def __init__(self) -> None:
        self.waited: dict[str, Run] = {}
        self.looks: dict[str, dict[str, Run]] = {}
        self.training: dict[str, dict[str, Run]] = {}
        self._group_of: dict[str, str] = {}
        self._good_until = 0.0

    @property
    def kinds(self) -> list[str]:
        """The kinds of work that there are, by their names among the shares."""
        return [kind for kind, work in zip(SHARES, (self.waited, self.looks, self.training), strict=True) if work]

    @property
    def is_old(self) -> bool:
        """Whether it is time to look at all runs again: while they play on, they come to have something to do."""
        return not self.kinds or time.monotonic() >= self._good_until

    def make(self, runs: Iterable[Run]) -> None:
        """Find who of all runs has something to do now."""
        began = time.monotonic()
        self.waited, self.looks, self.training = {}, {}, {}
        self._group_of = {}
        for run in runs:
            self._place(run, began)
        for group, waiting in self.looks.items():
            self.looks[group] = dict(sorted(waiting.items(), key=lambda item: item[1].find_look_due()))
        now = time.monotonic()
        self._good_until = now + min(LONGEST_SECONDS, PLANNING_SHARE * (now - began))

    def note(self, run: Run) -> None:
        """Take in that a run is new, or that more has happened to it than that it plays on."""
        self.forget(run.key)
        self._place(run, time.monotonic())

    def note_look(self, run: Run) -> None:
        """Take in that there may be something new to see of a run: it has made steps, or a frame is wanted.

        Where steps are rare, each of them would otherwise be shown only when all runs are looked at again.
        """
        if run.is_waited_for or run.key not in self._group_of:
            self.note(run)
        elif run.find_look_due() <= time.monotonic():
            self.looks.setdefault(self._group_of[run.key], {}).setdefault(run.key, run)

    def forget(self, key: str) -> None:
        """Take out a run, if it is there."""
        self.waited.pop(key, None)
        group = self._group_of.pop(key, "")
        for work in (self.looks, self.training):
            if group in work:
                work[group].pop(key, None)
                if not work[group]:
                    del work[group]

    def _place(self, run: Run, now: float) -> None:
        if run.is_waited_for:
            if run.find_due() <= now:
                self.waited[run.key] = run
            return
        group = self._group_of[run.key] = run.kind or run.key
        if run.find_look_due() <= now:
            self.looks.setdefault(group, {})[run.key] = run
        if run.find_training_due() <= now:
            self.training.setdefault(group, {})[run.key] = run
