"""Why a worker does not answer: it computes without end, it was stopped, or it is only starved.

One that computes without end uses a core's time. One that is starved, on a machine that has more to do than it has
cores, wants to run and is not let; a next worker would fare no better, so it has all the time that it needs.
Linux tells which it is, by the state of the worker's thread and the time that it had (`/proc`: see proc(5)); elsewhere
all that is known is that the worker is silent.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Cause = Literal["computing", "stopped", "silent"]
"""What a worker did instead of answering: `silent` is one that waits for nobody knows what, or is not known at all."""

FAIR_SHARE = 0.2
"""Who has had so much of the time that it may be silent for had enough to answer, which takes a few hundredths."""
STOPPED, WANTING = "Tt", "RD"
"""States of a thread: it was stopped; it wants to go on, and does as soon as there is a core, or its page of memory."""
STATE, USER_TICKS, SYSTEM_TICKS = 0, 11, 12
"""Places in a thread's `stat`, behind its name."""


@dataclass(frozen=True)
class Pulse:
    """The state of a process's first thread, and the seconds of a core that it has had."""

    state: str
    had: float


def feel_pulse(process: int) -> Pulse | None:
    """Look at a process; none where the system does not tell, or has no such process any more."""
    try:
        told = Path(f"/proc/{process}/task/{process}/stat").read_text()
    except OSError:
        return None
    fields = told.rpartition(")")[2].split()  # the name before it may hold anything
    return Pulse(fields[STATE], (int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])) / os.sysconf("SC_CLK_TCK"))


class Silence:
    """The time since a worker was asked for a sign of life that it has not given, all of it in seconds.

    `lasts` since it was asked, of which it could have answered for `able`: it had a core, or wanted none;
    `computed` is what it had of a core, `stopped` how long it has been stopped by now.
    """

    def __init__(self, process: int) -> None:
        self.lasts = self.able = self.computed = self.stopped = 0.0
        self._process = process
        self._before = feel_pulse(process)

    def go_on(self, seconds: float) -> None:
        """Note that it has lasted so much longer."""
        pulse, before = feel_pulse(self._process), self._before
        self.lasts, self._before = self.lasts + seconds, pulse
        self.stopped = self.stopped + seconds if pulse and pulse.state in STOPPED else 0.0
        if pulse and before and pulse.state in WANTING:
            had = min(seconds, pulse.had - before.had)
            self.computed += had
            self.able += had
        else:
            self.able += seconds

    def find_cause(self, limit: float, stopped_limit: float) -> Cause | None:
        """Tell what the worker is to be ended for, as far as it may be silent for `limit`; none: it has time yet."""
        if self.stopped >= stopped_limit:
            return "stopped"
        if self.lasts < limit or self.able < FAIR_SHARE * limit:
            return None
        return "computing" if self.computed > self.able / 2 else "silent"
