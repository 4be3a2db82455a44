"""The web process: every route, and the start and end of what stands behind them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from server.engine.pool import Pool
from server.sessions.hub import Hub
from server.settings import Settings
from server.telemetry import Telemetry
from server.web import plotly, qr
from server.web.api import api_router
from server.web.assets import OwnFiles, find_folder
from server.web.branches import branches_router
from server.web.exports import exports_router
from server.web.gate import Gate
from server.web.guards import Guard, lab_names
from server.web.inspection import inspection_router
from server.web.metrics import metrics_router
from server.web.models import models_router
from server.web.pages import answer_lost, pages_router
from server.web.refusals import answer_refusals
from server.web.runs import runs_router
from server.web.socket import socket_route


def create_app(settings: Settings) -> FastAPI:
    """Make the lab; its workers start with it and end with it.

    `app.state.draining` tells that the lab was asked to stop; `app.state.hub` has the sessions; `app.state.hurry()`
    lets a stop that is under way wait for nothing any more.
    """
    telemetry = Telemetry()
    pool = Pool(settings, telemetry)
    hub = Hub(settings, pool)

    @asynccontextmanager
    async def run_engine(app: FastAPI) -> AsyncIterator[None]:
        await pool.start()
        await hub.start()
        warming = asyncio.create_task(asyncio.to_thread(plotly.load_script))  # so that the first page need not wait
        watching = asyncio.create_task(telemetry.watch_loop())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await warming
            await hub.stop()
            await pool.stop()

    def hurry() -> None:
        hub.hurry()
        pool.hurry()

    # No pages about the API: they would load scripts from another host.
    app = FastAPI(title="The GAN lab", lifespan=run_engine, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.hub, app.state.draining, app.state.hurry = hub, False, hurry
    _add_guards(app, settings)
    answer_refusals(app)
    answer_lost(app)
    _add_routes(app, settings, telemetry, pool, hub)
    return app


def _add_guards(app: FastAPI, settings: Settings) -> None:
    """Let in only who asks by one of the lab's names, and, where the lab has a token, knows it."""
    if settings.token:
        app.add_middleware(Gate, token=settings.token)
    app.add_middleware(
        Guard,
        names=lab_names(settings.host, settings.allowed_hosts),
        frame_ancestors=settings.frame_ancestors,
    )


def _add_routes(app: FastAPI, settings: Settings, telemetry: Telemetry, pool: Pool, hub: Hub) -> None:
    """Give the lab all that can be asked of it: pages, documents, the conversation and the files of the page."""
    documents = (models_router(hub, pool), runs_router(hub, pool), exports_router(hub, pool))
    of_sessions = (*documents, branches_router(hub), inspection_router(hub))
    of_lab = (pages_router(pool, settings), api_router(pool), metrics_router(hub, telemetry))
    for router in (*of_lab, *of_sessions, plotly.router, qr.router):
        app.include_router(router)
    app.router.routes.append(socket_route(hub, settings, telemetry))
    app.mount("/static", OwnFiles(directory=find_folder("static")))
