"""Where the page's own files are, and how they are sent: always asked for again, rarely sent again."""

import mimetypes
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PACKAGE = Path(__file__).resolve().parents[1]

# A module of another type is refused by browsers, and some systems' tables say text/plain.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/css", ".css")


def find_folder(name: str, package: Path = PACKAGE) -> Path:
    """Find `static` or `templates`: inside the package once installed, beside it in the repository."""
    inside = package / "_assets" / name
    found = inside if inside.is_dir() else package.parent / name
    assert found.is_dir(), f"{name}: expected the folder at {inside} or {found}"
    return found


class OwnFiles(StaticFiles):
    """The files below static/, with an ETag; a browser asks each time and gets 304 where nothing changed.

    A class opens the lab with thirty browsers: none of them may show a mixture of two versions.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Send a file, or 304 where the browser has it."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response
