"""The pages: templates filled in by the server; what moves on them is the browser's work."""

from fastapi import APIRouter
from fastapi.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import Response

from server.web.answers import ASK_AGAIN
from server.web.assets import find_folder
from server.web.plotly import script_address


def pages_router() -> APIRouter:
    """Give the routes of the pages."""
    router = APIRouter()
    templates = Jinja2Templates(directory=find_folder("templates"))

    @router.api_route("/", methods=["GET", "HEAD"])
    def show_lab(request: Request) -> Response:
        """Show the lab itself."""
        return templates.TemplateResponse(
            request, "index.html", {"plotly_address": script_address()}, headers={"Cache-Control": ASK_AGAIN}
        )

    @router.api_route("/learn", methods=["GET", "HEAD"])
    def show_article(request: Request) -> Response:
        """Show the article about what a GAN is and what the lab's pictures mean."""
        return templates.TemplateResponse(request, "learn.html", headers={"Cache-Control": ASK_AGAIN})

    return router
