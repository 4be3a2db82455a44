"""A slow page of a run that plays has smaller frames, and whatever stands still is shown in full; a real worker."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from server.engine.orders import COARSEST
from server.engine.pool import Pool
from server.gan.config import check_config
from server.protocol.frames import Arrays, decode_frame
from server.protocol.messages import Advance, ClientMessage, Credit, Layer, Pause, Play, Seek, State, Step, Watch
from server.sessions.session import Session

pytestmark = pytest.mark.asyncio(loop_scope="module")

LAYERS: tuple[Layer, ...] = ("noise", "real", "generated", "predictions", "surface", "warp", "gradients", "density")
SAMPLES = (250, 120, 60)


class Page:
    """A page that joins the arrays of its frames as the real one does; each takes it some seconds of the clock."""

    def __init__(self, pool: Pool, frame_seconds: float = 0.5) -> None:
        self.now, self.frame_seconds = 0.0, frame_seconds
        self.session = Session("slow", check_config({}, pool.catalog), pool, lambda: self.now)
        self._news = asyncio.Event()
        self._ids = iter(range(1, 1000))
        self.arrays: Arrays = {}
        self.step, self.sent = -1, 0
        self._outbox = self.session.attach(0, self._news.set)
        self.say(Watch(layers=LAYERS))
        self.say(Credit(count=2))

    @property
    def samples(self) -> int:
        """How many generated samples the picture has now."""
        return len(self.arrays.get("x_fake", ()))

    def say(self, message: ClientMessage) -> None:
        """Say something to the session."""
        self.session.handle(self._outbox, message)

    def next_id(self) -> int:
        """Give a command's number."""
        return next(self._ids)

    async def paint(self) -> None:
        """Wait for what comes next; a frame is painted, and paid for."""
        async with asyncio.timeout(10):
            await self._news.wait()
        self._news.clear()
        for told in self.session.take(self._outbox):
            if isinstance(told, bytes):
                self._paint(told)

    def _paint(self, frame: bytes) -> None:
        arrays, metadata = decode_frame(frame)
        self.arrays, self.step, self.sent = {**self.arrays, **arrays}, int(metadata["step"]), self.sent + 1
        self.now += self.frame_seconds
        assert metadata["samples"] == "250"
        assert len(self.arrays["z"]) == self.samples == len(self.arrays["gradients"]) == len(self.arrays["fake_logits"])
        assert self.arrays["warp"].shape == self.arrays["warp_noise"].shape
        assert self.arrays["density"].shape == self.arrays["surface"].shape
        assert len(self.arrays["x_real"]) == len(self.arrays["real_logits"]) == 450
        self.say(Credit())

    async def play_until(self, samples: int) -> None:
        """Play until so many samples are shown."""
        self.say(Play(id=self.next_id()))
        while self.samples != samples:
            await self.paint()

    async def rest(self, state: State = "paused") -> None:
        """Wait until the run stands still in a state, and is shown there in full."""
        while not (self.session.state == state and self.step == self.session.describe_status().step):
            await self.paint()
        while self.samples != SAMPLES[0]:
            await self.paint()


@pytest_asyncio.fixture(loop_scope="module")
async def page(pool: Pool) -> AsyncIterator[Page]:
    """A slow page of a run at step 0."""
    page = Page(pool)
    yield page
    page.session.close()


async def test_a_slow_page_has_smaller_frames_and_a_pause_shows_all(page: Page) -> None:
    await page.play_until(SAMPLES[1])
    few = {name: page.arrays[name] for name in ("z", "x_real")}
    await page.play_until(SAMPLES[COARSEST])
    page.say(Pause(id=page.next_id()))
    await page.rest()
    np.testing.assert_array_equal(page.arrays["z"][: SAMPLES[1]], few["z"])
    np.testing.assert_array_equal(page.arrays["x_real"], few["x_real"])


async def test_after_a_pause_no_frame_is_made_twice_without_end(page: Page) -> None:
    await page.play_until(SAMPLES[COARSEST])
    page.say(Pause(id=page.next_id()))
    await page.rest()
    sent = page.sent
    page.say(Step(id=page.next_id()))
    await page.rest()
    assert page.sent - sent <= 4


async def test_a_pause_right_after_play_shows_pictures_of_one_size_and_in_the_end_all(page: Page) -> None:
    await page.play_until(SAMPLES[1])
    page.say(Pause(id=page.next_id()))
    await page.rest()
    for turn in range(40):
        page.say(Play(id=page.next_id()))
        await asyncio.sleep(0.002 * (turn % 4))
        page.say(Pause(id=page.next_id()))
        await page.rest()


async def test_steps_by_hand_and_ways_back_and_slow_motion_are_shown_in_full(page: Page) -> None:
    await page.play_until(SAMPLES[COARSEST])
    page.say(Seek(id=page.next_id(), step=3))
    await page.rest()
    assert page.step == 3
    for message in (Step(id=page.next_id()), Step(id=page.next_id(), count=50)):
        page.say(message)
        await page.rest()
    page.say(Advance(id=page.next_id()))
    await page.rest("stepping")
    page.say(Play(id=page.next_id(), phases_per_second=100))
    sent = page.sent
    while page.sent < sent + 30:
        await page.paint()
        assert page.samples == SAMPLES[0]


async def test_a_run_that_stops_by_itself_is_shown_in_full(page: Page) -> None:
    await page.play_until(SAMPLES[COARSEST])
    until = page.session.describe_status().step + 500
    page.say(Play(id=page.next_id(), until=until))
    await page.rest()
    assert page.step == until


async def test_a_page_that_is_fast_enough_has_all_of_every_frame(pool: Pool) -> None:
    page = Page(pool, frame_seconds=1 / 30)
    page.say(Play(id=page.next_id()))
    while page.now < 5:
        await page.paint()
        assert page.samples in (0, SAMPLES[0])
    page.session.close()
