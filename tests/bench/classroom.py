"""A class: many playing sessions of a real lab at once, and what all of its processes take."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.load.figures import Figures
from server.load.trial import Plan, try_lab
from tests.tools.held import Held, list_children
from tests.tools.lab import Lab, open_lab

SESSIONS = 30
LOOK_SECONDS = 0.5
GRACE_SECONDS = 4
"""Longer than a client is away; until then the sessions of a lesson that is over play on."""
CLEAR_SECONDS = GRACE_SECONDS + 2.0
"""So long after a lesson the lab is at rest again, for whoever has the next turn."""


@dataclass(frozen=True)
class Lesson:
    """What the clients of one trial saw, and the most bytes that the lab's processes took meanwhile."""

    figures: Figures
    memory: int


def open_class(folder: Path) -> AbstractContextManager[Lab]:
    """Start a lab for lessons, one after another."""
    return open_lab(folder, environment={"GANLAB_GRACE_SECONDS": str(GRACE_SECONDS)})


def give_lesson(lab: Lab, config: Mapping[str, Any], seconds: float, clients: int = SESSIONS) -> Lesson:
    """Let the clients play, one in ten of them step by hand, for so many seconds."""
    plan = Plan(clients=clients, seconds=seconds, config=config)
    with ThreadPoolExecutor(1) as beside:  # while a browser session is open, its event loop runs in this thread
        return beside.submit(asyncio.run, _give(lab, plan)).result()


async def _give(lab: Lab, plan: Plan) -> Lesson:
    playing = asyncio.create_task(try_lab(lab.url, plan))
    memory = 0
    while not playing.done():
        memory = max(memory, sum(Held.of(one).memory for one in (lab.process.pid, *list_children(lab.process.pid))))
        await asyncio.wait([playing], timeout=LOOK_SECONDS)
    await asyncio.sleep(CLEAR_SECONDS)
    return Lesson(await playing, memory)
