"""Back in time, in a real browser: the timeline, the way back, its marks, and what is frozen."""

import json
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, WebSocket, expect

from tests.browser.conftest import VIEWPORTS
from tests.browser.past import branch, go_to, leave_at, open_trained, set_rate, timeline, train_to, wait_for_trace
from tests.browser.test_main_job import look, look_until_other, press
from tests.browser.test_page_shell import LIST_SMALL, settings_of
from tests.browser.watching import let_paint, open_lab, read_until, step_of

pytestmark = pytest.mark.timeout(300)

LIST_COVERED = """() => {
    const parts = '.transport button, .counter, .messages, .time-strip, .time-ways > :not(:empty), .branch label, '
        + '.branch-facts, .branch-tools button, .branch-undo, .stage > section';
    const boxes = [...document.querySelectorAll(parts)]
        .filter((element) => element.checkVisibility())
        .map((element) => ({ name: element.outerHTML.slice(0, 70), box: element.getBoundingClientRect() }));
    const meet = (a0, a1, b0, b1) => a0 < b1 - 1 && b0 < a1 - 1;
    const over = (a, b) => meet(a.left, a.right, b.left, b.right) && meet(a.top, a.bottom, b.top, b.bottom);
    return boxes.flatMap((one, i) => boxes.slice(i + 1)
        .filter((other) => over(one.box, other.box))
        .map((other) => `${one.name} and ${other.name}`));
}"""


def test_the_timeline_is_moved_by_keys_and_says_where_it_is(page: Page) -> None:
    open_trained(page, 120)
    slider = timeline(page)
    expect(slider).to_have_attribute("aria-valuetext", "step 120 of 120")
    slider.focus()
    for key, step in (("ArrowLeft", 119), ("PageDown", 107), ("Home", 0), ("ArrowRight", 1), ("PageUp", 13)):
        slider.press(key)
        expect(slider).to_have_attribute("aria-valuetext", f"step {step} of 120")
        expect(step_of(page)).to_have_text(str(step))
    words = "You are at step 13 of 120. Play shows what happened; a change begins a branch."
    expect(page.get_by_text(words)).to_be_visible()
    slider.press("Space")
    expect(page.get_by_text("Step 120: here the record ends.")).to_be_visible()
    slider.press("Home")
    expect(step_of(page)).to_have_text("0")
    slider.press("End")
    expect(step_of(page)).to_have_text("120")
    expect(page.get_by_text(words)).to_be_hidden()
    expect(page.get_by_role("button", name="Go to the end")).to_be_disabled()


def test_a_drag_asks_for_one_step_at_a_time_and_ends_where_it_was_let_go(page: Page) -> None:
    talk: list[tuple[str, int]] = []

    def note(text: str | bytes) -> None:
        message: dict[str, Any] = json.loads(text) if isinstance(text, str) else {"type": "frame"}
        if message["type"] in ("seek", "done"):
            talk.append((message["type"], message["id"]))

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", note)
        socket.on("framereceived", note)

    page.on("websocket", listen)
    open_trained(page, 200)
    talk.clear()
    box = timeline(page).bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 6, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, middle, steps=25)
    page.mouse.up()

    # The last of the places that the mouse came through is near the one where it stopped, too.
    def is_settled(places: tuple[str, str]) -> bool:
        return places[0] == places[1] and talk[-1][0] == "done"

    step, shown = read_until(page, lambda: (step_of(page).inner_text(), timeline(page).input_value()), is_settled)
    assert step == shown
    assert 45 <= int(step) <= 55
    expect(page.get_by_text(f"You are at step {step} of 200.")).to_be_visible()
    seeks = [number for kind, number in talk if kind == "seek"]
    assert 2 <= len(seeks) <= 25
    assert talk == [pair for number in seeks for pair in (("seek", number), ("done", number))]


def test_there_and_back_again_is_the_very_same_picture(page: Page) -> None:
    watcher = open_trained(page, 90)
    go_to(page, 60)
    watcher.until(lambda: watcher.step == 60, "the frame of step 60")
    arrays, picture = dict(watcher.arrays), look(page)
    losses = page.locator(".loss-number").all_inner_texts()
    go_to(page, 20)
    go_to(page, 75)
    watcher.until(lambda: watcher.step == 75, "the frame of step 75")
    assert look_until_other(page, picture) != picture
    assert page.locator(".loss-number").all_inner_texts() != losses
    go_to(page, 60)
    watcher.until(lambda: watcher.step == 60, "the frame of step 60 again")
    assert all((watcher.arrays[name] == arrays[name]).all() for name in arrays)
    assert read_until(page, lambda: look(page), lambda now: now == picture) == picture
    assert page.locator(".loss-number").all_inner_texts() == losses
    wait_for_trace(page, "Losses", "Where you are", last=60)


def test_a_step_that_was_never_trained_is_refused_in_words(page: Page) -> None:
    open_trained(page, 30)
    field = page.get_by_label("Go to step", exact=True)
    field.fill("31")
    field.press("Enter")
    expect(page.get_by_text("Give a whole number from 0 to 30.")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(step_of(page)).to_have_text("30")
    field.fill("12")
    field.press("Enter")
    expect(step_of(page)).to_have_text("12")
    expect(page.get_by_text("Give a whole number from 0 to 30.")).to_be_hidden()


def test_back_goes_one_step_by_button_and_key_and_in_slow_motion_one_phase(page: Page) -> None:
    open_lab(page)
    back = page.get_by_role("button", name="Back", exact=True)
    expect(back).to_be_disabled()
    for step in (1, 2):
        press(page, "Step")
        expect(step_of(page)).to_have_text(str(step))
    press(page, "Back")
    expect(step_of(page)).to_have_text("1")
    page.get_by_role("heading", name="Model overview").click()
    page.keyboard.press("ArrowLeft")
    expect(step_of(page)).to_have_text("0")
    expect(back).to_be_disabled()
    press(page, "Go to the end")
    expect(step_of(page)).to_have_text("2")
    press(page, "Next phase")
    press(page, "Next phase")
    expect(page.get_by_text("Inside step 3, after phase 2 of 12.")).to_be_visible()
    press(page, "Back")
    expect(page.get_by_text("Inside step 3, after phase 1 of 12.")).to_be_visible()
    press(page, "Back")
    press(page, "Back")
    expect(page.get_by_text("Inside step 2, after phase 11 of 12.")).to_be_visible()


def test_the_focus_stays_on_the_page_when_the_control_that_has_it_is_switched_off(page: Page) -> None:
    open_trained(page, 3)
    go_to(page, 1)
    page.get_by_role("button", name="Back", exact=True).press("Enter")
    expect(step_of(page)).to_have_text("0")
    expect(page.get_by_role("button", name="Step", exact=True)).to_be_focused()
    timeline(page).focus()
    page.keyboard.press("r")
    expect(timeline(page)).to_be_disabled()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()


def test_a_key_that_is_held_asks_for_one_step_back_at_a_time(page: Page) -> None:
    talk: list[str] = []

    def note(text: str | bytes) -> None:
        kind = json.loads(text)["type"] if isinstance(text, str) else "frame"
        if kind in ("back", "done"):
            talk.append(kind)

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", note)
        socket.on("framereceived", note)

    page.on("websocket", listen)
    open_trained(page, 80)
    talk.clear()
    page.get_by_role("heading", name="Model overview").click()
    for _ in range(40):
        page.keyboard.down("ArrowLeft")
    page.keyboard.up("ArrowLeft")
    read_until(page, lambda: talk[-1:], lambda last: last == ["done"])
    assert talk == ["back", "done"] * (len(talk) // 2)
    expect(step_of(page)).to_have_text(str(80 - len(talk) // 2))


def test_a_step_is_gone_to_by_a_button_too(page: Page) -> None:
    open_trained(page, 30)
    field = page.get_by_label("Go to step", exact=True)
    field.fill("12")
    page.get_by_role("button", name="Go to that step").click()
    expect(step_of(page)).to_have_text("12")
    field.fill("7")
    field.press("Tab")
    page.keyboard.press("Enter")
    expect(step_of(page)).to_have_text("7")
    field.fill("3")
    timeline(page).focus()
    expect(field).to_have_value("7")


def test_play_in_the_past_shows_what_happened_and_stops_where_the_record_ends(page: Page) -> None:
    watcher = open_trained(page, 150)
    rows = watcher.list_rows(watcher.revision)
    go_to(page, 100)
    press(page, "Play")
    expect(page.get_by_text("Step 150: here the record ends. Play again to train on.")).to_be_visible()
    expect(step_of(page)).to_have_text("150")
    assert watcher.list_rows(watcher.revision) == rows
    expect(page.get_by_role("button", name="Branches")).to_be_hidden()
    press(page, "Step")
    expect(timeline(page)).to_have_attribute("aria-valuetext", "step 151 of 151")


def test_a_mark_on_the_timeline_says_what_was_changed_and_leads_there(page: Page) -> None:
    open_trained(page, 20)
    set_rate(page, "Generator", "0.01")
    train_to(page, 60)
    tick = page.get_by_role("group", name="Changes").get_by_role("button", name=re.compile("Learning rate of the gen"))
    tick.focus()
    tip = page.locator(".time-tip")
    expect(tip).to_contain_text("Step 20: Learning rate of the generator 0.001 → 0.01")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    tick.press("Enter")
    expect(page.get_by_text("You are at step 20 of 60.")).to_be_visible()
    page.locator(".time-strip").hover()
    expect(tip).to_contain_text(re.compile(r"^Step \d+: discriminator’s loss [\d.]+, generator’s [\d.]+$"))


def test_a_player_is_frozen_let_go_and_trained_alone(page: Page) -> None:
    open_lab(page)
    group = settings_of(page, "Discriminator")
    updates = group.get_by_label("Discriminator updates", exact=True)
    updates.fill("3")
    updates.press("Enter")
    freeze = group.get_by_role("button", name="Freeze the discriminator")
    freeze.click()
    expect(freeze).to_have_attribute("aria-pressed", "true")
    expect(updates).to_have_value("0")
    press(page, "Step")
    expect(page.locator(".counter-detail")).to_have_text(re.compile(r"D\s+0\s+G\s+1"))
    freeze.click()
    expect(updates).to_have_value("3")
    press(page, "Step")
    expect(page.locator(".counter-detail")).to_have_text(re.compile(r"D\s+3\s+G\s+2"))
    group.get_by_role("button", name="Train alone, 500 updates").click()
    expect(page.locator(".counter-detail")).to_have_text(re.compile(r"D\s+503\s+G\s+2"))
    ticks = page.get_by_role("group", name="Changes")
    for words in ("frozen", "learns again, 3 updates a step", "learns alone"):
        expect(ticks).to_contain_text(re.compile(f"[Dd]iscriminator {words}"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_f30_axe_finds_nothing_to_complain_about_in_the_past_or_in_the_tree(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    open_trained(page, 60)
    leave_at(page, 30)
    train_to(page, 40)
    go_to(page, 35)
    page.get_by_role("checkbox", name="Compare Run 1").check()
    wait_for_trace(page, "Losses", "Generator, Run 1", last=60)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_f29_the_timeline_and_the_tree_fit_every_window(page: Page) -> None:
    open_trained(page, 60)
    leave_at(page, 30)
    go_to(page, 25)
    set_rate(page, "Generator", "0.02")
    expect(branch(page, "Branch 3")).to_be_checked()
    press(page, "Delete Branch 2")
    expect(page.get_by_text("Branch 2 is deleted.")).to_be_visible()
    go_to(page, 12)
    for name, (width, height) in VIEWPORTS.items():
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator("html")).to_have_js_property("scrollWidth", width)
        let_paint(page)
        assert page.evaluate(LIST_SMALL) == [], name
        assert page.evaluate(LIST_COVERED) == [], name
