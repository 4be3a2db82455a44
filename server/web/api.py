"""The lab as data: the catalogue, its formulas, and whether the lab lives and can train."""

from functools import cached_property

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.engine.pool import Pool
from server.web.answers import Answer, make_json_answer
from server.web.formulas import convert_formulas


class CatalogAnswers:
    """The catalogue and its formulas as the pool's workers have them, each made when it is first asked for.

    Raises:
        EngineError: (each of them) no worker has started yet.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    @cached_property
    def catalog(self) -> Answer:
        """All registries as plain data."""
        return make_json_answer(self.pool.catalog)

    @cached_property
    def formulas(self) -> Answer:
        """The MathML of every unit that has a formula."""
        return make_json_answer(convert_formulas(self.pool.catalog))


def api_router(pool: Pool) -> APIRouter:
    """Give the routes that answer with data."""
    router = APIRouter()
    answers = CatalogAnswers(pool)

    @router.get("/api/catalog")
    async def send_catalog(request: Request) -> Response:
        """Send everything that can be chosen."""
        return answers.catalog.reply(request)

    @router.get("/api/formulas")
    async def send_formulas(request: Request) -> Response:
        """Send the formulas by `kind/key`."""
        return answers.formulas.reply(request)

    @router.get("/healthz")
    async def tell_health() -> Response:
        """Tell that the web process lives; this says nothing of the workers."""
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    async def tell_readiness(request: Request) -> Response:
        """Tell whether a run could be trained now: 503 while the lab starts, stops, or cannot compute, and why."""
        if request.app.state.draining:
            return JSONResponse({"status": "stopping"}, 503)
        if pool.trouble:
            return JSONResponse({"status": "broken", "error": pool.trouble}, 503)
        if not pool.is_ready:
            return JSONResponse({"status": "starting"}, 503)
        return JSONResponse({"status": "ready"})

    return router
