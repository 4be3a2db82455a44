"""The numbers inside a step over HTTP: what the worker computed, with formulas that a browser can show."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from server.engine.pool import Pool
from server.gan.config import check_config
from server.gan.inspection import inspect_node, tell_sample
from server.gan.trainer import Trainer
from server.sessions.hub import Hub
from server.settings import Settings
from server.web.inspection import inspection_router
from server.web.refusals import answer_refusals
from tests.tools.sessions import Desk
from tests.web.clients import open_client

pytestmark = pytest.mark.asyncio(loop_scope="module")
SMALL = {"generator": {"width": 4}, "discriminator": {"width": 4}, "batch_size": 8}


@dataclass
class Lab:
    """A session with one page, and a client of the route."""

    desk: Desk
    client: httpx.AsyncClient

    async def ask(self, **query: Any) -> httpx.Response:
        return await self.client.get(f"/api/sessions/{self.desk.session.key}/inspection", params=query)

    async def look(self, **query: Any) -> dict[str, Any]:
        answer = await self.ask(**query)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


@pytest_asyncio.fixture(loop_scope="module")
async def lab(pool: Pool) -> AsyncIterator[Lab]:
    """A session with small networks, two steps trained."""
    hub = Hub(Settings(), pool)
    app = FastAPI()
    answer_refusals(app)
    app.include_router(inspection_router(hub))
    desk = Desk(pool, SMALL)
    hub.sessions[desk.session.key] = desk.session
    await desk.do("Step", count=2)
    async with open_client(app) as client:
        yield Lab(desk, client)
    await hub.stop()


async def test_every_phase_of_a_step_tells_its_own_numbers_and_looking_changes_nothing(lab: Lab) -> None:
    phases = []
    for _ in range(12):
        await lab.desk.do("Advance")
        told = await lab.look()
        phases.append((told["step"], told["player"], told["name"]))
        assert told["formula"][0]["mathml"].startswith("<math")
        assert told["formula"][0]["mathml_numbers"].startswith("<math")
        assert told["tensors"]
    names = ["sample", "generate", "classify", "loss", "backward", "update"]
    assert phases == [(3, player, name) for player in ("discriminator", "generator") for name in names]
    await lab.desk.do("Step")
    plain = Trainer(check_config(SMALL, lab.desk.session._pool.catalog))
    for _ in range(4):
        plain.step()
    assert lab.desk.state == plain.state.pack()


async def test_a_phase_told_again_after_going_back_to_it_is_the_same(lab: Lab) -> None:
    told = []
    for _ in range(6):
        await lab.desk.do("Advance")
        told.append(await lab.look())
    for before in reversed(told[:-1]):
        await lab.desk.do("Back", by="phase")
        assert await lab.look() == before


async def test_nodes_and_samples_tell_what_they_hold_now(lab: Lab) -> None:
    trainer = Trainer(check_config(SMALL, lab.desk.session._pool.catalog))
    trainer.step()
    trainer.step()
    node, sample = await lab.look(node="generator"), await lab.look(sample=3)
    assert node["numbers"] == inspect_node(trainer, "generator")["numbers"]
    assert (sample["index"], sample["z"]) == (3, tell_sample(trainer, 3)["z"])
    assert sample["stages"][0]["formula"][0]["mathml"].startswith("<math")


async def test_what_cannot_be_told_is_refused_in_words(lab: Lab) -> None:
    between = await lab.ask()
    assert (between.status_code, "press Next phase first" in between.json()["error"]) == (409, True)
    unknown = await lab.ask(node="engine")
    assert (unknown.status_code, "expected one of noise" in unknown.json()["error"]) == (409, True)
    assert (await lab.ask(sample=10**6)).status_code == 409
    assert (await lab.client.get("/api/sessions/nobody/inspection")).status_code == 404


async def test_a_question_is_answered_though_the_run_begins_anew(lab: Lab) -> None:
    reset = lab.desk.begin("Reset")
    looks = [asyncio.create_task(lab.ask(node="noise")) for _ in range(3)]
    await asyncio.sleep(0)
    again = lab.desk.begin("Reset")
    assert {answer.status_code for answer in await asyncio.gather(*looks)} <= {200, 409}
    assert (await lab.desk.answer(reset))["type"] == (await lab.desk.answer(again))["type"] == "done"
