"""A real pool of workers for a test, and a listener that waits for what a run reports."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from server.engine import reports
from server.engine.pool import Pool
from server.engine.remote import RemoteRun
from server.gan.config import check_config
from server.gan.trainer import Trainer
from server.settings import Settings

WAIT_SECONDS = 60.0
R = TypeVar("R", bound=reports.RunReport)

EXPLODING: dict[str, object] = {
    "loss": {"name": "least_squares"},
    "d_optimizer": {"name": "sgd", "learning_rate": 10.0},
    "g_optimizer": {"name": "sgd", "learning_rate": 10.0},
}
"""A config whose run meets a number that is not finite within a few steps."""


@asynccontextmanager
async def open_pool(**settings: Any) -> AsyncIterator[Pool]:
    """A pool with one worker, unless told otherwise, that is ready to train."""
    pool = Pool(Settings(**{"workers": 1, "device": "cpu", **settings}))
    await pool.start()
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await pool.wait_ready()
        yield pool
    finally:
        await pool.stop()


async def wait_for_all(pool: Pool) -> None:
    """Wait until every worker of a pool is ready, and not the first one alone."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not all(link.is_ready for link in pool._links):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Listener:
    """A run, and everything it has reported; `await until(...)` waits for more."""

    def __init__(self, pool: Pool, key: str, config: dict[str, Any] | None = None) -> None:
        self.config = check_config(config or {}, pool.catalog)
        self.reports: list[reports.RunReport] = []
        self.frames: list[bytes] = []
        self._news = asyncio.Event()
        self.run: RemoteRun = pool.open_run(key, self._receive, self._show)

    def _receive(self, report: reports.RunReport, packed: bytes = b"") -> None:
        self.reports.append(report)
        self._news.set()

    def _show(self, report: reports.Frame, frame: bytes) -> None:
        self.frames.append(frame)
        self._receive(report)

    async def until(self, arrived: Callable[[], bool]) -> None:
        """Wait for a condition on what was reported."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not arrived():
                self._news.clear()
                await self._news.wait()

    async def answer(self, number: int) -> reports.Applied | reports.Refused:
        """Wait for the answer to an order."""
        answers = (reports.Applied, reports.Refused)
        await self.until(lambda: any(isinstance(r, answers) and r.number == number for r in self.reports))
        return next(r for r in self.reports if isinstance(r, answers) and r.number == number)

    def all(self, kind: type[R]) -> list[R]:
        """All reports of a kind."""
        return [report for report in self.reports if isinstance(report, kind)]

    def rows(self) -> list[tuple[int, float | None, float | None]]:
        """All rows of losses, (step, d_loss, g_loss), in the order of their arrival."""
        parts = self.all(reports.Progress)
        return [row for part in parts for row in zip(part.steps, part.d_loss, part.g_loss, strict=True)]

    async def train(self, steps: int) -> list[tuple[int, float | None, float | None]]:
        """Play until `steps` steps are reported, and pause."""
        await self.answer(self.run.play(None))
        await self.until(lambda: self.run.position.step >= steps)
        await self.answer(self.run.pause())
        return self.rows()


async def check_steps(listener: Listener) -> None:
    """Pause a run that was only played, and check that each step was told once and is what it would be elsewhere."""
    await listener.answer(listener.run.pause())
    steps = listener.run.position.step
    assert [row[0] for row in listener.rows()] == list(range(1, steps + 1))
    trainer = Trainer(listener.config)
    for _ in range(steps):
        trainer.step()
    assert listener.run.saved[1] == trainer.state.pack()
