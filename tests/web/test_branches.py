"""Branches over HTTP: a branch gives the scalars of its history, and an unknown one is refused in words."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from server.engine.pool import Pool
from server.sessions.hub import Hub
from server.sessions.session import Session
from server.settings import Settings
from server.web.branches import branches_router
from server.web.refusals import answer_refusals
from tests.tools.sessions import Desk
from tests.web.clients import open_client

pytestmark = pytest.mark.asyncio(loop_scope="module")
SMALL: dict[str, Any] = {"generator": {"width": 4}, "discriminator": {"width": 4}, "batch_size": 8}


@pytest_asyncio.fixture(loop_scope="module")
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    """A session with small networks, trained to step 12, and a branch of it that left at step 5 and went on to 8."""
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=12)
    await desk.do("Seek", step=5)
    await desk.do("Configure", config=SMALL | {"g_optimizer": {"name": "adam", "learning_rate": 0.01}})
    await desk.do("Step", count=3)
    yield desk
    desk.session.close()


async def ask(pool: Pool, session: Session, number: str, key: str = "") -> httpx.Response:
    """Ask for the scalars of a session's branch."""
    hub = Hub(Settings(), pool)
    hub.sessions[session.key] = session
    app = FastAPI()
    answer_refusals(app)
    app.include_router(branches_router(hub))
    async with open_client(app) as client:
        return await client.get(f"/api/sessions/{key or session.key}/branches/{number}/scalars")


async def test_a_branch_that_was_left_gives_its_whole_history(pool: Pool, desk: Desk) -> None:
    answer = await ask(pool, desk.session, "1")
    assert answer.status_code == 200
    scalars = answer.json()
    assert scalars["steps"] == list(range(1, 13))
    assert [len(scalars[column]) for column in ("d_loss", "g_loss")] == [12, 12]
    assert scalars["metrics"][0]["step"] == 0
    assert scalars["metrics"][0]["values"]["grid_js"] > 0


async def test_two_branches_share_their_history_up_to_where_one_left(pool: Pool, desk: Desk) -> None:
    first, second = [(await ask(pool, desk.session, number)).json() for number in ("1", "2")]
    assert second["steps"] == list(range(1, 9))
    for column in ("d_loss", "g_loss"):
        assert second[column][:5] == first[column][:5]
    assert second["g_loss"][6:] != first["g_loss"][6:8]


async def test_a_loss_of_a_player_that_rested_is_none(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", player="generator", count=2)
    scalars = (await ask(pool, desk.session, "1")).json()
    assert scalars["d_loss"] == [None, None]
    assert None not in scalars["g_loss"]
    desk.session.close()


@pytest.mark.parametrize(
    ("number", "key", "status", "told"),
    [
        ("7", "", 404, "branch: expected one of 1, 2, got 7"),
        ("1", "nobody", 404, "no such session"),
        ("first", "", 422, ""),
    ],
)
async def test_what_is_not_there_is_refused_in_words(
    pool: Pool, desk: Desk, number: str, key: str, status: int, told: str
) -> None:
    answer = await ask(pool, desk.session, number, key)
    assert answer.status_code == status
    assert told in answer.text
