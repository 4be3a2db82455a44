"""The door of a lab that asks for a token: who is let in, by which way, and what the others are told."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.app import create_app
from server.errors import LoadError
from server.load.client import Client
from server.load.trial import Plan, find_socket, try_lab
from server.settings import Settings
from tests.tools.lab import Lab, open_lab
from tests.web.clients import knock, open_client

TOKEN = "a-token-for-the-tests"
HOST = {"Host": "127.0.0.1:8000"}


@pytest.fixture
def app() -> FastAPI:
    """A lab that asks for TOKEN; its workers are not started."""
    return create_app(Settings(token=TOKEN))


def list_paths(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path that the app answers, its own files and its socket not among them."""
    routers = [included.original_router for included in app.router.routes if hasattr(included, "original_router")]
    for route in (route for router in routers for route in router.routes):
        for method in route.methods:
            yield method, re.sub(r"\{\w+\}", "1", route.path)


async def test_no_route_but_the_two_for_machines_answers_a_stranger(app: FastAPI) -> None:
    asked = 0
    async with open_client(app) as client:
        for method, path in list_paths(app):
            answer = await client.request(method, path)
            if path in ("/healthz", "/readyz"):
                assert answer.status_code != 401
            else:
                asked += 1
                assert answer.status_code == 401, (method, path)
                if method != "HEAD":
                    assert "token" in answer.json()["error"]
    assert asked >= 12


async def test_a_browser_sees_the_door_and_what_the_door_needs(app: FastAPI) -> None:
    async with open_client(app) as client:
        for path in ("/", "/learn", "/reference"):
            answer = await client.get(path, headers={"Accept": "text/html,*/*"})
            assert answer.status_code == 401
            assert answer.headers["cache-control"] == "no-store"
            assert "content-security-policy" in answer.headers
            assert "This lab asks for its token" in answer.text
        assert (await client.get("/static/js/enter.js")).status_code == 200


async def test_the_token_is_traded_for_a_cookie_that_no_script_reads(app: FastAPI) -> None:
    async with open_client(app) as client:
        answer = await client.post("/enter", json={"token": TOKEN})
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"]
        assert TOKEN not in cookie
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert (await client.get("/")).status_code == 200
        assert f'data-token="{TOKEN}"' in (await client.get("/")).text


async def test_who_is_in_already_may_knock_again_from_another_tab(app: FastAPI) -> None:
    async with open_client(app) as client:
        for _ in range(2):
            assert (await client.post("/enter", json={"token": TOKEN})).status_code == 204
        assert (await client.post("/enter", json={"token": "another-token-of-length"})).status_code == 401
        assert (await client.get("/")).status_code == 200


async def test_programs_show_the_token_in_a_header(app: FastAPI) -> None:
    async with open_client(app) as client:
        for shown, status in ((f"Bearer {TOKEN}", 200), (f"bearer {TOKEN}", 200), ("Bearer other", 401), (TOKEN, 401)):
            assert (await client.get("/metrics", headers={"Authorization": shown})).status_code == status


WRONG: list[tuple[str, bytes]] = [
    ("another token", json.dumps({"token": "another-token-of-length"}).encode()),
    ("no text", b'{"token": 7}'),
    ("no object", b'["token"]'),
    ("no JSON", b"token=" + TOKEN.encode()),
    ("deep", b"[" * 900),
    ("too long", json.dumps({"token": TOKEN, "more": "x" * 2_000}).encode()),
    ("not ASCII", json.dumps({"token": "é" * 20}).encode()),
    ("half a letter", b'{"token": "\\ud800"}'),
    ("nothing", b""),
]


@pytest.mark.parametrize("body", [body for _, body in WRONG], ids=[name for name, _ in WRONG])
async def test_anything_else_is_refused_and_no_cookie_given(app: FastAPI, body: bytes) -> None:
    async with open_client(app) as client:
        answer = await client.post("/enter", content=body)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert "expected" in answer.json()["error"]
        client.cookies.set("ganlab-0", TOKEN)
        assert (await client.get("/api/catalog")).status_code == 401


async def test_another_page_cannot_knock_with_the_token(app: FastAPI) -> None:
    async with open_client(app) as client:
        answer = await client.post("/enter", json={"token": TOKEN}, headers={"Origin": "http://elsewhere.example"})
        assert answer.status_code == 403


async def test_the_socket_is_refused_with_401_and_opens_with_the_token(app: FastAPI) -> None:
    refused = await knock(app, HOST)
    assert (refused["type"], refused["status"]) == ("websocket.http.response.start", 401)
    assert (await knock(app, HOST | {"Authorization": f"Bearer {TOKEN}"}))["type"] == "websocket.accept"


async def test_a_lab_without_a_token_has_no_door() -> None:
    async with open_client(create_app(Settings())) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.post("/enter", json={"token": ""})).status_code in (404, 405)


@pytest.fixture(scope="module")
def gated_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A real lab that asks for TOKEN, as an operator sets it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLAB_TOKEN", TOKEN)
        with open_lab(tmp_path_factory.mktemp("gated"), ["--workers", "1"]) as lab:
            yield lab


async def test_the_link_that_it_prints_lets_programs_in_and_the_bare_address_does_not(gated_lab: Lab) -> None:
    assert gated_lab.link == f"{gated_lab.url}#token={TOKEN}"
    with pytest.raises(InvalidStatus, match="401"):
        await connect(find_socket(gated_lab.url))
    client = Client(find_socket(gated_lab.url), {}, 0.01)
    with pytest.raises(LoadError, match="401"):
        await client.open()
    figures = await try_lab(gated_lab.link, Plan(clients=1, seconds=2.0))
    assert figures.errors == {}
    async with httpx.AsyncClient() as stranger:
        assert (await stranger.get(f"{gated_lab.url}readyz")).status_code == 200
