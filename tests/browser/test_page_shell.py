"""The page around the pictures: toolbar, settings, themes, keys, every width."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import VIEWPORTS, visit_windows
from tests.browser.watching import count_ink, fit_width, step_of
from tests.tools.lab import Lab

# WCAG 2.2, 2.5.8: 24 pixels each way.
LIST_SMALL = """() => {
    const controls = 'button, select, summary, label:has(input), input:not(label input)';
    return [...document.querySelectorAll(controls)]
        .filter((control) => control.checkVisibility())
        .map((control) => [control, control.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 24 || height < 24)
        .map(([control, { width, height }]) => `${control.outerHTML.slice(0, 90)}: ${width} x ${height}`);
}"""
SHOW_COUNT = """async (count) => {
    const { showCount } = await import('/static/js/controls/dom.js');
    showCount(document.querySelector('[data-shows=step]'), count);
}"""
LIST_COVERED = """() => {
    const parts = '#toolbar button, #toolbar .dataset, .counter, .messages, .settings .field, .stage > section';
    const boxes = [...document.querySelectorAll(parts)]
        .filter((element) => element.checkVisibility())
        .map((element) => ({ name: element.outerHTML.slice(0, 60), box: element.getBoundingClientRect() }));
    const meet = (a0, a1, b0, b1) => a0 < b1 - 1 && b0 < a1 - 1;
    const over = (a, b) => meet(a.left, a.right, b.left, b.right) && meet(a.top, a.bottom, b.top, b.bottom);
    return boxes.flatMap((one, i) => boxes.slice(i + 1)
        .filter((other) => over(one.box, other.box))
        .map((other) => `${one.name} and ${other.name}`));
}"""


def open_page(page: Page, address: str = "/") -> None:
    """The lab, connected and with its settings in place."""
    page.goto(address)
    expect(page.get_by_role("radio", name="Ring of eight")).to_be_checked()
    expect(page.get_by_label("Batch size", exact=True)).to_have_value("128")


def settings_of(page: Page, group: str) -> Locator:
    """One group of the settings."""
    return page.get_by_role("region", name="Settings").get_by_role("group", name=group, exact=True)


def press(page: Page, name: str) -> None:
    """Click the button of that name."""
    page.get_by_role("button", name=name, exact=True).click()


def list_sent(page: Page) -> list[str]:
    """The types of the messages that the page will have sent; the list grows."""
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda text: sent.append(json.loads(text)["type"])))
    return sent


def test_p1_the_top_of_the_page_says_what_it_is_and_leads_on(page: Page) -> None:
    open_page(page)
    top = page.get_by_role("banner")
    expect(top.get_by_role("heading", name="The GAN lab")).to_be_visible()
    expect(top).to_contain_text("Two networks learn from each other.")
    expect(top.get_by_role("link", name="Learn")).to_be_visible()
    for button in ("Tour", "Keyboard", "View"):
        expect(top.get_by_role("button", name=button)).to_be_visible()


def test_p2_a_lab_that_is_not_ready_yet_says_so(page: Page) -> None:
    page.route_web_socket("**/ws", lambda _: None)
    page.goto("/")
    expect(page.get_by_text("Warming up: the lab is getting its training ready.")).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_disabled()


def test_p7_every_data_set_is_a_picture_with_a_name_and_a_sentence(page: Page) -> None:
    open_page(page)
    units = page.request.get("/api/catalog").json()["datasets"]
    pictures = page.get_by_role("radiogroup", name="Data set").locator("label")
    expect(pictures).to_have_text([unit["label"] for unit in units])
    for unit, picture in zip(units, pictures.all(), strict=True):
        expect(picture).to_have_attribute("title", unit["help"])
        assert count_ink(picture.locator("canvas")) > 50, unit["key"]


def test_p15_p19_play_trains_until_pause(page: Page) -> None:
    open_page(page)
    press(page, "Play")
    expect(step_of(page)).to_have_text(re.compile(r"^[1-9]\d+$"))
    press(page, "Pause")
    expect(page.get_by_text("Paused at step")).to_be_visible()
    paused_at = step_of(page).text_content()
    press(page, "Step")
    expect(step_of(page)).to_have_text(str(int(paused_at or "") + 1))


@pytest.mark.parametrize(("player", "updates"), [("discriminator", "D 1 G 0"), ("generator", "D 0 G 1")])
def test_p17_one_player_learns_alone(page: Page, player: str, updates: str) -> None:
    open_page(page)
    press(page, f"Step {player}")
    expect(page.get_by_text(f"The {player} learned")).to_be_visible()
    expect(page.locator(".counter-detail")).to_have_text(re.compile(r"\s+".join(updates.split())))


def test_a_session_goes_on_after_a_reload(page: Page) -> None:
    open_page(page)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    page.reload()
    expect(step_of(page)).to_have_text("1")


def test_p7_f30_data_sets_are_chosen_with_the_arrow_keys(page: Page) -> None:
    open_page(page)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    page.get_by_role("radio", name="Ring of eight").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Grid of 25")).to_be_checked()
    expect(settings_of(page, "Data and noise").get_by_label("Data set", exact=True)).to_have_value("grid25")
    expect(step_of(page)).to_have_text("0")


def test_p40_a_learning_rate_changes_while_the_run_goes_on_and_a_width_begins_a_new_run(page: Page) -> None:
    open_page(page)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    preset = page.get_by_label("Preset", exact=True)
    chosen = preset.input_value()
    rate = settings_of(page, "Generator").get_by_label("Learning rate", exact=True)
    rate.fill("0.01")
    rate.press("Enter")
    expect(preset).not_to_have_value(chosen)
    expect(step_of(page)).to_have_text("1")
    width = settings_of(page, "Generator").get_by_label("Neurons per layer", exact=True)
    width.fill("8")
    width.press("Enter")
    expect(step_of(page)).to_have_text("0")


def test_f24_a_number_that_cannot_be_is_refused_at_its_control(page: Page) -> None:
    sent = list_sent(page)
    open_page(page)
    batch = settings_of(page, "Game").get_by_label("Batch size", exact=True)
    for step, text in enumerate(("5000", "0", "2.5", "many", ""), start=1):
        sent.clear()
        batch.fill(text)
        batch.press("Enter")
        expect(page.get_by_text("Give a whole number from 1 to 4096.")).to_be_visible()
        expect(batch).to_have_attribute("aria-invalid", "true")
        press(page, "Step")
        expect(step_of(page)).to_have_text(str(step))
        assert "configure" not in sent
        batch.fill("128")
        batch.press("Enter")
        expect(batch).not_to_have_attribute("aria-invalid", "true")


def test_p39_the_loss_shows_its_formulas(page: Page) -> None:
    open_page(page)
    game = settings_of(page, "Game")
    expect(game.locator("math")).to_have_count(2)
    before = game.locator("math").last.text_content()
    game.get_by_label("Loss", exact=True).select_option("least_squares")
    expect(game.locator("math").last).not_to_have_text(before or "")


def test_p14_f22_a_reset_keeps_the_seed_and_a_new_seed_does_not(page: Page) -> None:
    open_page(page)
    seed = page.get_by_label("Seed", exact=True)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    press(page, "Reset")
    expect(step_of(page)).to_have_text("0")
    expect(seed).to_have_value("0")
    press(page, "New seed")
    expect(seed).not_to_have_value("0")


def test_f30_keys_act_on_the_page_but_not_while_something_is_typed(page: Page) -> None:
    open_page(page)
    page.keyboard.press("d")
    expect(page.get_by_text("The discriminator learned")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(step_of(page)).to_have_text("2")
    page.get_by_label("Seed", exact=True).focus()
    page.keyboard.type("rd")
    page.keyboard.press("Escape")
    expect(step_of(page)).to_have_text("2")


def test_the_keys_can_be_listed_and_switched_off(page: Page) -> None:
    open_page(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    dialog.get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("ArrowRight")
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_f30_axe_finds_nothing_to_complain_about(page: Page, theme: str) -> None:
    open_page(page, f"/?theme={theme}")
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("viewport", ["phone"])
def test_f29_f30_nothing_scrolls_sideways_or_covers_another_or_is_too_small_to_touch(page: Page, viewport: str) -> None:
    open_page(page)
    for width, _ in visit_windows(page):
        assert fit_width(page) == [width, width]
        assert page.evaluate(LIST_SMALL) == []
        assert page.evaluate(LIST_COVERED) == []


def test_a_metric_says_what_a_perfect_generator_scores_and_how_it_misleads(page: Page) -> None:
    open_page(page)
    press(page, "Step")
    metrics = page.get_by_role("region", name="Metrics")
    expect(metrics.get_by_role("columnheader", name="Perfect generator")).to_be_visible()
    divergence = metrics.locator("details", has=page.locator("summary", has_text=re.compile("^JS divergence")))
    misleads = divergence.get_by_text("a miss by one cell scores as badly as one across the whole view")
    expect(misleads).to_be_hidden()
    divergence.locator("summary").click()
    expect(misleads).to_be_visible()


def test_a_preset_says_what_to_watch_for(page: Page) -> None:
    open_page(page)
    page.get_by_label("Preset", exact=True).select_option("collapse")
    expect(page.get_by_text("Watch for this: all generated points gather in one clump")).to_be_visible()


def test_p19_a_long_count_is_a_plain_number_that_the_eye_reads_in_groups(page: Page) -> None:
    open_page(page)
    page.evaluate(SHOW_COUNT, 1_234_567)
    expect(step_of(page)).to_have_text("1234567")
    edges = "[...document.querySelectorAll('[data-shows=step] span')].map((one) => one.getBoundingClientRect())"
    first, second, third = page.evaluate(f"{edges}.map(({{ left, right }}) => [left, right])")
    assert second[0] - first[1] > 2
    assert third[0] - second[1] > 2


def test_f8_steps_and_updates_are_counted_apart_and_nothing_is_called_an_epoch(page: Page) -> None:
    open_page(page)
    counted = page.locator(".counter-detail")
    updates = page.get_by_role("region", name="Settings").get_by_label("Discriminator updates", exact=True)
    updates.fill("3")
    updates.press("Enter")
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    expect(counted).to_have_text(re.compile(r"D\s+3\s+G\s+1"))
    press(page, "Step generator")
    expect(counted).to_have_text(re.compile(r"D\s+3\s+G\s+2"))
    press(page, "Step discriminator")
    expect(counted).to_have_text(re.compile(r"D\s+4\s+G\s+2"))
    for address in ("/", "/learn", "/api/catalog"):
        assert "epoch" not in page.request.get(address).text().lower(), address
    assert "epoch" not in page.content().lower()


def test_f31_the_lab_trains_and_draws_where_no_other_host_can_be_reached(page: Page, running_lab: Lab) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(lambda url: not url.startswith(running_lab.url), lambda route: route.abort())
    open_page(page)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    expect(page.locator(".chart-plot .main-svg").first).to_be_visible()
    expect(page.locator(".layered-plot .main-svg").first).to_be_visible()
    assert [url for url in asked if not url.startswith((running_lab.url, "data:", "blob:"))] == []
    # Icons are drawn, and no letters of a font that may not come.
    assert page.evaluate("document.fonts.size") == 0
    assert page.locator("#toolbar button svg").count() >= 5


def test_the_toolbar_holds_still_while_its_numbers_grow(page: Page) -> None:
    open_page(page)
    places = "[...document.querySelectorAll('#toolbar button')].map((button) => button.getBoundingClientRect().x)"
    before = page.evaluate(places)
    page.evaluate(SHOW_COUNT, 9_999_999)
    assert page.evaluate(places) == before


def measure_rows(page: Page, *buttons: str) -> list[float]:
    """How high each of these buttons stands in the page, in pixels."""
    places = [page.get_by_role("button", name=name, exact=True).bounding_box() for name in buttons]
    return [place["y"] for place in places if place]


@pytest.mark.parametrize("viewport", ["phone"])
def test_on_a_phone_the_two_players_stand_side_by_side(page: Page, viewport: str) -> None:
    page.goto("/")
    expect(page.get_by_role("button", name="Step generator")).to_be_enabled()
    one, other = measure_rows(page, "Step discriminator", "Step generator")
    assert one == other


@pytest.mark.parametrize(
    ("viewport", "mode"), [("tablet", "desk"), ("projector", "projector"), ("laptop", "projector")]
)
def test_the_tools_of_the_page_and_the_data_sets_are_a_row_each(page: Page, viewport: str, mode: str) -> None:
    page.add_init_script(f"localStorage.setItem('ganlab.mode', '{mode}')")
    page.goto("/")
    sets = page.get_by_role("radiogroup", name="Data set").locator(".dataset:visible")
    expect(sets).to_have_count(8)
    rows = measure_rows(page, "Tour", "Share", "Keyboard", "File", "View")
    assert max(rows) - min(rows) < 2
    tops = sets.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().top)")
    assert max(tops) - min(tops) < 1
    # The frame of what has the focus, or is pointed at by the tour, is not cut off.
    place = page.get_by_role("radiogroup", name="Data set").bounding_box()
    assert place
    assert min(tops) - place["y"] >= 8
    assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [VIEWPORTS[viewport][0]] * 2


@pytest.mark.parametrize("viewport", ["projector"])
def test_the_pictures_begin_in_the_first_window_of_a_projector(page: Page, viewport: str) -> None:
    page.goto("/")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    place = page.locator(".overview").bounding_box()
    assert place
    assert place["y"] < 640


def test_modes_that_few_points_lie_inside_are_not_counted_without_a_word(page: Page) -> None:
    open_page(page)
    press(page, "Step")
    metrics = page.get_by_role("region", name="Metrics")
    expect(metrics.get_by_role("row").filter(has_text="Modes covered")).to_contain_text(", few inside")
    expect(metrics.get_by_text("of the generated points lie inside a mode")).to_be_visible()
