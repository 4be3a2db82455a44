"""A clock that jumps an hour, either way: no session ends by it, none is stuck, and all of them are kept."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.faults.test_restarts import CONFIG, address_of, has_trained, start, wait_until_kept
from tests.tools.clock import SkewedClock
from tests.tools.lab import Lab
from tests.tools.page import open_page

pytestmark = pytest.mark.timeout(240, func_only=True)
HOUR = 3600


@pytest.fixture
def clock(tmp_path: Path) -> SkewedClock:
    return SkewedClock(tmp_path / "clock")


@pytest.fixture
def lab(tmp_path: Path, clock: SkewedClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab, its workers with it, that lives by that clock."""
    for name, value in clock.environment.items():
        monkeypatch.setenv(name, value)
    with start(tmp_path) as lab:
        yield lab


def test_a_clock_that_jumps_an_hour_ends_no_session_and_holds_none_up(
    lab: Lab, clock: SkewedClock, tmp_path: Path
) -> None:
    async def live() -> None:
        key, seen = None, 0
        for skew in (0, HOUR, 0, -HOUR):
            await asyncio.to_thread(clock.jump, skew)
            async with open_page(address_of(lab), config=CONFIG, session=key, seen=seen) as page:
                welcome = page.all("welcome")[0]
                assert key in (None, welcome["session"])
                assert not welcome["restored"]
                key = welcome["session"]
                await page.command("play", id=page.status["step"] + 1)
                await page.until(partial(has_trained, page, page.status["step"] + 50))
                await wait_until_kept(page, tmp_path)
                seen = max(message["event"] for message in page.messages if "event" in message)
                assert page.status["state"] == "running"

    asyncio.run(live())
