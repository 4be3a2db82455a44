"""QR codes over HTTP: the link to a run, for the cameras of a class."""

from __future__ import annotations

from io import BytesIO

import segno
from fastapi import APIRouter
from starlette.responses import Response

from server.errors import ConfigError

MOST_BYTES = 1_200
"""More makes a code too fine for a phone that looks at a projector; `static/js/link/share.js` has the same bound."""
QUIET_MODULES = 4
"""The white margin that a scanner needs, by the standard (ISO/IEC 18004)."""
CACHING = "private, max-age=86400"

router = APIRouter()


@router.get("/api/qr")
async def send_code(text: str) -> Response:
    """Send the code of a text as a picture.

    Raises:
        ConfigError: there is no text, or it is too long.
    """
    return Response(draw_code(text), media_type="image/svg+xml", headers={"Cache-Control": CACHING})


def draw_code(text: str) -> bytes:
    """Draw the QR code of a text as SVG, black on white in every theme, because scanners need it so.

    Raises:
        ConfigError: there is no text, or it is too long.
    """
    length = len(text.encode("utf-8", "surrogatepass"))
    if not 1 <= length <= MOST_BYTES:
        raise ConfigError("text", f"expected 1 to {MOST_BYTES} bytes, got {length}")
    code = segno.make_qr(text.encode("utf-8", "surrogatepass"), error="m", boost_error=False)
    picture = BytesIO()
    code.save(picture, kind="svg", border=QUIET_MODULES, dark="black", light="white", omitsize=True, xmldecl=False)
    return picture.getvalue()
