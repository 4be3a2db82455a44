"""Slow motion, the pace and the limits, in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_main_job import look, look_until_other, open_page, press
from tests.browser.watching import let_paint, read_until, step_of

LIT = ".overview .lit"


def captions(page: Page, player: str) -> Locator:
    """The captions of a player's banner, in order."""
    return page.get_by_role("list", name=f"The {player} learns").get_by_role("listitem")


def current(page: Page) -> Locator:
    """The caption that is happening now."""
    return page.locator(".caption[aria-current=step]")


def lit(page: Page) -> list[str]:
    """The lit nodes of the overview, in the order of the page."""
    return [node.get_attribute("data-node") or "" for node in page.locator(f"{LIT}[data-node]").all()]


def open_speed(page: Page) -> None:
    """Open the fields of speed and stops."""
    page.locator("#pace summary").click()


def test_p49_p50_p51_ten_captions_follow_each_other_with_their_own_numbers(page: Page) -> None:
    open_page(page)
    expect(page.get_by_text("The discriminator learns")).to_be_hidden()
    press(page, "Slow motion")
    expect(captions(page, "discriminator")).to_have_count(5)
    expect(captions(page, "generator")).to_have_count(5)
    seen, places, losses_at = [], [], []
    for number in range(1, 13):
        press(page, "Next phase")
        if number < 12:
            expect(page.get_by_text(f"Inside step 1, after phase {number} of 12.")).to_be_visible()
        else:
            expect(step_of(page)).to_have_text("1")
        expect(current(page)).to_have_count(1)
        let_paint(page)
        seen.append(lit(page))
        places.append(page.locator(".banner.acts .banner-numbers").inner_text())
        losses_at.append(page.locator(".loss-number").all_inner_texts())
    assert "real" in seen[2]
    assert not any("real" in nodes for nodes in seen[6:])
    assert [nodes for nodes in seen if len(nodes) == 1] == [
        ["d-loss"], ["d-gradients"], ["discriminator"], ["g-loss"], ["g-gradients"], ["generator"],
    ]  # fmt: skip
    losses = [re.sub("[^0-9.]", "", places[i]) for i in (3, 9)]
    d_loss, g_loss = (f"{float(loss):.3f}" for loss in losses)
    # F13: the graph shows a loss from its own phase on, and not the one of the step before.
    assert losses_at[2:5] == [["–", "–"], [d_loss, "–"], [d_loss, "–"]]
    assert losses_at[8:11] == [[d_loss, "–"], [d_loss, g_loss], [d_loss, g_loss]]
    assert all(places)


def test_p16_p52_f18_f20_slow_motion_pauses_and_is_left_anywhere(page: Page) -> None:
    open_page(page)
    press(page, "Slow motion")
    open_speed(page)
    slider = page.get_by_role("slider", name="Slow motion: seconds a phase")
    slider.focus()
    for _ in range(4):
        slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "0.25 seconds")
    slider.press("Escape")
    for _ in range(3):
        press(page, "Play")
        expect(page.get_by_text("Slow motion: one phase after the other.")).to_be_visible()
        press(page, "Pause")
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(current(page)).to_have_count(1)
    held = page.locator(".messages").inner_text()
    page.wait_for_timeout(700)
    assert page.locator(".messages").inner_text() == held
    press(page, "Slow motion")
    expect(page.locator(LIT)).to_have_count(0)
    expect(page.locator(".overview[data-spotlight]")).to_have_count(0)
    reached = int(step_of(page).inner_text())
    press(page, "Step")
    expect(page.get_by_text(f"Paused at step {reached + 1}.")).to_be_visible()
    expect(step_of(page)).to_have_text(str(reached + 1))


def test_p18_play_steps_and_slow_motion_take_turns(page: Page) -> None:
    open_page(page)
    slow = page.get_by_role("button", name="Slow motion", exact=True)
    press(page, "Play")
    expect(page.get_by_text("Training: both players learn in turns.")).to_be_visible()
    press(page, "Step")
    expect(page.get_by_text("Paused at step")).to_be_visible()
    press(page, "Next phase")
    expect(page.get_by_text("Inside step")).to_be_visible()
    expect(slow).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("region", name="Settings")).to_be_visible()
    press(page, "Step")
    expect(page.get_by_text("Paused at step")).to_be_visible()
    press(page, "Slow motion")
    expect(slow).to_have_attribute("aria-pressed", "false")
    press(page, "Play")
    expect(page.get_by_text("Training: both players learn in turns.")).to_be_visible()


def test_f19_f10_pausing_in_the_first_slow_step_leaves_every_picture(page: Page) -> None:
    open_page(page)
    before = look(page)
    for _ in range(3):
        press(page, "Next phase")
    expect(page.get_by_text("Inside step 1, after phase 3 of 12.")).to_be_visible()
    # Without the inspector the pictures are again as large as before.
    press(page, "Close the inspector")
    assert read_until(page, lambda: look(page), lambda now: now == before) == before
    blank = page.evaluate(
        """() => [...document.querySelectorAll('.node-picture')].filter((canvas) => {
            const image = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return image.every((value) => value === image[0]);
        }).length"""
    )
    assert blank == 0
    press(page, "Play")
    expect(page.get_by_text("Slow motion: one phase after the other.")).to_be_visible()
    press(page, "Slow motion")
    expect(step_of(page)).to_have_text(re.compile(r"^\d{2,}|,"))
    press(page, "Pause")
    assert look_until_other(page, before) != before


def test_f23_p20_a_run_to_a_step_stops_there_and_a_pace_is_kept(page: Page) -> None:
    open_page(page)
    open_speed(page)
    field = page.get_by_role("textbox", name="Run to step")
    field.fill("none")
    field.press("Tab")
    expect(page.get_by_text("Give a whole number from 1 to")).to_be_visible()
    field.fill("60")
    field.press("Tab")
    expect(page.locator("#pace-shown")).to_have_text("to step 60")
    page.get_by_label("Stop when JS is under").press("Escape")
    press(page, "Play")
    expect(page.get_by_text("Reached step 60, where it was to stop.")).to_be_visible()
    expect(step_of(page)).to_have_text("60")
    expect(page.locator("#pace-shown")).to_have_text("")
    open_speed(page)
    page.get_by_role("combobox", name="Steps a second").select_option("5")
    stop = page.get_by_role("textbox", name="Stop when JS is under")
    stop.fill("1")
    stop.press("Escape")
    press(page, "Play")
    expect(page.get_by_text("Training: both players learn in turns.")).to_be_visible()
    open_speed(page)
    page.get_by_role("combobox", name="Steps a second").select_option("")
    expect(page.get_by_text(re.compile(r"Stopped at step 100: JS divergence is 0\.\d+, under 1\."))).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_f29_f30_slow_motion_is_accessible_and_fits_a_phone(page: Page, theme: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/?theme={theme}")
    page.wait_for_function("() => document.querySelector('canvas[data-layer=generated]')?.width > 0")
    press(page, "Next phase")
    expect(page.get_by_text("Inside step 1, after phase 1 of 12.")).to_be_visible()
    open_speed(page)
    page.wait_for_function("() => document.getAnimations().every((one) => one.playState !== 'running')")
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert read_until(page, lambda: page.evaluate("document.documentElement.scrollWidth"), lambda w: w <= 360) == 360
