"""A browser that paints too slowly is shown less while the run plays, and everything as soon as it rests."""

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
