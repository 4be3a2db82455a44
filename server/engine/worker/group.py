"""Playing runs of one kind: step by step they go on together, in stacks where they are many enough.

A run that only one of them is, or that nothing can be joined with, is a group of its own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from server.engine.course import Made
from server.engine.worker.runs import Run
from server.engine.worker.tasks import GoesOn
from server.gan.compiled.foundry import Foundry
from server.gan.joined import Joined, find_width

logger = logging.getLogger(__name__)

LEAST_JOINED = 4
"""So many runs make their steps sooner in a stack, which is as wide as eight, than one by one."""

Guard = Callable[[Run, Callable[[], None]], None]
"""Does one run's work; whatever goes wrong in it stops that run alone."""


class Group:
    """The stacks of a group, kept as long as the same runs train in them, and whose turn it is."""

    def __init__(self, guard: Guard, foundry: Foundry) -> None:
        self._guard, self._foundry = guard, foundry
        self._parts: list[list[Run]] = []
        self._joined: dict[int, Joined] = {}
        self._next = 0

    def play(self, runs: Sequence[Run], goes_on: GoesOn) -> list[Run]:
        """Let the runs, which have something to do, make steps in equal numbers; go on there next time.

        Returns those that had a turn.
        """
        had_turn: dict[Run, None] = {}
        parts = self._parts = split_again(self._parts, runs, find_width(runs[0].config))
        self._joined = {number: joined for number, joined in self._joined.items() if number < len(parts)}
        while True:
            self._next = (self._next + 1) % len(parts)
            now = time.monotonic()
            part = [run for run in parts[self._next] if run.find_training_due() <= now]
            if part:
                self._step(self._next, part)
                had_turn.update(dict.fromkeys(part))
            if not goes_on() or not any(run.find_training_due() <= now for run in runs):
                return list(had_turn)

    def _step(self, number: int, runs: Sequence[Run]) -> None:
        """Make one step of each run."""
        if len(runs) < LEAST_JOINED or not all(run.kind for run in runs):
            self._joined.pop(number, None)  # with the trainers of all who were in it
            for run in runs:
                self._guard(run, run.play_step)
            return
        try:
            self._step_joined(number, runs)
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception:  # one of them may be the reason: each makes this step by itself, and is stopped by itself
            logger.exception("runs could not be trained in a stack")
            for run in runs:
                run.stack_troubles += 1
                self._guard(run, run.play_step)

    def _step_joined(self, number: int, runs: Sequence[Run]) -> None:
        trainers = [run.trainer for run in runs]
        joined = self._joined.get(number)
        if joined is None or not joined.holds(trainers):
            joined = self._joined[number] = Joined(trainers)
        program = self._foundry.find(joined)
        told = None
        if program:
            begin_steps(runs, made := Made(joined=True, program=program.key))
            told = joined.advance_by(program)
        if told is None:
            begin_steps(runs, made := Made(joined=True))
            told = joined.advance()
        for run, outcome in zip(runs, told, strict=True):
            self._guard(run, partial(run.take_step, outcome, made))


def begin_steps(runs: Sequence[Run], made: Made) -> None:
    """Let runs say what they made otherwise before; no trainer has moved yet."""
    for run in runs:
        run.begin_steps(made)


def split_again(parts: Sequence[Sequence[Run]], runs: Sequence[Run], most: int) -> list[list[Run]]:
    """Split runs into as few parts as have `most` runs or fewer, or into single ones; who was in a part stays in it.

    So who comes and who goes changes one part's stack alone. Parts are made anew where another number of them is
    enough, or one has become too small for a stack.
    """
    count = -(-len(runs) // most) if most else len(runs)
    here = set(runs)
    kept = [[run for run in part if run in here] for part in parts]
    known = {run for part in kept for run in part}
    if len(kept) == count:
        for run in runs:
            if run not in known:
                min(kept, key=len).append(run)
    if len(kept) == count and (count == 1 or not most or min(map(len, kept)) >= LEAST_JOINED):
        return kept
    borders = [len(runs) * part // count for part in range(count + 1)]
    return [list(runs[begin:end]) for begin, end in pairwise(borders)]
