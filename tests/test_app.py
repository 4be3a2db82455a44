"""The app: before its workers have started, in this process; and afterwards, as a user finds it."""

import asyncio
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from server.app import create_app
from server.gan.catalog import build_catalog
from server.settings import Settings
from tests.tools.lab import Lab
from tests.web.clients import open_client

DATA = ["/api/catalog", "/api/formulas"]


@pytest.fixture
def starting_app() -> FastAPI:
    """The app as it is until its first worker is ready."""
    return create_app(Settings())


async def ask(app: FastAPI, path: str) -> httpx.Response:
    async with open_client(app) as client:
        return await client.get(path)


async def test_a_starting_lab_lives_and_is_not_ready(starting_app: FastAPI) -> None:
    assert (await ask(starting_app, "/healthz")).json() == {"status": "ok"}
    answer = await ask(starting_app, "/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "starting"})


async def test_a_lab_that_can_never_train_says_why(starting_app: FastAPI) -> None:
    starting_app.state.hub.pool.trouble = "device: expected one that this machine has, got cuda"
    answer = await ask(starting_app, "/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "broken", "error": "device: expected one that this machine has, got cuda"}


def test_names_that_the_lab_answers_to_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANLAB_ALLOWED_HOSTS", "lab.school.example, lab")
    assert Settings().allowed_hosts == ("lab.school.example", "lab")


def test_pages_that_may_frame_the_lab_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANLAB_FRAME_ANCESTORS", "https://learn.school.example, https://*.uni.example:8443")
    assert Settings().frame_ancestors == ("https://learn.school.example", "https://*.uni.example:8443")


@pytest.mark.parametrize(
    "origin",
    ["*", "learn.school.example", "https://a; script-src *", "https://a/path", "https://a b", "data:", "'none'"],
)
def test_what_is_no_origin_may_not_frame_the_lab(origin: str) -> None:
    with pytest.raises(ValidationError):
        Settings(frame_ancestors=(origin,))


@pytest.mark.parametrize("path", DATA)
async def test_a_starting_lab_says_that_it_has_no_catalogue_yet(starting_app: FastAPI, path: str) -> None:
    answer = await ask(starting_app, path)
    assert answer.status_code == 503
    assert "still starting" in answer.json()["error"]


async def test_p2_the_page_is_there_before_the_workers_are(starting_app: FastAPI) -> None:
    answer = await ask(starting_app, "/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_f31_everything_that_the_page_names_is_served(starting_app: FastAPI) -> None:
    page = (await ask(starting_app, "/")).text
    addresses = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert any(address.startswith("/assets/plotly-") for address in addresses)
    answers = {address: (await ask(starting_app, address)).status_code for address in addresses}
    assert answers.pop("/reference") == 503  # it is written from the catalogue, which the first worker brings
    assert set(answers.values()) == {200}


async def test_the_page_holds_no_script_of_its_own(starting_app: FastAPI) -> None:
    page = (await ask(starting_app, "/")).text
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page) == []
    assert re.findall(r"\son\w+=", page) == []


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/nothing"])
async def test_there_are_no_other_pages(starting_app: FastAPI, path: str) -> None:
    assert (await ask(starting_app, path)).status_code == 404


async def test_who_is_lost_is_shown_the_way_and_a_program_is_told_in_words(starting_app: FastAPI) -> None:
    async with open_client(starting_app) as client:
        person = await client.get("/lern%3Cb%3E", headers={"Accept": "text/html,*/*;q=0.8"})
        program = await client.get("/lern" + 1_000 * "n")
    assert (person.status_code, program.status_code) == (404, 404)
    assert "/lern&lt;b&gt;" in person.text
    assert 'href="/learn"' in person.text
    assert program.json() == {"error": f"path: there is nothing at /lern{195 * 'n'}"}


async def test_a_lab_that_was_asked_to_stop_is_not_ready(starting_app: FastAPI) -> None:
    starting_app.state.draining = True
    answer = await ask(starting_app, "/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "stopping"})


async def test_the_workers_start_and_end_with_the_app() -> None:
    app = create_app(Settings(workers=1))
    async with app.router.lifespan_context(app), asyncio.timeout(60):
        await app.state.hub.pool.wait_ready()
        (worker,) = app.state.hub.pool.process_ids
        assert (await ask(app, "/readyz")).json() == {"status": "ready"}
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


# The lab as a user finds it -----------------------------------------------------------------------------------------


def fetch(lab: Lab, path: str, **headers: str) -> HTTPResponse:
    """Ask the running lab."""
    request = urllib.request.Request(lab.url.rstrip("/") + path, headers=headers)
    answer = urllib.request.urlopen(request, timeout=10)
    assert isinstance(answer, HTTPResponse)
    return answer


def fetch_json(lab: Lab, path: str) -> Any:
    with fetch(lab, path) as answer:
        return json.load(answer)


@pytest.fixture
def socket_address(running_lab: Lab) -> str:
    return running_lab.url.replace("http://", "ws://") + "ws"


@pytest.fixture
def playing_lab(running_lab: Lab, socket_address: str) -> Iterator[Lab]:
    """The running lab with one session that trains."""
    with connect(socket_address) as socket:
        socket.send(json.dumps({"type": "hello"}))
        wait_for(socket, "welcome")
        socket.send(json.dumps({"type": "play", "id": 1}))
        wait_for(socket, "done")
        yield running_lab


def wait_for(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """Give the next text message of one type."""
    while True:
        message = socket.recv(timeout=30)
        if isinstance(message, str) and (read := json.loads(message))["type"] == kind:
            assert isinstance(read, dict)
            return read


def test_the_catalogue_is_the_command_lines(running_lab: Lab) -> None:
    assert fetch_json(running_lab, "/api/catalog") == json.loads(json.dumps(build_catalog()))


def test_the_formulas_are_mathml(running_lab: Lab) -> None:
    formulas = fetch_json(running_lab, "/api/formulas")
    assert formulas["losses/minimax"].startswith("<math ")


def test_a_catalogue_that_a_browser_has_is_not_sent_again(running_lab: Lab) -> None:
    with fetch(running_lab, "/api/catalog") as first:
        tag = first.headers["ETag"]
    with pytest.raises(urllib.error.HTTPError) as again:
        fetch(running_lab, "/api/catalog", **{"If-None-Match": tag})
    assert again.value.code == 304
    again.value.close()


def test_another_sites_page_cannot_open_the_socket(socket_address: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(socket_address, origin=Origin("http://evil.example")):
        pass
    assert refused.value.response.status_code == 403


def test_a_name_that_is_not_the_labs_is_misdirected(running_lab: Lab) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(running_lab, "/", Host="evil.example")
    assert refused.value.code == 421
    refused.value.close()


def test_the_web_process_of_a_running_lab_has_no_torch(running_lab: Lab) -> None:
    maps = Path(f"/proc/{running_lab.process.pid}/maps")
    if not maps.exists():
        pytest.skip("this system does not show what a process has loaded")
    assert "libtorch" not in maps.read_text()


def test_health_is_answered_while_a_run_trains(playing_lab: Lab) -> None:
    """How soon is a matter of `make bench`."""
    with httpx.Client(base_url=playing_lab.url) as client:
        answers = [client.get("/healthz").status_code for _ in range(100)]
    assert answers == [200] * 100
