"""Sessions outlive the process that they began in: with every row, branch and answer, and at the very same step."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server.engine.pool import Pool
from server.errors import EngineError
from server.protocol import messages
from server.protocol.messages import Hello
from server.sessions.hub import Hub
from server.sessions.outbox import Outbox
from server.sessions.run_file import write_run
from server.sessions.session import Session
from server.sessions.store import FILE
from server.settings import Settings
from tests.sessions.test_hub import Clock
from tests.tools.sessions import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")
WAITS = 6_000


@asynccontextmanager
async def open_hub(pool: Pool, folder: Path, **settings: Any) -> AsyncIterator[Hub]:
    """The sessions of a lab that keeps them in a folder."""
    hub = Hub(Settings(data_dir=folder, **settings), pool)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()


async def begin(pool: Pool, hub: Hub) -> Session:
    """A session of which something was asked, so that it is kept; its page is gone."""
    session = hub.join(Hello())
    desk = Desk(pool, session=session)
    await desk.do("Pause")
    hub.leave(session, desk.outbox)
    return session


async def come_back(hub: Hub, key: str) -> Session:
    """The session of a page that says hello with its key."""
    await hub.recall(key)
    return hub.join(Hello(session=key))


async def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for what happens by itself."""
    for _ in range(WAITS):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen in time")


def count_kept(folder: Path) -> int:
    """Count the sessions in the file."""
    with sqlite3.connect(folder / FILE) as other:
        (count,) = other.execute("SELECT count(*) FROM sessions").fetchone()
    other.close()
    return int(count)


def read_welcome(session: Session, seen: int) -> tuple[messages.Welcome, Outbox]:
    """What a page is told that has seen so many events."""
    outbox = session.attach(seen, lambda: None)
    assert outbox.welcome
    return outbox.welcome, outbox


async def test_a_session_comes_back_with_its_branches_its_rows_and_its_place_bit_for_bit(
    pool: Pool, tmp_path: Path
) -> None:
    async with open_hub(pool, tmp_path) as hub:
        desk = Desk(pool, session=hub.join(Hello(config={"batch_size": 16})))
        await desk.play_to(40)
        await desk.do("Seek", step=25)
        await desk.do("Configure", config={"batch_size": 16, "d_optimizer": {"learning_rate": 0.01}})
        await desk.play_to(60)
        await desk.do("Rename", branch=2, name="hot")
        await desk.do("Seek", step=50)
        branches, state = desk.session.branches, desk.state
        told = [(one.describe(), one.course.legs, one.timeline.describe_scalars()) for one in branches]
        saved = write_run(branches)
    async with open_hub(pool, tmp_path) as hub:
        session = await come_back(hub, desk.session.key)
        again = Desk(pool, session=session)
        await again.do("Pause")
        assert [(b.describe(), b.course.legs, b.timeline.describe_scalars()) for b in session.branches] == told
        assert (again.status.step, again.status.head, again.status.state) == (50, 60, "paused")
        assert again.state == state
        assert write_run(session.branches) == saved
        assert session.config.to_json()["d_optimizer"]["learning_rate"] == 0.01


async def test_a_page_that_saw_more_than_was_kept_is_told_all_of_it_again(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        desk = Desk(pool, session=hub.join(Hello()))
        await desk.play_to(30)
        key, seen, revision = desk.session.key, desk.session.timeline.newest, desk.session.revision
    for ahead in (0, 1, 500):
        async with open_hub(pool, tmp_path) as hub:
            session = await come_back(hub, key)
            welcome, outbox = read_welcome(session, seen + ahead)
            assert (welcome.resumed, welcome.restored, welcome.since, welcome.session) == (True, True, 0, key)
            assert welcome.status.revision > revision
            assert welcome.status.step == 30
            assert session.timeline.newest > seen + ahead
            now = session.timeline.newest
            hub.leave(session, outbox)
            assert not read_welcome(session, now)[0].restored
            assert not read_welcome(session, 0)[0].restored


async def test_the_first_page_that_comes_back_with_nothing_is_told_that_the_run_is_back(
    pool: Pool, tmp_path: Path
) -> None:
    async with open_hub(pool, tmp_path) as hub:
        key = (await begin(pool, hub)).key
    async with open_hub(pool, tmp_path) as hub:
        session = await come_back(hub, key)
        assert [read_welcome(session, 0)[0].restored for _ in range(2)] == [True, False]


async def test_a_command_that_was_carried_out_before_is_answered_and_not_carried_out_again(
    pool: Pool, tmp_path: Path
) -> None:
    async with open_hub(pool, tmp_path) as hub:
        desk = Desk(pool, session=hub.join(Hello()))
        await desk.do("Reset", seed=7)
        await desk.do("Step")
        key = desk.session.key
    async with open_hub(pool, tmp_path) as hub:
        session = await come_back(hub, key)
        outbox = session.attach(0, lambda: None)
        session.handle(outbox, messages.Step(id=2))
        assert outbox.take_answers() == [messages.Done(id=2, step=1)]
        assert session.describe_status().step == 1


async def test_a_change_is_kept_before_it_is_answered(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        desk = Desk(pool, session=hub.join(Hello()))
        commands: list[tuple[str, dict[str, Any]]] = [
            ("Reset", {"seed": 7}),
            ("Rename", {"branch": 2, "name": "mine"}),
            ("Configure", {"config": {"seed": 9}}),
        ]
        for number, (kind, fields) in enumerate(commands):
            await desk.do(kind, **fields)
            with sqlite3.connect(tmp_path / FILE) as other:
                (told,) = other.execute("SELECT told FROM sessions").fetchone()
            other.close()
            assert f'"id":{number + 1},' in told
        assert [one.name for one in desk.session.branches] == ["mine", "Run 3"]


async def test_a_session_that_nobody_comes_back_to_is_kept_and_leaves_the_memory(pool: Pool, tmp_path: Path) -> None:
    clock = Clock()
    hub = Hub(Settings(data_dir=tmp_path, grace_seconds=60), pool, clock)
    await hub.start()
    session = hub.join(Hello())
    outbox = session.attach(0, lambda: None)
    session.handle(outbox, messages.Play(id=1))
    await wait_until(lambda: session.describe_status().step > 20)
    hub.leave(session, outbox)

    def is_gone() -> bool:
        clock.now += 60
        hub.sweep()
        return not hub.sessions

    await wait_until(is_gone)
    assert session.state == "closed"
    again = await come_back(hub, session.key)
    assert again is not session
    assert again.describe_status().step == session.describe_status().step
    assert again.timeline.describe_scalars() == session.timeline.describe_scalars()
    await hub.stop()


async def test_a_page_that_only_looked_in_leaves_nothing_behind(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path, grace_seconds=0) as hub:
        looking, _ = hub.join(Hello()), await begin(pool, hub)
        hub.leave(looking, looking.attach(0, lambda: None))

        def is_empty() -> bool:
            hub.sweep()
            return not hub.sessions

        await wait_until(is_empty)
        hub.join(Hello())
    assert count_kept(tmp_path) == 1


async def test_a_session_of_another_key_is_not_there(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        key = (await begin(pool, hub)).key
    async with open_hub(pool, tmp_path) as hub:
        session = await come_back(hub, key + "x")
        assert session.key != key + "x"
        assert key.encode() not in (tmp_path / FILE).read_bytes()


async def test_two_pages_that_come_back_at_once_find_one_session(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        key = (await begin(pool, hub)).key
    async with open_hub(pool, tmp_path) as hub:
        found = await asyncio.gather(*(come_back(hub, key) for _ in range(5)))
        assert len({id(session) for session in found}) == 1


async def test_a_kept_session_waits_for_room_in_a_full_lab(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        key = (await begin(pool, hub)).key
    async with open_hub(pool, tmp_path, max_sessions=1, grace_seconds=0) as hub:
        hub.join(Hello())
        with pytest.raises(EngineError, match="the lab is full"):
            await come_back(hub, key)

        def has_room() -> bool:
            hub.sweep()
            return not hub.sessions

        await wait_until(has_room)
        assert (await come_back(hub, key)).key == key


async def test_those_that_were_open_longest_ago_give_way_and_open_ones_do_not(pool: Pool, tmp_path: Path) -> None:
    keys = []
    for _ in range(3):
        async with open_hub(pool, tmp_path, kept_megabytes=1) as hub:
            desk = Desk(pool, session=hub.join(Hello(config={"generator": {"width": 128}, "batch_size": 4})))
            await desk.play_to(40)
            keys.append(desk.session.key)
    async with open_hub(pool, tmp_path, kept_megabytes=1) as hub:
        assert (await come_back(hub, keys[2])).describe_status().step == 40
        assert (await come_back(hub, keys[0])).key != keys[0]


@pytest.mark.parametrize("table", ["told", "content", "packed"])
async def test_what_somebody_wrote_into_the_file_is_refused_and_the_page_begins_anew(
    pool: Pool, tmp_path: Path, table: str
) -> None:
    async with open_hub(pool, tmp_path) as hub:
        desk = Desk(pool, session=hub.join(Hello()))
        await desk.play_to(20)
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute(f"UPDATE {'states' if table == 'packed' else 'sessions'} SET {table} = zeroblob(1000)")
    other.close()
    async with open_hub(pool, tmp_path) as hub:
        session = await come_back(hub, desk.session.key)
        assert session.key != desk.session.key
        assert session.describe_status().step == 0
