"""Looking closer: keys that move the layered picture, pictures that are saved, and the charts' floors."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_page_shell import open_page, press
from tests.browser.test_pictures import PLOT, READ_RANGE, open_still
from tests.browser.watching import let_paint, read_until, step_of

READ_BOX = f"""() => {{
    const {{ xaxis, yaxis }} = document.querySelector('{PLOT}')._fullLayout;
    return [...xaxis.range, ...yaxis.range].map((end) => Number(end.toFixed(4)));
}}"""
BOX_IS = f"(wanted) => ({READ_BOX})().every((end, i) => Math.abs(end - wanted[i]) < 0.001)"
HAS_LOSSES = "() => document.querySelector('.chart-plot')?.data?.[0]?.x?.length > 1"
SVG = "{http://www.w3.org/2000/svg}"


def picture(page: Page) -> Locator:
    """The layered picture, as it is named to those who do not see it."""
    return page.get_by_role("application", name="Layered picture")


def test_keys_move_and_zoom_the_layered_picture_and_train_nothing(page: Page) -> None:
    open_still(page)
    picture(page).focus()
    x0, x1, y0, y1 = page.evaluate(READ_BOX)
    scrolled = page.evaluate("scrollY")
    tenth = (x1 - x0) / 10
    page.keyboard.press("ArrowRight")
    page.wait_for_function(BOX_IS, arg=[x0 + tenth, x1 + tenth, y0, y1])
    page.keyboard.press("ArrowUp")
    page.wait_for_function(BOX_IS, arg=[x0 + tenth, x1 + tenth, y0 + tenth, y1 + tenth])
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(BOX_IS, arg=[x0, x1, y0, y1])
    page.keyboard.press("+")
    page.wait_for_function(BOX_IS, arg=[x0 + tenth, x1 - tenth, y0 + tenth, y1 - tenth])
    page.keyboard.press("-")
    page.keyboard.press("-")
    page.wait_for_function(f"(x0) => ({READ_BOX})()[0] < x0 - 0.1", arg=x0)
    page.keyboard.press("0")
    page.wait_for_function(BOX_IS, arg=[x0, x1, y0, y1])
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.wait_for_function(BOX_IS, arg=[x0, x1, y0 - 3 * tenth, y1 - 3 * tenth])
    expect(step_of(page)).to_have_text("0")
    assert page.evaluate("scrollY") == scrolled


def test_the_layered_picture_tells_its_keys_and_what_it_shows(page: Page) -> None:
    open_still(page)
    expect(picture(page)).to_have_accessible_description(
        re.compile(r"Step 0\..*real samples.*Arrow keys move the view")
    )
    page.keyboard.press("?")
    help_dialog = page.get_by_role("dialog", name="Keyboard")
    expect(help_dialog.get_by_text("Move the view")).to_be_visible()
    page.keyboard.press("Escape")
    picture(page).focus()
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_space_still_plays_with_the_focus_on_the_picture(page: Page) -> None:
    open_still(page)
    picture(page).focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def save(page: Page, name: str, tmp_path: Path) -> Path:
    """The file that a button gives."""
    with page.expect_download() as download:
        press(page, name)
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    return file


@pytest.mark.parametrize("prepare", [lambda page: None, lambda page: press(page, "Play")], ids=["still", "running"])
def test_a_saved_picture_holds_every_layer_that_is_switched_on(
    page: Page, tmp_path: Path, prepare: Callable[[Page], None]
) -> None:
    open_still(page)
    for layer in ("Generator warp", "Real density"):
        page.get_by_role("checkbox", name=layer).check()
    prepare(page)
    drawn = read_svg(save(page, "Save picture as SVG", tmp_path))
    assert drawn["image"] == 1, "the surface"
    assert drawn["point"] >= 900, "real and generated samples, and the needles' tips"
    assert drawn["js-line"] >= 1, "the density's lines"
    assert drawn["js-fill"] >= 3, "the needles and the warp's cells"
    for layer in ("Discriminator surface", "Generated samples", "Gradients", "Generator warp", "Real density"):
        page.get_by_role("checkbox", name=layer).uncheck()
    alone = read_svg(save(page, "Save picture as SVG", tmp_path))
    assert (alone["image"], alone["js-line"], alone["js-fill"]) == (0, 0, 0)
    assert 0 < alone["point"] < drawn["point"] - 300


def read_svg(file: Path) -> dict[str, int]:
    """How many shapes of each class a saved picture has, and how many images."""
    elements = [element for element in ElementTree.parse(file).iter() if element.tag.startswith(SVG)]
    classes = [name for element in elements for name in element.get("class", "").split()]
    counts = {name: classes.count(name) for name in ("point", "js-line", "js-fill")}
    return {**counts, "image": sum(element.tag == f"{SVG}image" for element in elements)}


def test_a_saved_png_is_a_picture(page: Page, tmp_path: Path) -> None:
    open_still(page)
    file = save(page, "Save picture as PNG", tmp_path)
    assert file.name == "gan-step-0.png"
    assert file.read_bytes().startswith(b"\x89PNG")
    assert file.stat().st_size > 30_000


def test_a_saved_chart_has_its_lines_its_title_and_its_legend(page: Page, tmp_path: Path) -> None:
    open_page(page)
    for _ in range(3):
        press(page, "Step")
    expect(step_of(page)).to_have_text("3")
    page.wait_for_function(HAS_LOSSES)
    file = save(page, "Save Losses as SVG", tmp_path)
    assert file.name == "gan-losses-step-3.svg"
    words = "".join(ElementTree.parse(file).getroot().itertext())
    assert [word for word in ("Losses", "Discriminator", "Generator") if word not in words] == []
    assert read_svg(file)["js-line"] >= 2


def test_a_saved_overview_has_its_nodes_its_arrows_its_words_and_its_numbers(page: Page, tmp_path: Path) -> None:
    open_page(page)
    press(page, "Step")
    expect(page.locator(".loss-number").first).to_have_text(re.compile(r"^\d"))
    let_paint(page)
    losses = page.locator(".loss-number").all_inner_texts()
    file = save(page, "Save overview as SVG", tmp_path)
    assert file.name == "gan-overview-step-1.svg"
    drawn = ElementTree.parse(file).getroot()
    images = drawn.findall(f"{SVG}image")
    assert len(images) == 9
    assert all(str(image.get("href")).startswith("data:image/png") for image in images)
    arrows = [path for path in drawn.iter(f"{SVG}path") if path.get("marker-end")]
    assert len(arrows) == 13
    assert "none" not in {arrow.get("stroke") for arrow in arrows}
    words = " ".join(drawn.itertext())
    assert [word for word in ("Generator", "Predictions", *losses) if word not in words] == []
    assert "Inspect" not in words
    picture = save(page, "Save overview as PNG", tmp_path)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 30_000


def test_a_floor_is_drawn_and_named_on_the_charts_of_the_metrics(page: Page) -> None:
    open_page(page)
    press(page, "Step")
    for chart in ("KL divergence", "JS divergence"):
        words = page.get_by_role("region", name=chart).locator(".annotation-text", has_text="perfect generator")
        expect(words).to_have_text(re.compile(r"^perfect generator 0\.\d+$"))
    expect(page.get_by_role("region", name="Losses").locator(".annotation-text")).to_have_count(0)


def test_two_floors_on_one_chart_have_words_that_do_not_cover_each_other(page: Page) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    open_page(page)
    press(page, "Step")
    page.get_by_label("GAN Lab’s own losses and metrics").check()
    for chart in ("KL divergence", "JS divergence"):
        words = page.get_by_role("region", name=chart).locator(".annotation-text")
        expect(words).to_have_count(2)
        right, left = (words.nth(i).bounding_box() for i in range(2))
        assert right
        assert left
        assert left["x"] + left["width"] < right["x"]


def test_a_chart_s_zoom_is_undone_by_a_button_that_is_there_only_then(page: Page) -> None:
    open_page(page)
    press(page, "Step")
    press(page, "Step")
    page.wait_for_function(HAS_LOSSES)
    losses = page.get_by_role("region", name="Losses")
    reset = losses.get_by_role("button", name="Show all steps")
    expect(reset).to_be_hidden()
    losses.locator(".chart-plot").scroll_into_view_if_needed()

    # A chart that is drawn anew meanwhile ends the drag.
    def drag() -> bool:
        box = losses.locator(".chart-plot").bounding_box()
        assert box
        page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.42 * box["height"], steps=8)
        page.mouse.up()
        let_paint(page)
        return reset.is_visible()

    read_until(page, drag, bool)
    expect(reset).to_be_visible()
    reset.press("Enter")
    expect(reset).to_be_hidden()
    expect(losses.get_by_text("Last values", exact=True)).to_be_focused()


def test_reset_view_and_the_key_0_agree(page: Page) -> None:
    open_still(page)
    whole = page.evaluate(READ_RANGE)
    press(page, "Zoom in")
    page.wait_for_function(f"(whole) => ({READ_RANGE})()[0] > whole[0]", arg=whole)
    picture(page).focus()
    page.keyboard.press("0")
    page.wait_for_function(f"(whole) => ({READ_RANGE})().join() === whole.join()", arg=whole)


@pytest.mark.parametrize("viewport", ["phone"])
def test_a_loss_of_many_signs_stays_in_one_line_and_moves_nothing(page: Page, viewport: str) -> None:
    open_page(page)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    node = page.locator("[data-node=d-loss]")
    measure = "(node) => [node, node.querySelector('.loss-number')].map((one) => one.offsetHeight)"
    short = node.evaluate(measure)
    node.evaluate("""async (node) => {
        const { createBar } = await import('/static/js/graph/bars.js');
        const bar = createBar();
        bar.show(-0.0000283, { low: -1, high: 1 });
        node.querySelector('.loss').replaceWith(bar.element);
    }""")
    expect(node).to_contain_text("−2.83 × 10⁻⁵")
    long = node.evaluate(measure)
    assert [abs(one - other) <= 1 for one, other in zip(short, long, strict=True)] == [True, True]
