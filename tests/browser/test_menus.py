"""Menus of many: a few at once and the rest behind More, searched; regularizers and techniques as switches."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_modes import list_violations
from tests.browser.test_page_shell import open_page, press, settings_of
from tests.browser.watching import step_of

LIST_SHOWN = "(select) => [...select.options].filter((option) => !option.hidden).map(({ value }) => value)"
FIRST_LOSSES = ["non_saturating", "minimax", "least_squares", "hinge", "wasserstein"]


def loss_of(page: Page) -> Locator:
    """The menu of losses."""
    return settings_of(page, "Game").get_by_label("Loss", exact=True)


def switch_of(page: Page, name: str) -> Locator:
    """The switch of a regularizer or a technique."""
    return page.get_by_role("region", name="Settings").get_by_role("checkbox", name=name, exact=True)


def list_found(page: Page) -> list[str]:
    """The keys of what the open dialog shows."""
    return [label or "" for label in page.locator("#finder li:visible b").all_text_contents()]


def test_a_class_sees_five_losses_and_finds_the_others_by_their_paper(page: Page) -> None:
    open_page(page)
    assert loss_of(page).evaluate(LIST_SHOWN) == FIRST_LOSSES
    press(page, "More: Loss")
    search = page.get_by_role("dialog", name="Loss").get_by_role("searchbox")
    expect(search).to_be_focused()
    search.fill("NOWOZIN kl")
    assert list_found(page) == ["f-GAN: KL divergence", "f-GAN: reverse KL divergence"]
    expect(page.locator("#finder").get_by_role("status")).to_have_text(re.compile(r"^2 of \d+$"))
    search.fill("RpGAN")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Loss")).to_be_hidden()
    expect(loss_of(page)).to_have_value("rpgan")
    expect(page.get_by_role("button", name="More: Loss")).to_be_focused()


def test_the_chosen_one_is_always_in_the_menu_and_leaves_it_with_the_next(page: Page) -> None:
    open_page(page, "/#loss=ragan")
    assert loss_of(page).evaluate(LIST_SHOWN) == [*FIRST_LOSSES, "ragan"]
    loss_of(page).select_option("hinge")
    expect(settings_of(page, "Game").get_by_text("beyond 1 and -1")).to_be_visible()
    assert loss_of(page).evaluate(LIST_SHOWN) == FIRST_LOSSES


def test_the_dialog_is_walked_with_the_arrow_keys_and_left_with_escape(page: Page) -> None:
    open_page(page)
    press(page, "More: Loss")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Non-saturating", exact=True)).to_be_focused()
    expect(page.get_by_role("button", name="Non-saturating", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#finder")).to_be_hidden()
    expect(loss_of(page)).to_have_value("non_saturating")
    expect(step_of(page)).to_have_text("0")


def test_the_dialog_keeps_its_size_whatever_is_found(page: Page) -> None:
    open_page(page)
    press(page, "More: Loss")
    before = page.locator("#finder").bounding_box()
    page.get_by_role("searchbox").fill("nothing has these words")
    assert list_found(page) == []
    assert page.locator("#finder").bounding_box() == before
    assert list_violations(page) == []


def test_data_sets_beyond_the_first_are_chosen_by_their_pictures_and_keep_their_place(page: Page) -> None:
    open_page(page)
    spiral = page.get_by_role("radio", name="Two spirals")
    expect(spiral).to_be_hidden()
    press(page, "More data sets")
    page.get_by_role("searchbox").fill("spiral")
    page.get_by_role("dialog", name="Data sets").get_by_role("button", name="Two spirals").click()
    expect(spiral).to_be_checked()
    expect(settings_of(page, "Data and noise").get_by_label("Data set", exact=True)).to_have_value("spirals")
    page.get_by_role("radio", name="Ring of eight").check()
    expect(page.locator("label.dataset", has=spiral)).to_be_visible()


def test_presets_stand_under_their_headings_and_tell_what_to_watch_for_in_the_search(page: Page) -> None:
    open_page(page)
    groups = page.get_by_label("Preset", exact=True).locator("optgroup")
    labels = groups.evaluate_all("(groups) => groups.map(({ label }) => label)")
    assert labels[:2] == ["First", "GAN Lab's"]
    catalog = page.request.get("/api/catalog").json()["presets"]
    first = [preset["key"] for preset in catalog if preset["group"] != "Lessons"]
    shown = page.get_by_label("Preset", exact=True).evaluate(LIST_SHOWN)
    assert [key for key in shown if key] == first


def test_a_regularizer_is_switched_on_while_the_run_goes_on(page: Page) -> None:
    open_page(page)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    gamma = page.get_by_label("Gamma", exact=True).first
    expect(gamma).to_be_hidden()
    switch_of(page, "R1").check()
    expect(gamma).to_have_value("0.1")
    expect(page.get_by_role("group", name="Formula of R1").locator("math")).to_have_count(1)
    gamma.fill("3")
    gamma.press("Enter")
    expect(page).to_have_url(re.compile(r"#at\.1=|regularizers"))
    press(page, "Step")
    expect(step_of(page)).to_have_text("2")
    expect(switch_of(page, "R1")).to_be_checked()
    expect(gamma).to_have_value("3")
    switch_of(page, "R1").uncheck()
    expect(gamma).to_be_hidden()
    expect(switch_of(page, "R1")).to_be_focused()


def test_a_number_of_a_regularizer_that_cannot_be_is_refused_beside_it(page: Page) -> None:
    open_page(page, "/#regularizers=r2,r1")
    gamma = page.locator(".switch", has=page.get_by_role("checkbox", name="R1", exact=True)).get_by_label("Gamma")
    gamma = gamma.and_(page.get_by_role("textbox"))
    gamma.fill("-1")
    gamma.press("Enter")
    expect(gamma).to_have_attribute("aria-invalid", "true")


def test_a_regularizer_without_its_company_is_off_says_why_and_keeps_the_focus(page: Page) -> None:
    open_page(page, "/#loss=hinge")
    press(page, "More: Regularizers")
    page.get_by_role("searchbox").fill("label smoothing")
    page.keyboard.press("Enter")
    smoothing = switch_of(page, "One-sided label smoothing")
    expect(smoothing).to_be_focused()
    expect(smoothing).to_have_attribute("aria-disabled", "true")
    expect(smoothing).not_to_be_checked()
    expect(smoothing).to_have_accessible_description(re.compile("Not now. It goes with Non-saturating or Minimax"))
    page.keyboard.press("Space")
    expect(smoothing).not_to_be_checked()
    loss_of(page).select_option("minimax")
    expect(smoothing).to_have_attribute("aria-disabled", "false")
    smoothing.check()
    expect(smoothing).to_be_checked()


def test_a_loss_that_a_regularizer_cannot_do_without_is_refused_at_its_menu(page: Page) -> None:
    open_page(page, "/#regularizers=label_smoothing")
    loss_of(page).select_option("hinge")
    words = "One-sided label smoothing goes with loss Non-saturating or Minimax (saturating), not with Hinge"
    expect(settings_of(page, "Game").get_by_role("alert").filter(has_text=words)).to_be_visible()
    expect(loss_of(page)).to_have_value("non_saturating")


def test_a_unit_in_settings_leads_to_its_place_in_the_reference(page: Page) -> None:
    open_page(page)
    with page.expect_popup() as opened:
        settings_of(page, "Game").get_by_role("link", name="Reference: Non-saturating").click()
    expect(opened.value.locator("#losses-non_saturating")).to_be_in_viewport()
    loss_of(page).select_option("hinge")
    link = settings_of(page, "Game").get_by_role("link", name="Reference: Hinge")
    expect(link).to_have_attribute("href", "/reference#losses-hinge")


def test_settings_with_switches_on_please_axe(page: Page) -> None:
    open_page(page, "/#regularizers=r1,gradient_penalty&loss=wasserstein")
    expect(switch_of(page, "R1")).to_be_checked()
    assert list_violations(page) == []


@pytest.mark.parametrize("viewport", ["phone"])
def test_a_menu_and_its_dialog_fit_a_phone(page: Page, viewport: str) -> None:
    open_page(page)
    press(page, "More: Loss")
    assert page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [360, 360]
    box = page.locator("#finder").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
