"""The main job, end to end: choose a data set, train, pause, step, reset, and see the truth at every point."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.watching import Watcher, let_paint, read_until, step_of

PAINTED = "() => [...document.querySelectorAll('canvas[data-layer]')].map((canvas) => canvas.toDataURL()).join()"


def open_page(page: Page) -> None:
    """The lab, connected, with its first frame painted."""
    page.goto("/")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    page.wait_for_function("() => document.querySelector('canvas[data-layer=generated]')?.width > 0")


def press(page: Page, name: str) -> None:
    """Click the button of that name."""
    page.get_by_role("button", name=name, exact=True).click()


def pause(page: Page) -> str:
    """Pause; the step at which the run stands."""
    press(page, "Pause")
    expect(page.get_by_text("Paused at step")).to_be_visible()
    return step_of(page).inner_text()


def read_js(page: Page) -> float:
    """The Jensen-Shannon divergence that the metrics show now."""
    row = page.get_by_role("region", name="Metrics").locator("tr", has_text=re.compile("^JS divergence"))
    now = row.get_by_role("cell").first
    expect(now).to_have_text(re.compile(r"^\d"))
    return float(now.inner_text())


def look(page: Page) -> str:
    """Every painted layer, once two looks agree: the page draws in its own time."""

    def paint() -> str:
        let_paint(page)
        return str(page.evaluate(PAINTED))

    before, now = "", paint()
    while now != before:
        page.wait_for_timeout(300)
        before, now = now, paint()
    return now


def look_until_other(page: Page, picture: str) -> str:
    """The painted layers, once they are no longer those of a picture; its frame may still be under way."""
    return read_until(page, lambda: look(page), lambda now: now != picture)


def step_ten_times(page: Page) -> None:
    """Step by hand, waiting for each step."""
    for wanted in range(1, 11):
        press(page, "Step")
        expect(step_of(page)).to_have_text(str(wanted))


@pytest.mark.timeout(400)
def test_the_generated_samples_reach_the_ring(page: Page) -> None:
    """The Jensen-Shannon divergence falls under half of its first value."""
    open_page(page)
    page.get_by_role("radio", name="Ring", exact=True).check()
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    first = now = read_js(page)
    for _ in range(60):
        press(page, "Play")
        page.wait_for_timeout(2000)
        step = pause(page)
        now = read_js(page)
        if now < first / 2:
            break
    assert now < first / 2, f"from {first} at the first step to {now} at step {step}"


def test_p2_no_button_can_be_pressed_in_vain_before_the_page_listens(page: Page) -> None:
    held: list[Route] = []
    page.route("**/js/main.js", lambda route: held.append(route))
    with page.expect_request("**/js/main.js"):
        page.goto("/")
    play = page.get_by_role("button", name="Play", exact=True)
    expect(play).to_be_disabled()
    expect(page.get_by_role("button", name="Step", exact=True)).to_be_disabled()
    read_until(page, lambda: held, bool)[0].continue_()
    play.click()
    expect(step_of(page)).to_have_text(re.compile(r"^[1-9]"))


def test_p15_f10_pause_stops_at_once_and_changes_nothing_more(page: Page) -> None:
    watcher = Watcher(page)
    open_page(page)
    press(page, "Play")
    expect(step_of(page)).to_have_text(re.compile(r"^\d{2,}"))
    step = pause(page)
    watcher.until(lambda: watcher.step == int(step), "the frame of the pause")
    let_paint(page)
    picture = look(page)
    page.wait_for_timeout(1500)
    assert step_of(page).inner_text() == step
    assert look(page) == picture


def test_p17_step_adds_one_and_changes_the_picture(page: Page) -> None:
    open_page(page)
    picture = look(page)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    assert look_until_other(page, picture) != picture


def test_p14_f21_reset_brings_back_the_same_first_picture_and_the_same_first_ten_losses(page: Page) -> None:
    watcher = Watcher(page)
    open_page(page)
    picture = look(page)
    step_ten_times(page)
    assert look_until_other(page, picture) != picture
    press(page, "Reset")
    expect(step_of(page)).to_have_text("0")
    assert read_until(page, lambda: look(page), lambda now: now == picture) == picture
    step_ten_times(page)
    first, second = watcher.list_rows(1), watcher.list_rows(2)
    assert [step for step, *_ in first] == list(range(1, 11))
    assert second == first


def test_f22_a_new_seed_is_another_run(page: Page) -> None:
    watcher = Watcher(page)
    open_page(page)
    picture = look(page)
    step_ten_times(page)
    press(page, "New seed")
    expect(step_of(page)).to_have_text("0")
    assert look_until_other(page, picture) != picture
    step_ten_times(page)
    assert watcher.list_rows(2) != watcher.list_rows(1)
