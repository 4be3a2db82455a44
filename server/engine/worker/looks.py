"""Frames and rows of playing runs of one kind, made together: what they are looked at for is computed at once.

Who has waited longest comes first, and between two parts of a group an order can be carried out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby, islice

import numpy as np

from server.engine.worker.group import Guard
from server.engine.worker.readers import Look
from server.engine.worker.runs import Run
from server.engine.worker.tasks import GoesOn
from server.gan.config import RunConfig
from server.gan.probes import LADDER, goes_one_by_one, probe_together

logger = logging.getLogger(__name__)

MOST_NUMBERS = 3 << 16
"""Numbers of a layer of a network, over all that is looked at together. All layers of eight default runs take some
6 ms; more at once would be no faster, and make who waits for a step wait longer."""
MOST_APART = 4
"""So many are looked at in one part where a layer is made run by run: 2 ms each."""
LEAST_TOGETHER, MOST_TOGETHER = 2, 32
MOST_ASKED = 64
"""So many of those that wait are asked what is looked at of them, to find some that go together."""

Waiting = tuple[Look, Run]


def look_together(waiting: dict[str, Run], goes_on: GoesOn, guard: Guard) -> int:
    """Take runs of one kind from those that wait, and make the frames and rows that are due for them.

    It goes on as long as the turn does; tells for how many.
    """
    done = 0
    while waiting:
        part = take_part(waiting)
        show_together([(look, run) for run, looks in part for look in looks], guard)
        for run, _ in part:
            guard(run, run.look)
        done += len(part)
        if not goes_on():
            break
    return done


def take_part(waiting: dict[str, Run]) -> list[tuple[Run, list[Look]]]:
    """Take the first run, and of the next ones that are looked at in the same way as many as are worth it together."""
    part: list[tuple[Run, list[Look]]] = []
    numbers = 0
    for key, run in [*islice(waiting.items(), MOST_ASKED)]:
        looks = run.list_looks()
        if part and looks and looks != part[0][1]:
            continue
        numbers += max([count_numbers(run.config, look) for look in looks], default=0)
        if part and (numbers > MOST_NUMBERS or len(part) == MOST_TOGETHER):
            break
        part.append((waiting.pop(key), looks))
    return part


def count_numbers(config: RunConfig, look: Look) -> int:
    """Tell how many of MOST_NUMBERS a look at such a run is worth."""
    layers, _, level = look
    widest, sizes = max(config.generator.width, config.discriminator.width), LADDER[level]
    numbers = max(sizes.surface**2, sizes.real) * widest
    is_apart = any(goes_one_by_one(layer, config) for layer in layers)
    return max(numbers, MOST_NUMBERS // MOST_APART) if is_apart else numbers


def show_together(waiting: Sequence[Waiting], guard: Guard) -> None:
    """Make the frames of looks at the same layers, where at least two runs wait for such without fixed arrays."""
    by_look = sorted(waiting, key=lambda pair: pair[0])
    for look, pairs in groupby(by_look, key=lambda pair: pair[0]):
        runs = [run for _, run in pairs]
        layers, fixed, level = look
        if fixed or len(runs) < LEAST_TOGETHER:
            continue
        began = time.monotonic()
        try:
            together = probe_together([run.trainer for run in runs], layers, LADDER[level])
        except Exception:  # one of them may be the reason: each is looked at by itself, and is stopped by itself
            logger.exception("runs could not be looked at together")
            continue
        share = (time.monotonic() - began) / len(runs)
        for run, arrays in zip(runs, together, strict=True):
            guard(run, partial(_show, run, look, arrays, share))


def _show(run: Run, look: Look, arrays: Mapping[str, np.ndarray], seconds: float) -> None:
    run.show(look, arrays, time.monotonic() - seconds)
