"""The article: its parts, its pictures, its links, in every look."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import visit_windows
from tests.browser.test_modes import list_violations
from tests.browser.watching import fit_width
from tests.tools.lab import ROOT

PICTURES = ROOT / "static" / "img" / "learn"
LARGEST_BYTES = 600_000
CHAPTERS = {
    "What is a GAN?": "new ones that nobody has ever seen",
    "How does a GAN work?": "A contest teaches",
    "What is happening in the picture?": "The discriminator colours the plane",
    "How is the lab built?": "PyTorch",
    "Who built on what?": "10.1109/TVCG.2018.2864500",
}


def test_p5_the_lab_leads_to_the_article_and_back(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Learn").click()
    expect(page.get_by_role("heading", name="What is a GAN?")).to_be_visible()
    page.get_by_role("link", name="Lab", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    for region in ("Model overview", "Layered distributions", "Metrics"):
        expect(page.get_by_role("region", name=region)).to_be_visible()


def test_p53_p54_p55_p57_p58_the_article_has_its_chapters(page: Page) -> None:
    page.goto("/learn")
    for heading, words in CHAPTERS.items():
        page.get_by_role("navigation", name="Contents").get_by_role("link", name=heading).click()
        region = page.get_by_role("region", name=heading)
        expect(region).to_be_in_viewport()
        expect(region).to_contain_text(words)


def test_p56_every_chapter_of_the_tour_can_be_entered_from_the_article(page: Page) -> None:
    page.goto("/learn")
    links = page.get_by_role("region", name="See it happen").get_by_role("link")
    addresses = links.evaluate_all("(links) => links.map((link) => [link.getAttribute('href'), link.textContent])")
    assert len(addresses) == 5
    places = set()
    for address, _ in addresses:
        page.goto(address)
        panel = page.locator("#tour")
        expect(panel).to_be_visible()
        places.add(panel.locator("[data-tour=count]").text_content())
    assert len(places) == 5


def test_p59_words_have_the_colour_of_what_they_name(page: Page) -> None:
    page.goto("/learn?palette=blue-orange")
    expect(page.locator("html")).to_have_attribute("data-palette", "blue-orange")
    words = ["real", "generated", "generator", "discriminator", "gradient"]
    expected, found = page.evaluate(
        """async (words) => {
            const { readPalette } = await import("/static/js/palette.js");
            const find = (word) => document.querySelector(`.word-${word}:not([data-swatches] *)`);
            const read = (word) => getComputedStyle(find(word)).color.match(/\\d+/g).map(Number);
            return [words.map((word) => readPalette()[word]), words.map(read)];
        }""",
        words,
    )
    assert found == expected


def test_the_pictures_are_there_in_both_themes_and_small(page: Page) -> None:
    assert sum(file.stat().st_size for file in PICTURES.iterdir()) <= LARGEST_BYTES
    for theme, other in (("light", "dark"), ("dark", "light")):
        page.goto(f"/learn?theme={theme}")
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        shown = page.locator(f".for-{theme}")
        assert shown.count() == 8
        for picture in shown.all():
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("complete", value=True)
            expect(picture).not_to_have_js_property("naturalWidth", value=0)
        expect(page.locator(f".for-{other}").first).to_be_hidden()


@pytest.mark.parametrize("look", ["", "?theme=dark", "?contrast=high&palette=teal-pink", "?mode=projector"])
def test_f30_axe_finds_nothing_in_the_article(page: Page, look: str) -> None:
    page.goto(f"/learn{look}")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark" if "dark" in look else "light")
    assert list_violations(page) == []


@pytest.mark.parametrize("viewport", ["phone"])
@pytest.mark.parametrize("look", ["", "?mode=projector"])
def test_f29_the_article_never_scrolls_sideways(page: Page, viewport: str, look: str) -> None:
    page.goto(f"/learn{look}")
    expect(page.locator("html")).to_have_attribute("data-mode", "projector" if look else "desk")
    for width, _ in visit_windows(page):
        assert fit_width(page) == [width, width]


@pytest.mark.parametrize("address", ["/", "/learn"])
def test_f34_links_out_tell_nothing_and_nothing_is_counted(page: Page, address: str) -> None:
    response = page.goto(address)
    assert response
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "connect-src 'self'" in response.headers["content-security-policy"]
    assert page.locator("a[href^=http]:not([rel~=noopener])").count() == 0
    assert page.context.cookies() == []
