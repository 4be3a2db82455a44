"""Branches over HTTP: the scalars of one that is not shown, so that a page can draw it beside the present one."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from server.errors import CommandError
from server.sessions.hub import Hub
from server.web.answers import make_json_answer
from server.web.refusals import Refused, find_session


def branches_router(hub: Hub) -> APIRouter:
    """Give the route that answers with a branch's scalars."""
    router = APIRouter()

    @router.get("/api/sessions/{key}/branches/{number}/scalars")
    async def send_scalars(request: Request, key: str, number: int) -> Response:
        """Send all rows of losses and metrics that a branch has: by columns, and the metrics row by row."""
        session = find_session(hub, key)
        try:
            branch = session.branches.find(number)
        except CommandError as unknown:
            raise Refused(404, str(unknown)) from None
        return make_json_answer(branch.timeline.describe_scalars()).reply(request)

    return router
