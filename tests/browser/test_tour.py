"""The guided tour: it asks for real deeds, sees when they are done, and stays out of the way."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import VIEWPORTS
from tests.browser.test_modes import list_violations
from tests.browser.test_page_shell import open_page, press
from tests.browser.watching import let_paint

IS_COVERED = """() => {
    const panel = document.querySelector('#tour').getBoundingClientRect();
    const target = document.querySelector('.tour-target').getBoundingClientRect();
    return panel.top < target.bottom && target.top < panel.bottom
        && panel.left < target.right && target.left < panel.right;
}"""


def tour_of(page: Page) -> Locator:
    """The tour's panel."""
    return page.locator("#tour")


def expect_done(page: Page) -> None:
    """The step's deed was seen, and the tour can go on."""
    expect(tour_of(page).get_by_role("status")).to_contain_text("Done.")
    expect(tour_of(page).get_by_role("button", name="Skip")).to_have_count(0)


def go_on(page: Page) -> None:
    """To the next step, after this one's deed."""
    expect_done(page)
    tour_of(page).get_by_role("button", name="Next", exact=True).click()


def test_p55_every_step_of_the_tour_is_completed_by_doing_it(page: Page) -> None:
    open_page(page)
    press(page, "Tour")
    panel = tour_of(page)
    expect(panel).to_have_role("dialog")
    expect(panel.get_by_role("heading")).to_be_focused()
    page.get_by_role("radio", name="Ring", exact=True).check(force=True)
    go_on(page)
    press(page, "Play")
    go_on(page)
    expect(tour_of(page).get_by_role("status")).to_contain_text("Done.", timeout=60_000)
    go_on(page)
    press(page, "Pause")
    go_on(page)
    press(page, "Step discriminator")
    go_on(page)
    press(page, "Step generator")
    go_on(page)
    page.get_by_role("region", name="Layered distributions").get_by_role("checkbox", name="Generator warp").check()
    go_on(page)
    rate = page.locator("[data-group=generator]").get_by_label("Learning rate", exact=True)
    rate.fill("0.002")
    rate.press("Enter")
    go_on(page)
    press(page, "Reset")
    expect_done(page)
    panel.get_by_role("button", name="End the tour").click()
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="Tour", exact=True)).to_be_focused()


def test_a_step_is_not_done_by_another_deed(page: Page) -> None:
    open_page(page, "/?tour=generator")
    press(page, "Step discriminator")
    expect(page.get_by_text("The discriminator learned")).to_be_visible()
    expect(tour_of(page).get_by_role("status")).to_be_empty()
    press(page, "Step generator")
    expect_done(page)


def test_a_step_can_be_skipped_and_gone_back_to_and_the_tour_closed(page: Page) -> None:
    open_page(page)
    press(page, "Tour")
    panel = tour_of(page)
    press(page, "Skip")
    expect(panel).to_contain_text("2 of 9")
    panel.get_by_role("button", name="Back").click()
    expect(panel).to_contain_text("1 of 9")
    expect(panel.get_by_role("button", name="Back")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator(".tour-target")).to_have_count(0)


def test_f30_the_tour_leads_the_keyboard_to_its_control(page: Page) -> None:
    open_page(page, "/?tour=play")
    page.get_by_role("button", name="Go to it").press("Enter")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect_done(page)


def test_the_first_visit_offers_the_tour_once(page: Page) -> None:
    open_page(page)
    press(page, "Not now")
    expect(page.get_by_role("region", name="Welcome")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("radio", name="Ring of eight")).to_be_checked()
    expect(page.get_by_role("region", name="Welcome")).to_be_hidden()


@pytest.mark.parametrize("viewport", ["phone", "wide"])
def test_f29_the_tour_fits_and_never_covers_what_it_points_at(page: Page, viewport: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_page(page)
    press(page, "Tour")
    for place in range(1, 10):
        expect(tour_of(page)).to_contain_text(f"{place} of 9")
        expect(page.locator(".tour-target")).to_have_count(1)
        # The settings' columns and the picture may be higher than the window: there it is enough that they show.
        if page.locator(".tour-target").bounding_box()["height"] < 300:  # type: ignore[index]  # it is visible
            page.wait_for_function(f"!({IS_COVERED})()")
        assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [VIEWPORTS[viewport][0]] * 2
        if place < 9:
            tour_of(page).locator("[data-tour=next]").click()


def test_f30_axe_finds_nothing_while_the_tour_is_open(page: Page) -> None:
    open_page(page, "/?tour=play")
    expect(tour_of(page)).to_be_visible()
    let_paint(page)
    assert list_violations(page) == []
    press(page, "Play")
    expect_done(page)
    press(page, "Pause")
    assert list_violations(page) == []
