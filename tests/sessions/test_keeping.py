"""Sessions outlive the process that they began in: with every row, branch and answer, and at the very same step."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server.engine.pool import Pool
from server.errors import EngineError
from server.protocol import messages
from server.protocol.messages import Hello
from server.sessions.commands import Commands
from server.sessions.hub import Hub
from server.sessions.keeper import BROKEN, PATIENCE_SECONDS, TOO_LARGE, Keeper
from server.sessions.outbox import Outbox
from server.sessions.run_file import write_run
from server.sessions.session import Session
from server.sessions.store import FILE, Entry, StatesGone, Store
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


def read_welcome(session: Session, seen: int) -> tuple[messages.Welcome, Outbox]:
    """What a page is told that has seen so many events."""
    outbox = session.attach(seen, lambda: None)
    assert outbox.welcome
    return outbox.welcome, outbox


def count_kept(folder: Path) -> int:
    """Count the sessions in the file."""
    with sqlite3.connect(folder / FILE) as other:
        (count,) = other.execute("SELECT count(*) FROM sessions").fetchone()
    other.close()
    return int(count)


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
        key = hub.join(Hello()).key
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


async def test_a_session_of_another_key_is_not_there(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        key = hub.join(Hello()).key
    async with open_hub(pool, tmp_path) as hub:
        session = await come_back(hub, key + "x")
        assert session.key != key + "x"
        assert key.encode() not in (tmp_path / FILE).read_bytes()


async def test_two_pages_that_come_back_at_once_find_one_session(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        key = hub.join(Hello()).key
    async with open_hub(pool, tmp_path) as hub:
        found = await asyncio.gather(*(come_back(hub, key) for _ in range(5)))
        assert len({id(session) for session in found}) == 1


async def test_a_kept_session_waits_for_room_in_a_full_lab(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        key = hub.join(Hello()).key
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


async def test_sessions_whose_rows_another_lab_has_deleted_are_kept_anew_with_all_their_states(
    pool: Pool, tmp_path: Path
) -> None:
    async with open_hub(pool, tmp_path) as hub:
        desks = [Desk(pool, session=hub.join(Hello())) for _ in range(2)]
        for desk in desks:
            await desk.play_to(30)
            await desk.do("Pause")
            await hub.keep(desk.session)
        with sqlite3.connect(tmp_path / FILE) as other:
            other.executescript("DELETE FROM states; DELETE FROM sessions;")
        other.close()
        # One goes on, and the other rests.
        await desks[0].do("Rename", branch=1, name="mine")
        saved = [write_run(desk.session.branches) for desk in desks]
        await wait_until(lambda: count_kept(tmp_path) == 2)
    async with open_hub(pool, tmp_path) as hub:
        again = [await come_back(hub, desk.session.key) for desk in desks]
        assert [write_run(session.branches) for session in again] == saved


async def test_a_session_whose_states_are_not_there_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    store = Store(tmp_path, 1 << 20)
    store.put(b"one", Entry("told", b"first", {0: b"a"}, [0]))
    with pytest.raises(StatesGone, match="expected 3 to be kept, got 2"):
        store.put(b"one", Entry("told", b"second", {2: b"c"}, [0, 1, 2, 2]))
    assert store.get(b"one") == Entry("told", b"first", {0: b"a"}, {0})
    store.put(b"one", Entry("told", b"second", {1: b"b"}, [0, 1]))
    assert store.get(b"one") == Entry("told", b"second", {0: b"a", 1: b"b"}, {0, 1})
    store.close()


async def test_a_mistake_with_one_session_is_told_and_the_others_are_kept_and_answered(
    pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_hub(pool, tmp_path) as hub:
        broken, sound = (Desk(pool, session=hub.join(Hello())) for _ in range(2))
        # More than may be told: it is noticed where nobody expects an error.
        broken.session._present.revision = -1
        async with asyncio.timeout(20):
            await hub.keep(broken.session)
            await sound.do("Configure", config={"seed": 9})
        assert broken.status.unkept == BROKEN
        assert "Traceback" in caplog.text
        assert sound.status.unkept is None
        assert hub.keeper
        assert hub.keeper.is_kept(sound.session)
        broken.session._present.revision = 5
        async with asyncio.timeout(20):
            await hub.keep(broken.session)
        assert broken.session.describe_status().unkept is None
        await sound.do("Step")
        broken.session._present.revision = -1
    async with open_hub(pool, tmp_path) as hub:
        assert (await come_back(hub, sound.session.key)).describe_status().step == 1


async def test_an_answer_that_fails_stops_no_other_and_the_keeper_goes_on(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        desk = Desk(pool, session=hub.join(Hello()))
        assert hub.keeper
        hub.keeper.keep(desk.session.key, lambda: [][0])
        async with asyncio.timeout(20):
            await hub.keep(desk.session)
            await desk.do("Rename", branch=1, name="mine")


async def test_a_run_that_is_too_large_to_be_kept_stays_when_its_page_is_gone_until_its_place_is_needed(
    pool: Pool, tmp_path: Path
) -> None:
    async with open_hub(pool, tmp_path, grace_seconds=0, max_sessions=1) as hub:
        session = hub.join(Hello())
        session.branches.current.name = "longer than a file may have it " * 100
        async with asyncio.timeout(20):
            await hub.keep(session)
        assert session.describe_status().unkept == TOO_LARGE
        hub.sweep()
        assert hub.join(Hello(session=session.key)) is session
        assert hub.join(Hello()) is not session
        assert session.state == "closed"


class StalledStore(Store):
    """A store on a disk that does not answer until it is let go."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 1 << 20)
        self.asked, self.answers = threading.Event(), threading.Event()

    def get(self, digest: bytes) -> Entry | None:
        """Wait, and give what was kept."""
        self.asked.set()
        assert self.answers.wait(WAITS)
        return super().get(digest)


@asynccontextmanager
async def open_stalled_hub(pool: Pool, folder: Path, **settings: Any) -> AsyncIterator[tuple[Hub, StalledStore]]:
    """A lab whose disk does not answer, and which stops when it does."""
    hub, store = Hub(Settings(data_dir=folder, **settings), pool), StalledStore(folder)
    hub.keeper = Keeper(store, hub.sessions.values)
    await hub.start()
    try:
        yield hub, store
    finally:
        store.answers.set()
        await hub.stop()


async def test_a_disk_that_does_not_answer_keeps_no_page_waiting(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        keys = [hub.join(Hello()).key for _ in range(5)]
    async with open_stalled_hub(pool, tmp_path) as (hub, store):
        present = hub.join(Hello())
        # All at once, and none waits for another.
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            waiting = [asyncio.create_task(hub.recall(key)) for key in keys]
            await asyncio.to_thread(store.asked.wait)
            assert await come_back(hub, present.key) is present
            told = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(one) for one in told] == [
            "The lab cannot use the file in which it keeps its runs: your run cannot be read just now"
        ] * len(keys)
        assert all(isinstance(one, EngineError) for one in told)
        store.answers.set()
        assert (await come_back(hub, keys[0])).key == keys[0]


@pytest.mark.parametrize("happens", ["another takes the last place", "the lab stops"])
async def test_a_session_that_was_read_while_its_place_was_taken_or_the_lab_stopped_does_not_begin(
    pool: Pool, tmp_path: Path, happens: str
) -> None:
    async with open_hub(pool, tmp_path) as hub:
        key = hub.join(Hello()).key
    runs = pool.run_count
    async with open_stalled_hub(pool, tmp_path, max_sessions=1) as (hub, store):
        recalling = asyncio.create_task(hub.recall(key))
        await asyncio.to_thread(store.asked.wait)
        if happens == "the lab stops":
            stopping = asyncio.create_task(hub.stop())
            await asyncio.sleep(0)
            store.answers.set()
            await asyncio.gather(stopping, recalling, return_exceptions=True)
            assert pool.run_count == runs
        else:
            hub.join(Hello())
            store.answers.set()
            await recalling
        assert key not in hub.sessions
        with pytest.raises(EngineError, match="the lab is"):
            await come_back(hub, key)


async def test_a_page_that_asks_without_end_keeps_no_other_session_from_being_kept(pool: Pool, tmp_path: Path) -> None:
    async with open_hub(pool, tmp_path) as hub:
        asking, resting = (Desk(pool, session=hub.join(Hello())) for _ in range(2))
        keeper, key = hub.keeper, asking.session.key
        assert keeper
        asks = True

        def ask() -> None:
            if asks:
                keeper.keep(key, ask)

        await hub.keep(resting.session)
        ask()
        resting.begin("Step")
        await wait_until(lambda: resting.status.step == 1)
        async with asyncio.timeout(20):
            await wait_until(lambda: keeper.is_kept(resting.session))
        asks = False


async def test_a_kept_session_that_meets_a_mistake_as_it_comes_back_leaves_no_run_behind(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_hub(pool, tmp_path) as hub:
        key = hub.join(Hello()).key

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    runs = pool.run_count
    async with open_hub(pool, tmp_path) as hub:
        monkeypatch.setattr(Commands, "restore_answers", fail)
        await hub.recall(key)
        assert (pool.run_count, hub.sessions) == (runs, {})
