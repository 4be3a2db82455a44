"""How a page that has said hello comes to its session: at once, or by waiting in line while the lab is full."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from server.errors import FullError
from server.protocol.messages import Failure, Hello, Queued, find_id
from server.sessions.doorway import Guest
from server.sessions.hub import Hub
from server.sessions.session import Session

PATIENCE = "hello: expected nothing more while this page waits in line"


class Entrance:
    """The way in of one page, which is heard with `receive` and told with `send`."""

    def __init__(self, hub: Hub, receive: Callable[[], Awaitable[str]], send: Callable[[str], Awaitable[None]]) -> None:
        self._hub, self._receive, self._send = hub, receive, send
        self._told: int | None = None

    async def admit(self, hello: Hello) -> Session:
        """Give the session that a page comes back to, or a new one, as soon as there is room for it.

        Raises:
            ConfigError: the config that the page begins with is wrong, or no preset has that name.
            EngineError: the lab is full and the page does not wait, or the line is full; the lab is stopping.
            WebSocketDisconnect: the page has left the line.
        """
        guest: Guest | None = None
        try:
            while True:
                await self._hub.recall(hello.session, guest)
                try:
                    return self._hub.join(hello, guest)
                except FullError:
                    if not hello.waits:
                        raise
                guest = guest or self._hub.queue_up()
                await self._wait(guest)
        finally:
            if guest:
                self._hub.doorway.leave(guest)

    async def _wait(self, guest: Guest) -> None:
        """Tell a page its place in line, and wait until it is called."""
        guest.called.clear()
        place = self._hub.doorway.count_before(guest) + 1
        if place != self._told:
            self._told = place
            await self._send(Queued(place=place, sessions=self._hub.settings.max_sessions).model_dump_json())
        called, heard = asyncio.create_task(guest.called.wait()), asyncio.create_task(self._listen())
        try:
            await asyncio.wait([called, heard], return_when=asyncio.FIRST_COMPLETED)
            if heard.done():
                heard.result()
        finally:
            for task in (called, heard):
                task.cancel()
            await asyncio.gather(called, heard, return_exceptions=True)

    async def _listen(self) -> None:
        """Hear when the page leaves; it has nothing to say."""
        while True:
            text = await self._receive()
            await self._send(Failure(id=find_id(text), message=PATIENCE).model_dump_json())
