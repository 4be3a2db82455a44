"""Who may come in: a lab that others can reach asks for its token, which the link that it prints carries.

The token stands in the link's fragment, which no browser sends and no log keeps. The page at the door trades it for a
cookie that scripts cannot read; programs send it as `Authorization: Bearer TOKEN`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest

from fastapi.templating import Jinja2Templates
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from server.web.assets import find_folder

ENTRANCE = "/enter"
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
OPEN_FOLDER = "/static/"
MOST_BYTES = 1_000
POLICY_VIOLATION = 1008
NO_ENTRY = "this lab asks for its token: open the link that it printed when it started"


class Gate:
    """ASGI middleware: lets in who has shown the token, and shows others the door."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self._token = token
        self._templates = Jinja2Templates(directory=find_folder("templates"))
        # One name a token: two labs on one machine share their cookies, whatever their ports.
        digest = sha256(token.encode()).hexdigest()
        self._cookie, self._pass = f"ganlab-{digest[:8]}", digest[8:]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401."""
        if scope["type"] not in ("http", "websocket") or self._is_open(scope["path"]) or self._may_pass(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            await WebSocketClose(POLICY_VIOLATION)(scope, receive, send)
        else:
            await (await self._answer(scope, receive))(scope, receive, send)

    @staticmethod
    def _is_open(path: str) -> bool:
        return path in OPEN_PATHS or path.startswith(OPEN_FOLDER)

    def _may_pass(self, scope: Scope) -> bool:
        # Who is in already may still knock, from a tab that was left at the door; the app has no such route.
        return not _is_knock(scope) and self._knows(scope)

    def _knows(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._is_token(shown.strip())
        cookies = cookie_parser(headers.get("cookie", ""))
        return compare_digest(cookies.get(self._cookie, "").encode(), self._pass.encode())

    def _is_token(self, shown: object) -> bool:
        # Not all that JSON calls a text can be written as UTF-8: half a surrogate pair cannot.
        return isinstance(shown, str) and compare_digest(shown.encode(errors="replace"), self._token.encode())

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if _is_knock(scope):
            return await self._admit(Request(scope, receive))
        if scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", ""):
            return self._templates.TemplateResponse(
                Request(scope), "enter.html", status_code=401, headers={"Cache-Control": "no-store"}
            )
        return JSONResponse({"error": NO_ENTRY}, 401, headers={"WWW-Authenticate": "Bearer"})

    async def _admit(self, request: Request) -> Response:
        """Trade the token for the cookie."""
        if not self._is_token((await _read_object(request)).get("token")):
            return JSONResponse({"error": "token: expected the one in the link that the lab printed, got another"}, 401)
        answer = Response(status_code=204)
        answer.set_cookie(self._cookie, self._pass, httponly=True, samesite="strict", path="/")
        return answer


def _is_knock(scope: Scope) -> bool:
    return scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", ENTRANCE)


async def _read_object(request: Request) -> Mapping[str, object]:
    """Read a short JSON object; anything else is an empty one."""
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > MOST_BYTES:
            return {}
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
