"""Answers that are made once and sent to everybody: a body, its compressed form, and the tag of its version.

And those that are made for one: a file to keep.
"""

import gzip
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

ASK_AGAIN = "no-cache"
FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers, whoever asks; `tag` is a digest of the body."""

    body: bytes
    compressed: bytes
    tag: str
    media_type: str
    caching: str

    def reply(self, request: Request) -> Response:
        """Give the response to one request: 304 where the browser has this version, gzip where it reads it."""
        headers = {"ETag": f'W/"{self.tag}"', "Cache-Control": self.caching, "Vary": "Accept-Encoding"}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if not accepts_gzip(request.headers.get("accept-encoding", "")):
            return Response(self.body, media_type=self.media_type, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(self.compressed, media_type=self.media_type, headers=headers)


def make_answer(body: bytes, media_type: str, caching: str = ASK_AGAIN) -> Answer:
    """Compress and tag a body."""
    return Answer(
        body=body,
        compressed=gzip.compress(body, 6, mtime=0),
        tag=hashlib.sha256(body).hexdigest()[:20],
        media_type=media_type,
        caching=caching,
    )


def make_json_answer(data: Any) -> Answer:
    """Make an answer of plain data.

    Raises:
        ValueError: a number is not finite, which JSON cannot say.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return make_answer(text.encode(), "application/json")


def answer_file(content: bytes | str, name: str, media_type: str = "application/octet-stream") -> Response:
    """Answer with a file to keep, under that name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def accepts_gzip(accepted: str) -> bool:
    """Tell whether an Accept-Encoding header allows gzip."""
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
