"""Models over HTTP: what is saved is opened at its step, and what is not a model leaves the run as it was."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from server.engine.pool import Pool
from server.gan.model_file import MOST_BYTES, read_model
from server.protocol.messages import Hello, Step
from server.sessions.hub import Hub
from server.sessions.outbox import Outbox
from server.sessions.session import Session
from server.settings import Settings
from server.web.models import find_pretrained, models_router
from server.web.refusals import answer_refusals
from tests.tools.ganlab_models import make_saved
from tests.web.clients import open_client

pytestmark = pytest.mark.asyncio(loop_scope="module")
SMALL = {"generator": {"width": 4}, "discriminator": {"width": 4}, "batch_size": 8}


@dataclass
class Lab:
    """A session with one page, and a client of the routes."""

    session: Session
    outbox: Outbox
    client: httpx.AsyncClient
    news: asyncio.Event
    told: list[dict[str, Any]]

    @property
    def address(self) -> str:
        return f"/api/sessions/{self.session.key}/model"

    async def until(self, arrived: Callable[[], bool]) -> None:
        """Read what the page is told until a condition holds."""
        async with asyncio.timeout(60):
            while not arrived():
                self.news.clear()
                self.told += [json.loads(m) for m in self.session.take(self.outbox) if isinstance(m, str)]
                if not arrived():
                    await self.news.wait()

    async def train(self, identity: int, count: int = 1) -> None:
        """Train some steps."""
        self.session.handle(self.outbox, Step(id=identity, count=count))
        await self.until(lambda: any(m["type"] == "done" and m["id"] == identity for m in self.told))

    async def score(self) -> list[dict[str, Any]]:
        """The metric rows of the present revision, once its floors are there."""
        revision = self.session.revision
        await self.until(lambda: any(m["type"] == "floors" and m["revision"] == revision for m in self.told))
        parts = [m for m in self.told if m["type"] == "scalars" and m["revision"] == revision]
        return [row for part in parts for row in part["metrics"]]


@pytest_asyncio.fixture(loop_scope="module")
async def lab(pool: Pool) -> AsyncIterator[Lab]:
    """A session with small networks."""
    hub = Hub(Settings(), pool)
    app = FastAPI()
    answer_refusals(app)
    app.include_router(models_router(hub, pool))
    session = hub.join(Hello(config=SMALL))
    news = asyncio.Event()
    async with open_client(app) as client:
        yield Lab(session, session.attach(0, news.set), client, news, [])
    await hub.stop()


async def test_f25_a_saved_model_is_opened_at_its_step(lab: Lab, pool: Pool) -> None:
    await lab.train(1, 7)
    saved = await lab.client.get(lab.address)
    assert saved.status_code == 200
    assert saved.headers["content-disposition"] == 'attachment; filename="ganlab-ring8-step-7.safetensors"'
    model = read_model(saved.content, pool.catalog)
    assert set(model.scalars) == {"d_loss", "g_loss"}
    await lab.train(2, 5)
    opened = await lab.client.post(lab.address, content=saved.content)
    assert (opened.status_code, opened.json()["step"]) == (200, 7)
    await lab.score()
    assert lab.session.describe_status().step == 7
    assert (await lab.client.get(lab.address)).content != b""
    again = read_model((await lab.client.get(lab.address)).content, pool.catalog)
    assert all((again.arrays[name] == model.arrays[name]).all() for name in model.arrays)


async def test_f11_the_history_of_an_opened_model_begins_at_its_step(lab: Lab) -> None:
    await lab.train(1, 7)
    saved = (await lab.client.get(lab.address)).content
    await lab.client.post(lab.address, content=saved)
    assert [row["step"] for row in await lab.score()] == [7]
    await lab.train(2)
    revision = lab.session.revision
    steps = [s for m in lab.told if m["type"] == "scalars" and m["revision"] == revision for s in m["steps"]]
    assert steps == [8]
    mark = next(m for m in lab.told if m["type"] == "mark" and m["revision"] == revision)
    assert (mark["step"], mark["text"]) == (7, "model loaded")


async def test_p13_gan_labs_two_files_are_opened_together(lab: Lab) -> None:
    saved = make_saved()
    manifest = json.dumps(saved.manifest()).encode()
    opened = await lab.client.post(lab.address, params={"manifest": len(manifest)}, content=manifest + saved.content())
    assert (opened.status_code, opened.json()["step"]) == (200, 812)
    assert opened.json()["config"]["generator"]["output"] == "tanh"
    assert [row["step"] for row in await lab.score()] == [812]
    await lab.train(1)
    assert lab.session.describe_status().step == 813


@pytest.mark.parametrize("key", ["line", "gaussians", "ring", "disjoint"])
async def test_f10_opening_a_pretrained_model_trains_it_not_one_step(lab: Lab, pool: Pool, key: str) -> None:
    opened = await lab.client.post(lab.address, params={"pretrained": key})
    shipped = read_model(find_pretrained(key).read_bytes(), pool.catalog)
    assert opened.json() == {"config": shipped.config.to_json(), "step": shipped.counters["step"]}
    await lab.score()
    shown = read_model((await lab.client.get(lab.address)).content, pool.catalog)
    assert all((shown.arrays[name] == shipped.arrays[name]).all() for name in shipped.arrays)
    assert lab.told[-1]["type"] in ("floors", "scalars", "status")
    assert "pre-trained model" in [m["text"] for m in lab.told if m["type"] == "mark"]


@pytest.mark.parametrize(
    ("query", "content", "told"),
    [
        ({}, b"", "expected a saved model"),
        ({}, b"PK\x03\x04" * 9, "expected a saved model"),
        ({"manifest": 9}, b"{}", "bytes of JSON"),
        ({"manifest": 2}, b"{}", "modelTopology"),
        ({"manifest": -1}, b"{}", "bytes of JSON"),
        ({"pretrained": "../../secret"}, b"", "pretrained: expected one of line"),
        ({"pretrained": "ring8"}, b"", "pretrained: expected one of line"),
    ],
)
async def test_bad_files_are_refused_in_words_and_the_run_stays(
    lab: Lab, query: dict[str, Any], content: bytes, told: str
) -> None:
    await lab.train(1, 2)
    answer = await lab.client.post(lab.address, params=query, content=content)
    assert answer.status_code == 400
    assert told in answer.json()["error"]
    status = lab.session.describe_status()
    assert (status.step, status.revision, status.state) == (2, 1, "paused")


async def test_too_long_a_file_is_refused_before_it_is_read(lab: Lab) -> None:
    async def send() -> AsyncIterator[bytes]:
        yield b"x"
        raise AssertionError("the body was read")

    told = await lab.client.post(lab.address, content=send(), headers={"content-length": str(MOST_BYTES + 1)})
    assert told.status_code == 413
    assert "at most" in told.json()["error"]
    endless = await lab.client.post(lab.address, content=send())
    assert endless.status_code == 411


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_session_that_is_not_there_has_no_model(lab: Lab, method: str) -> None:
    answer = await lab.client.request(method, "/api/sessions/nobody/model")
    assert answer.status_code == 404
    assert "no such session" in answer.json()["error"]
