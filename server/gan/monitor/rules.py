"""The rules: each looks at the readings so far, oldest first, and finds one symptom or nothing.

They ask for what lasts, because runs that come to cover their data pass through clumps and swings on the way.
Their limits are measured: `tests/gan/test_monitor_runs.py` trains presets that converge, and some that fail.
Readings are 50 steps apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import dist, hypot, sqrt
from statistics import fmean, median

from server.gan.monitor.readings import Finding, Reading

Readings = Sequence[Reading]

FAR_APART = 0.5
"""The JS divergence, in bits, from which a glance tells the two sorts of points apart."""
SMALL_SPREAD, SMALL_REACH = 0.25, 0.6
NEAR, AWAY, AWAY_WINDOW = 2.0, 3.0, 6
"""Widths of the data: within the first a cloud's middle is among them, beyond the second it has left them."""
LONG_WINDOW = 20
"""No rule looks back over more readings than these."""
CLUMP_WINDOW, CLUMPS, OPENING = 8, 7, 1.25
HOP_CLUMPS, HOP_LENGTH, HOPS, REST = 10, 0.5, 3, 1 / 3
SWING, SWING_SPREADS, SWING_PATH, SWING_MOVES = 0.4, 4.0, 6.0, 2 / 3
MOVE = 0.2
"""A centre that goes less far from one reading to the next is at rest."""
SURE_WINDOW, SURE_RANKED, FAINT_PULL = 8, 0.97, 0.3
FOOLED_WINDOW, FOOLED_RANKED = 10, 0.5
MEMORY_WINDOW, MEMORY_LEAD = 8, 0.35


def find_collapse(readings: Readings) -> Finding | None:
    """All generated points lie close together, whatever the noise they come from, and most of the data go without."""
    window = readings[-CLUMP_WINDOW:]
    clumps = [reading for reading in window if is_clump(reading)]
    if len(clumps) < CLUMPS or not is_clump(window[-1]) or is_opening(clumps):
        return None
    last = window[-1]
    evidence = {"spread": last.vitals.spread, "reached": last.vitals.reached}
    if last.covered is not None:
        evidence["covered"] = last.covered
    return Finding(clumps[0].step, evidence)


def find_thrown_away(readings: Readings) -> Finding | None:
    """The generated points have left the data altogether: their middle is far off, or they are strewn wide."""
    window = readings[-AWAY_WINDOW:]
    if len(window) < AWAY_WINDOW or not all(map(is_away, window)):
        return None
    distance = median(hypot(*reading.vitals.centre) for reading in window)
    return Finding(window[0].step, {"distance": distance, "spread": median(r.vitals.spread for r in window)})


def find_hopping(readings: Readings) -> Finding | None:
    """The generated points lie in one clump, which rests, then leaps to another part of the data, again and again."""
    clumps = [reading for reading in readings[-LONG_WINDOW:] if is_clump(reading) and is_among_modes(reading)]
    if len(clumps) < HOP_CLUMPS or share_moving(clumps) > 1 - REST:
        return None
    leaps = [(now.step, way) for now, way in zip(clumps[1:], measure_ways(clumps), strict=True) if way > HOP_LENGTH]
    if len(leaps) < HOPS:
        return None
    return Finding(leaps[0][0], {"hops": len(leaps), "farthest": max(way for _, way in leaps)})


def find_swinging(readings: Readings) -> Finding | None:
    """The cloud of generated points chases the data to and fro, much farther than it is wide, and comes no closer."""
    window = readings[-LONG_WINDOW:]
    if len(window) < LONG_WINDOW or is_nearing(window) or share_moving(window) < SWING_MOVES:
        return None
    centres = [reading.vitals.centre for reading in window]
    middle = tuple(map(fmean, zip(*centres, strict=True)))
    swing = sqrt(fmean(dist(centre, middle) ** 2 for centre in centres))
    spread = median(reading.vitals.spread for reading in window)
    path = sum(measure_ways(window))
    if swing < max(SWING, SWING_SPREADS * spread) or path < SWING_PATH * swing:
        return None
    return Finding(window[0].step, {"swing": swing, "spread": spread, "best_js": min(r.js for r in window)})


def find_vanishing(readings: Readings) -> Finding | None:
    """The discriminator is sure of nearly every point, and there the generator's loss passes on hardly any pull."""
    window = readings[-SURE_WINDOW:]
    if len(window) < SURE_WINDOW or is_nearing(window):
        return None
    ranked, pull = fmean(r.vitals.ranked for r in window), fmean(r.vitals.pull for r in window)
    if ranked < SURE_RANKED or pull > FAINT_PULL:
        return None
    return Finding(window[0].step, {"ranked": ranked, "pull": pull})


def find_fooling(readings: Readings) -> Finding | None:
    """The discriminator cannot tell the two sorts apart although they lie far apart, so it has nothing to teach."""
    window = readings[-FOOLED_WINDOW:]
    if len(window) < FOOLED_WINDOW:
        return None
    ranked, best = fmean(r.vitals.ranked for r in window), min(r.js for r in window)
    if ranked > FOOLED_RANKED or best < FAR_APART:
        return None
    return Finding(window[0].step, {"ranked": ranked, "best_js": best})


def find_memory(readings: Readings) -> Finding | None:
    """The discriminator tells the points that it learns from, but not others of the same law, from generated ones."""
    window = readings[-MEMORY_WINDOW:]
    ranked, fresh = fmean(r.vitals.ranked for r in window), fmean(r.vitals.fresh for r in window)
    if len(window) < MEMORY_WINDOW or ranked - fresh < MEMORY_LEAD:
        return None
    return Finding(window[0].step, {"ranked": ranked, "fresh": fresh})


def is_clump(reading: Reading) -> bool:
    """Tell whether the generated points are one clump, small beside the data, that misses most of them."""
    small = reading.vitals.spread < SMALL_SPREAD and reading.vitals.reached < SMALL_REACH
    covers_few = reading.covered is None or reading.covered <= max(1, (reading.modes or 0) // 4)
    return small and covers_few and reading.js > FAR_APART


def is_away(reading: Reading) -> bool:
    """Tell whether the generated points have left the data, as a whole or in all directions."""
    return max(hypot(*reading.vitals.centre), reading.vitals.spread) > AWAY and reading.js > FAR_APART


def is_among_modes(reading: Reading) -> bool:
    """Tell whether the points' middle lies among the data, and these have modes to hop between."""
    return hypot(*reading.vitals.centre) < NEAR and (reading.modes or 0) > 2


def is_opening(clumps: Readings) -> bool:
    """Tell whether a clump grows: it may yet come to cover the data."""
    half = len(clumps) // 2
    before, after = (median(r.vitals.spread for r in part) for part in (clumps[:half], clumps[half:]))
    return after > OPENING * before


def is_nearing(window: Readings) -> bool:
    """Tell whether the run comes closer to the data: its best divergence in the later half is clearly the lower one."""
    half = len(window) // 2
    before, after = min(r.js for r in window[:half]), min(r.js for r in window[half:])
    return after < FAR_APART or after < before - 0.1


def share_moving(window: Readings) -> float:
    """Give the share of the ways from one reading to the next on which the centre is not at rest."""
    ways = measure_ways(window)
    return sum(way > MOVE for way in ways) / len(ways)


def measure_ways(window: Readings) -> list[float]:
    """Give how far the centre goes from each reading to the next, in standard deviations of the data."""
    return [dist(then.vitals.centre, now.vitals.centre) for then, now in pairwise(window)]
