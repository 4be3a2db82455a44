"""A session for a test, as a page has it: commands are given, and what the session says is kept."""

import asyncio
import json
import secrets
from itertools import count
from typing import Any

from server.engine.pool import Pool
from server.gan.config import check_config
from server.protocol import messages
from server.protocol.messages import Status
from server.sessions.session import Session

WAIT_SECONDS = 60.0


class Desk:
    """One page of a session of its own, unless it is given one."""

    def __init__(self, pool: Pool, config: dict[str, Any] | None = None, session: Session | None = None) -> None:
        self.session = session or Session(secrets.token_hex(8), check_config(config or {}, pool.catalog), pool)
        self.told: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self.outbox = self.session.attach(0, self._news.set)
        self._numbers = count(1)

    @property
    def status(self) -> Status:
        """Where the run is."""
        return self.session.describe_status()

    @property
    def state(self) -> bytes:
        """The packed state after the run's last whole step."""
        return self.session.read_saved()[1]

    @property
    def marks(self) -> list[tuple[int, str]]:
        """The present branch's marks."""
        return self.session.timeline.list_marks()

    def begin(self, kind: str, **fields: Any) -> int:
        """Give a command; returns its id."""
        number = next(self._numbers)
        self.session.handle(self.outbox, getattr(messages, kind)(id=number, **fields))
        return number

    async def answer(self, number: int) -> dict[str, Any]:
        """Wait for the answer to a command."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                self._news.clear()
                self.told += [json.loads(text) for text in self.session.take(self.outbox) if isinstance(text, str)]
                for one in self.told:
                    if one["type"] in ("done", "failure") and one["id"] == number:
                        return one
                await self._news.wait()

    async def do(self, kind: str, **fields: Any) -> None:
        """Give a command and wait until it is carried out."""
        answer = await self.answer(self.begin(kind, **fields))
        assert answer["type"] == "done", answer

    async def refuse(self, kind: str, **fields: Any) -> str:
        """Give a command that is refused; returns why."""
        answer = await self.answer(self.begin(kind, **fields))
        assert answer["type"] == "failure", answer
        return str(answer["message"])

    async def rest(self) -> None:
        """Wait until the run stands still."""
        async with asyncio.timeout(WAIT_SECONDS):
            while self.status.state == "running":
                self._news.clear()
                self.session.take(self.outbox)
                await self._news.wait()

    async def play_to(self, step: int) -> None:
        """Play until the run stops at a step."""
        await self.do("Play", until=step)
        await self.rest()
