"""How the page can look: themes, contrast, sizes and palettes, by menu and by address, on every width."""

from collections.abc import Mapping
from itertools import combinations, product

import pytest
from axe_playwright_python.sync_playwright import DEFAULT_OPTIONS, Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import visit_windows
from tests.browser.test_page_shell import LIST_SMALL, open_page, press
from tests.browser.watching import fit_width, read_until
from tests.tools.lab import Lab
from tests.tools.vision import EYES, find_contrast, find_distance

THEMES, CONTRASTS = ("light", "dark"), ("normal", "high")
PALETTES = ("default", "blue-orange", "teal-pink")
LOOKS = [
    f"?theme={theme}&contrast={contrast}&palette={palette}"
    for theme, contrast, palette in product(THEMES, CONTRASTS, PALETTES)
]
ROLES = ("real", "generated", "generator", "discriminator")
CHOOSE = "([name, value]) => document.querySelector(`#view-menu [name=${name}][value=${value}]`).click()"
READ_COLOURS = "import('/static/js/palette.js').then((palette) => palette.readPalette())"
# A thumbnail's radio button is not seen itself: its label is outlined.
HAS_OUTLINE = """() => {
    const element = document.activeElement;
    return [element, element.closest('label') ?? element].some((each) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(each);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    });
}"""
# In OKLab, where black and white are 1 apart; two neighbours of a scale of ten greys are 0.1 apart.
LEAST_DISTANCE = 0.07
LEAST_DISTANCE_OF_SAMPLES = 0.11

WHOLE: Mapping[str, object] = {"include": ["html"]}
Colours = dict[str, tuple[int, int, int]]


@pytest.fixture(scope="module")
def colours_of(browser: Browser, running_lab: Lab) -> dict[str, Colours]:
    """Every look's colours, as the page's own scripts read them."""
    context = browser.new_context(base_url=running_lab.url)
    page = context.new_page()
    found: dict[str, Colours] = {}
    for look in LOOKS:
        page.goto(f"/learn{look}")
        page.locator("[data-palette]").first.wait_for()
        found[look] = page.evaluate(READ_COLOURS)
    context.close()
    return found


def list_violations(page: Page, *rules: str, context: Mapping[str, object] = WHOLE) -> list[object]:
    """What axe complains of, by all rules or by these: each rule with the elements that break it."""
    # What is in order is not written out: on a long page that takes as long as finding it.
    options = {**DEFAULT_OPTIONS, **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(page, context, options).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("eyes", EYES)
def test_f32_every_palette_tells_the_roles_apart_for_all_eyes(
    colours_of: dict[str, Colours], look: str, eyes: str
) -> None:
    colours = colours_of[look]
    near = {
        pair: distance
        for pair in (*combinations(ROLES, 2), ("generated", "gradient"), ("surfaceReal", "surfaceFake"))
        if (distance := find_distance(colours[pair[0]], colours[pair[1]], eyes)) < LEAST_DISTANCE
    }
    assert near == {}
    assert find_distance(colours["real"], colours["generated"], eyes) >= LEAST_DISTANCE_OF_SAMPLES


@pytest.mark.parametrize("look", LOOKS)
def test_f32_words_in_every_colour_can_be_read(colours_of: dict[str, Colours], look: str) -> None:
    colours = colours_of[look]
    need = 7.0 if "contrast=high" in look else 4.5
    words = (*ROLES, "gradient", "ink", "inkSoft")
    faint = {
        (word, ground): round(ratio, 2)
        for word, ground in product(words, ("paper", "panel"))
        if (ratio := find_contrast(colours[word], colours[ground])) < need
    }
    assert faint == {}


def test_f32_palettes_differ_from_each_other(colours_of: dict[str, Colours]) -> None:
    assert len({str(colours) for colours in colours_of.values()}) == len(LOOKS)


def test_f32_a_choice_in_the_menu_stays_and_the_address_can_ask_for_another(page: Page) -> None:
    open_page(page)
    press(page, "View")
    menu = page.get_by_role("dialog", name="View")
    menu.get_by_role("radio", name="Dark").check()
    menu.get_by_role("radio", name="Blue and orange").check()
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    expect(root).to_have_attribute("data-palette", "blue-orange")
    page.goto("/?theme=light&palette=nonsense")
    expect(root).to_have_attribute("data-theme", "light")
    expect(root).to_have_attribute("data-palette", "blue-orange")


def test_f30_f32_the_menu_works_with_the_keyboard(page: Page) -> None:
    open_page(page)
    page.get_by_role("button", name="View", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Light")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="View")).to_be_hidden()
    expect(page.get_by_role("button", name="View", exact=True)).to_be_focused()


def test_f32_pictures_follow_the_palette_at_once(page: Page) -> None:
    open_page(page)
    press(page, "Step")
    # Of a copy, as in READ_INK.
    mean = """(canvas) => {
        const { width, height } = canvas;
        const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
        context.drawImage(canvas, 0, 0);
        const { data } = context.getImageData(0, 0, width, height);
        const sum = [0, 0, 0];
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) sum.forEach((_, c) => sum[c] += data[i + c]);
        return sum[1] > sum[2] ? 'green' : 'blue';
    }"""
    canvas = page.locator("[data-node=real] canvas")
    assert read_until(page, lambda: canvas.evaluate(mean), lambda colour: colour == "green") == "green"
    press(page, "View")
    page.get_by_role("radio", name="Blue and orange").check()
    assert read_until(page, lambda: canvas.evaluate(mean), lambda colour: colour == "blue") == "blue"


def test_f32_the_projector_has_larger_words_fewer_small_ones_and_thicker_strokes(page: Page) -> None:
    sizes = """() => [
        parseFloat(getComputedStyle(document.querySelector('.field-label')).fontSize),
        document.querySelectorAll('.field-help').length
            && [...document.querySelectorAll('.field-help')].filter((help) => help.checkVisibility()).length,
    ]"""
    strokes = f"{READ_COLOURS}.then(({{ strokes }}) => strokes)"
    open_page(page, "/?mode=desk")
    (words, _), thin = page.evaluate(sizes), page.evaluate(strokes)
    open_page(page, "/?mode=projector")
    (large, few), thick = page.evaluate(sizes), page.evaluate(strokes)
    assert large >= 1.3 * words
    assert large >= 20
    assert few == 0
    assert thick > thin


@pytest.mark.parametrize("look", ["?contrast=high&palette=blue-orange", "?mode=projector&theme=dark"])
def test_f30_axe_finds_nothing_in_a_mode(page: Page, look: str) -> None:
    open_page(page, f"/{look}")
    assert list_violations(page) == []


def test_f30_axe_can_read_the_words_in_every_look(page: Page) -> None:
    open_page(page)
    faint: dict[str, object] = {}
    for look in LOOKS:
        choices = dict(choice.split("=") for choice in look[1:].split("&"))
        for name, value in choices.items():
            page.evaluate(CHOOSE, [name, value])
        if violations := list_violations(page, "color-contrast"):
            faint[look] = violations
    assert faint == {}


@pytest.mark.parametrize("name", ["View", "Keyboard"])
def test_f30_axe_finds_nothing_while_a_dialog_is_open(page: Page, name: str) -> None:
    open_page(page)
    press(page, name)
    expect(page.get_by_role("dialog", name=name)).to_be_visible()
    assert list_violations(page) == []
    assert page.evaluate(LIST_SMALL) == []


@pytest.mark.parametrize(
    ("viewport", "look"), [("phone", "?mode=projector"), ("tablet", "?mode=projector"), ("phone", "?contrast=high")]
)
def test_f29_nothing_scrolls_sideways_in_any_mode(page: Page, viewport: str, look: str) -> None:
    open_page(page, f"/{look}")
    for width, _ in visit_windows(page):
        assert fit_width(page) == [width, width]
        assert page.evaluate(LIST_SMALL) == []


def test_p3_a_browser_without_websockets_is_told_so(page: Page) -> None:
    page.add_init_script("delete globalThis.WebSocket")
    page.goto("/")
    expect(page.get_by_role("alert").filter(has_text="WebSocket")).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_hidden()


def test_p3_a_browser_without_canvas_is_told_so(page: Page) -> None:
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto("/")
    expect(page.get_by_role("alert").filter(has_text="canvas")).to_be_visible()


def test_p4_shared_links_show_the_labs_own_picture(page: Page, running_lab: Lab) -> None:
    page.goto("/")
    cards = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll('meta[property]')]
            .map((meta) => [meta.getAttribute('property'), meta.content]))"""
    )
    assert cards["og:title"] == "The GAN lab"
    assert "adversarial" in cards["og:description"]
    assert cards["og:image"].startswith(running_lab.url)
    assert page.request.get(cards["og:image"]).headers["content-type"] == "image/png"


def test_f30_the_page_names_its_language_and_its_pictures(page: Page) -> None:
    open_page(page)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("img:not([alt])").count() == 0
    assert page.locator("svg:not([aria-hidden=true], [role], .main-svg, #js-plotly-tester)").count() == 0


def test_f30_what_has_the_focus_is_outlined(page: Page) -> None:
    open_page(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(HAS_OUTLINE), page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
