"""A page that trains for long stays as light as it was (F27)."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.browser.conftest import open_profile
from tests.browser.test_page_shell import open_page, press
from tests.browser.watching import TRAINING_MS, step_of
from tests.tools.lab import Lab

MEGABYTE = 1 << 20


@pytest.fixture
def context(browser: Browser, running_lab: Lab) -> Iterator[BrowserContext]:
    """A profile of its own: what is weighed is the process of its page."""
    context = open_profile(browser, running_lab.url)
    yield context
    context.close()


def play_until(page: Page, digits: int) -> None:
    """Train until the step has so many digits, and hold the run still."""
    press(page, "Play")
    expect(step_of(page)).to_have_text(re.compile(rf"^\d{{{digits},}}$"), timeout=TRAINING_MS)
    press(page, "Pause")
    expect(page.get_by_text("Paused at step")).to_be_visible()


def weigh(session: CDPSession) -> dict[str, float]:
    """What the page holds after everything that nobody needs any more was cleared away."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    return {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}


@pytest.mark.timeout(300)
def test_f27_thousands_of_steps_leave_the_page_as_light_as_hundreds(page: Page) -> None:
    open_page(page)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    play_until(page, 3)
    before = weigh(session)
    play_until(page, 4)
    press(page, "Step")
    after = weigh(session)
    grown = {name: after[name] - before[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}
    # Measured: 1.7 MB from step 400 to step 24,000, most of it the first figures' own; no node and no listener.
    assert grown["JSHeapUsedSize"] < 4 * MEGABYTE
    assert grown["Nodes"] < 100
    assert grown["JSEventListeners"] < 20
