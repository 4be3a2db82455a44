"""plotly.js: it is where the package keeps it, and it is served for good under the address of its version."""

import gzip

from fastapi import FastAPI

from server.web.plotly import find_script, router, script_address
from tests.web.clients import open_client


def make_app() -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    return app


def test_the_package_holds_the_script_where_we_look() -> None:
    head = find_script().read_bytes()[:200].decode()
    assert "plotly.js v4" in head
    assert find_script().stat().st_size > 3_000_000


async def test_the_script_is_sent_compressed_and_may_be_kept_for_good() -> None:
    async with (
        open_client(make_app()) as client,
        client.stream("GET", script_address(), headers={"Accept-Encoding": "gzip"}) as answer,
    ):
        sent = b"".join([part async for part in answer.aiter_raw()])
    assert gzip.decompress(sent) == find_script().read_bytes()
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_the_address_of_another_version_leads_nowhere() -> None:
    async with open_client(make_app()) as client:
        assert (await client.get("/assets/plotly-0123456789.js")).status_code == 404
