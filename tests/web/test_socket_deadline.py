"""Each message to a page has a deadline, on the event loop that the lab is served with."""

import asyncio

import uvloop
from starlette.types import Message
from starlette.websockets import WebSocket

from server.engine.pool import Pool
from server.protocol.messages import Done
from server.sessions.hub import Hub
from server.settings import Settings
from server.telemetry import Telemetry
from server.web.socket import Conversation
from server.web.turnstile import Turnstile
from tests.tools.lockstep import LockstepDesk, Wire

SETTINGS = Settings(send_seconds=0.2)


class Page:
    """A page that takes so many messages, and then no more."""

    def __init__(self, most: int) -> None:
        self.most = most
        scope = {"type": "websocket", "path": "/ws", "headers": [], "subprotocols": []}
        self.websocket = WebSocket(scope, self._say, self._hear)

    async def _say(self) -> Message:
        return {"type": "websocket.connect"}

    async def _hear(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            self.most -= 1
            if self.most < 0:
                await asyncio.Event().wait()


async def speak_to_a_page_that_stops_reading(desk: LockstepDesk, pool: Pool) -> bool:
    """Send two messages one right after the other, of which the page takes one; tells whether it is let go."""
    page = Page(most=1)
    await page.websocket.accept()
    conversation = Conversation(page.websocket, Hub(SETTINGS, pool), SETTINGS, Telemetry(), Turnstile())
    outbox = desk.session.attach(0, conversation._note_news)
    desk.session.take(outbox)  # the welcome is long, and the clock would go on
    speaking = asyncio.create_task(conversation._speak(desk.session, outbox))
    for number in range(2):
        outbox.answer(Done(id=number, step=0))
        for _ in range(5):
            await asyncio.sleep(0)
    assert page.most < 0
    await asyncio.wait([speaking], timeout=10 * SETTINGS.send_seconds)
    is_over = speaking.done() and isinstance(speaking.exception(), TimeoutError)
    speaking.cancel()
    return is_over


def test_a_message_right_after_another_has_its_deadline_too() -> None:
    desk = LockstepDesk({"batch_size": 4})

    async def speak_to_several() -> list[bool]:
        return [await speak_to_a_page_that_stops_reading(desk, Wire()) for _ in range(3)]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(speak_to_several()) == [True] * 3
