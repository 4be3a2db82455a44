"""Who is let in, and when a session is over; the clock is turned by hand."""

import asyncio
import gc
import secrets
import weakref

import pytest

from server.engine.pool import Pool
from server.engine.reports import Position
from server.errors import ConfigError, EngineError, FullError
from server.protocol.messages import Credit, Hello, Play, State
from server.sessions.hub import Hub
from server.sessions.session import Session
from server.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def wait_for(session: Session, state: State, news: asyncio.Event, step: int = 0) -> None:
    """Until the session is in a state, and its run at a step or later."""
    async with asyncio.timeout(30):
        while session.state != state or session.describe_status().step < step:
            news.clear()
            await news.wait()


async def test_a_session_waits_for_its_page_for_the_grace_time_and_no_longer(pool: Pool) -> None:
    clock = Clock()
    hub = Hub(Settings(grace_seconds=60), pool, clock)
    session = hub.join(Hello())
    outbox = session.attach(0, lambda: None)
    clock.now += 1000
    hub.sweep()
    assert hub.sessions == {session.key: session}
    hub.leave(session, outbox)
    clock.now += 59
    hub.sweep()
    assert hub.join(Hello(session=session.key)) is session
    clock.now += 1
    hub.sweep()
    assert session.state == "closed"
    assert hub.join(Hello(session=session.key)) is not session
    await hub.stop()


async def test_a_session_that_is_over_frees_its_memory_at_once(pool: Pool) -> None:
    news = asyncio.Event()
    hub = Hub(Settings(grace_seconds=0), pool)
    session = hub.join(Hello())
    outbox = session.attach(0, news.set)
    session.handle(outbox, Play(id=1))
    await wait_for(session, "running", news, step=20)
    forgotten = weakref.ref(session), weakref.ref(session.branches)
    hub.leave(session, outbox)
    gc.disable()
    try:
        hub.sweep()
        del session
        assert [one() for one in forgotten] == [None, None]
    finally:
        gc.enable()
    await hub.stop()


def fill(session: Session, steps: int) -> int:
    """Let a session have a state of a tenth of a megabyte at each of so many steps; how many bytes it keeps then."""
    for step in range(1, steps + 1):
        session.branches.current.move(Position(step=step))
        session.branches.keep(step, secrets.token_bytes(100_000))
    return session.branches.count_bytes()


async def test_sessions_share_the_memory_of_their_past_and_one_that_ends_leaves_its_share_to_the_others(
    pool: Pool,
) -> None:
    hub = Hub(Settings(timeline_megabytes=3, timelines_megabytes=4, grace_seconds=0), pool)
    first, megabyte = hub.join(Hello()), 1 << 20
    first.attach(0, lambda: None)
    assert 2.5 * megabyte < fill(first, 40) <= 3 * megabyte
    second = hub.join(Hello())
    assert 1.5 * megabyte < first.branches.count_bytes() <= 2 * megabyte
    for _ in range(6):
        hub.join(Hello())
    assert first.branches.count_bytes() <= megabyte
    assert 0.5 * megabyte < fill(second, 20) <= megabyte  # each may have one, whatever the others have
    hub.sweep()
    assert list(hub.sessions.values()) == [first]
    assert 2.5 * megabyte < fill(first, 40)
    await hub.stop()


async def test_p60_a_forgotten_run_is_paused(pool: Pool) -> None:
    clock, news = Clock(), asyncio.Event()
    hub = Hub(Settings(idle_seconds=100), pool, clock)
    session = hub.join(Hello())
    outbox = session.attach(0, news.set)
    session.handle(outbox, Play(id=1))
    await wait_for(session, "running", news)
    clock.now += 99
    hub.sweep()
    # Many more steps than are trained until an order to pause is carried out.
    await wait_for(session, "running", news, session.describe_status().step + 300)
    clock.now += 1
    hub.sweep()
    await wait_for(session, "paused", news)
    status = session.describe_status()
    assert (status.state, status.steps_per_second) == ("paused", 0.0)
    hub.leave(session, outbox)
    await hub.stop()


async def test_a_page_that_says_nothing_loses_its_place_only_when_its_time_is_over_and_somebody_waits(
    pool: Pool,
) -> None:
    clock, news = Clock(), asyncio.Event()
    hub = Hub(Settings(max_sessions=1, idle_seconds=100), pool, clock)
    session = hub.join(Hello())
    outbox = session.attach(0, news.set)
    clock.now += 1_000
    hub.sweep()
    assert list(hub.sessions.values()) == [session]
    session.handle(outbox, Credit())
    guest = hub.queue_up()
    clock.now += 99
    hub.sweep()
    assert list(hub.sessions.values()) == [session]
    assert not guest.called.is_set()
    clock.now += 1
    hub.sweep()
    assert not hub.sessions
    assert guest.called.is_set()
    assert outbox.is_finished
    hub.leave(session, outbox)
    await hub.stop()


async def test_p60_a_full_lab_refuses_and_has_room_again(pool: Pool) -> None:
    clock = Clock()
    hub = Hub(Settings(max_sessions=1, grace_seconds=60), pool, clock)
    hub.join(Hello())
    with pytest.raises(EngineError, match="the lab is full: its only place is taken; try"):
        hub.join(Hello())
    clock.now += 60
    hub.sweep()
    hub.join(Hello())
    await hub.stop()


async def test_a_place_that_is_free_is_for_the_first_who_waited_and_nobody_jumps_the_line(pool: Pool) -> None:
    clock = Clock()
    hub = Hub(Settings(max_sessions=1, max_waiting=2, grace_seconds=60), pool, clock)
    hub.join(Hello())
    first, second = hub.queue_up(), hub.queue_up()
    clock.now += 60
    hub.sweep()
    assert first.called.is_set()
    for hello, guest in ((Hello(), None), (Hello(waits=True), second)):
        with pytest.raises(FullError):
            hub.join(hello, guest)
    hub.join(Hello(waits=True), first)
    await hub.stop()


async def test_a_wrong_beginning_takes_no_place(pool: Pool) -> None:
    hub = Hub(Settings(), pool)
    with pytest.raises(ConfigError, match="preset: expected one of"):
        hub.join(Hello(preset="nothing"))
    with pytest.raises(ConfigError, match="seed: expected"):
        hub.join(Hello(config={"seed": -1}))
    assert hub.sessions == {}


async def test_a_stopping_lab_lets_nobody_in(pool: Pool) -> None:
    hub = Hub(Settings(), pool)
    await hub.stop()
    with pytest.raises(EngineError, match="the lab is stopping"):
        hub.join(Hello())
