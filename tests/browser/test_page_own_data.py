"""Data of one's own: chosen in Settings, and kept over a reload."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_drawing import apply, drag, drawing_dialog, open_drawing, upload_dialog
from tests.browser.test_page_shell import open_page, press, settings_of
from tests.browser.watching import COUNT_INK


def data_select(page: Page) -> Locator:
    return settings_of(page, "Data and noise").get_by_label("Data set", exact=True)


def draw_line(page: Page, y: float) -> None:
    drag(page, page.get_by_role("application", name="Drawing area"), (0.2, y), (0.5, y))


def expect_positions(page: Page, words: str) -> None:
    expect(drawing_dialog(page).get_by_text(words, exact=True)).to_be_visible()


def test_choosing_to_draw_in_settings_opens_the_workshop_and_cancel_changes_nothing(
    page: Page, sent: list[dict[str, Any]]
) -> None:
    open_page(page)
    data_select(page).select_option("drawing")
    expect(page.get_by_role("application", name="Drawing area")).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawing_dialog(page)).to_be_hidden()
    expect(data_select(page)).to_have_value("ring8")
    data_select(page).select_option("points")
    expect(upload_dialog(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(data_select(page)).to_have_value("ring8")
    assert sent == []


def test_a_drawing_that_was_begun_in_settings_trains(page: Page, sent: list[dict[str, Any]]) -> None:
    open_page(page)
    data_select(page).select_option("drawing")
    draw_line(page, 0.5)
    apply(drawing_dialog(page))
    expect(drawing_dialog(page)).to_be_hidden()
    expect(data_select(page)).to_have_value("drawing")
    assert [data["name"] for data in sent] == ["drawing"]


def test_a_reload_keeps_the_strokes_their_undoing_and_the_brush(page: Page) -> None:
    open_page(page)
    open_drawing(page)
    draw_line(page, 0.3)
    draw_line(page, 0.7)
    brush = drawing_dialog(page).get_by_label("Brush width", exact=True)
    brush.fill("0.04")
    brush.press("Tab")
    drawing_dialog(page).get_by_role("button", name="Undo").click()
    expect_positions(page, "30 pen positions.")
    page.reload()
    open_page(page)
    open_drawing(page)
    expect_positions(page, "30 pen positions.")
    expect(brush).to_have_value("0.04")
    drawing_dialog(page).get_by_role("button", name="Redo").click()
    expect_positions(page, "60 pen positions.")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect_positions(page, "Nothing is drawn yet.")


def test_a_reload_keeps_a_drawing_that_is_not_the_data_any_more(page: Page) -> None:
    open_page(page)
    open_drawing(page)
    draw_line(page, 0.5)
    apply(drawing_dialog(page))
    expect(drawing_dialog(page)).to_be_hidden()
    thumbnail = page.get_by_role("radio", name="Draw your own").locator("xpath=..").locator("canvas")
    page.wait_for_function(f"(canvas) => ({COUNT_INK})(canvas) > 0", arg=thumbnail.element_handle())
    drawn = thumbnail.evaluate(COUNT_INK)
    page.get_by_role("radio", name="Grid of 25").check(force=True)
    page.wait_for_function("() => location.hash.includes('data=grid25')")  # the lab has answered
    page.reload()
    expect(page.get_by_role("radio", name="Grid of 25")).to_be_checked()
    assert thumbnail.evaluate(COUNT_INK) == drawn
    open_drawing(page)
    expect_positions(page, "30 pen positions.")


def test_a_reload_keeps_the_way_back_to_the_former_data(page: Page) -> None:
    open_page(page)
    open_drawing(page)
    draw_line(page, 0.5)
    apply(drawing_dialog(page))
    expect(page.get_by_role("button", name="Use the former data set")).to_be_visible()  # the lab has answered
    page.reload()
    press(page, "Use the former data set")
    expect(page.get_by_role("radio", name="Ring of eight")).to_be_checked()
    press(page, "Use the former data set")
    expect(page.get_by_role("radio", name="Draw your own")).to_be_checked()


def test_another_run_in_the_same_tab_is_offered_no_former_data_of_this_one(page: Page) -> None:
    open_page(page)
    open_drawing(page)
    draw_line(page, 0.5)
    apply(drawing_dialog(page))
    expect(page.get_by_role("button", name="Use the former data set")).to_be_visible()
    open_page(page, "/?preset=ring8")
    expect(page.get_by_role("button", name="Use the former data set")).to_be_hidden()
