"""The numbers inside a step over HTTP, their formulas as MathML."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from server.errors import CommandError
from server.sessions.hub import Hub
from server.web.formulas import convert_latex
from server.web.refusals import find_session

ANSWER_SECONDS = 10.0
MOST_FORMULAS = 4_096

convert = lru_cache(MOST_FORMULAS)(convert_latex)


def inspection_router(hub: Hub) -> APIRouter:
    """Give the route that tells what a run computes."""
    router = APIRouter()

    @router.get("/api/sessions/{key}/inspection")
    async def send_inspection(
        key: str,
        node: Annotated[str | None, Query(max_length=40)] = None,
        sample: Annotated[int | None, Query(ge=0, le=2**31)] = None,
    ) -> Response:
        """Tell the phase just passed; or, where it is named, a node of the overview; or a generated sample."""
        session = find_session(hub, key)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[dict[str, Any] | CommandError] = loop.create_future()
        session.inspect(lambda told: None if answer.done() else answer.set_result(told), node, sample)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                told = await answer
        except TimeoutError:
            return JSONResponse({"error": "the lab is busy; try again"}, 503)
        if isinstance(told, CommandError):
            return JSONResponse({"error": str(told)}, 409)
        return JSONResponse(await asyncio.to_thread(write_formulas, told), headers={"Cache-Control": "no-store"})

    return router


def write_formulas(told: Any) -> Any:
    """Give the same answer with each formula as MathML: its LaTeX stays beside it."""
    if isinstance(told, list):
        return [write_formulas(part) for part in told]
    if not isinstance(told, dict):
        return told
    written = {key: write_formulas(part) for key, part in told.items()}
    if "latex" in told:
        written |= {"mathml": convert(told["latex"]), "mathml_numbers": convert(told["latex_numbers"])}
    return written
