"""What routes of a session share: finding it, reading what was sent, and refusing in words."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.errors import ConfigError, EngineError, LabError
from server.gan.tensor_file import Kind
from server.protocol.messages import Refusal
from server.sessions.hub import Hub
from server.sessions.session import Session

OPEN_SECONDS = 20.0
"""So long a file waits for what was asked of the run before it; then it is not opened at all."""


class Refused(Exception):
    """A request that is answered with `status` and words; a route lets it pass, see `answer_refusals`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def find_session(hub: Hub, key: str) -> Session:
    """Give the session of that key.

    Raises:
        Refused: there is none.
    """
    session = hub.sessions.get(key)
    if session is None:
        raise Refused(404, "there is no such session; load the page anew")
    return session


async def read_body(request: Request, kind: Kind) -> bytes:
    """Read a file that is sent, if the request says how long it is and it is not too long for its kind.

    Raises:
        Refused: it does not, or it is.
    """
    told = request.headers.get("content-length", "")
    if not told.isdecimal():
        raise Refused(411, "expected the length of the file")
    if int(told) > kind.most_bytes:
        raise Refused(413, f"expected a {kind.noun} of at most {kind.most_bytes} bytes, got {told}")
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > kind.most_bytes:
            raise Refused(413, f"expected a {kind.noun} of at most {kind.most_bytes} bytes, got more")
    return bytes(content)


async def wait_until_open(opening: Future[None]) -> None:
    """Wait until a file has been opened in place of a run; one that is not opened in time is not opened later either.

    Raises:
        EngineError: the run is still at what was asked of it before.
        LabError: the file cannot be opened.
    """
    opened = asyncio.wrap_future(opening)
    await asyncio.wait([opened], timeout=OPEN_SECONDS)
    if opening.cancel():
        raise EngineError(
            "the file was not opened: the run is still at what was asked of it before; press Pause, then open it again"
        )
    await opened  # `opening.result()` would hold up the whole process where it is begun and not done


def answer_refusals(app: Starlette) -> None:
    """Have an app answer in words whatever its routes refuse."""
    app.add_exception_handler(LabError, _answer_error)
    app.add_exception_handler(Refused, _answer_refused)


def _answer_error(request: Request, error: Exception) -> Response:
    """Answer what a user got wrong with 400, and what the lab cannot do now with 503."""
    parts = {"refusal": Refusal.read(error).model_dump()} if isinstance(error, ConfigError) else {}
    return JSONResponse({"error": str(error), **parts}, 503 if isinstance(error, EngineError) else 400)


def _answer_refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refused), "the handler of refusals alone"
    return JSONResponse({"error": str(refusal)}, refusal.status)
