"""The server's socket alone, on a free port, and a page's side of the conversation."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from server.engine.pool import Pool
from server.sessions.hub import Hub
from server.settings import Settings
from server.web.guards import Guard, lab_names
from server.web.socket import SOCKET_OPTIONS, socket_route

WAIT_SECONDS = 60.0
ALL_LAYERS = ("noise", "real", "generated", "predictions", "surface", "warp", "gradients", "d_gradients")


@dataclass
class Place:
    """Where a lab's socket is, and what is behind it."""

    url: str
    hub: Hub
    pool: Pool


@asynccontextmanager
async def open_socket(pool: Pool, **settings: Any) -> AsyncIterator[Place]:
    """The websocket of a lab with this pool."""
    hub = Hub(Settings(**settings), pool)
    app = Starlette(routes=[socket_route(hub, hub.settings, pool.telemetry)])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(Guard(app, lab_names("127.0.0.1")), log_level="error", lifespan="off", **SOCKET_OPTIONS)
        )
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield Place(f"ws://127.0.0.1:{port}/ws", hub, pool)
        finally:
            await hub.stop()
            server.should_exit = True
            await serving


class Page:
    """One connection: everything it was told, and its commands."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.messages: list[dict[str, Any]] = []
        self.frames: list[bytes] = []
        self._ids = count(1)

    async def say(self, **message: Any) -> None:
        """Send a message."""
        await self.connection.send(json.dumps(message))

    async def read(self) -> dict[str, Any] | bytes:
        """Take the next message, a dictionary, or a frame."""
        async with asyncio.timeout(WAIT_SECONDS):
            received = await self.connection.recv()
        if isinstance(received, bytes):
            self.frames.append(received)
            return received
        message: dict[str, Any] = json.loads(received)
        self.messages.append(message)
        return message

    async def until(self, arrived: Callable[[], bool]) -> None:
        """Read until a condition on what was read holds."""
        while not arrived():
            await self.read()

    async def command(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Give a command, and read until its answer."""
        number = fields.pop("id", None) or next(self._ids)
        await self.say(type=kind, id=number, **fields)
        while True:
            message = await self.read()
            if isinstance(message, dict) and message["type"] in ("done", "failure") and message["id"] == number:
                return message

    def all(self, kind: str) -> list[dict[str, Any]]:
        """All messages of a kind."""
        return [message for message in self.messages if message["type"] == kind]

    @property
    def status(self) -> dict[str, Any]:
        """The newest status."""
        return next(
            m if m["type"] == "status" else m["status"] for m in reversed(self.messages) if "status" in (m["type"], *m)
        )

    def rows(self, revision: int = 1) -> list[tuple[int, float | None, float | None]]:
        """All rows of losses of a revision, (step, d_loss, g_loss)."""
        parts = [part for part in self.all("scalars") if part["revision"] == revision]
        return [row for p in parts for row in zip(p["steps"], p["d_loss"], p["g_loss"], strict=True)]

    async def train(self, steps: int) -> None:
        """Play until `steps` steps are told, and pause."""
        await self.command("play")
        await self.until(lambda: self.status["step"] >= steps)
        await self.command("pause")


@asynccontextmanager
async def open_page(url: str, **hello: Any) -> AsyncIterator[Page]:
    """A page that has been welcomed; its first commands have the ids 1, 2, ..."""
    async with connect(url, max_size=None, compression=None) as connection:
        page = Page(connection)
        await page.say(type="hello", **hello)
        await page.until(lambda: bool(page.all("welcome")))
        yield page
