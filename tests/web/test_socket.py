"""A real socket, a real worker: what a page may rely on."""

import asyncio
import gc
import json
import os
import signal
import time
import weakref
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.engine.pool import Pool
from server.protocol.frames import decode_frame
from tests.tools.engine import EXPLODING
from tests.tools.page import ALL_LAYERS, Page, Place, open_page, open_socket

pytestmark = pytest.mark.asyncio(loop_scope="module")


def newest_frame(page: Page) -> dict[str, str]:
    return dict(decode_frame(page.frames[-1])[1])


async def test_a_page_is_welcomed_with_a_run_at_step_0(place: Place) -> None:
    async with open_page(place.url) as page:
        welcome = page.messages[0]
        assert welcome["type"] == "welcome"
        assert welcome["resumed"] is False
        assert welcome["status"] == {
            "type": "status", "state": "paused", "step": 0, "d_updates": 0, "g_updates": 0,
            "first": 0, "head": 0, "revision": 1, "steps_per_second": 0.0,
            "failure": None, "phase": None, "reason": None, "unkept": None,
        }  # fmt: skip
        assert welcome["config"] == place.pool.catalog["run"]["defaults"]
        await page.until(lambda: bool(page.all("floors")))
        assert page.all("floors")[0]["values"]["modes20"] == 8


async def test_a_page_begins_with_its_preset_or_config(place: Place) -> None:
    async with open_page(place.url, preset="ring8") as page:
        assert page.messages[0]["config"] == place.pool.catalog["presets"][0]["config"]
    async with open_page(place.url, config={"seed": 7}) as page:
        assert page.messages[0]["config"]["seed"] == 7


async def test_a_wrong_hello_is_refused_and_may_be_said_again(place: Place) -> None:
    async with connect(place.url) as connection:
        for wrong, words in (
            ({"type": "play", "id": 1}, "expected hello first"),
            ({"type": "hello", "preset": "nothing"}, "preset: expected one of"),
            ({"type": "hello", "config": {"batch_size": 0}}, "batch_size: expected"),
        ):
            await connection.send(json.dumps(wrong))
            failure = json.loads(await connection.recv())
            assert failure["type"] == "failure"
            assert words in failure["message"]
        await connection.send('{"type": "hello"}')
        assert json.loads(await connection.recv())["type"] == "welcome"


async def test_another_protocol_is_told_and_let_go(place: Place) -> None:
    async with connect(place.url) as connection:
        await connection.send('{"type": "hello", "protocol": 2}')
        assert "protocol: expected version 1, got 2" in json.loads(await connection.recv())["message"]
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4000


async def test_p15_f10_play_trains_and_pause_stops_for_good(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.train(30)
        done = page.messages[-1]
        assert page.status["state"] == "paused"
        told = len(page.messages)
        again = await page.command("pause")
        assert again["step"] == done["step"] == page.rows()[-1][0] == page.status["step"]
        assert [m["type"] for m in page.messages[told:]] in (["done"], ["status", "done"])


async def test_p17_step_adds_one(place: Place) -> None:
    async with open_page(place.url) as page:
        assert (await page.command("step"))["step"] == 1
        assert (await page.command("step", player="generator"))["step"] == 2
        assert (page.status["d_updates"], page.status["g_updates"]) == (1, 2)
        assert page.rows()[1][1] is None


async def test_p14_reset_brings_back_the_same_picture_and_the_same_losses(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.say(type="watch", layers=ALL_LAYERS)
        await page.say(type="credit", count=8)
        await page.until(lambda: bool(page.frames))
        first = decode_frame(page.frames[0])[0]
        await page.train(10)
        await page.command("reset")
        await page.say(type="credit", count=8)
        await page.until(lambda: newest_frame(page)["revision"] == "2")
        again = decode_frame(page.frames[-1])[0]
        await page.train(10)
        assert {name: array.tobytes() for name, array in again.items()} == {
            name: array.tobytes() for name, array in first.items()
        }
        assert page.rows(revision=2)[:10] == page.rows(revision=1)[:10]


async def test_f22_another_seed_gives_another_run(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.command("step")
        await page.command("reset", seed=5)
        await page.command("step")
        assert page.all("configured")[-1]["config"]["seed"] == 5
        assert page.rows(revision=2)[0] != page.rows(revision=1)[0]


async def test_p40_a_live_change_applies_while_the_run_goes_on(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.command("play")
        await page.until(lambda: page.status["step"] >= 10)
        changed = {**page.messages[0]["config"], "batch_size": 64}
        await page.command("configure", config=changed)
        (mark,) = page.all("mark")
        assert mark["changes"] == {"batch_size": [128, 64]}
        assert page.all("configured")[-1]["restarted"] is False
        await page.until(lambda: page.status["step"] > mark["step"] > 0)
        assert page.status["revision"] == 1


async def test_p40_a_structural_change_begins_a_new_run(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.train(10)
        await page.command("configure", config={"data": {"name": "ring"}})
        assert page.all("configured")[-1]["restarted"] is True
        assert (page.status["revision"], page.status["step"], page.status["state"]) == (2, 0, "paused")


async def test_a_reset_right_after_play_leaves_the_run_at_rest(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.say(type="play", id=901)
        await page.say(type="configure", id=902, config={"batch_size": 64})
        await page.command("reset", id=903)
        await page.command("pause", id=904)
        assert {done["id"] for done in page.all("done")} == {901, 902, 903, 904}
        assert (page.status["state"], page.status["step"], page.status["revision"]) == ("paused", 0, 2)
        assert [mark["text"] for mark in page.all("mark") if mark["revision"] == 2] == ["reset"]


async def test_a_wrong_config_changes_nothing(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.command("step")
        failure = await page.command("configure", config={"d_optimizer": {"name": "adam", "learning_rate": -1}})
        assert failure["message"].startswith("d_optimizer.learning_rate: expected a number from")
        assert page.all("configured") == []
        assert (await page.command("step"))["step"] == 2


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("rubbish", None),
        ('{"type": "shout", "id": 9}', 9),
        ('{"type": "play", "id": "x"}', None),
        ('{"type": "step", "id": 9, "count": 0}', 9),
        ('{"type": "configure", "id": 9, "config": {"seed": NaN}}', 9),
        ('{"type": "configure", "id": 9, "config": {"\\ud800": 1}}', 9),
        ('{"type": "hello", "id": 9}', 9),
        (b"\x00\x01", None),
    ],
)
async def test_a_bad_message_is_answered_and_the_connection_kept(
    place: Place, text: str | bytes, identity: int | None
) -> None:
    async with open_page(place.url) as page:
        await page.connection.send(text)
        await page.until(lambda: bool(page.all("failure")))
        assert page.all("failure")[0]["id"] == identity
        assert (await page.command("step"))["step"] == 1


async def test_a_long_config_is_taken_and_an_endless_message_closes_the_socket(place: Place) -> None:
    points = [[i / 20_000, -i / 20_000] for i in range(20_000)]
    async with open_page(place.url) as page:
        done = await page.command("configure", config={"data": {"name": "points", "points": points}})
        assert done["type"] == "done"
        await page.connection.send("x" * (1 << 20) + "x")
        with pytest.raises(ConnectionClosed) as closed:
            await page.until(lambda: False)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def test_frames_stop_without_credit_and_the_last_one_of_a_pause_arrives(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.say(type="watch", layers=["generated", "real"])
        await page.say(type="credit", count=2)
        await page.train(200)
        assert len(page.frames) == 2
        await page.say(type="credit", count=2)
        await page.until(lambda: len(page.frames) == 3)
        assert newest_frame(page)["step"] == str(page.status["step"])
        assert set(decode_frame(page.frames[0])[0]) == {"x_fake", "x_real"}
        assert set(decode_frame(page.frames[2])[0]) == {"x_fake"}
        await page.command("step")
        await page.until(lambda: len(page.frames) == 4)
        assert newest_frame(page)["step"] == str(page.status["step"])


async def test_f15_a_diverged_run_says_so_keeps_its_state_and_can_be_reset(place: Place) -> None:
    async with open_page(place.url, config=EXPLODING) as page:
        await page.command("play")
        await page.until(lambda: page.status["state"] == "failed")
        failure, step = page.status["failure"], page.status["step"]
        assert failure["step"] == step + 1
        assert "became infinite or not a number" in failure["message"]
        await page.say(type="watch", layers=["generated"])
        await page.say(type="credit")
        await page.until(lambda: bool(page.frames))
        assert newest_frame(page)["step"] == str(step)
        refused = await page.command("play")
        assert "expected Reset, a changed setting or a step back first" in refused["message"]
        await page.command("reset")
        assert (page.status["state"], page.status["failure"]) == ("paused", None)


async def test_a_changed_setting_leaves_the_failed_state_where_the_run_stands(place: Place) -> None:
    async with open_page(place.url, config=EXPLODING) as page:
        await page.command("play")
        await page.until(lambda: page.status["state"] == "failed")
        step = page.status["step"]
        await page.command("configure", config={"loss": {"name": "least_squares"}})
        assert (page.status["state"], page.status["step"]) == ("paused", step)


async def test_a_repeated_command_is_applied_once(place: Place) -> None:
    async with open_page(place.url) as page:
        first = await page.command("step", id=41)
        again = await page.command("step", id=41)
        assert first == again == {"type": "done", "id": 41, "step": 1}
        assert page.status["step"] == 1


async def test_a_command_repeated_after_a_lost_connection_is_applied_once(place: Place) -> None:
    async with open_page(place.url) as page:
        session = page.messages[0]["session"]
        await page.say(type="step", id=41, count=30)
    async with open_page(place.url, session=session) as page:
        assert await page.command("step", id=41, count=30) == {"type": "done", "id": 41, "step": 30}
        assert [row[0] for row in page.rows()] == list(range(1, 31))


async def test_a_page_that_comes_back_gets_what_it_has_not_seen(place: Place) -> None:
    async with open_page(place.url) as page:
        session = page.messages[0]["session"]
        await page.until(lambda: bool(page.all("floors")))
        await page.command("step", count=5)
        seen = max(message.get("event", 0) for message in page.messages)
        known = page.rows()
        await page.say(type="step", id=99, count=5)
    async with open_page(place.url, session=session, seen=seen) as page:
        welcome = page.messages[0]
        assert (welcome["resumed"], welcome["since"]) == (True, seen)
        await page.command("step", id=100)
        assert [row[0] for row in known + page.rows()] == list(range(1, 12))
        assert page.all("floors") == []


async def test_a_page_that_has_forgotten_gets_everything(place: Place) -> None:
    async with open_page(place.url) as page:
        session = page.messages[0]["session"]
        await page.until(lambda: bool(page.all("floors")))
        await page.command("step", count=5)
        await page.command("configure", config={"batch_size": 64})
        events, known = [message for message in page.messages if "event" in message], page.rows()
    async with open_page(place.url, session=session) as page:
        await page.until(lambda: bool(page.all("mark")))
        assert page.messages[0]["since"] == 0
        assert page.rows() == known
        for kind in ("mark", "floors", "configured"):
            assert page.all(kind) == [event for event in events if event["type"] == kind]


async def test_two_tabs_follow_one_run(place: Place) -> None:
    async with open_page(place.url) as page, open_page(place.url, session=page.messages[0]["session"]) as other:
        assert other.messages[0]["resumed"] is True
        await page.command("step", id=1)
        await other.command("step", id=2, player="discriminator")
        await page.until(lambda: page.status["step"] == 2)
        await other.until(lambda: len(other.rows()) == 2)
        assert page.rows() == other.rows()
        await other.command("reset", id=3)
        await page.until(lambda: page.status["revision"] == 2)


async def test_a_page_that_leaves_takes_its_session_along_at_once(pool: Pool) -> None:
    freed = asyncio.Event()
    gc.disable()  # what only the collector frees would stay for long: it counts objects, not their bytes
    try:
        async with open_socket(pool, grace_seconds=0.0) as place, asyncio.timeout(60):
            await place.hub.start()
            async with open_page(place.url) as page:
                await page.train(20)
                weakref.finalize(place.hub.sessions[page.messages[0]["session"]], freed.set)
            await freed.wait()
    finally:
        gc.enable()


async def test_a_killed_workers_run_is_back_with_the_same_losses(place: Place) -> None:
    async with open_page(place.url) as page, open_page(place.url) as undisturbed:
        await page.command("play")
        await page.until(lambda: page.status["step"] >= 50)
        os.kill(place.pool.process_ids[0], signal.SIGKILL)
        began, reached = time.monotonic(), page.status["step"]
        await page.until(lambda: page.status["step"] >= reached + 100)
        assert time.monotonic() - began < 20
        await page.command("pause")
        await undisturbed.train(page.status["step"])
        assert page.rows() == undisturbed.rows()[: len(page.rows())]
        assert len(page.rows()) >= 150


async def test_p60_a_full_lab_says_so_and_lets_go_until_there_is_room(pool: Pool) -> None:
    async with open_socket(pool, max_sessions=1) as place, open_page(place.url), connect(place.url) as connection:
        await connection.send('{"type": "hello"}')
        assert (
            "the lab is full: its only place is taken; try again later"
            in json.loads(await connection.recv())["message"]
        )
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013


async def test_who_says_no_hello_is_let_go(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.socket.HELLO_SECONDS", 0.1)
    async with asyncio.timeout(10), connect(place.url) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


async def test_resets_in_a_row_are_all_done(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.command("step")
        for number in range(901, 911):
            await page.say(type="reset", id=number)
        await page.until(lambda: {done["id"] for done in page.all("done")} >= set(range(901, 911)))
        assert (page.status["step"], page.status["revision"]) == (0, 11)


async def test_of_many_commands_at_once_each_is_answered(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.say(type="step", id=1, count=600)
        for number in range(2, 302):
            await page.say(type="step", id=number)
        await page.until(lambda: len(page.all("done")) + len(page.all("failure")) == 301)
        refused = page.all("failure")
        assert 1 <= len(refused) <= 101
        assert {failure["message"] for failure in refused} == {
            "too many commands are under way; expected to wait for answers"
        }


async def test_a_run_is_running_until_the_last_of_its_steps_by_hand(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.say(type="step", id=1, count=60)
        await page.command("step", id=2, count=60)
        first = page.messages.index({"type": "done", "id": 1, "step": 60})
        states = [message["state"] for message in page.messages[:first] if message["type"] == "status"]
        assert states[-1] == "running"
        assert (page.status["state"], page.status["step"]) == ("paused", 120)


async def test_where_a_pause_stops_the_run_it_is_scored(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.command("play", rate=100)
        await page.until(lambda: page.status["step"] >= 5)
        await page.command("pause")
        scored = [row["step"] for part in page.all("scalars") for row in part["metrics"]]
        assert scored[-1] == page.status["step"]
        assert len(scored) == len(set(scored))


async def test_a_frames_box_keeps_every_digit(place: Place) -> None:
    points = [[123456.3, 0.0], [123458.5, 1.0]]
    async with open_page(place.url, config={"data": {"name": "points", "points": points}}) as page:
        await page.say(type="watch", layers=["real"])
        await page.say(type="credit", count=1)
        await page.until(lambda: bool(page.frames))
        x0, x1, _, _ = (float(edge) for edge in newest_frame(page)["box"].split())
        assert (x0 + x1) / 2 == pytest.approx(123457.4, abs=1e-6)


async def test_pages_are_told_when_the_lab_stops(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.command("play")
        began = time.monotonic()
        stopping = asyncio.create_task(place.hub.stop())
        with pytest.raises(ConnectionClosed) as closed:
            await page.until(lambda: False)
        await stopping
        assert time.monotonic() - began < 3
        assert page.status["state"] == "closed"
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "http://127.0.0.1.elsewhere.example"}, 403),
    ],
)
async def test_another_pages_origin_is_refused(place: Place, headers: dict[str, Any], status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(place.url, additional_headers=headers)
    assert refused.value.response.status_code == status
    assert place.hub.sessions == {}


async def test_the_labs_own_origin_is_let_in(place: Place) -> None:
    origin = place.url.replace("ws://", "http://").removesuffix("/ws")
    async with connect(place.url, additional_headers={"Origin": origin}) as connection:
        await connection.send('{"type": "hello"}')
        assert json.loads(await connection.recv())["type"] == "welcome"
