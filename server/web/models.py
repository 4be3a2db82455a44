"""Models over HTTP: a session's run as a file, and a file as a session's run."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.engine.pool import Pool
from server.errors import FileError
from server.gan.ganlab_import import MOST_MANIFEST_BYTES, read_ganlab_model
from server.gan.model_file import MOST_BYTES, Model, read_model, write_model
from server.sessions.hub import Hub
from server.sessions.models import LOADED, PRETRAINED, save_model
from server.sessions.session import Session
from server.web.assets import find_folder


class Refused(Exception):
    """A request that is answered with `status` and words, before its body is read."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def models_router(hub: Hub, pool: Pool) -> APIRouter:
    """Give the routes that save and open models."""
    router = APIRouter()

    @router.get("/api/sessions/{key}/model")
    async def send_model(key: str) -> Response:
        """Send the session's run as a file."""
        try:
            session = find_session(hub, key)
        except Refused as refusal:
            return answer_refusal(refusal)
        model = save_model(session, pool.catalog)
        name = f"ganlab-{model.config.data.name}-step-{model.counters['step']}.safetensors"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(write_model(model), media_type="application/octet-stream", headers=headers)

    @router.post("/api/sessions/{key}/model")
    async def open_model(request: Request, key: str, manifest: int = 0, pretrained: str = "") -> Response:
        """Open a file in place of the session's run.

        The body is a model of this lab; or, with `manifest`, so many bytes of GAN Lab's JSON and then its weights.
        With `pretrained` there is none: the model is the one that the lab has for that preset.
        """
        try:
            session = find_session(hub, key)
            content = b"" if pretrained else await read_body(request)
        except Refused as refusal:
            return answer_refusal(refusal)
        model = read_pretrained(pretrained, pool) if pretrained else read_content(content, manifest, pool)
        session.begin_at(model, PRETRAINED if pretrained else LOADED)
        return JSONResponse({"config": model.config.to_json(), "step": model.counters["step"]})

    return router


def find_session(hub: Hub, key: str) -> Session:
    """Give the session of that key.

    Raises:
        Refused: there is none.
    """
    session = hub.sessions.get(key)
    if session is None:
        raise Refused(404, "there is no such session; load the page anew")
    return session


async def read_body(request: Request) -> bytes:
    """Read a request's body, if it says how long it is and is not too long.

    Raises:
        Refused: it does not, or it is.
    """
    told = request.headers.get("content-length", "")
    if not told.isdecimal():
        raise Refused(411, "expected the length of the file")
    if int(told) > MOST_BYTES:
        raise Refused(413, f"expected a model of at most {MOST_BYTES} bytes, got {told}")
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > MOST_BYTES:
            raise Refused(413, f"expected a model of at most {MOST_BYTES} bytes, got more")
    return bytes(content)


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


def answer_refusal(refusal: Refused) -> Response:
    """Answer in the words of a refusal."""
    return JSONResponse({"error": str(refusal)}, refusal.status)
