"""Workers in trouble: stopped, computing without end, starved on a machine that is too busy, or without memory."""

import asyncio
import math
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.engine import reports
from server.engine.pool import BEATS, GIVEN_UP, Pool
from server.engine.silence import FAIR_SHARE, feel_pulse
from server.settings import Settings
from tests.tools.engine import Listener, open_pool
from tests.tools.held import PAGE_BYTES, needs_proc

pytestmark = [needs_proc, pytest.mark.timeout(240, func_only=True)]
ENDLESS: dict[str, object] = {
    "generator": {"hidden_layers": 8, "width": 256},
    "discriminator": {"hidden_layers": 8, "width": 256},
    "batch_size": 4096,
    "d_updates": 10,
    "g_updates": 10,
}
"""A step of it takes longer than a worker may be silent, once the pool is told that it takes no time."""
NOTICED_SECONDS = 3.0
HEARTBEAT = Settings().heartbeat_seconds
BEAT = HEARTBEAT / BEATS


async def open_run(pool: Pool, key: str, config: dict[str, object] | None = None) -> Listener:
    listener = Listener(pool, key, config)
    await listener.answer(listener.run.open(listener.config, 1))
    return listener


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that the pool tells nobody."""
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@contextmanager
def starve(process: int) -> Iterator[None]:
    """Let a process have next to nothing of a core, which others keep busy."""
    core = min(os.sched_getaffinity(0))
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        for one in busy:
            os.sched_setaffinity(one.pid, {core})
        os.sched_setaffinity(process, {core})
        os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
        yield
    finally:
        for one in busy:
            one.kill()
            one.wait()


def limit_memory(process: int) -> None:
    """Let a process have hardly more memory than it has."""
    taken = int(Path(f"/proc/{process}/statm").read_text().split()[0]) * PAGE_BYTES
    resource.prlimit(process, resource.RLIMIT_AS, (taken + (16 << 20), resource.RLIM_INFINITY))


def list_silences(caplog: pytest.LogCaptureFixture) -> list[tuple[float, float, str]]:
    """The seconds, by the pool's clock, after which workers were ended, those they had of a core, and what for."""
    told = [record.args for record in caplog.records if "no sign of life for %.1f s" in record.msg]
    return [(seconds, had, cause) for _, seconds, had, cause in told]  # type: ignore[misc]  # as `check_life` logs them


async def test_a_starved_worker_goes_on_and_its_run_is_blamed_for_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("server.engine.pool.MOST_FUTILE_STARTS", 0)
    async with open_pool(heartbeat_seconds=0.4) as pool:
        listener = await open_run(pool, "starved")
        await listener.answer(listener.run.play(None))
        await listener.until(lambda: listener.run.position.step >= 10)
        (process,) = pool.process_ids
        with starve(process):
            await until(lambda: any("gives it hardly any time" in record.msg for record in caplog.records))
            reached = listener.run.position.step
        await listener.until(lambda: listener.run.position.step > reached)
        assert pool.process_ids == [process]
        assert list_silences(caplog) == []
        assert listener.all(reports.Failed) == []


async def test_a_stopped_worker_is_noticed_in_time_and_no_run_is_blamed_for_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("server.engine.pool.MOST_FUTILE_STARTS", 0)
    async with open_pool() as pool:
        listener = await open_run(pool, "undisturbed")
        await listener.answer(listener.run.play(None))
        (process,) = pool.process_ids
        os.kill(process, signal.SIGSTOP)
        await until(lambda: process not in pool.process_ids)
        reached = listener.run.position.step
        await listener.until(lambda: listener.run.position.step > reached)
        ((seconds, _, cause),) = list_silences(caplog)
        # It owes a sign of life from one beat on, and is looked at at every beat after.
        assert seconds + BEAT < NOTICED_SECONDS
        assert cause == "stopped"
        assert listener.all(reports.Failed) == []


async def test_a_worker_that_computes_for_ever_is_noticed_in_time_and_its_run_given_up_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("server.engine.pool.MOST_FUTILE_STARTS", 1)
    async with open_pool() as pool:
        endless = await open_run(pool, "endless", ENDLESS)
        endless.run.allowance = 0.0
        endless.run.play(None)
        await endless.until(lambda: bool(endless.all(reports.Failed)))
        assert endless.all(reports.Failed)[0].failure.message == GIVEN_UP["computing"]
        silences = list_silences(caplog)
        assert [cause for *_, cause in silences] == ["computing", "computing"]
        # The second one is given no more time than the first; and on a busy machine no more than its share of a core.
        for seconds, had, _ in silences:
            assert seconds + BEAT < NOTICED_SECONDS or had < FAIR_SHARE * HEARTBEAT + BEAT


async def test_a_worker_that_is_stopped_before_it_is_ready_is_noticed_in_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pool = Pool(Settings(workers=1, device="cpu"))
    await pool.start()
    try:
        (process,) = pool.process_ids
        os.kill(process, signal.SIGSTOP)
        async with asyncio.timeout(100):
            await pool.wait_ready()
        assert process not in pool.process_ids
        ((seconds, _, cause),) = list_silences(caplog)
        assert (seconds + BEAT < NOTICED_SECONDS, cause) == (True, "stopped")
    finally:
        await pool.stop()


async def test_a_run_whose_worker_is_killed_again_and_again_is_not_called_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.engine.pool.MOST_FUTILE_STARTS", 0)
    async with open_pool() as pool:
        listener = await open_run(pool, "unlucky", ENDLESS)
        listener.run.play(None)
        await until(lambda: any(link.in_turn == "unlucky" for link in pool._links))
        for process in pool.process_ids:
            os.kill(process, signal.SIGKILL)
        await listener.until(lambda: bool(listener.all(reports.Failed)))
        message = listener.all(reports.Failed)[0].failure.message
        assert message == GIVEN_UP[None]
        assert "too large" not in message


async def test_a_run_that_there_is_no_memory_for_stops_alone_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.engine.remote.HEAVY_SECONDS", math.inf)  # both are with one worker
    async with open_pool() as pool:
        large, other = await open_run(pool, "large", ENDLESS), await open_run(pool, "other")
        await other.train(20)
        (process,) = pool.process_ids
        limit_memory(process)
        large.run.step("both", 1)
        other.run.play(None)
        await large.until(lambda: bool(large.all(reports.Failed)))
        failure = large.all(reports.Failed)[0].failure
        assert (failure.player, "too little memory" in failure.message) == ("", True)
        reached = other.run.position.step
        await other.until(lambda: other.run.position.step > reached + 20)
        assert (pool.process_ids, other.all(reports.Failed)) == ([process], [])


def test_a_process_that_is_gone_has_no_pulse() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert feel_pulse(gone.pid) is None
    pulse = feel_pulse(os.getpid())
    assert pulse
    assert pulse.state in "RS"
    assert pulse.had > 0
