"""Clients that talk to an ASGI app in this process: over HTTP with httpx, and the first words of a socket by hand."""

from collections.abc import Mapping

import httpx
from starlette.types import ASGIApp, Message

ADDRESS = "http://127.0.0.1:8000"


def open_client(app: ASGIApp) -> httpx.AsyncClient:
    """Give a client whose relative addresses are the app's."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ADDRESS)


async def knock(app: ASGIApp, headers: Mapping[str, str]) -> Message:
    """Open a socket at /ws and give the app's first message: an acceptance, or a refusal with its status."""
    said: list[Message] = []
    scope = {
        "type": "websocket",
        "path": "/ws",
        "raw_path": b"/ws",
        "root_path": "",
        "scheme": "ws",
        "query_string": b"",
        "subprotocols": [],
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "extensions": {"websocket.http.response": {}},
    }

    async def receive() -> Message:
        return {"type": "websocket.disconnect", "code": 1000} if said else {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    return said[0]
