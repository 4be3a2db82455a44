"""What is written in one turn of the loop goes out at once, whole and in order; nothing waits behind a close."""

import asyncio
import contextlib
import socket
from typing import Any

import uvloop

from server.web.gathering import MOST_BYTES, GatheringTransport
from server.web.turnstile import AT_ONCE, Turnstile


class Recorder(asyncio.Transport):
    """A transport that keeps what it is given, call by call."""

    def __init__(self) -> None:
        super().__init__({"peername": "page"})
        self.calls: list[list[bytes]] = []
        self.is_closed = False

    def writelines(self, pieces: list[bytes]) -> None:  # type: ignore[override]  # bytes are all that is written here
        self.calls.append(list(pieces))

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


async def test_what_is_written_in_one_turn_is_one_call_in_order() -> None:
    recorder = Recorder()
    transport = GatheringTransport(recorder)
    for piece in (b"rows", b"status", b"frame"):
        transport.write(piece)
    assert recorder.calls == []
    await asyncio.sleep(0)
    transport.write(b"next")
    await asyncio.sleep(0)
    assert recorder.calls == [[b"rows", b"status", b"frame"], [b"next"]]


async def test_much_does_not_wait_and_what_is_left_goes_before_the_close() -> None:
    recorder = Recorder()
    transport = GatheringTransport(recorder)
    transport.write(bytes(MOST_BYTES + 1))
    assert len(recorder.calls) == 1
    transport.write(b"last")
    transport.close()
    assert recorder.calls[1:] == [[b"last"]]
    assert recorder.is_closed
    await asyncio.sleep(0)
    assert len(recorder.calls) == 2
    assert transport.get_extra_info("peername") == "page"


async def test_a_slow_reader_gets_every_byte_in_order() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        far.setblocking(False)
        loop = asyncio.get_running_loop()
        inner, _ = await loop.create_connection(asyncio.Protocol, sock=near)
        transport = GatheringTransport(inner)
        pieces = [bytes([number % 251]) * 5_000 for number in range(400)]
        for piece in pieces:
            transport.write(piece)
        received = b""
        with contextlib.suppress(TimeoutError):
            while len(received) < 400 * 5_000:
                received += await asyncio.wait_for(loop.sock_recv(far, 1 << 14), 30)
        assert received == b"".join(pieces)
        transport.close()


def test_what_is_written_to_a_page_that_is_cut_off_is_let_go() -> None:
    async def write_and_cut_off() -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        mistakes: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda loop, context: mistakes.append(context))
        near, far = socket.socketpair()
        with far:
            inner, _ = await loop.create_connection(asyncio.Protocol, sock=near)
            inner.abort()
            GatheringTransport(inner).write(b"frame")
            await asyncio.sleep(0.01)
        return mistakes

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(write_and_cut_off()) == []


async def test_news_for_hundreds_are_told_to_a_few_in_each_turn_in_order_and_once() -> None:
    turnstile, events = Turnstile(), [asyncio.Event() for _ in range(3 * AT_ONCE)]
    for event in (*events, *events):
        turnstile.admit(event)
    told = []
    for _ in range(3):
        await asyncio.sleep(0)
        told.append([event.is_set() for event in events].count(True))
    assert told == [AT_ONCE, 2 * AT_ONCE, 3 * AT_ONCE]
    events[0].clear()
    await asyncio.sleep(0)
    assert not events[0].is_set()
