"""What can go wrong as sessions are kept: none is lost or forgotten for it, and nobody waits for ever."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server.engine.pool import Pool
from server.errors import EngineError
from server.protocol.messages import Hello
from server.sessions.commands import Commands
from server.sessions.hub import Hub
from server.sessions.keeper import BROKEN, PATIENCE_SECONDS, TOO_LARGE, Keeper
from server.sessions.run_file import write_run
from server.sessions.store import FILE, Entry, StatesGone, Store
from server.settings import Settings
from tests.sessions.test_hub import Clock
from tests.sessions.test_keeping import WAITS, begin, come_back, count_kept, open_hub, wait_until
from tests.tools.sessions import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


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


async def test_what_nobody_has_used_for_a_month_is_forgotten_and_nothing_before_however_the_clock_jumps(
    tmp_path: Path,
) -> None:
    hour, day = 3600, 86_400
    clock, began = Clock(), 20_000.0 * day
    clock.now = began
    store = Store(tmp_path, 1 << 20, clock)
    store.put(b"old", Entry("told", b"", {0: b"a"}, [0]))
    store.put(b"open", Entry("told", b"", {}, []))
    for passed in (-hour, hour, 30 * day + hour, -hour):
        clock.now = began + passed
        store.forget_old()
        assert store.get(b"old")
    clock.now = began + 32 * day
    store.put(b"new", Entry("told", b"", {}, []))
    store.forget_old([b"open"])
    assert [store.get(digest) is None for digest in (b"old", b"open", b"new")] == [True, False, False]
    store.close()
    with sqlite3.connect(tmp_path / FILE) as other:
        assert other.execute("SELECT count(*) FROM states").fetchone() == (0,)
    other.close()


async def test_a_lab_that_starts_forgets_what_nobody_has_used_for_a_month(pool: Pool, tmp_path: Path) -> None:
    store = Store(tmp_path, 1 << 20, lambda: 0.0)
    store.put(b"old", Entry("told", b"", {}, []))
    store.close()
    async with open_hub(pool, tmp_path):
        await wait_until(lambda: count_kept(tmp_path) == 0)


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
        session = await begin(pool, hub)
        session.branches.current.name = "longer than a file may have it " * 100
        async with asyncio.timeout(20):
            await hub.keep(session)
        assert session.describe_status().unkept == TOO_LARGE
        hub.sweep()
        assert hub.join(Hello(session=session.key)) is session
        assert hub.join(Hello()) is not session
        assert session.state == "closed"


async def test_a_run_that_cannot_be_kept_gives_its_place_to_who_waits_in_line_and_to_nobody_else(
    pool: Pool, tmp_path: Path
) -> None:
    async with open_hub(pool, tmp_path, grace_seconds=0, max_sessions=1) as hub:
        session = await begin(pool, hub)
        session.branches.current.name = "longer than a file may have it " * 100
        async with asyncio.timeout(20):
            await hub.keep(session)
        hub.sweep()
        assert hub.sessions == {session.key: session}
        guest = hub.queue_up()
        hub.sweep()
        assert guest.called.is_set()
        assert hub.join(Hello(), guest) is not session


async def test_states_that_could_not_be_read_again_are_not_kept_until_branches_are_deleted(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_hub(pool, tmp_path) as hub:
        desk = Desk(pool, session=hub.join(Hello()))
        await desk.play_to(60)
        await desk.do("Reset", seed=5)
        await desk.do("Step", count=30)
        branches = desk.session.branches
        states = [set(branch.snapshots.packed) for branch in branches]
        most = max(sum(map(len, one)) for one in states)
        assert most < sum(map(len, set().union(*states)))
        monkeypatch.setattr("server.sessions.kept.MOST_STATE_BYTES", most)
        monkeypatch.setattr("server.sessions.store.MOST_STATE_BYTES", most)
        await desk.do("Rename", branch=1, name="the first")
        assert desk.status.unkept == TOO_LARGE
        await desk.do("Delete", branch=1)
        assert desk.session.describe_status().unkept is None
    async with open_hub(pool, tmp_path) as hub:
        session = await come_back(hub, desk.session.key)
        assert ([one.number for one in session.branches], session.describe_status().head) == ([2], 30)


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
        keys = [(await begin(pool, hub)).key for _ in range(5)]
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
        key = (await begin(pool, hub)).key
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
        key = (await begin(pool, hub)).key

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    runs = pool.run_count
    async with open_hub(pool, tmp_path) as hub:
        monkeypatch.setattr(Commands, "restore_answers", fail)
        await hub.recall(key)
        assert (pool.run_count, hub.sessions) == (runs, {})
