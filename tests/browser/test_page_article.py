"""The article beside the palettes: its pictures have one of them, and say so to those who chose another."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_modes import list_violations

NOTE = "The pictures on this page keep its default colours"
COLOUR_OF = "(word) => getComputedStyle(word).color"


def test_pictures_in_the_chosen_palette_need_no_note(page: Page) -> None:
    page.goto("/learn")
    expect(page.get_by_role("heading", name="What is a GAN?")).to_be_visible()
    expect(page.get_by_text(NOTE)).to_be_hidden()


@pytest.mark.parametrize("palette", ["blue-orange", "teal-pink"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_another_palette_is_told_which_colours_the_pictures_have(page: Page, palette: str, theme: str) -> None:
    page.goto(f"/learn?theme={theme}&palette=default")
    word = page.locator(".palette-note .word-real")
    pictured = page.locator("#what .word-real").evaluate(COLOUR_OF)
    page.goto(f"/learn?theme={theme}&palette={palette}")
    expect(page.get_by_text(NOTE)).to_be_visible()
    expect(word).to_have_css("color", pictured)
    assert page.locator("#what .word-real").evaluate(COLOUR_OF) != pictured
    assert list_violations(page) == []
