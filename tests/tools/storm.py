"""A storm: every page of a lab loses its connection in the same moment, and all of them come back."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from server.errors import LoadError
from server.load.client import Client
from server.load.trial import HEALTH_SECONDS, ask_health

MOST_WAIT = 1.0
"""So many seconds at most a page waits before its first try, as pages do, each as chance has it."""
MOST_TRIES = 20


@dataclass(frozen=True)
class Storm:
    """How it went: seconds until the last page was back, how often they tried, and what /healthz took meanwhile."""

    seconds: float
    tries: int
    health: Sequence[float]


async def raise_storm(url: str, clients: Sequence[Client], seed: int = 0) -> Storm:
    """Abort all connections at once, and have all clients come back to their sessions.

    Raises:
        LoadError: /healthz does not answer, or a client has not come back after MOST_TRIES.
    """
    chance = random.Random(seed)
    health: list[float] = []
    asking = asyncio.create_task(_ask_health(url, health))
    await asyncio.gather(*(client.drop() for client in clients))
    began = time.monotonic()
    tries = await asyncio.gather(*(_come_back(client, random.Random(chance.random())) for client in clients))
    seconds = time.monotonic() - began
    asking.cancel()
    for ended in await asyncio.gather(asking, return_exceptions=True):
        if isinstance(ended, LoadError):
            raise ended
    return Storm(seconds, sum(tries), health)


async def _come_back(client: Client, chance: random.Random) -> int:
    """Try to come back, each time after twice as long at most; tells how often it was tried."""
    for tried in range(1, MOST_TRIES + 1):
        await asyncio.sleep(chance.uniform(0, MOST_WAIT * min(16, 2 ** (tried - 1))))
        try:
            await client.open()
        except LoadError as refusal:
            if tried == MOST_TRIES:
                raise refusal
        else:
            return tried
    raise AssertionError("the last try returns or raises")


async def _ask_health(url: str, took: list[float]) -> None:
    while True:
        took.append(await asyncio.to_thread(ask_health, url))
        await asyncio.sleep(HEALTH_SECONDS)
