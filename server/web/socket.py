"""The websocket: one page's conversation with a session.

`app.router.routes.append(socket_route(hub, settings))` mounts it; uvicorn is started with `**SOCKET_OPTIONS`.
Host and Origin are checked before it, by `server.web.guards.Guard`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.errors import EngineError, LabError, MessageError
from server.logs import speak_of
from server.protocol.messages import PROTOCOL, Credit, Failure, Hello, find_id, parse_message
from server.sessions.hub import Hub
from server.sessions.outbox import Outbox
from server.sessions.session import Session
from server.settings import Settings
from server.telemetry import Telemetry
from server.web.entrance import Entrance
from server.web.gathering import GatheringProtocol
from server.web.pacing import Pacer
from server.web.turnstile import Turnstile

logger = logging.getLogger(__name__)

SOCKET_OPTIONS: dict[str, Any] = {
    "ws": GatheringProtocol,
    # A config with 20,000 points is the longest message; a longer one closes the socket with 1009 before it is read.
    "ws_max_size": 1 << 20,
    # Measured: it saves a tenth of the bytes and costs 1.75 ms a frame.
    "ws_per_message_deflate": False,
    "ws_ping_interval": 5.0,
    "ws_ping_timeout": 5.0,
}
WRONG_PROTOCOL = 4000
"""Close code: page and server speak different versions; a page that is loaded anew will fit."""
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013
POLICY_VIOLATION = 1008
ROWS_SECONDS = 0.1
"""So long rows may wait for a frame of a playing run to go with."""
HELLO_SECONDS = 30.0
"""A connection whose next word is no hello by then is let go."""
BROKEN = "the lab made a mistake with this message; the server's log has the details"


def socket_route(hub: Hub, settings: Settings, telemetry: Telemetry) -> WebSocketRoute:
    """Give the route of the websocket."""
    turnstile = Turnstile()

    async def converse(websocket: WebSocket) -> None:
        await Conversation(websocket, hub, settings, telemetry, turnstile).hold()

    return WebSocketRoute("/ws", converse)


class Conversation:
    """One connection of one page."""

    def __init__(
        self, websocket: WebSocket, hub: Hub, settings: Settings, telemetry: Telemetry, turnstile: Turnstile
    ) -> None:
        self.websocket, self.hub, self._turnstile = websocket, hub, turnstile
        self.send_seconds, self._telemetry = settings.send_seconds, telemetry
        self._pacer = Pacer(settings.messages_per_second)
        self._frame_sent_at: float | None = None
        self._wake = asyncio.Event()
        self._reminder: asyncio.TimerHandle | None = None

    async def hold(self) -> None:
        """Talk until one side ends it."""
        await self.websocket.accept()
        session: Session | None = None
        outbox: Outbox | None = None
        try:
            hello = await self._greet()
            if hello is None:
                return
            session, outbox = hello
            with speak_of(session.key):
                await self._talk(session, outbox)
        except (WebSocketDisconnect, TimeoutError):
            logger.debug("a page is gone")
        finally:
            self._forget_reminder()
            if session and outbox:
                self.hub.leave(session, outbox)

    async def _greet(self) -> tuple[Session, Outbox] | None:
        """Wait for a hello that can be answered; none: the page was let go."""
        while True:
            try:
                async with asyncio.timeout(HELLO_SECONDS):
                    text = await self._receive()
            except TimeoutError:
                await self.websocket.close(POLICY_VIOLATION, f"hello: expected within {HELLO_SECONDS:g} s")
                return None
            try:
                hello = parse_message(text)
                if not isinstance(hello, Hello):
                    raise MessageError(f"message: expected hello first, got {hello.type}")
                if hello.protocol != PROTOCOL:
                    await self._refuse_protocol(hello.protocol)
                    return None
                await self.hub.pool.wait_ready()
                session = await Entrance(self.hub, self._hear, self._send).admit(hello)
                return session, session.attach(hello.seen, self._note_news, self._note_rows)
            except EngineError as refusal:  # the page may try again with a new connection
                await self._send(Failure.read(None, refusal).model_dump_json())
                await self.websocket.close(TRY_AGAIN_LATER)
                return None
            except LabError as refusal:
                await self._send(Failure.read(None, refusal).model_dump_json())

    async def _refuse_protocol(self, version: int) -> None:
        text = f"protocol: expected version {PROTOCOL}, got {version}; load the page anew"
        await self._send(Failure(id=None, message=text).model_dump_json())
        await self.websocket.close(WRONG_PROTOCOL, text)

    async def _talk(self, session: Session, outbox: Outbox) -> None:
        """Listen and speak at the same time, until either is over."""
        listening = asyncio.create_task(self._listen(session, outbox))
        speaking = asyncio.create_task(self._speak(session, outbox))
        try:
            await asyncio.wait([listening, speaking], return_when=asyncio.FIRST_COMPLETED)
            if speaking.done() and isinstance(speaking.exception(), WebSocketDisconnect):
                await listening  # what the page said before it left still counts
            for task in (listening, speaking):
                if task.done():
                    task.result()
        finally:
            for task in (listening, speaking):
                task.cancel()
            await asyncio.gather(listening, speaking, return_exceptions=True)
            # The error of a task holds this frame. Were the task still held here, both would keep the session, and all
            # of its states, until the collector comes by.
            del listening, speaking, task

    async def _listen(self, session: Session, outbox: Outbox) -> None:
        while True:
            text = await self._hear()
            try:
                message = parse_message(text)
                if isinstance(message, Credit):
                    self._note_credit()
                session.handle(outbox, message)
            except LabError as refusal:
                outbox.answer(Failure.read(find_id(text), refusal))
            except Exception:  # the socket's border: a mistake of ours must not end the conversation
                logger.exception("a message could not be handled")
                outbox.answer(Failure(id=find_id(text), message=BROKEN))

    async def _speak(self, session: Session, outbox: Outbox) -> None:
        """Send what there is to send, each message before its deadline.

        Raises:
            TimeoutError: the page does not take it in time.
        """
        loop, begun = asyncio.get_running_loop(), 0.0
        async with asyncio.timeout(None) as deadline:
            try:
                while not outbox.is_finished:
                    await self._wake.wait()
                    self._wake.clear()
                    self._forget_reminder()
                    for message in session.take(outbox):
                        if begun != (begun := loop.time()):  # else the one before has taken no time
                            deadline.reschedule(begun + self.send_seconds)
                        await self._write(message)
                    deadline.reschedule(None)
                    begun = 0.0  # a loop's clock may stand still until the next are sent
            finally:
                del deadline  # it holds the task, whose error holds this frame, and with it the session: see `_talk`
        await self.websocket.close(SERVICE_RESTART)

    def _note_news(self) -> None:
        """There is something to send."""
        if not self._wake.is_set():
            self._turnstile.admit(self._wake)

    def _note_rows(self) -> None:
        """There is something to send that may go with the next frame, if one comes soon."""
        if self._reminder is None and not self._wake.is_set():
            self._reminder = asyncio.get_running_loop().call_later(ROWS_SECONDS, self._note_news)

    def _forget_reminder(self) -> None:
        if self._reminder:
            self._reminder.cancel()
            self._reminder = None

    async def _hear(self) -> str:
        """Give the next text message, no faster than a page may talk."""
        text = await self._receive()
        await self._pacer.wait()
        return text

    async def _receive(self) -> str:
        """Give the next text message; binary ones are refused."""
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1005))
            if (text := message.get("text")) is not None:
                return str(text)
            await self._send(Failure(id=None, message="message: expected text, got bytes").model_dump_json())

    async def _send(self, message: str | bytes) -> None:
        """Send a message by itself.

        Raises:
            TimeoutError: the page does not take it in time.
        """
        async with asyncio.timeout(self.send_seconds):
            await self._write(message)

    async def _write(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self._telemetry.sent_texts.count += len(message) if message.isascii() else len(message.encode())
            await self.websocket.send_text(message)
        else:
            self._telemetry.sent_frames.count += len(message)
            await self.websocket.send_bytes(message)
            self._frame_sent_at = time.monotonic()

    def _note_credit(self) -> None:
        """Tell how long the page took for the frame that it was sent last."""
        if self._frame_sent_at is not None:
            self._telemetry.credit_waits.observe(time.monotonic() - self._frame_sent_at)
            self._frame_sent_at = None
