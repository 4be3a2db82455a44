"""The pages: templates filled in by the server; what moves on them is the browser's work."""

from fastapi import APIRouter, FastAPI
from fastapi.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.engine.pool import Pool
from server.errors import EngineError
from server.gan.config import Catalog
from server.settings import Settings
from server.web.answers import ASK_AGAIN, Answer, make_answer
from server.web.assets import find_folder
from server.web.plotly import script_address
from server.web.reference import build_reference

MOST_ADDRESSES = 8
"""A page names the address that it was asked at; of so many the reference is kept."""
LONGEST_PATH = 200


class ReferencePage:
    """The reference as the pool's workers know the units, written once for every address of the lab."""

    def __init__(self, pool: Pool, templates: Jinja2Templates) -> None:
        self.pool = pool
        self.templates = templates
        self._written: dict[str, Answer] = {}

    def write(self, request: Request) -> Answer:
        """Give the page.

        Raises:
            EngineError: no worker has started yet.
        """
        address, catalog = str(request.base_url), self.pool.catalog
        if address not in self._written:
            if len(self._written) == MOST_ADDRESSES:
                self._written.clear()
            self._written[address] = self._render(request, catalog)
        return self._written[address]

    def _render(self, request: Request, catalog: Catalog) -> Answer:
        page = self.templates.get_template("reference.html")
        text = page.render(request=request, chapters=build_reference(catalog))
        return make_answer(text.encode(), "text/html; charset=utf-8")


def pages_router(pool: Pool, settings: Settings) -> APIRouter:
    """Give the routes of the pages."""
    router = APIRouter()
    templates = Jinja2Templates(directory=find_folder("templates"))
    reference = ReferencePage(pool, templates)

    @router.api_route("/", methods=["GET", "HEAD"])
    def show_lab(request: Request) -> Response:
        """Show the lab itself."""
        told = {
            "plotly_address": script_address(),
            "timeline_megabytes": settings.timeline_megabytes,
            "token": settings.token or "",
        }
        return templates.TemplateResponse(request, "index.html", told, headers={"Cache-Control": ASK_AGAIN})

    @router.api_route("/learn", methods=["GET", "HEAD"])
    def show_article(request: Request) -> Response:
        """Show the article about what a GAN is and what the lab's pictures mean."""
        return templates.TemplateResponse(request, "learn.html", headers={"Cache-Control": ASK_AGAIN})

    @router.api_route("/reference", methods=["GET", "HEAD"])
    def show_reference(request: Request) -> Response:
        """Show every unit with its facts; while the lab starts, a page that asks again by itself."""
        try:
            return reference.write(request).reply(request)
        except EngineError as error:
            waiting = {"Cache-Control": "no-store", "Refresh": "2", "Retry-After": "2"}
            words = {"chapters": [], "trouble": str(error)}
            return templates.TemplateResponse(request, "reference.html", words, 503, headers=waiting)

    return router


def answer_lost(app: FastAPI) -> None:
    """Have an app say that there is nothing at an address: to a person with a page, to a program in words."""
    templates = Jinja2Templates(directory=find_folder("templates"))

    def show_missing(request: Request, error: Exception) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return templates.TemplateResponse(request, "missing.html", status_code=404)
        return JSONResponse({"error": f"path: there is nothing at {request.url.path[:LONGEST_PATH]}"}, 404)

    app.add_exception_handler(404, show_missing)
