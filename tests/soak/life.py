"""One client's life: a session of its own, random deeds, and a memory of everything that the lab acknowledged."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from websockets.asyncio.client import connect

from server.load.client import Client

TINY: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 8},
    "discriminator": {"hidden_layers": 1, "width": 8},
    "batch_size": 16,
}
RATE = 80.0
"""Steps a second of a run that plays: each of them is trained again by the check."""
PATIENCE = 120.0
"""Seconds that an answer may take: where two workers are lost in a row, a new one starts first, on a busy machine."""
DEEDS = 25
"""Of one life: fewer than what would fill a session with branches, so that nothing is forgotten for want of room."""
RUBBISH = (b"", b"PK\x03\x04" + bytes(60), b"\xff" * 200, b"\x10" + bytes(7) + b'{"a": 1e999}    ', b"x" * 100_000)
NONSENSE = ("", "{", '{"type": "play"}', '{"type": "fly", "id": 1}', "[" * 5_000, '{"type": "step", "id": 1e400}')

Deed = Callable[["Life"], Awaitable[None]]


class Life:
    """A client from its first connection to its last; `rates` are the learning rates whose change was acknowledged."""

    def __init__(self, number: int, url: str, socket: str, chance: random.Random) -> None:
        self.number, self.url, self.socket, self.chance = number, url, socket, chance
        self.client = Client(socket, TINY | {"seed": number}, 0.03, patience=PATIENCE)
        self.rates: list[float] = []
        self.done: list[str] = []
        self.wrong: list[str] = []

    async def live(self) -> bytes:
        """Do everything that this life is for; gives the run as the lab saves it in the end.

        Raises:
            LoadError: the lab refused what it must not refuse, did not answer, or was not there.
        """
        await self.client.open()
        await step(self)
        for _ in range(DEEDS):
            deed = self.chance.choice(OFTEN)
            self.done.append(deed.__name__)
            await deed(self)
        await pause(self)
        async with httpx.AsyncClient(timeout=60) as web:
            answer = await web.get(f"{self.url}api/sessions/{self.client.session}/run")
        if answer.status_code != 200:
            self.wrong.append(f"the run could not be saved: {answer.status_code} {answer.text[:200]}")
        return answer.content


async def play(life: Life) -> None:
    await life.client.command("play", rate=RATE)
    await asyncio.sleep(life.chance.uniform(0.1, 1.0))


async def pause(life: Life) -> None:
    told = await life.client.command("pause")
    if life.client.state == "running":
        life.wrong.append(f"the run goes on after a pause was acknowledged at step {told['step']}")


async def step(life: Life) -> None:
    await life.client.command("step", count=life.chance.randint(1, 5))


async def step_alone(life: Life) -> None:
    await life.client.command("step", player=life.chance.choice(["generator", "discriminator"]), count=2)


async def advance(life: Life) -> None:
    await life.client.command("advance")


async def seek(life: Life) -> None:
    await pause(life)
    target = life.chance.randint(life.client.first, max(life.client.first, life.client.head))
    told = await life.client.command("seek", step=target)
    if told["step"] != target:
        life.wrong.append(f"a way to step {target} ended at step {told['step']}")


async def edit(life: Life) -> None:
    """Change a rate to one that nobody else has: in the past it begins a branch."""
    rate = round(0.0005 + 1e-6 * len(life.rates) + 1e-4 * life.chance.random(), 9)
    settings = TINY | {"seed": life.number, "g_optimizer": {"name": "adam", "learning_rate": rate}}
    await life.client.command("configure", config=settings)
    life.rates.append(rate)


async def fork(life: Life) -> None:
    await seek(life)
    await edit(life)
    await step(life)


async def switch(life: Life) -> None:
    await life.client.command("switch", branch=life.chance.choice(list(life.client.branches)))


async def drop(life: Life) -> None:
    """Lose the connection, and come back."""
    await life.client.drop()
    await asyncio.sleep(life.chance.uniform(0, 0.5))
    await life.client.open()


async def upload(life: Life) -> None:
    """Upload what is no file of a run."""
    kind = life.chance.choice(["run", "model"])
    async with httpx.AsyncClient(timeout=60) as web:
        address = f"{life.url}api/sessions/{life.client.session}/{kind}"
        answer = await web.post(address, content=life.chance.choice(RUBBISH))
    if answer.status_code != 400 or len(answer.json()["error"]) < 20:
        life.wrong.append(f"an upload of rubbish was answered with {answer.status_code}: {answer.text[:200]}")


async def babble(life: Life) -> None:
    """Say nonsense on a connection of its own: it is answered with a failure."""
    async with connect(life.socket) as connection:
        for text in life.chance.sample(NONSENSE, 3):
            await connection.send(text)
            heard = await asyncio.wait_for(connection.recv(), 30)
            if '"failure"' not in str(heard):
                life.wrong.append(f"{text[:60]} was answered with {heard!r:.200}")


OFTEN: tuple[Deed, ...] = (
    *(play, play, play, pause, step, step, step_alone, advance, seek, edit, edit, fork, switch),
    *(drop, drop, upload, babble),
)
