"""One browser session, end to end: the real lab, a real browser, Play, and what the page then paints."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from playwright.sync_api import Page, sync_playwright

from tests.tools.browser import LAUNCH_FLAGS, NONE_FOUND, find_browser
from tests.tools.lab import open_lab

WARM_MILLISECONDS = 500
HEALTH_SECONDS = 0.05
# The page grants one credit after each frame that it has painted; before that it grants the first ones together.
COUNT_CREDITS = """(config) => {
    window.painted = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) {
        const message = typeof text === "string" ? JSON.parse(text) : {};
        if (message.type === "hello") text = JSON.stringify({ ...message, config });
        if (message.type === "credit") window.painted += message.count ?? 1;
        return send.call(this, text);
    };
}"""
IS_PAST = """(steps) => document.querySelector('[role=status][aria-label=Step]').textContent !== steps"""
READ_COUNTERS = """() => ({
    milliseconds: performance.now(),
    painted: window.painted,
    steps: document.querySelector('[role=status][aria-label=Step]').textContent,
})"""


@dataclass(frozen=True)
class Pace:
    """What a session does in a second, and how many milliseconds each request to /healthz took meanwhile."""

    steps: float
    frames: float
    health: tuple[float, ...]


@contextmanager
def open_session(folder: Path, config: Mapping[str, Any]) -> Iterator[Page]:
    """Start the lab with its usual workers, and open its page on a run of this config, paused.

    Raises: AssertionError where no browser is found.
    """
    executable = find_browser()
    assert executable, NONE_FOUND
    with open_lab(folder) as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(LAUNCH_FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(f"({COUNT_CREDITS})({json.dumps(config)})")
        page.goto(lab.url)
        page.get_by_role("button", name="Play", exact=True).wait_for()
        page.wait_for_function("() => window.painted > 2")
        yield page
        browser.close()


def play_for(page: Page, seconds: float) -> Pace:
    """Play, look at the counters twice once it trains, pause."""
    still = page.evaluate(READ_COUNTERS)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(IS_PAST, arg=still["steps"])
    page.wait_for_timeout(WARM_MILLISECONDS)
    before = page.evaluate(READ_COUNTERS)
    health = ask_health(urljoin(page.url, "/healthz"), seconds)
    after = page.evaluate(READ_COUNTERS)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).wait_for()
    took = (after["milliseconds"] - before["milliseconds"]) / 1000
    return Pace(
        steps=(read_number(after["steps"]) - read_number(before["steps"])) / took,
        frames=(after["painted"] - before["painted"]) / took,
        health=health,
    )


def ask_health(address: str, seconds: float) -> tuple[float, ...]:
    """Ask for an answer some twenty times a second; how many milliseconds each took."""
    took, until = [], time.perf_counter() + seconds
    with httpx.Client() as client:
        while (began := time.perf_counter()) < until:
            client.get(address).raise_for_status()
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(HEALTH_SECONDS)
    return tuple(took)


def read_number(text: str) -> int:
    """Read a number that is grouped for people."""
    return int(re.sub(r"\D", "", text))
