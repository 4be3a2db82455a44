"""Frames and rows of playing runs of one kind, made together: what they are looked at for is computed at once.

Who has waited longest comes first, and between two parts of a group an order can be carried out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import groupby

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
LEAST_TOGETHER = 2

Due = tuple[float, Run]
"""The time at which a frame or rows of a run were due."""
Waiting = tuple[Look, Run]


def look_together(due: Sequence[Due], goes_on: GoesOn, guard: Guard) -> int:
    """Make the frames and rows that are due for runs of one kind, as long as the turn goes on; tells for how many."""
    waiting = [run for _, run in sorted(due, key=lambda pair: pair[0])]
    most = find_most(waiting[0].config, {layer for run in waiting for look in run.list_looks() for layer in look[0]})
    done = 0
    while done < len(waiting):
        part = waiting[done : done + most]
        show_together([(look, run) for run in part for look in run.list_looks()], guard)
        for run in part:
            guard(run, run.look)
        done += len(part)
        if not goes_on():
            break
    return done


def find_most(config: RunConfig, layers: Collection[str]) -> int:
    """Tell how many runs like this one are worth a look at these layers together."""
    widest, sizes = max(config.generator.width, config.discriminator.width), LADDER[0]
    most = max(1, MOST_NUMBERS // (max(sizes.surface**2, sizes.real) * widest))
    return min(most, MOST_APART) if any(goes_one_by_one(layer, config) for layer in layers) else most


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
