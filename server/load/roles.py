"""What clients do: some play, seek, lose their connection and come back; some step by hand; some only watch."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from operator import eq, le
from typing import Any

from server.errors import LoadError
from server.load.client import Client

Role = Callable[[Client, random.Random], Awaitable[None]]
"""What a client does from its first connection on, for ever; it is cancelled when the trial is over."""

PAUSE_SECONDS = 0.5
"""About how long one who steps by hand looks at a picture."""
CALM_SECONDS = 15.0
"""About how long a player lets its run be."""
MOST_AWAY_SECONDS = 3.0


async def play(client: Client, chance: random.Random) -> None:
    """Play; now and then go back to some step and on again, or lose the connection and come back."""
    await client.command("play")
    while True:
        await asyncio.sleep(chance.expovariate(1 / CALM_SECONDS))
        await (go_back if chance.random() < 0.5 else come_back)(client, chance)


async def step_by_hand(client: Client, chance: random.Random) -> None:
    """Press Step, wait for the picture, look at it for a while, press again."""
    while True:
        told, seconds = await see(client, partial(le, client.step + 1), "step")
        client.step = int(told["step"])
        client.record.clicks.append(seconds)
        await asyncio.sleep(chance.uniform(0.5, 1.5) * PAUSE_SECONDS)


async def watch(client: Client, chance: random.Random) -> None:
    """Look on."""
    await client.stay()


async def go_back(client: Client, chance: random.Random) -> None:
    """Go to a step of the past, and from there to the newest and on."""
    await client.command("pause")
    target = chance.randint(client.first, max(client.first, client.head))
    _, seconds = await see(client, partial(eq, target), "seek", step=target)
    client.record.seeks.append(seconds)
    await client.command("seek", step=max(client.head, target))
    await client.command("play")


async def see(
    client: Client, shows: Callable[[int], bool], kind: str, **fields: Any
) -> tuple[Mapping[str, Any], float]:
    """Give a command; its answer, and the seconds until a picture came of a step of which `shows` is true.

    Raises:
        LoadError: it is refused, or one of both does not come.
    """
    began = time.monotonic()
    painted = asyncio.create_task(client.paint(shows, began))
    try:
        return await client.command(kind, **fields), await painted - began
    finally:
        painted.cancel()
        await asyncio.gather(painted, return_exceptions=True)


async def come_back(client: Client, chance: random.Random) -> None:
    """Lose the connection, and take it up again after a while; the run played on."""
    await client.drop()
    await asyncio.sleep(chance.uniform(0, MOST_AWAY_SECONDS))
    began = time.monotonic()
    await client.open()
    client.record.returns.append(time.monotonic() - began)


async def follow(client: Client, role: Role, chance: random.Random) -> None:
    """Open a client and let it play its role; what goes wrong is noted, and the client is opened anew."""
    while True:
        try:
            await client.open()
            await role(client, chance)
        except LoadError as error:
            client.record.errors[str(error)] += 1
            await client.drop()
            await asyncio.sleep(chance.uniform(0.5, 1.5))
