"""plotly.js out of the installed `plotly` package, so that the page asks no other host for it."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from server.web.answers import FOR_GOOD, Answer, make_answer

SCRIPT = Path("package_data", "plotly.min.js")
"""Where the package keeps the script; its documentation does not promise it, so a test does."""

router = APIRouter()


def find_script() -> Path:
    """Find the script without importing the package, which is large."""
    spec = find_spec("plotly")
    assert spec is not None, "the plotly package is a dependency of the lab and is not installed"
    folders = spec.submodule_search_locations or []
    found = next((path for folder in folders if (path := Path(folder) / SCRIPT).is_file()), None)
    assert found is not None, f"expected {SCRIPT} in the plotly package at {list(folders)}"
    return found


@cache
def load_script() -> Answer:
    """Read and compress the script, once a process (4.8 MB, compressed 1.5 MB in about 0.15 s)."""
    return make_answer(find_script().read_bytes(), "text/javascript; charset=utf-8", FOR_GOOD)


def script_address() -> str:
    """Give the address of the script; it changes with its content, so it may be cached for good."""
    return f"/assets/plotly-{load_script().tag}.js"


@router.get("/assets/plotly-{tag}.js")
def send_script(tag: str, request: Request) -> Response:
    """Send plotly.js, under the address of this version only."""
    script = load_script()
    if tag != script.tag:
        raise HTTPException(404, "another version of plotly.js: load the page again")
    return script.reply(request)
