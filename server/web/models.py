"""Models over HTTP: a session's run as a file, and a file as a session's run."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.engine.pool import Pool
from server.errors import FileError
from server.gan.ganlab_import import MOST_MANIFEST_BYTES, read_ganlab_model
from server.gan.model_file import KIND, Model, read_model, write_model
from server.sessions.hub import Hub
from server.sessions.models import LOADED, PRETRAINED, save_model
from server.web.answers import answer_file
from server.web.assets import find_folder
from server.web.refusals import find_session, read_body, wait_until_open


def models_router(hub: Hub, pool: Pool) -> APIRouter:
    """Give the routes that save and open models."""
    router = APIRouter()

    @router.get("/api/sessions/{key}/model")
    async def send_model(key: str) -> Response:
        """Send the session's run as a file."""
        session = find_session(hub, key)
        model = save_model(session, pool.catalog)
        name = f"ganlab-{model.config.data.name}-step-{model.counters['step']}.safetensors"
        return answer_file(write_model(model), name)

    @router.post("/api/sessions/{key}/model")
    async def open_model(request: Request, key: str, manifest: int = 0, pretrained: str = "") -> Response:
        """Open a file in place of the session's run, which stands there when this is answered.

        The body is a model of this lab; or, with `manifest`, so many bytes of GAN Lab's JSON and then its weights.
        With `pretrained` there is none: the model is the one that the lab has for that preset.
        """
        session = find_session(hub, key)
        content = b"" if pretrained else await read_body(request, KIND)
        model = read_pretrained(pretrained, pool) if pretrained else read_content(content, manifest, pool)
        await wait_until_open(session.begin_at(model, PRETRAINED if pretrained else LOADED))
        await hub.keep(session)
        return JSONResponse({"config": model.config.to_json(), "step": model.counters["step"]})

    return router


def read_content(content: bytes, manifest: int, pool: Pool) -> Model:
    """Read a model of this lab, or GAN Lab's two files one after the other.

    Raises:
        FileError: it is neither.
    """
    if not manifest:
        return read_model(content, pool.catalog)
    if not 0 < manifest <= min(MOST_MANIFEST_BYTES, len(content)):
        raise FileError(f"expected at most {MOST_MANIFEST_BYTES} bytes of JSON, then the weights")
    return read_ganlab_model(content[:manifest], content[manifest:], pool.catalog)


def read_pretrained(preset: str, pool: Pool) -> Model:
    """Read the model that the lab has for a preset.

    Raises:
        FileError: it has none.
    """
    known = [facts["key"] for facts in pool.catalog["presets"] if facts["pretrained"] is not None]
    if preset not in known:
        raise FileError(f"pretrained: expected one of {', '.join(known)}, got {preset[:60]!r}")
    return read_model(find_pretrained(preset).read_bytes(), pool.catalog)


def find_pretrained(preset: str) -> Path:
    """Give the place of a preset's model."""
    return find_folder("static") / "models" / f"{preset}.safetensors"
