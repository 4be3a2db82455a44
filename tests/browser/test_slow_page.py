"""What a page cannot show is not computed: a slow browser is shown less while the run plays, and everything at rest."""

import json
import re

from playwright.sync_api import Page, expect

from tests.browser.test_page_shell import open_page, press
from tests.browser.watching import Watcher, read_until

# Five frames a second: each waits for its turn to be painted.
PAINT_SLOWLY = """
    const paint = requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (call) => setTimeout(() => paint(call), 200);
"""
ALL = 250


def count_samples(watcher: Watcher) -> int:
    """How many generated samples the page has been sent last."""
    return len(watcher.arrays["x_fake"]) if "x_fake" in watcher.arrays else 0


def test_a_slow_browser_is_shown_fewer_samples_while_the_run_plays_and_all_when_it_rests(page: Page) -> None:
    page.add_init_script(PAINT_SLOWLY)
    watcher = Watcher(page)
    open_page(page)
    read_until(page, lambda: count_samples(watcher), lambda count: count == ALL)
    caption = page.locator(".outside")
    press(page, "Play")
    expect(caption).to_have_text(re.compile(r"^To keep up, \d+ of 250 samples are shown"))
    read_until(page, lambda: count_samples(watcher), lambda count: count < ALL)
    assert len(watcher.arrays["z"]) == count_samples(watcher)
    press(page, "Inspect a sample")
    press(page, "Previous sample")
    expect(page.get_by_role("heading", name="The story of sample 250", exact=True)).to_be_visible()
    press(page, "Pause")
    read_until(page, lambda: count_samples(watcher), lambda count: count == ALL)
    expect(caption).not_to_contain_text("To keep up")
    expect(page.locator(".picture-caption")).to_contain_text("The ring is sample 250")
    assert len(watcher.arrays["z"]) == ALL


def test_pictures_out_of_sight_are_not_asked_for_while_the_run_plays(page: Page) -> None:
    watched: list[list[str]] = []

    def note(text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "watch":
            watched.append(message["layers"])

    page.on("websocket", lambda socket: socket.on("framesent", note))
    watcher = Watcher(page)
    open_page(page)
    read_until(page, lambda: count_samples(watcher), lambda count: count == ALL)
    everything = watched[-1]
    press(page, "Play")
    page.get_by_role("region", name="Settings").evaluate("(part) => part.scrollIntoView()")
    read_until(page, lambda: watched[-1], lambda layers: layers == [])
    page.keyboard.press("Space")
    read_until(page, lambda: watched[-1], lambda layers: layers == everything)
    status = page.get_by_role("status", name="Step")
    read_until(page, lambda: watcher.step, lambda step: str(step) == re.sub(r"\D", "", status.text_content() or ""))
    page.keyboard.press("Space")
    read_until(page, lambda: watched[-1], lambda layers: layers == [])
    page.evaluate("scrollTo(0, 0)")
    read_until(page, lambda: watched[-1], lambda layers: layers == everything)
    step = watcher.step
    read_until(page, lambda: watcher.step, lambda now: now > step + 100)
