"""The reference in a browser: found, searched, printed, in every look; and its links open the lab with the unit on."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import visit_windows
from tests.browser.test_modes import WHOLE, list_violations
from tests.browser.test_page_shell import settings_of
from tests.browser.watching import fit_width

SEARCH = "Search the reference"
# The frame of the page and the first entry of every section.
FIRST_ENTRIES = {"include": ["html"], "exclude": [".entry ~ .entry"]}
# What the page's own reader makes of every link that the reference gives: the unit's key wherever it is named.
READ_LINKS = """async () => {
    const { diffConfigs } = await import("/static/js/link/entries.js");
    const { readLink } = await import("/static/js/link/read.js");
    const { readPath } = await import("/static/js/controls/configs.js");
    const catalog = await (await fetch("/api/catalog")).json();
    const isOn = (config, key, text) => {
        const preset = key === "preset" && catalog.presets.find((one) => one.key === text);
        if (preset) return diffConfigs(preset.config, config, catalog).length === 0;
        if (Array.isArray(config[key])) return config[key].map(({ name }) => name).join() === text;
        return String(readPath(config, key.includes(".") ? key : `${key}.name`) ?? catalog.run.init.default) === text;
    };
    return [...document.querySelectorAll("a.entry-link")].map((link) => {
        const { config, problems } = readLink(link.hash, catalog);
        const entries = link.hash.slice(1).split("&").map((entry) => entry.split("="));
        return { hash: link.hash, problems, off: entries.filter(([key, text]) => !isOn(config, key, text)) };
    });
}"""


def test_the_lab_and_the_article_lead_to_the_reference_and_back(page: Page) -> None:
    for address in ("/", "/learn"):
        page.goto(address)
        page.get_by_role("banner").get_by_role("link", name="Reference").click()
        expect(page.get_by_role("heading", name="Reference", exact=True)).to_be_visible()
    page.get_by_role("link", name="Lab", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_the_lab_reads_every_link_and_has_the_unit_on(page: Page) -> None:
    page.goto("/reference")
    read = page.evaluate(READ_LINKS)
    assert len(read) > 60
    assert [link for link in read if link["problems"] or link["off"]] == []


@pytest.mark.parametrize(
    ("entry", "group", "label", "value"),
    [
        ("losses-wasserstein", "Game", "Loss", "wasserstein"),
        ("losses-rpgan", "Game", "Loss", "rpgan"),
        ("optimizers-grams", "Discriminator", "Optimizer", "grams"),
        ("activations-sine", "Generator", "Activation", "sine"),
        ("latents-uniform", "Data and noise", "Noise", "uniform"),
    ],
)
def test_a_link_opens_the_lab_with_the_unit_chosen(page: Page, entry: str, group: str, label: str, value: str) -> None:
    page.goto(f"/reference#{entry}")
    page.locator(f"#{entry}").get_by_role("link", name="Open the lab with it").click()
    expect(settings_of(page, group).get_by_label(label, exact=True)).to_have_value(value)
    expect(page.locator("#link-note")).to_be_hidden()


@pytest.mark.parametrize("entry", ["regularizers-r1", "regularizers-lecam", "regularizers-label_smoothing"])
def test_a_link_to_a_regularizer_opens_the_lab_with_its_switch_on(page: Page, entry: str) -> None:
    page.goto("/reference")
    article = page.locator(f"#{entry}")
    label = article.get_by_role("heading").text_content() or ""
    article.get_by_role("link", name="Open the lab with it").click()
    expect(page.get_by_role("checkbox", name=label, exact=True)).to_be_checked()


def test_a_search_leaves_what_it_finds_and_a_link_brings_back_the_rest(page: Page) -> None:
    page.goto("/reference")
    entries = page.locator("article:visible")
    whole = entries.count()
    page.get_by_role("searchbox", name=SEARCH).fill("mescheder R1")
    expect(page.get_by_role("status")).to_have_text(re.compile(rf"^1 of {whole} entries$"))
    expect(entries).to_have_count(1)
    expect(page.get_by_role("region", name="Losses")).to_be_hidden()
    contents = page.get_by_role("navigation", name="Contents")
    expect(contents.get_by_role("link", name="R1", exact=True)).to_be_visible()
    expect(contents.get_by_role("link", name="Hinge", exact=True)).to_be_hidden()
    contents.get_by_role("link", name="Metrics").click()
    expect(entries).to_have_count(whole)
    expect(page.get_by_role("heading", name="Metrics")).to_be_in_viewport()


def test_what_a_link_leads_to_is_not_hidden_by_the_search_above_it(page: Page) -> None:
    page.goto("/reference#losses-hinge")
    heading = page.get_by_role("heading", name="Hinge", exact=True)
    expect(heading).to_be_in_viewport()
    assert heading.evaluate("(it) => { const { x, y } = it.getBoundingClientRect();"
                            " return it.contains(document.elementFromPoint(x + 3, y + 3)); }")  # fmt: skip


@pytest.mark.parametrize("look", ["", "?theme=dark", "?contrast=high&palette=teal-pink", "?mode=projector"])
def test_f30_axe_finds_nothing_in_the_reference(page: Page, look: str) -> None:
    """In its first look all of it is read; another look is a matter of style sheets, the same for every entry."""
    page.goto(f"/reference{look}")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark" if "dark" in look else "light")
    page.locator("details").first.evaluate("(details) => (details.open = true)")
    assert list_violations(page, context=FIRST_ENTRIES if look else WHOLE) == []


@pytest.mark.parametrize("viewport", ["phone"])
@pytest.mark.parametrize("look", ["", "?mode=projector"])
def test_f29_the_reference_never_scrolls_sideways(page: Page, viewport: str, look: str) -> None:
    page.goto(f"/reference{look}")
    expect(page.locator("html")).to_have_attribute("data-mode", "projector" if look else "desk")
    for details in page.locator("details").all()[:5]:
        details.locator("summary").click()
    for width, _ in visit_windows(page):
        assert fit_width(page) == [width, width]


@pytest.mark.parametrize("viewport", ["phone"])
def test_what_is_wider_than_a_phone_is_scrolled_with_the_keyboard(page: Page, viewport: str) -> None:
    page.goto("/reference")
    wide = page.locator("#losses-ragan .entry-formula")
    wide.focus()
    expect(wide).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(wide).not_to_have_js_property("scrollLeft", 0)
    expect(page.locator("#latents-normal .entry-formula")).not_to_have_attribute("tabindex", "0")


def test_on_paper_the_code_is_open_and_what_leads_elsewhere_is_gone(page: Page) -> None:
    page.goto("/reference")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("#losses-hinge code")).to_be_visible()
    for gone in (".masthead", ".reference-contents", ".reference-search", "#losses-hinge .entry-link"):
        expect(page.locator(gone)).to_be_hidden()


@pytest.mark.parametrize("viewport", ["phone"])
def test_on_a_phone_no_table_of_parameters_scrolls_sideways(page: Page, viewport: str) -> None:
    page.goto("/reference")
    wide = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.closest('.entry').id)"
    assert page.locator(".reference-scroll:has(table)").count() > 20
    assert page.locator(".reference-scroll:has(table)").evaluate_all(wide) == []


def test_no_formula_scrolls_upright(page: Page) -> None:
    page.goto("/reference")
    styles = page.locator(".entry-formula").evaluate_all("(all) => all.map((one) => getComputedStyle(one).overflowY)")
    assert set(styles) == {"hidden"}
    # What stands out is ink inside the padding: nothing of it is cut off.
    cut = "(all) => all.filter((one) => one.scrollHeight > one.clientHeight + 1).map((one) => one.closest('.entry').id)"
    assert page.locator(".entry-formula").evaluate_all(cut) == []


def test_the_limits_of_a_sum_stand_clear_of_its_sign(page: Page) -> None:
    page.goto("/reference#losses-coupling_flow")
    sides = """(sum) => [...sum.children].map((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        const style = getComputedStyle(one);
        return [top + parseFloat(style.paddingTop), bottom - parseFloat(style.paddingBottom)];
    })"""
    sign, below, above = page.locator("#losses-coupling_flow munderover").first.evaluate(sides)
    assert below[0] - sign[1] >= 2
    assert sign[0] - above[1] >= 2
