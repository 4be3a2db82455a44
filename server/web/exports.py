"""A run in other hands over HTTP: a script and a notebook of plain PyTorch, tables of its scalars and its samples."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from server.engine.pool import Pool
from server.gan.export.notebook import write_notebook
from server.gan.export.script import write_script
from server.gan.export.tables import write_points_csv, write_scalars_csv
from server.protocol.frames import decode_frame
from server.protocol.messages import Credit, Watch
from server.sessions.exports import Exported, describe_run, list_scalars
from server.sessions.hub import Hub
from server.sessions.session import Session
from server.web.answers import answer_file
from server.web.refusals import Refused, find_session

FRAME_SECONDS = 10.0
GROUPS = {"real": "x_real", "generated": "x_fake"}
Write = Callable[..., str]


def exports_router(hub: Hub, pool: Pool) -> APIRouter:
    """Give the routes that send a session's present branch in other forms."""
    router = APIRouter()

    def answer_code(key: str, write: Write, suffix: str, media_type: str) -> Response:
        session = find_session(hub, key)
        run: Exported = describe_run(session.branches.current, pool.catalog)
        text = write(run.config, run.steps, pool.catalog, run.changes)
        return answer_file(text, f"ganlab-{run.config.data.name}-{run.steps}-steps{suffix}", media_type)

    @router.get("/api/sessions/{key}/script")
    def send_script(key: str) -> Response:
        """Send a script that trains as the present branch was trained."""
        return answer_code(key, write_script, ".py", "text/x-python")

    @router.get("/api/sessions/{key}/notebook")
    def send_notebook(key: str) -> Response:
        """Send a notebook that trains as the present branch was trained."""
        return answer_code(key, write_notebook, ".ipynb", "application/x-ipynb+json")

    @router.get("/api/sessions/{key}/scalars.csv")
    async def send_scalars(key: str) -> Response:
        """Send the losses and metrics of the present branch, a line a step.

        Of a history that passed 20,000 rows (4,000 of metrics) only some of the older steps are kept; the file's name
        says so then.
        """
        session = find_session(hub, key)
        thinned = "-thinned" if session.timeline.strides != (1, 1) else ""
        name = f"ganlab-{session.config.data.name}-scalars{thinned}.csv"
        return answer_file(write_scalars_csv(list_scalars(session.timeline)), name, "text/csv")

    @router.get("/api/sessions/{key}/samples.csv")
    async def send_samples(key: str) -> Response:
        """Send the real and the generated samples of the newest state, as a page shows them."""
        session = find_session(hub, key)
        try:
            async with asyncio.timeout(FRAME_SECONDS):
                arrays, told = decode_frame(await look(session))
        except TimeoutError:
            return JSONResponse({"error": "the lab is busy; try again"}, 503)
        points = {group: arrays[name].tolist() for group, name in GROUPS.items()}
        name = f"ganlab-{session.config.data.name}-step-{told['step']}-samples.csv"
        return answer_file(write_points_csv(points), name, "text/csv")

    return router


async def look(session: Session) -> bytes:
    """Look at a session as a page does, for one frame.

    Raises:
        Refused: the session ends.
    """
    news = asyncio.Event()
    outbox = session.attach(session.timeline.newest, news.set)
    try:
        session.handle(outbox, Watch(layers=("real", "generated")))
        session.handle(outbox, Credit())
        while not outbox.is_finished:
            news.clear()
            for message in session.take(outbox):
                if isinstance(message, bytes):
                    return message
            await news.wait()
        raise Refused(404, "the session has ended")
    finally:
        session.detach(outbox)
