"""How fast a page may talk: what comes faster waits in its own connection, and costs the lab nothing."""

from __future__ import annotations

import asyncio
import time

BURST_SECONDS = 2.0
"""A page that was quiet may say as much at once as it may in this time."""


class Pacer:
    """A bucket of words that fills with time: `await pacer.wait()` takes one, and waits while there is none."""

    def __init__(self, per_second: float) -> None:
        self._rate, self._room = per_second, max(1.0, per_second * BURST_SECONDS)
        self._words, self._filled_at = self._room, time.monotonic()

    async def wait(self) -> None:
        """Take a word."""
        now = time.monotonic()
        self._words = min(self._room, self._words + (now - self._filled_at) * self._rate)
        self._filled_at = now
        self._words -= 1
        if self._words < 0:
            await asyncio.sleep(-self._words / self._rate)
