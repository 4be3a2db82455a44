"""One client: a connection to a lab that it loses and takes up again, and a record of what came over it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from server.errors import LoadError
from server.protocol.frames import read_metadata
from server.protocol.messages import PROTOCOL, Layer

LAYERS: tuple[Layer, ...] = ("noise", "real", "generated", "predictions", "surface")
"""What a client looks at: most of what a page shows as it opens."""
FIRST_CREDITS = 2
ANSWER_SECONDS = 30.0


@dataclass
class Record:
    """What one client has seen: counts, and seconds of everything that took time.

    `ages` are those of frames beyond the freshest one: how long each was longer under way than the quickest.
    """

    steps: int = 0
    frames: int = 0
    bytes: int = 0
    connected: float = 0.0
    playing: float = 0.0
    clicks: list[float] = field(default_factory=list)
    seeks: list[float] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def ages(self) -> list[float]:
        """How much older than the freshest each frame was on arrival, in seconds."""
        freshest = min(self.delays, default=0.0)
        return [delay - freshest for delay in self.delays]


class Client:
    """A page without a picture: it says hello, watches, grants a credit a frame, and gives commands.

    `painting` is how long it takes to paint a frame, in seconds; the credit for the next follows after it.
    `patience` is how long it waits for an answer, or a frame, before it is an error.
    """

    def __init__(
        self,
        url: str,
        config: Mapping[str, Any],
        painting: float,
        session: str | None = None,
        token: str = "",
        patience: float = ANSWER_SECONDS,
    ) -> None:
        self.record = Record()
        self.session = session
        self.step, self.first, self.head, self.state = 0, 0, 0, ""
        self.branches: Sequence[int] = ()
        self._url, self._config, self._painting, self._patience = url, dict(config), painting, patience
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._connection: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._watchers: list[tuple[Callable[[int], bool], asyncio.Future[float]]] = []
        self._seen = 0
        self._revision, self._counted = -1, 0
        self._rows_of = -1
        self._shown: int | None = None
        self._newest = 0, 0.0
        self._next_id = time.time_ns() // 1_000  # two clients of one session do not meet
        self._since = self._playing_since = 0.0
        self._lost, self._is_leaving = "", False

    # The connection ---------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect, and come back to the session if there is one.

        Raises:
            LoadError: nobody answers there, or the lab refuses; its words are the error's.
        """
        try:
            self._connection = await connect(
                self._url,
                additional_headers=self._headers,
                compression=None,
                max_size=None,
                open_timeout=self._patience,
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidMessage) as error:
            raise LoadError(f"connection: expected a lab at {self._url}, got {type(error).__name__}: {error}") from None
        hello = {"type": "hello", "protocol": PROTOCOL, "session": self.session, "seen": self._seen}
        await self._say(hello | ({} if self.session else {"config": self._config}))
        welcome = await self._receive_welcome(self._connection)
        if self.session not in (None, welcome["session"]):
            self._note("a session was not there any more when its client came back")
        self.session = welcome["session"]
        if welcome["since"] == 0:  # all events come again
            self._seen, self._shown = 0, None
        self._since, self._lost, self._is_leaving = time.monotonic(), "", False
        self._take_status(welcome["status"])
        self._listening = asyncio.create_task(self._listen(self._connection))
        await self._say({"type": "watch", "layers": LAYERS})
        await self._say({"type": "credit", "count": FIRST_CREDITS})

    async def close(self) -> None:
        """End the conversation as a page does that is closed."""
        self._is_leaving = True
        if self._connection:
            await self._connection.close()
        await self._end()

    async def stay(self) -> None:
        """Do nothing as long as the connection lasts.

        Raises:
            LoadError: it is lost.
        """
        assert self._listening, "a client stays where it is connected"
        await asyncio.shield(self._listening)
        raise LoadError(self._lost)

    async def drop(self) -> None:
        """Lose the connection without a word, as where a lid is closed."""
        if self._connection:
            self._connection.transport.abort()
        await self._end()

    async def _end(self) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
            self.note_time()
        self._connection = self._listening = None
        for answer in self._answers.values():
            answer.cancel()
        for _, painted in self._watchers:
            painted.cancel()
        self._answers.clear()
        self._watchers.clear()

    # Commands ---------------------------------------------------------------------------------------------------

    async def command(self, kind: str, **fields: Any) -> Mapping[str, Any]:
        """Give a command and wait for its answer.

        Raises:
            LoadError: it is refused, or not answered in time.
        """
        self._next_id += 1
        number, loop = self._next_id, asyncio.get_running_loop()
        answer: asyncio.Future[Mapping[str, Any]] = loop.create_future()
        self._answers[number] = answer
        try:
            await self._say({"type": kind, "id": number, **fields})
            async with asyncio.timeout(self._patience):
                told: Mapping[str, Any] = await answer
        except TimeoutError:
            raise LoadError(f"{kind}: expected an answer within {self._patience:g} s, got none") from None
        finally:
            self._answers.pop(number, None)
        if told["type"] == "failure":
            raise LoadError(f"{kind} refused: {told['message']}")
        return told

    async def paint(self, shows: Callable[[int], bool], since: float = 0.0) -> float:
        """Wait for a frame of a step of which `shows` is true, if none such has come last; returns when it came.

        Times are those of the monotonic clock; a frame that came before `since` does not count.

        Raises:
            LoadError: none comes in time, or the connection is lost.
        """
        if self._lost:
            raise LoadError(self._lost)
        step, came = self._newest
        if came > since and shows(step):
            return came
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._watchers.append((shows, future))
        try:
            async with asyncio.timeout(self._patience):
                return await future
        except TimeoutError:
            raise LoadError(f"frame: expected within {self._patience:g} s, got none") from None
        finally:
            self._watchers = [one for one in self._watchers if one[1] is not future]

    def note_time(self) -> None:
        """Count the time up to now to that spent connected, and playing; a run plays on while its page is away."""
        now = time.monotonic()
        self.record.connected += now - self._since
        if self.state == "running":
            self.record.playing += now - self._playing_since
        self._since = self._playing_since = now

    # What the lab says ------------------------------------------------------------------------------------------

    async def _receive_welcome(self, connection: ClientConnection) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(self._patience):
                message: Mapping[str, Any] = json.loads(await connection.recv())
        except (ConnectionClosed, TimeoutError) as error:
            raise LoadError(f"hello: expected a welcome, got {type(error).__name__}") from None
        if message["type"] != "welcome":
            raise LoadError(f"hello refused: {message.get('message', message['type'])}")
        return message

    async def _listen(self, connection: ClientConnection) -> None:
        try:
            while True:
                message = await connection.recv()
                if isinstance(message, bytes):
                    self.record.bytes += len(message)
                    self._take_frame(read_metadata(message))
                    self._start(self._pay_frame())
                else:
                    self.record.bytes += len(message) if message.isascii() else len(message.encode())
                    self._take_message(json.loads(message))
        except ConnectionClosed as error:
            if not self._is_leaving:
                self._note(f"a connection was closed by the lab: {error}")
            self._give_up(f"connection: expected it open, got {error}")

    def _give_up(self, why: str) -> None:
        """Wait no longer for what cannot come any more."""
        self._lost = why
        waiting: list[asyncio.Future[Any]] = [*self._answers.values(), *(painted for _, painted in self._watchers)]
        for future in waiting:
            if not future.done():
                future.set_exception(LoadError(why))

    async def _pay_frame(self) -> None:
        """Grant the next frame when this one is painted; what else the lab says is heard meanwhile."""
        await asyncio.sleep(self._painting)
        with contextlib.suppress(LoadError):  # the connection may be gone by then
            await self._say({"type": "credit", "count": 1})

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _take_frame(self, metadata: Mapping[str, str]) -> None:
        now = time.monotonic()
        self.record.frames += 1
        self.record.delays.append(time.time() - float(metadata["made"]))
        step, revision = int(metadata["step"]), int(metadata["revision"])
        if revision < self._revision:
            self._note("a frame of an earlier run came after one of a later")
        self._revision, self._newest = revision, (step, now)
        for shows, future in self._watchers:
            if shows(step) and not future.done():
                future.set_result(now)

    def _take_message(self, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        if kind == "status":
            self._take_status(message)
        elif kind in ("done", "failure"):
            self._take_answer(message)
        elif "event" in message:
            if message["event"] <= self._seen:
                self._note("an event came twice")
            self._seen = message["event"]
            if kind == "scalars":
                self._take_rows(message["revision"], message["steps"])
            elif kind == "tree":
                self.branches = [branch["number"] for branch in message["branches"] if not branch["deleted"]]

    def _take_status(self, status: Mapping[str, Any]) -> None:
        before, self.state = self.state, status["state"]
        self.step, self.first, self.head = status["step"], status["first"], status["head"]
        if before == "running" and self.state != "running":
            self.record.playing += time.monotonic() - self._playing_since
        elif before != "running":
            self._playing_since = time.monotonic()
        if self.state == "failed":
            self._note(f"a run failed: {(status['failure'] or {}).get('message', '')}")

    def _take_rows(self, revision: int, steps: Sequence[int]) -> None:
        """Count the rows of the losses: one a step, without a gap in a revision."""
        if not steps:
            return
        if revision != self._rows_of:
            self._rows_of, self._shown = revision, None
        if self._shown is not None and steps[0] != self._shown + 1:
            self._note(f"rows were lost of revision {revision}")
        self._shown = steps[-1]
        self.record.steps += max(0, self._shown - max(self._counted, steps[0] - 1))
        self._counted = max(self._counted, self._shown)

    def _take_answer(self, message: Mapping[str, Any]) -> None:
        answer = self._answers.get(message["id"])
        if answer and not answer.done():
            answer.set_result(message)
        elif message["type"] == "failure":
            self._note(f"refused: {message['message']}")

    async def _say(self, message: Mapping[str, Any]) -> None:
        if self._connection is None:
            raise LoadError("connection: expected it open, got it closed")
        try:
            await self._connection.send(json.dumps(message, separators=(",", ":")))  # as a page writes it
        except ConnectionClosed as error:
            raise LoadError(f"connection: expected it open, got {error}") from None

    def _note(self, what: str) -> None:
        self.record.errors[what] += 1
