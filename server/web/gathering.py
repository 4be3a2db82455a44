"""The server's end of a websocket, which puts together what it writes in one turn of the event loop.

A page is sent its rows, its status and its frame at once. Written one by one, each is a call of the system and wakes
the page's process: measured, that costs more than to make the message.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MOST_BYTES = 1 << 16
"""More is written at once, so that a page that is slow to read is noticed before the next message."""


class GatheringTransport:
    """Stands before a transport: what is written waits until the other callbacks of this turn of the loop are over."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._pieces: list[bytes] = []
        self._bytes = 0
        self.pause_reading, self.resume_reading = transport.pause_reading, transport.resume_reading

    def write(self, piece: bytes) -> None:
        """Keep a piece until it is written with those that follow."""
        if not self._pieces:
            self._loop.call_soon(self._write_pieces)
        self._pieces.append(piece)
        self._bytes += len(piece)
        if self._bytes > MOST_BYTES:
            self._write_pieces()

    def _write_pieces(self) -> None:
        pieces, self._pieces, self._bytes = self._pieces, [], 0
        if pieces and not self._transport.is_closing():  # one that was cut off in this turn takes nothing more
            self._transport.writelines(pieces)

    def close(self) -> None:
        """Write what is left, and close."""
        self._write_pieces()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        """Do all else as the transport does."""
        return getattr(self._transport, name)


class GatheringProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol of a websocket, on such a transport."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        gathering = GatheringTransport(cast("asyncio.Transport", transport))
        super().connection_made(cast("asyncio.Transport", gathering))
