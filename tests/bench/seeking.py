"""Going back in time: how long it takes from asking for a step until the run stands there, in a long default run."""

import asyncio
import random
import time
from dataclasses import dataclass
from statistics import median, quantiles

from tests.tools.engine import open_pool
from tests.tools.sessions import Desk


@dataclass(frozen=True)
class Going:
    """Milliseconds of `count` ways to random steps, and what they need: snapshots and their bytes."""

    steps: int
    count: int
    median: float
    p95: float
    snapshots: int
    megabytes: float


def measure_seeks(steps: int, count: int) -> Going:
    """Train a default run for `steps` steps, and go to `count` of them at random."""
    return asyncio.run(_measure(steps, count))


async def _measure(steps: int, count: int) -> Going:
    async with open_pool() as pool:
        desk = Desk(pool)
        for step in range(500, steps + 1, 500):
            await desk.play_to(step)
        took = []
        for step in random.Random(1).sample(range(steps), count):
            began = time.perf_counter()
            await desk.do("Seek", step=step)
            took.append(1000 * (time.perf_counter() - began))
        branches = desk.session.branches
        kept = len(branches.current.snapshots)
        return Going(steps, count, median(took), quantiles(took, n=20)[-1], kept, branches.count_bytes() / 1e6)
