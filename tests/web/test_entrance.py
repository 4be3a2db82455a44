"""A full lab has those who come later wait in line: each is told its place, and gets the first session that is free."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.engine.pool import Pool
from server.sessions.hub import FORGOTTEN
from tests.tools.page import Page, Place, open_page, open_socket

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def stand_in_line(place: Place, **hello: object) -> AsyncIterator[Page]:
    """A page that has said that it waits."""
    async with connect(place.url, max_size=None, compression=None) as connection:
        page = Page(connection)
        await page.say(type="hello", waits=True, **hello)
        yield page


def list_places(page: Page) -> list[int]:
    """The places in line that a page was told, in order."""
    return [message["place"] for message in page.all("queued")]


async def told(page: Page, *places: int) -> None:
    """Until a page was told just these places."""
    await page.until(lambda: len(list_places(page)) >= len(places))
    assert list_places(page) == list(places)


async def sweep_until(place: Place, holds: Callable[[], bool]) -> None:
    """Let the hub look after its sessions until something holds."""
    async with asyncio.timeout(20):
        while not holds():
            place.hub.sweep()
            await asyncio.sleep(0.01)


async def free(place: Place, *pages: Page) -> None:
    """End the sessions of pages that leave."""
    keys = {page.all("welcome")[0]["session"] for page in pages}
    for page in pages:
        await page.connection.close()
    await sweep_until(place, lambda: keys.isdisjoint(place.hub.sessions))


async def be_welcomed(page: Page) -> None:
    """Until a page is let in; its run is at step 0 and can train."""
    await page.until(lambda: bool(page.all("welcome")))
    assert (await page.command("step"))["step"] == 1


async def test_who_waits_is_told_its_place_and_let_in_in_order(pool: Pool) -> None:
    async with (
        open_socket(pool, max_sessions=1, max_waiting=9, grace_seconds=0) as place,
        open_page(place.url) as inside,
        stand_in_line(place) as first,
    ):
        await told(first, 1)
        async with stand_in_line(place) as second:
            await told(second, 2)
            assert first.all("queued")[0] == {"type": "queued", "place": 1, "sessions": 1}
            await free(place, inside)
            await be_welcomed(first)
            await told(second, 2, 1)
            await free(place, first)
            await be_welcomed(second)
            assert list_places(first) == [1]
        assert len(place.hub.doorway) == 0


async def test_leaving_gives_the_place_up(pool: Pool) -> None:
    async with (
        open_socket(pool, max_sessions=1, max_waiting=9) as place,
        open_page(place.url),
        stand_in_line(place) as first,
    ):
        await told(first, 1)
        async with stand_in_line(place) as second, stand_in_line(place) as third:
            await told(second, 2)
            await told(third, 3)
            await first.connection.close()
            await told(second, 2, 1)
            await told(third, 3, 2)


async def test_several_places_that_become_free_at_once_are_all_given(pool: Pool) -> None:
    async with (
        open_socket(pool, max_sessions=2, grace_seconds=0) as place,
        open_page(place.url) as one,
        open_page(place.url) as other,
        stand_in_line(place) as first,
        stand_in_line(place) as second,
    ):
        await told(first, 1)
        await free(place, one, other)
        await asyncio.gather(be_welcomed(first), be_welcomed(second))
        assert len(place.hub.sessions) == 2


async def test_the_line_is_bounded_and_who_comes_after_its_end_is_turned_away(pool: Pool) -> None:
    async with (
        open_socket(pool, max_sessions=1, max_waiting=1) as place,
        open_page(place.url),
        stand_in_line(place) as first,
    ):
        await told(first, 1)
        async with stand_in_line(place) as second:
            with pytest.raises(ConnectionClosed) as closed:
                await second.until(lambda: False)
            assert "its only place is taken, and the line" in second.all("failure")[0]["message"]
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013


async def test_who_comes_back_to_its_own_session_waits_for_nobody(pool: Pool) -> None:
    async with (
        open_socket(pool, max_sessions=1) as place,
        open_page(place.url) as inside,
        stand_in_line(place) as waiting,
    ):
        await told(waiting, 1)
        (welcome,) = inside.all("welcome")
        await inside.connection.close()
        async with stand_in_line(place, session=welcome["session"]) as again:
            await be_welcomed(again)
        assert list_places(again) == []


async def test_a_kept_session_comes_back_to_the_page_that_waited_for_room(pool: Pool, tmp_path: Path) -> None:
    async with open_socket(pool, max_sessions=1, grace_seconds=0, data_dir=tmp_path) as place:
        await place.hub.start()
        async with open_page(place.url) as page:
            await page.command("step", count=7)
            (welcome,) = page.all("welcome")
        await sweep_until(place, lambda: not place.hub.sessions)
        async with open_page(place.url) as inside, stand_in_line(place, session=welcome["session"]) as back:
            await told(back, 1)
            await inside.connection.close()
            await back.until(lambda: bool(back.all("welcome")))
            assert back.all("welcome")[0]["restored"]
            assert back.status["step"] == 7


async def test_a_forgotten_page_gives_its_place_to_who_waits_and_gets_its_run_back_when_it_is_its_turn(
    pool: Pool, tmp_path: Path
) -> None:
    async with open_socket(pool, max_sessions=1, idle_seconds=0.5, data_dir=tmp_path) as place:
        await place.hub.start()
        async with open_page(place.url) as forgotten:
            left_at = (await forgotten.command("step", count=7))["step"]
            (welcome,) = forgotten.all("welcome")
            async with stand_in_line(place) as waiting:
                await told(waiting, 1)
                await waiting.until(lambda: bool(waiting.all("welcome")))
                with pytest.raises(ConnectionClosed, match="1012"):
                    await forgotten.until(lambda: False)
                assert forgotten.all("failure")[-1]["message"] == FORGOTTEN
                async with stand_in_line(place, session=welcome["session"]) as back:
                    await back.until(lambda: bool(back.all("welcome")))
                    assert list_places(back) == [1]
                    assert back.all("welcome")[0]["restored"]
                    assert back.status["step"] == left_at


async def test_a_wrong_beginning_is_refused_before_it_waits_and_talk_in_line_is_answered(pool: Pool) -> None:
    async with (
        open_socket(pool, max_sessions=1, max_batch=100) as place,
        open_page(place.url, config={"batch_size": 100}),
        stand_in_line(place, preset="nothing") as page,
    ):
        await page.until(lambda: bool(page.all("failure")))
        assert page.all("failure")[0]["message"].startswith("preset: expected one of")
        await page.say(type="hello", waits=True, config={"batch_size": 101})
        await page.until(lambda: len(page.all("failure")) == 2)
        assert page.all("failure")[1]["message"] == "batch_size: expected at most 100 in this lab, got 101"
        await page.say(type="hello", waits=True, config={"batch_size": 100})
        await told(page, 1)
        await page.say(type="play", id=7)
        await page.until(lambda: len(page.all("failure")) == 3)
        assert page.all("failure")[2]["id"] == 7
        assert len(place.hub.sessions) == len(place.hub.doorway) == 1


async def test_a_lab_that_stops_tells_those_who_wait(pool: Pool) -> None:
    async with open_socket(pool, max_sessions=1) as place, open_page(place.url), stand_in_line(place) as page:
        await told(page, 1)
        await place.hub.stop()
        with pytest.raises(ConnectionClosed):
            await page.until(lambda: False)
        assert "the lab is stopping" in page.all("failure")[0]["message"]
        assert len(place.hub.doorway) == 0
