"""A session as documents over HTTP: a run file opens as it was saved; a script, a notebook and tables say the same."""

import ast
import asyncio
import contextlib
import csv
import gc
import io
import sys
from collections.abc import AsyncIterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any, cast

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from server.engine.pool import Pool
from server.errors import CommandError
from server.gan.config import check_config
from server.gan.export.notebook import write_notebook
from server.gan.export.script import write_script
from server.gan.model_file import build_model
from server.gan.probes import probe_layers
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.sessions.hub import Hub
from server.sessions.run_content import MOST_BYTES
from server.sessions.snapshots import Snapshots
from server.settings import Settings
from server.web.exports import exports_router
from server.web.refusals import answer_refusals, wait_until_open
from server.web.runs import runs_router
from tests.tools.sessions import Desk
from tests.web.clients import open_client

pytestmark = pytest.mark.asyncio(loop_scope="module")
SMALL: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 4},
    "discriminator": {"hidden_layers": 1, "width": 4},
    "batch_size": 8,
}
CHANGE: dict[str, Any] = {"g_optimizer": {"name": "sgd"}, "d_updates": 2}
DOCUMENTS = ("run", "script", "notebook", "scalars.csv", "samples.csv")


@contextlib.asynccontextmanager
async def open_routes(pool: Pool, desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes; the session is the desk's."""
    hub = Hub(Settings(), pool)
    hub.sessions[desk.session.key] = desk.session
    app = FastAPI()
    answer_refusals(app)
    app.include_router(runs_router(hub, pool))
    app.include_router(exports_router(hub, pool))
    async with open_client(app) as client:
        yield client
    await hub.stop()


def of(desk: Desk, document: str) -> str:
    """The address of a session's document."""
    return f"/api/sessions/{desk.session.key}/{document}"


async def train_and_branch(desk: Desk) -> None:
    """Thirty steps, and from step 12 on a branch of twenty with another rate; it stands at step 18."""
    await desk.do("Step", count=30)
    await desk.do("Seek", step=12)
    await desk.do("Configure", config=SMALL | CHANGE)
    await desk.do("Step", count=8)
    await desk.do("Seek", step=18)


async def test_a_saved_run_is_opened_in_another_session_and_saved_as_the_same_bytes(pool: Pool) -> None:
    desk, other = Desk(pool, SMALL), Desk(pool, {})
    await train_and_branch(desk)
    async with open_routes(pool, desk) as client, open_routes(pool, other) as visitor:
        saved = await client.get(of(desk, "run"))
        assert saved.headers["content-disposition"] == 'attachment; filename="ganlab-ring8-step-18.run.safetensors"'
        opened = await visitor.post(of(other, "run"), content=saved.content)
        assert (opened.status_code, opened.json()) == (200, {"step": 18, "head": 20, "branches": 2})
        await other.do("Pause")
        assert other.state == desk.state
        assert other.marks == desk.marks == [(12, "changed")]
        assert (await visitor.get(of(other, "run"))).content == saved.content


async def test_what_is_not_a_run_is_refused_in_words_and_the_session_stays(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=2)
    async with open_routes(pool, desk) as client:
        refused = await client.post(of(desk, "run"), content=b"PK\x03\x04" * 9)
        assert (refused.status_code, "expected a saved run" in refused.json()["error"]) == (400, True)
        long = await client.post(of(desk, "run"), content=b"x", headers={"content-length": str(MOST_BYTES + 1)})
        assert (long.status_code, "at most" in long.json()["error"]) == (413, True)
        assert (desk.status.step, desk.status.revision, desk.status.state) == (2, 1, "paused")


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_a_session_that_is_not_there_has_no_documents(pool: Pool, document: str) -> None:
    async with open_routes(pool, Desk(pool, SMALL)) as client:
        answer = await client.get(f"/api/sessions/nobody/{document}")
        assert answer.status_code == 404
        assert "no such session" in answer.json()["error"]


async def test_the_script_trains_the_present_branch_with_its_changes(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await train_and_branch(desk)
    async with open_routes(pool, desk) as client:
        answer = await client.get(of(desk, "script"))
        assert answer.headers["content-disposition"] == 'attachment; filename="ganlab-ring8-20-steps.py"'
        first, changed = (check_config(SMALL | change, pool.catalog) for change in ({}, CHANGE))
        assert answer.text == write_script(first, 20, pool.catalog, [(12, changed)])
        ast.parse(answer.text)
        notebook = await client.get(of(desk, "notebook"))
        assert notebook.headers["content-disposition"] == 'attachment; filename="ganlab-ring8-20-steps.ipynb"'
        assert notebook.text == write_notebook(first, 20, pool.catalog, [(12, changed)])


async def test_the_script_run_on_its_own_has_the_scalars_that_the_session_has(pool: Pool, tmp_path: Path) -> None:
    desk = Desk(pool, SMALL)
    await train_and_branch(desk)
    async with open_routes(pool, desk) as client:
        script, table = tmp_path / "run.py", tmp_path / "run.csv"
        script.write_text((await client.get(of(desk, "script"))).text)
        process = await asyncio.create_subprocess_exec(sys.executable, script, "--csv", table, cwd=tmp_path)
        assert await process.wait() == 0
        told = list(csv.DictReader(io.StringIO((await client.get(of(desk, "scalars.csv"))).text)))
    made = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [row["step"] for row in made] == [row["step"] for row in told if row["d_loss"]] == [*map(str, range(1, 21))]
    for name in ("d_loss", "g_loss"):
        losses = [float(row[name]) for row in told if row[name]]
        assert [float(row[name]) for row in made] == pytest.approx(losses, abs=1e-4)


async def test_a_run_that_was_not_trained_yet_is_exported_with_steps_to_train(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    async with open_routes(pool, desk) as client:
        answer = await client.get(of(desk, "script"))
        assert answer.headers["content-disposition"] == 'attachment; filename="ganlab-ring8-1000-steps.py"'


@pytest.mark.parametrize("document", ["script", "notebook"])
async def test_a_run_that_no_script_can_repeat_says_so(pool: Pool, document: str) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=3)
    model = build_model(desk.session.config, desk.state)
    await desk.do("Step", player="generator", count=2)
    async with open_routes(pool, desk) as client:
        alone = await client.get(of(desk, document))
        assert (alone.status_code, "after step 3 only the generator did" in alone.json()["error"]) == (400, True)
        desk.session.begin_at(model, "model loaded")
        begun = await client.get(of(desk, document))
        assert (begun.status_code, "began at a saved model" in begun.json()["error"]) == (400, True)


async def test_the_scalars_are_a_table_with_a_line_a_step(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.play_to(60)
    async with open_routes(pool, desk) as client:
        answer = await client.get(of(desk, "scalars.csv"))
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert answer.headers["content-type"].startswith("text/csv")
        assert [int(row["step"]) for row in rows] == list(range(61))
        assert (rows[0]["d_loss"], rows[0]["grid_kl"] != "", rows[51]["grid_kl"]) == ("", True, "")
        assert float(rows[60]["d_loss"]) == pytest.approx(desk.session.timeline.find_losses(60)["d_loss"], rel=1e-8)


async def test_the_samples_are_those_that_a_page_is_shown(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=9)
    async with open_routes(pool, desk) as client:
        answer = await client.get(of(desk, "samples.csv"))
        assert answer.headers["content-disposition"] == 'attachment; filename="ganlab-ring8-step-9-samples.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert {row["group"] for row in rows} == {"real", "generated"}
        trainer = Trainer(desk.session.config, state=RunState.unpack(desk.state))
        shown = probe_layers(trainer, ["generated"])["x_fake"]
        table = [[float(row["x"]), float(row["y"])] for row in rows if row["group"] == "generated"]
        assert np.array(table) == pytest.approx(shown)
        assert len(desk.session.readers.outboxes) == 1


async def test_a_file_opened_behind_a_running_command_is_answered_when_it_is_open(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=4)
    async with open_routes(pool, desk) as client:
        saved = (await client.get(of(desk, "run"))).content
        steps = desk.begin("Step", count=10_000)
        opening = asyncio.create_task(client.post(of(desk, "run"), content=saved))
        assert (await asyncio.wait([opening], timeout=1.0))[0] == set()
        await desk.do("Pause")
        assert (await opening).json() == {"step": 4, "head": 4, "branches": 1}
        assert desk.status.head == 4
        assert (await desk.answer(steps))["type"] == "done"


async def test_a_file_that_would_wait_for_too_long_is_not_opened_and_the_answer_says_so(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.refusals.OPEN_SECONDS", 0.1)
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=4)
    async with open_routes(pool, desk) as client:
        saved = (await client.get(of(desk, "run"))).content
        steps = desk.begin("Step", count=10_000)
        answer = await client.post(of(desk, "run"), content=saved)
        assert (answer.status_code, "press Pause" in answer.json()["error"]) == (503, True)
        await desk.do("Pause")
        assert (await desk.answer(steps))["type"] == "done"
        assert desk.status.head > 4


async def test_a_file_that_the_lab_fails_at_later_is_answered_and_the_run_goes_on(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=4)
    steps = desk.begin("Step", count=10_000)
    broken = replace(desk.session.branches.current, snapshots=cast("Snapshots", None))  # no file reads so
    opening = desk.session.open_tree([broken], current=broken.number)
    await desk.do("Pause")
    with pytest.raises(AttributeError, match="find"):
        await wait_until_open(opening)
    assert (await desk.answer(steps))["type"] == "done"
    await desk.do("Step")


async def test_who_waits_for_a_file_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.refusals.OPEN_SECONDS", 0.01)
    opening: Future[None] = Future()
    opening.set_running_or_notify_cancel()
    waiting = asyncio.create_task(wait_until_open(opening))
    rescue = Timer(2.0, opening.set_exception, [CommandError("open: the process was held up until now")])
    rescue.start()
    assert (await asyncio.wait([waiting], timeout=0.1))[1] == {waiting}
    rescue.cancel()
    opening.set_result(None)
    await waiting


async def test_why_a_file_is_not_opened_is_read_once_and_logged_by_nobody() -> None:
    unread: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: unread.append(context))
    opening: Future[None] = Future()
    opening.set_exception(CommandError("open: expected a smaller run"))
    with contextlib.suppress(CommandError):
        await wait_until_open(opening)
    del opening
    gc.collect()
    assert unread == []
