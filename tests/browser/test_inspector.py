"""The inspector in a real browser: phases, nodes and samples, with the numbers that the server tells."""

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from tests.browser.conftest import visit_windows
from tests.browser.test_main_job import press
from tests.browser.test_page_shell import LIST_SMALL
from tests.browser.watching import COUNT_INK, Watcher, fit_width, let_paint, open_lab, read_until, step_of

TITLES = (
    "Sample: real points and noise are drawn",
    "Generate: noise becomes samples",
    "Classify: every sample gets a score",
    "Loss: its mistakes become one number",
    "Backward: which way for every weight?",
    "Update: the discriminator’s weights move",
    "Sample: new noise is drawn",
    "Generate: noise becomes samples again",
    "Classify: the new samples get their scores",
    "Loss: how badly did they fool it?",
    "Backward: the slope comes back through both networks",
    "Update: the generator’s weights move",
)
# Where a point of the plane lies in the window, from the axes of the plot.
LOCATE = """([x, y]) => {
    const { _fullLayout: { xaxis, yaxis, margin } } = document.querySelector('.layered-plot');
    const { left, top } = document.querySelector('.layered-stage').getBoundingClientRect();
    return [left + margin.l + xaxis.l2p(x), top + margin.t + yaxis.l2p(y)];
}"""
READ_MATHML = """(text) => new DOMParser().parseFromString(text, 'application/xml')
    .documentElement.textContent.replace(/\\s/g, '')"""
LIST_OVERLAPS = """() => {
    const boxes = [...document.querySelectorAll('.stage > section, .toolbar, #time, #settings')]
        .filter((element) => element.checkVisibility())
        .map((element) => ({ name: element.id || element.className, box: element.getBoundingClientRect() }));
    const meet = (a0, a1, b0, b1) => a0 < b1 - 1 && b0 < a1 - 1;
    const over = (a, b) => meet(a.left, a.right, b.left, b.right) && meet(a.top, a.bottom, b.top, b.bottom);
    return boxes.flatMap((one, i) => boxes.slice(i + 1)
        .filter((other) => over(one.box, other.box))
        .map((other) => `${one.name} and ${other.name}`));
}"""


def inspector(page: Page) -> Locator:
    """The panel."""
    return page.get_by_role("region", name="Inspector", exact=True)


def ask(page: Page, query: str = "") -> dict[str, Any]:
    """What the server tells of the page's own session."""
    told: dict[str, Any] = page.evaluate(
        """async (query) => {
            const session = sessionStorage.getItem('ganlab.session:ring8');
            return (await fetch(`/api/sessions/${session}/inspection${query}`)).json();
        }""",
        query,
    )
    return told


def write(page: Page, value: float | None) -> str:
    """A number as the page writes it."""
    return str(
        page.evaluate("async (value) => (await import('/static/js/layers/numbers.js')).formatNumber(value)", value)
    )


def read_math(place: Locator) -> str:
    """The text of formulas, without any space."""
    return re.sub(r"\s", "", "".join(place.locator("math").all_text_contents()))


def count_chosen(page: Page) -> int:
    """How many pixels the ring, the needle and the arrow have."""
    return int(page.locator("canvas[data-layer=chosen]").evaluate(COUNT_INK))


def move_to_point(page: Page, watcher: Watcher, index: int) -> tuple[float, float]:
    """Where a generated sample is in the window."""
    page.locator(".layered-stage").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.layered-plot')._fullLayout?.xaxis?.l2p")
    x, y = page.evaluate(LOCATE, [float(value) for value in watcher.arrays["x_fake"][index]])
    return x, y


def press_without_focus(page: Page, name: str) -> None:
    """Press a button as a finger does on a tablet: the focus stays where it is."""
    page.get_by_role("button", name=name, exact=True).evaluate("(button) => button.click()")


def wait_for_other(watcher: Watcher, array: str, former: bytes) -> None:
    """Until an array has come that is another than the former one."""
    watcher.until(lambda: watcher.arrays[array].tobytes() != former, f"another {array}")


def test_next_phase_opens_the_inspector_which_walks_all_phases_in_its_own_words(page: Page) -> None:
    open_lab(page)
    expect(inspector(page)).to_be_hidden()
    for number, title in enumerate(TITLES, 1):
        press(page, "Next phase")
        expect(inspector(page).get_by_role("heading", name=title, exact=True)).to_be_visible()
        player = "discriminator" if number <= 6 else "generator"
        expect(inspector(page).locator(".inspector-turn")).to_have_text(f"The {player} learns, update 1 of 1, step 1")
        expect(page.get_by_role("button", name="Next phase", exact=True)).to_be_focused()
        change = "In the layered picture nothing moves yet" if number % 6 else "In the layered picture the"
        expect(inspector(page).get_by_text(change)).to_be_visible()
        expect(page.locator(".overview .lit[data-node]").first).to_be_visible()
    expect(step_of(page)).to_have_text("1")


def test_the_numbers_of_a_phase_are_those_that_the_server_tells(page: Page) -> None:
    open_lab(page)
    panel = inspector(page)
    for title in TITLES[:6]:
        press(page, "Next phase")
        expect(panel.get_by_role("heading", name=title, exact=True)).to_be_visible()
        told = ask(page)
        formulas = panel.locator(".worked")
        expect(formulas).to_have_count(len(told["formula"]))
        for i, formula in enumerate(told["formula"]):
            expect(formulas.nth(i)).to_contain_text(formula["meaning"])
            assert read_math(formulas.nth(i).get_by_role("group", name="With numbers")) == page.evaluate(
                READ_MATHML, formula["mathml_numbers"]
            )
        for tensor in told["tensors"]:
            row = panel.get_by_role("row").filter(has=page.get_by_role("rowheader", name=tensor["name"], exact=True))
            expect(row.get_by_role("cell").last).to_have_text(write(page, tensor["mean"]))
        expect(panel.locator("pre code").last).to_have_text(told["code"])


def test_backward_shows_the_gradient_of_each_layer_and_update_the_weights_before_and_after(page: Page) -> None:
    open_lab(page)
    panel = inspector(page)
    for title in TITLES[:5]:
        press(page, "Next phase")
        expect(panel.get_by_role("heading", name=title, exact=True)).to_be_visible()
    told = ask(page)
    rows = panel.get_by_role("table", name="Length of each layer’s gradient").get_by_role("row")
    expect(rows).to_have_count(3)
    for i, layer in enumerate(told["layers"]):
        norm = sum(layer[part]["gradient"]["norm"] ** 2 for part in ("weight", "bias")) ** 0.5
        expect(rows.nth(i).get_by_role("cell").last).to_have_text(write(page, norm))
    press(page, "Next phase")
    expect(panel.get_by_role("heading", name=TITLES[5], exact=True)).to_be_visible()
    weight = ask(page)["layers"][1]["weight"]
    row = panel.get_by_role("row", name=re.compile("^Hidden layer 2: weights"))
    expected = ["64 × 64", *(write(page, weight[view]["norm"]) for view in ("before", "step", "after"))]
    expect(row.get_by_role("cell")).to_have_text(expected)
    panel.get_by_text("Numbers of the hidden layer 2").click()
    rows = panel.get_by_role("table", name="First rows of weight of the hidden layer 2, step").get_by_role("row")
    expect(rows.first.get_by_role("cell")).to_have_text([write(page, value) for value in weight["step"]["rows"][0]])
    expect(panel.get_by_role("img", name="Histogram of weight of the hidden layer 2, after")).to_be_visible()


def test_what_is_unfolded_stays_so_and_keeps_the_focus_from_phase_to_phase(page: Page) -> None:
    open_lab(page)
    panel = inspector(page)
    press(page, "Next phase")
    fold = panel.get_by_text("First rows of z", exact=True)
    fold.focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("img", name="Histogram of z")).to_be_visible()
    page.keyboard.press("n")
    expect(panel.get_by_role("heading", name=TITLES[1], exact=True)).to_be_visible()
    # The next phase has no such fold: the focus stays in the inspector, and does not fall off the page.
    expect(panel.locator(".inspector-body")).to_be_focused()
    for title in TITLES[2:7]:
        page.keyboard.press("n")
        expect(panel.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(panel.get_by_role("img", name="Histogram of z")).to_be_visible()


def test_while_it_trains_a_reader_keeps_the_focus_the_place_and_what_was_said(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_lab(page)
    press(page, "Inspect a sample")
    panel = inspector(page)
    stage = panel.locator("[data-stage=generator-1]")
    stage.get_by_text("How: generator, hidden layer 1").click()
    stage.get_by_role("button", name="Copy", exact=True).click()
    stage.get_by_text("All numbers").last.click()
    numbers = stage.get_by_role("group", name="Numbers: after ReLU")
    numbers.focus()
    numbers.evaluate("(element) => element.scrollTop = 120")
    press_without_focus(page, "Play")
    turn = panel.locator(".inspector-turn")
    for _ in range(3):
        expect(turn).not_to_have_text(turn.inner_text())
    expect(numbers).to_be_focused()
    assert numbers.evaluate("(element) => element.scrollTop") == 120
    expect(stage.get_by_text("Copied", exact=True)).to_be_visible()


def test_what_the_words_say_of_the_picture_is_so(page: Page) -> None:
    watcher = open_lab(page)
    pictures: list[dict[str, bytes]] = []
    for number in range(1, 13):
        press(page, "Next phase")
        expect(inspector(page).get_by_role("heading", name=TITLES[number - 1], exact=True)).to_be_visible()
        if number % 6 == 0:
            array = "surface" if number == 6 else "x_fake"
            before = pictures[-1][array]
            wait_for_other(watcher, array, before)
        pictures.append({name: watcher.arrays[name].tobytes() for name in ("surface", "x_fake")})
    surfaces, samples = ([picture[name] for picture in pictures] for name in ("surface", "x_fake"))
    assert [one == other for one, other in pairwise(surfaces)] == [True] * 4 + [False] + [True] * 6
    assert [one == other for one, other in pairwise(samples)] == [True] * 10 + [False]


@pytest.mark.parametrize("viewport", ["phone"])
def test_on_a_phone_the_phase_and_the_button_to_the_next_one_are_both_in_sight(page: Page, viewport: str) -> None:
    open_lab(page)
    press(page, "Next phase")
    expect(inspector(page).get_by_role("heading", name=TITLES[0], exact=True)).to_be_in_viewport()
    expect(page.get_by_role("button", name="Next phase", exact=True)).to_be_in_viewport()


@pytest.mark.parametrize("viewport", ["phone", "projector", "laptop", "wide"])
@pytest.mark.parametrize("mode", ["desk", "projector"])
def test_the_button_to_the_next_phase_stays_where_it_was_pressed(page: Page, viewport: str, mode: str) -> None:
    page.add_init_script(f"localStorage.setItem('ganlab.mode', '{mode}')")
    open_lab(page)
    button = page.get_by_role("button", name="Next phase", exact=True)
    for title in TITLES[:2]:
        button.click()
        expect(inspector(page).get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(button).to_be_in_viewport()


def test_every_node_is_inspected_by_its_button_with_the_keyboard_and_by_a_click(page: Page) -> None:
    open_lab(page)
    panel = inspector(page)
    nodes = page.locator(".overview [data-node]")
    expect(nodes).to_have_count(11)
    for i in range(11):
        node = nodes.nth(i)
        title = node.get_attribute("aria-label") or ""
        node.get_by_role("button", name=re.compile("^Inspect ", re.IGNORECASE)).focus()
        page.keyboard.press("Enter")
        expect(panel.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(node).to_have_class(re.compile(r"\bpointed\b"))
    page.get_by_role("group", name="Noise", exact=True).focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("heading", name="Noise", exact=True)).to_be_visible()
    page.locator(".node-discriminator .node-picture").click()
    expect(panel.get_by_role("heading", name="Discriminator", exact=True)).to_be_visible()
    told = ask(page, "?node=discriminator")
    row = panel.get_by_role("row").filter(has=page.get_by_role("rowheader", name="fake_logits", exact=True))
    expect(row.get_by_role("cell").last).to_have_text(write(page, told["tensors"][1]["mean"]))
    page.get_by_role("checkbox", name="Layer of the discriminator").uncheck()
    expect(page.get_by_role("checkbox", name="Discriminator surface")).not_to_be_checked()
    expect(panel.get_by_role("heading", name="Discriminator", exact=True)).to_be_visible()


def test_a_node_is_followed_while_the_run_trains(page: Page) -> None:
    open_lab(page)
    page.get_by_role("button", name="Inspect generator loss", exact=True).click()
    turn = inspector(page).locator(".inspector-turn")
    expect(turn).to_have_text("After step 0")
    press(page, "Play")
    expect(turn).to_have_text(re.compile(r"After step [1-9]"))
    first = turn.inner_text()
    expect(turn).not_to_have_text(first)
    press(page, "Pause")
    expect(page.get_by_text("Paused at step")).to_be_visible()
    step = step_of(page).inner_text()
    read_until(page, turn.inner_text, lambda words: words.replace(",", "") == f"After step {step}")
    told = ask(page, "?node=g-loss")
    assert told["step"] == int(step)
    expect(inspector(page).get_by_role("row").nth(-1)).to_contain_text(told["tensors"][-1]["what"])


def test_an_answer_about_a_phase_that_is_over_by_then_is_not_shown(page: Page) -> None:
    open_lab(page)
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/inspection", lambda route: held.append((route, route.fetch())))
    press(page, "Next phase")
    route, answer = read_until(page, lambda: held, bool)[0]
    press(page, "Step")
    silence = inspector(page).get_by_text("The run stands between two steps. Press Next phase")
    expect(silence).to_be_visible()
    with page.expect_response("**/inspection"):
        route.fulfill(response=answer)
    let_paint(page)
    expect(silence).to_be_visible()
    expect(inspector(page).get_by_role("heading", name=TITLES[0], exact=True)).to_be_hidden()


def test_a_sample_tells_its_story_by_a_click_on_its_dot(page: Page) -> None:
    watcher = open_lab(page)
    press(page, "Step")
    watcher.until(lambda: watcher.step >= 1, "the frame of step 1")
    assert count_chosen(page) == 0
    page.mouse.click(*move_to_point(page, watcher, 7))
    panel = inspector(page)
    title = panel.get_by_role("heading", name=re.compile(r"^The story of sample \d+$"))
    expect(title).to_be_visible()
    index = int(title.inner_text().split()[-1]) - 1
    told = ask(page, f"?sample={index}")
    # Samples lie close together after one step: it may be a neighbour, but no other is nearer.
    clicked = watcher.arrays["x_fake"]
    assert ((clicked[index] - clicked[7]) ** 2).sum() < 0.05
    stages = panel.locator("[data-stage]")
    assert [stage.get_attribute("data-stage") for stage in stages.all()] == [each["key"] for each in told["stages"]]
    expect(panel.locator("[data-stage=score]")).to_contain_text(f"Score {write(page, told['logit'])}")
    expect(panel.locator("[data-stage=score]")).to_contain_text(f"{100 * told['probability']:.1f} % sure")
    expect(panel.locator("[data-stage=loss]")).to_contain_text(f"It costs the generator {write(page, told['loss'])}")
    point = ", ".join(write(page, value) for value in told["point"])
    expect(panel.locator("[data-stage=sample]")).to_contain_text(f"({point})")
    expect(
        page.get_by_text(f"The ring is sample {index + 1}; its arrow is the generator’s next update")
    ).to_be_visible()
    assert read_until(page, lambda: count_chosen(page), lambda ink: ink > 0) > 0
    panel.locator("[data-stage=loss]").hover()
    expect(page.locator(".overview .pointed")).to_have_attribute("data-node", "g-loss")


def test_samples_are_gone_through_with_the_keyboard(page: Page) -> None:
    open_lab(page)
    page.get_by_role("button", name="Inspect a sample", exact=True).focus()
    page.keyboard.press("Enter")
    panel = inspector(page)
    expect(panel.get_by_role("heading", name="The story of sample 1", exact=True)).to_be_visible()
    expect(panel.get_by_role("heading", name="Inspector", exact=True)).to_be_focused()
    panel.get_by_role("button", name="Next sample", exact=True).focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("heading", name="The story of sample 2", exact=True)).to_be_visible()
    panel.get_by_role("button", name="Previous sample", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("heading", name="The story of sample 250", exact=True)).to_be_visible()
    told = ask(page, "?sample=249")
    stage = panel.locator("[data-stage=generator-1]")
    expect(stage.get_by_role("img", name=re.compile("^Bars: after ReLU, 64 numbers"))).to_be_visible()
    stage.get_by_text("How: generator, hidden layer 1").press("Enter")
    stage.get_by_text("All numbers").last.press("Enter")
    numbers = stage.get_by_role("table", name="after ReLU").get_by_role("cell")
    expect(numbers).to_have_text([write(page, value) for value in told["stages"][1]["vectors"][-1]["values"]])


def test_escape_closes_the_inspector_and_gives_the_focus_back(page: Page) -> None:
    open_lab(page)
    opener = page.get_by_role("button", name="Inspector", exact=True)
    look = page.get_by_role("button", name="Inspect noise", exact=True)
    look.focus()
    page.keyboard.press("Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(inspector(page).get_by_role("heading", name="Noise", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(inspector(page)).to_be_hidden()
    expect(look).to_be_focused()
    expect(page.locator(".overview .pointed")).to_have_count(0)
    opener.click()
    expect(inspector(page)).to_be_visible()
    opener.click()
    expect(inspector(page)).to_be_hidden()


def test_between_steps_the_words_say_how_to_get_inside_one_and_a_reader_may_keep_it_closed(page: Page) -> None:
    open_lab(page)
    press(page, "Inspector")
    panel = inspector(page)
    panel.get_by_role("button", name="This phase", exact=True).click()
    expect(panel.get_by_text("The run stands between two steps. Press Next phase")).to_be_visible()
    panel.get_by_role("checkbox", name="Open it at Next phase").uncheck()
    press(page, "Close the inspector")
    press(page, "Next phase")
    expect(page.get_by_text("Inside step 1, after phase 1 of 12.")).to_be_visible()
    expect(panel).to_be_hidden()
    page.reload()
    expect(page.get_by_text("Inside step 1, after phase 1 of 12.")).to_be_visible()
    press(page, "Inspector")
    expect(panel.get_by_role("checkbox", name="Open it at Next phase")).not_to_be_checked()
    expect(panel.get_by_role("heading", name=TITLES[0], exact=True)).to_be_visible()


def test_the_code_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_lab(page)
    page.get_by_role("button", name="Inspect generator", exact=True).click()
    inspector(page).get_by_role("button", name="Copy", exact=True).click()
    expect(inspector(page).get_by_text("Copied", exact=True)).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == ask(page, "?node=generator")["code"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_phases_and_stories_are_accessible(page: Page, theme: str) -> None:
    page.emulate_media(reduced_motion="reduce", color_scheme="dark" if theme == "dark" else "light")
    open_lab(page)
    for title in TITLES[:6]:
        press(page, "Next phase")
        expect(inspector(page).get_by_role("heading", name=title, exact=True)).to_be_visible()
    inspector(page).get_by_text("Numbers of the hidden layer 1").click()
    assert list_violations(page) == []
    press(page, "A sample")
    inspector(page).get_by_text("How: discriminator, hidden layer 2").click()
    expect(inspector(page).get_by_text("All numbers").first).to_be_visible()
    assert list_violations(page) == []


def list_violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds wrong with the page at rest."""
    page.wait_for_function("() => document.getAnimations().every((one) => one.playState !== 'running')")
    found = json.loads(json.dumps(Axe().run(page).response["violations"]))
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("mode", ["desk", "projector"])
@pytest.mark.parametrize("viewport", ["phone"])
def test_nothing_overlaps_or_hangs_over_in_any_window(page: Page, viewport: str, mode: str) -> None:
    page.add_init_script(f"localStorage.setItem('ganlab.mode', '{mode}')")
    open_lab(page)
    for _ in range(6):
        press(page, "Next phase")
    expect(inspector(page).get_by_role("heading", name=TITLES[5], exact=True)).to_be_visible()
    for width, _ in visit_windows(page):
        assert fit_width(page) == [width, width]
    press(page, "A sample")
    expect(inspector(page).get_by_role("heading", name="The story of sample 1", exact=True)).to_be_visible()
    for width, _ in visit_windows(page):
        assert fit_width(page) == [width, width]
        assert page.evaluate(LIST_OVERLAPS) == []
        assert page.evaluate(LIST_SMALL) == []


@pytest.mark.parametrize("viewport", ["phone", "laptop"])
def test_no_table_of_tensors_is_wider_than_the_panel(page: Page, viewport: str) -> None:
    open_lab(page)
    for title in TITLES[:11]:
        press(page, "Next phase")
        expect(inspector(page).get_by_role("heading", name=title, exact=True)).to_be_visible()
        tables = inspector(page).locator(".across:has(> .tensors)")
        expect(tables).to_have_count(1)
        wide = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText)"
        assert tables.evaluate_all(wide) == [], title
