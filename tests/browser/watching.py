"""What a page is told, read from its socket, and what it shows, read once it has had the time to draw it."""

import json
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from server.protocol.frames import decode_frame

# For a machine that does other things too; what comes is waited for no longer than it takes to come.
PATIENCE_MS = 30_000
# For hundreds of steps: what it trains beside, and on what machine, nobody knows.
TRAINING_MS = 120_000
LOOK_MS = 40
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
# The opacity of every pixel; of a copy, because a canvas that is read often is painted slowly, and Chromium says so.
READ_INK = """
    const { width, height } = canvas;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const alpha = context.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 === 3);
"""
COUNT_INK = f"(canvas) => {{{READ_INK} return alpha.filter((opacity) => opacity > 0).length; }}"

Reading = TypeVar("Reading")


class Watcher:
    """Everything that a page has received since it was opened."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.arrays: dict[str, NDArray[Any]] = {}
        self.step = -1
        self.revision = 0
        self.messages: list[dict[str, Any]] = []
        page.on("websocket", lambda socket: socket.on("framereceived", self._note))

    def _note(self, payload: str | bytes) -> None:
        if isinstance(payload, str):
            self.messages.append(json.loads(payload))
            return
        arrays, metadata = decode_frame(payload)
        if int(metadata["revision"]) > self.revision:
            self.arrays = {}
        self.revision = int(metadata["revision"])
        self.arrays |= dict(arrays)
        self.step = int(metadata["step"])

    def until(self, arrived: Callable[[], bool], what: str, patience_ms: int = PATIENCE_MS) -> None:
        """Let the page go on until a condition on what it received holds."""
        for _ in range(patience_ms // LOOK_MS):
            if arrived():
                return
            self.page.wait_for_timeout(LOOK_MS)
        raise AssertionError(f"the page was not told in time: {what}")

    def wait_for_revision(self, revision: int) -> None:
        """Until the first frame and the first metrics of the run's new beginning have come."""
        self.until(lambda: self.revision == revision and bool(self.list_metric("grid_js")), f"revision {revision}")

    def score_of(self, array: str) -> float:
        """The mean raw score of the real (`real_logits`) or the generated samples (`fake_logits`)."""
        return float(np.mean(self.arrays[array]))

    def list_rows(self, revision: int) -> list[tuple[float, ...]]:
        """The rows of losses (step, d_loss, g_loss) of a revision."""
        parts = [m for m in self.messages if m["type"] == "scalars" and m["revision"] == revision]
        columns = ("steps", "d_loss", "g_loss")
        return [row for part in parts for row in zip(*(part[key] for key in columns), strict=True)]

    def list_metric(self, key: str) -> list[tuple[int, float]]:
        """A metric's (step, value) in the revision of the newest frame."""
        parts = [message for message in self.messages if message["type"] == "scalars"]
        rows = [row for part in parts if part["revision"] == self.revision for row in part["metrics"]]
        return [(row["step"], row["values"][key]) for row in rows if row["values"].get(key) is not None]


def let_paint(page: Page) -> None:
    """Wait until what the page knows now is drawn: it draws in animation frames."""
    page.evaluate(TWO_FRAMES)


def count_ink(canvas: Locator) -> int:
    """How many pixels of a canvas are painted."""
    return int(canvas.evaluate(COUNT_INK))


def read_until(page: Page, read: Callable[[], Reading], arrived: Callable[[Reading], bool]) -> Reading:
    """Read again until a reading is as awaited, or patience ends; the last one, for an assertion to judge."""
    end = monotonic() + PATIENCE_MS / 1000
    while not arrived(reading := read()) and monotonic() < end:
        page.wait_for_timeout(LOOK_MS)
    return reading


def fit_width(page: Page) -> list[int]:
    """The width of the window and that of what is in it, once these are equal, or patience ends."""
    read = "[innerWidth, document.documentElement.scrollWidth]"
    found: list[int] = read_until(page, lambda: page.evaluate(read), lambda widths: widths[0] == widths[1])
    return found


def step_of(page: Page) -> Locator:
    """The status that holds the step's number."""
    return page.get_by_role("status", name="Step", exact=True)


def open_lab(page: Page, preset: str = "ring8", seed: int = 0) -> Watcher:
    """The lab with a preset and a seed, still and drawn."""
    watcher = Watcher(page)
    page.goto(f"/?preset={preset}")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    page.wait_for_function("() => document.querySelector('canvas[data-layer=generated]')?.width > 0")
    watcher.until(lambda: watcher.step >= 0 and bool(watcher.list_metric("grid_js")), "the first frame and metrics")
    if seed:
        field = page.get_by_role("region", name="Settings").get_by_label("Seed", exact=True)
        field.fill(str(seed))
        field.press("Enter")
        watcher.wait_for_revision(2)
    return watcher


def press_keys(watcher: Watcher, key: str, times: int) -> None:
    """Step by key, waiting until all the steps are carried out and their last frame has come."""
    start = watcher.step
    for _ in range(times):
        watcher.page.keyboard.press(key)
    watcher.until(lambda: watcher.step >= start + times, f"{times} more steps")
