"""A run as a document over HTTP: a session's branches as a file, and a file in place of a session's branches."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.engine.pool import Pool
from server.sessions.hub import Hub
from server.sessions.run_content import KIND
from server.sessions.run_file import read_run, write_run
from server.web.answers import answer_file
from server.web.refusals import find_session, read_body, wait_until_open


def runs_router(hub: Hub, pool: Pool) -> APIRouter:
    """Give the routes that save and open runs."""
    router = APIRouter()

    @router.get("/api/sessions/{key}/run")
    async def send_run(key: str) -> Response:
        """Send the session's branches, with their histories, as a file."""
        session = find_session(hub, key)
        name = f"ganlab-{session.config.data.name}-step-{session.describe_status().step}.run.safetensors"
        return answer_file(write_run(session.branches), name)

    @router.post("/api/sessions/{key}/run")
    async def open_run(request: Request, key: str) -> Response:
        """Open a file in place of the session's branches; the run stands where it was saved when this is answered."""
        session = find_session(hub, key)
        content = await read_body(request, KIND)
        branches, current = await asyncio.to_thread(read_run, content, pool.catalog)
        await wait_until_open(session.open_tree(branches, current))
        await hub.keep(session)
        status = session.describe_status()
        return JSONResponse({"step": status.step, "head": status.head, "branches": len(branches)})

    return router
