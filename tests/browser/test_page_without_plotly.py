"""A page whose plotly.js is blocked, broken or late: it says what is missing, and all the rest goes on."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Complaints
from tests.browser.test_page_shell import open_page, press
from tests.browser.watching import COUNT_INK, step_of

PLOTLY = re.compile(r"/assets/plotly-[^/]*\.js")
FAILURES: dict[str, Callable[[Route], None]] = {
    "blocked": lambda route: route.abort(),
    "missing": lambda route: route.fulfill(status=404, body=""),
    "broken": lambda route: route.fulfill(content_type="text/javascript", body="throw new Error('broken');"),
}


@pytest.mark.parametrize("way", FAILURES)
def test_without_plotly_the_page_says_so_and_goes_on(page: Page, complaints: Complaints, way: str) -> None:
    page.route(PLOTLY, FAILURES[way])
    open_page(page)
    layered = page.get_by_role("region", name="Layered distributions")
    metrics = page.get_by_role("region", name="Metrics")
    expect(layered.get_by_text("plotly.js could not be loaded. The picture goes on without axes")).to_be_visible()
    expect(metrics.get_by_text("plotly.js could not be loaded, so there are no charts")).to_be_visible()
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    expect(metrics.get_by_role("region", name="Losses").get_by_role("row").nth(1)).to_contain_text(
        re.compile(r"^1\d\.\d+")
    )
    expect(metrics.get_by_role("columnheader", name="Perfect generator")).to_be_visible()
    expect(layered.get_by_role("button", name="Save picture as PNG")).to_be_disabled()
    expect(metrics.get_by_role("button", name="Show all steps").first).to_be_hidden()
    real = page.locator("canvas[data-layer=real]")
    before = real.evaluate(COUNT_INK)
    assert before > 50
    for _ in range(4):
        press(page, "Zoom in")
    page.wait_for_function(f"(args) => ({COUNT_INK})(args[0]) !== args[1]", arg=[real.element_handle(), before])
    assert complaints.errors, "the test did not take plotly.js away"
    complaints.errors.clear()


def test_plotly_that_failed_before_the_page_began_is_noticed_too(page: Page, complaints: Complaints) -> None:
    page.route(PLOTLY, FAILURES["blocked"])
    page.goto("/")
    expect(page.get_by_text("plotly.js could not be loaded, so there are no charts")).to_be_visible()
    again = "async () => (await import('/static/js/plots/plotly.js')).loadPlots()"
    assert page.evaluate("document.readyState") == "complete"
    assert page.evaluate(again) is False
    complaints.errors.clear()
