"""Data of one's own: drawn with mouse, finger or keys, or given as points (P10, P11, F21, F28)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import VIEWPORTS, Complaints
from tests.browser.test_page_shell import LIST_SMALL, open_page, press
from tests.browser.watching import READ_INK, count_ink, let_paint, step_of
from tests.tools.lab import Lab

# The middle of what is painted, in parts of the canvas: x to the right, y down.
FIND_INK = f"""(canvas) => {{{READ_INK}
    const inked = [...alpha.keys()].filter((i) => alpha[i] > 0);
    const middle = (places, whole) => (Math.min(...places) + Math.max(...places) + 1) / 2 / whole;
    return [middle(inked.map((i) => i % width), width), middle(inked.map((i) => Math.floor(i / width)), height)];
}}"""


def open_drawing(page: Page) -> Locator:
    """The canvas of the drawing dialog, opened by choosing the data set."""
    page.get_by_role("radio", name="Draw your own").check(force=True)
    canvas = page.get_by_role("application", name="Drawing area")
    expect(canvas).to_be_focused()
    return canvas


def drawing_dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Draw your own data")


def upload_dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Upload points")


def locate(canvas: Locator, x: float, y: float) -> tuple[float, float]:
    """Where on the page a place of the canvas is, in parts from its upper left corner."""
    box = canvas.bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page: Page, canvas: Locator, *places: tuple[float, float], moves: int = 4) -> None:
    page.mouse.move(*locate(canvas, *places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*locate(canvas, *place), steps=moves)
    page.mouse.up()


def apply(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Apply").click()


def test_p10_a_drawing_becomes_the_data_and_trains(page: Page, sent: list[dict[str, Any]]) -> None:
    open_page(page)
    drag(page, open_drawing(page), (0.2, 0.7), (0.8, 0.7))
    apply(drawing_dialog(page))
    expect(drawing_dialog(page)).to_be_hidden()
    expect(page.get_by_role("radio", name="Draw your own")).to_be_checked()
    assert [data["name"] for data in sent] == ["drawing"]
    xs, ys = zip(*sent[0]["points"], strict=True)
    assert len(xs) == 60
    assert (min(xs), max(xs)) == pytest.approx((0.2, 0.8), abs=0.02)
    assert all(y == pytest.approx(0.3, abs=0.01) for y in ys)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")


def test_f28_the_speed_of_the_mouse_changes_no_density(page: Page, sent: list[dict[str, Any]]) -> None:
    open_page(page)
    canvas = open_drawing(page)
    drag(page, canvas, (0.2, 0.3), (0.8, 0.3), moves=1)
    drag(page, canvas, (0.2, 0.7), (0.8, 0.7), moves=40)
    apply(drawing_dialog(page))
    expect(drawing_dialog(page)).to_be_hidden()
    fast = sum(y > 0.5 for _, y in sent[0]["points"])
    assert abs(2 * fast - len(sent[0]["points"])) <= 4


@pytest.mark.parametrize("scale", [1, 2])
def test_f28_after_a_resize_ink_lands_under_the_pointer(
    browser: Browser, running_lab: Lab, complaints: Complaints, scale: int
) -> None:
    context = browser.new_context(base_url=running_lab.url, device_scale_factor=scale)
    page = context.new_page()
    complaints.watch(page)
    open_page(page)
    canvas = open_drawing(page)
    page.set_viewport_size({"width": 700, "height": 520})
    let_paint(page)
    page.mouse.click(*locate(canvas, 0.3, 0.6))
    expect(drawing_dialog(page).get_by_text("4 pen positions.")).to_be_visible()
    let_paint(page)
    assert canvas.evaluate(FIND_INK) == pytest.approx([0.3, 0.6], abs=0.02)
    assert canvas.evaluate("(canvas) => canvas.width") == pytest.approx(
        scale * canvas.evaluate("(canvas) => canvas.getBoundingClientRect().width"), abs=1
    )
    context.close()
    assert complaints.errors == []


def test_f28_a_finger_draws(browser: Browser, running_lab: Lab, complaints: Complaints) -> None:
    width, height = VIEWPORTS["phone"]
    context = browser.new_context(base_url=running_lab.url, has_touch=True, viewport={"width": width, "height": height})
    page = context.new_page()
    complaints.watch(page)
    open_page(page)
    canvas = open_drawing(page)
    page.touchscreen.tap(*locate(canvas, 0.25, 0.5))
    expect(drawing_dialog(page).get_by_text("4 pen positions.")).to_be_visible()
    let_paint(page)
    assert canvas.evaluate(FIND_INK) == pytest.approx([0.25, 0.5], abs=0.02)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()
    assert complaints.errors == []


def test_f28_keys_alone_draw_and_apply(page: Page, sent: list[dict[str, Any]]) -> None:
    open_page(page)
    page.get_by_role("radio", name="Grid of 25").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("application", name="Drawing area")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Space")
    expect(drawing_dialog(page).get_by_text("30 pen positions.")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    while page.evaluate("document.activeElement.textContent") != "Apply":
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(drawing_dialog(page)).to_be_hidden()
    points = sent[-1]["points"]
    assert {x for x, _ in points} == {0.48}
    assert (points[0][1], points[-1][1]) == (0.505, 0.795)
    expect(page.get_by_role("radio", name="Draw your own")).to_be_focused()


def test_f28_strokes_are_undone_redone_and_cleared(page: Page) -> None:
    open_page(page)
    canvas, dialog = open_drawing(page), drawing_dialog(page)
    page.mouse.click(*locate(canvas, 0.5, 0.5))
    drag(page, canvas, (0.2, 0.2), (0.3, 0.2))
    expect(dialog.get_by_text("14 pen positions.")).to_be_visible()
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_text("4 pen positions.")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(dialog.get_by_text("Nothing is drawn yet.")).to_be_visible()
    let_paint(page)
    assert count_ink(canvas) == 0
    dialog.get_by_role("button", name="Redo").click()
    page.keyboard.press("Control+Shift+z")
    expect(dialog.get_by_text("14 pen positions.")).to_be_visible()
    dialog.get_by_role("button", name="Clear").click()
    expect(dialog.get_by_text("Nothing is drawn yet.")).to_be_visible()
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_text("14 pen positions.")).to_be_visible()


def test_p10_an_empty_drawing_is_refused_in_words(page: Page, sent: list[dict[str, Any]]) -> None:
    open_page(page)
    open_drawing(page)
    apply(drawing_dialog(page))
    expect(drawing_dialog(page).get_by_text("There is nothing to learn from yet: draw something")).to_be_visible()
    expect(drawing_dialog(page)).to_be_visible()
    assert sent == []


@pytest.mark.parametrize("way", ["Escape", "Cancel", "Close"])
def test_f28_nobody_is_trapped(page: Page, sent: list[dict[str, Any]], way: str) -> None:
    open_page(page)
    drag(page, open_drawing(page), (0.2, 0.2), (0.8, 0.8))
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        drawing_dialog(page).get_by_role("button", name=way).click()
    expect(drawing_dialog(page)).to_be_hidden()
    expect(page.get_by_role("radio", name="Draw your own")).to_be_focused()
    expect(page.get_by_role("radio", name="Ring of eight")).to_be_checked()
    assert sent == []


def test_f21_reset_new_seed_and_a_reload_keep_the_drawing(page: Page) -> None:
    open_page(page)
    drag(page, open_drawing(page), (0.2, 0.2), (0.5, 0.2))
    apply(drawing_dialog(page))
    expect(drawing_dialog(page)).to_be_hidden()
    press(page, "Reset")
    press(page, "New seed")
    expect(page.get_by_label("Seed", exact=True)).not_to_have_value("0")
    page.reload()
    press(page, "Edit the drawing")
    expect(drawing_dialog(page).get_by_text("30 pen positions.")).to_be_visible()


def test_the_brush_is_as_wide_as_the_noise(page: Page, sent: list[dict[str, Any]]) -> None:
    open_page(page)
    canvas, dialog = open_drawing(page), drawing_dialog(page)
    page.mouse.click(*locate(canvas, 0.5, 0.5))
    expect(dialog.get_by_text("4 pen positions.")).to_be_visible()
    let_paint(page)
    narrow = count_ink(canvas)
    dialog.get_by_label("Brush width", exact=True).fill("0.04")
    dialog.get_by_label("Brush width", exact=True).press("Tab")
    let_paint(page)
    assert count_ink(canvas) == pytest.approx(4 * narrow, rel=0.1)
    apply(dialog)
    expect(dialog).to_be_hidden()
    assert sent[0]["noise"] == 0.04


def test_p11_a_data_set_brings_its_settings_until_the_user_turns_one(page: Page) -> None:
    open_page(page)
    width = page.get_by_role("group", name="Generator", exact=True).get_by_label("Neurons per layer", exact=True).last
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    page.get_by_role("radio", name="Line", exact=True).check(force=True)
    expect(width).to_have_value("5")
    expect(step_of(page)).to_have_text("0")
    width.fill("7")
    width.press("Enter")
    page.get_by_role("radio", name="Ring", exact=True).check(force=True)
    expect(page.get_by_role("radio", name="Ring", exact=True)).to_be_checked()
    expect(width).to_have_value("7")


def test_uploaded_points_are_seen_before_they_train_and_the_former_data_come_back(
    page: Page, sent: list[dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "points.csv"
    file.write_text("# heights\nx;y\n0,5;10\n1,5;20\n2,5;30\n")
    open_page(page)
    press(page, "Upload points")
    dialog = upload_dialog(page)
    dialog.locator("input[type=file]").set_input_files(file)
    expect(dialog.get_by_text("3 points: x 0.5 to 2.5, y 10 to 30.")).to_be_visible()
    let_paint(page)
    assert count_ink(dialog.locator("canvas")) > 0
    apply(dialog)
    expect(dialog).to_be_hidden()
    assert sent == [{"name": "points", "points": [[0.5, 10], [1.5, 20], [2.5, 30]], "noise": 0.2}]
    expect(page.get_by_role("radio", name="Your points")).to_be_checked()
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    press(page, "Use the former data set")
    expect(page.get_by_role("radio", name="Ring of eight")).to_be_checked()


def test_an_upload_names_the_line_that_cannot_be_read(page: Page, sent: list[dict[str, Any]]) -> None:
    open_page(page)
    page.get_by_role("radio", name="Your points").check(force=True)
    dialog = upload_dialog(page)
    apply(dialog)
    expect(dialog.get_by_role("alert")).to_have_text(
        "There are no points yet: choose a file, paste some, or type two numbers on a line."
    )
    dialog.get_by_label("Points", exact=True).fill("x,y\n1,2\n3,4\n5,6\n7,8\n9,10\nabc, 1\n")
    expect(dialog.get_by_role("alert")).to_have_text("line 7: expected two numbers, got 'abc, 1'")
    apply(dialog)
    expect(dialog).to_be_visible()
    assert sent == []
    dialog.get_by_label("Points", exact=True).fill("1 2\n3 4")
    expect(dialog.get_by_role("alert")).to_have_text("")
    page.keyboard.press("Escape")
    expect(page.get_by_role("radio", name="Ring of eight")).to_be_checked()


PASTE = """(text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
DROP = """(text) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], "points.json"));
    for (const type of ["dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }
}"""


@pytest.mark.parametrize(("act", "text"), [(PASTE, "1,2\n3,4"), (DROP, '[{"x": 1, "y": 2}, {"x": 3, "y": 4}]')])
def test_points_are_pasted_or_dropped_on_the_page(page: Page, act: str, text: str) -> None:
    open_page(page)
    page.evaluate(PASTE, "no points here")
    expect(upload_dialog(page)).to_be_hidden()
    page.evaluate(act, text)
    expect(upload_dialog(page).get_by_text("2 points: x 1 to 3, y 2 to 4.")).to_be_visible()


def test_a_great_many_points_are_thinned_and_train(page: Page, sent: list[dict[str, Any]], tmp_path: Path) -> None:
    file = tmp_path / "many.txt"
    file.write_text("\n".join(f"{i % 211 / 7:.6f} {i % 101 / 3:.6f}" for i in range(50_000)))
    open_page(page)
    press(page, "Upload points")
    upload_dialog(page).locator("input[type=file]").set_input_files(file)
    expect(upload_dialog(page).get_by_text("20,000 points, thinned evenly from 50,000")).to_be_visible()
    apply(upload_dialog(page))
    expect(upload_dialog(page)).to_be_hidden(timeout=30_000)
    assert len(sent[0]["points"]) == 20_000
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("opening", [lambda page: open_drawing(page), lambda page: press(page, "Upload points")])
def test_f30_the_dialogs_are_accessible_and_their_targets_large(
    page: Page, theme: str, opening: Callable[[Page], object]
) -> None:
    open_page(page, f"/?theme={theme}")
    opening(page)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate(LIST_SMALL) == []
