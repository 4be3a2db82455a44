"""What went wrong, in a real browser: the words, the marks on the charts, and the remedies that begin branches."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.past import branch, go_to, train_to
from tests.browser.test_main_job import press
from tests.browser.test_page_shell import settings_of
from tests.browser.watching import open_lab, step_of

OUTPLAYED = "Discriminator overpowers generator"
LIST_BEGINNINGS = """() => [...document.querySelectorAll('.chart-plot')].map((plot) =>
    (plot.data ?? []).filter(({ name }) => name === 'Went wrong').flatMap(({ x }) => [...x]))"""


def card(page: Page) -> Locator:
    """What the monitor says."""
    return page.get_by_role("region", name="What went wrong", exact=True)


def verdict(page: Page, name: str) -> Locator:
    """One finding."""
    return card(page).get_by_role("article", name=name, exact=True)


def outplay(page: Page) -> Locator:
    """Train a run whose discriminator wins until it is told so, and stand still; returns the finding."""
    open_lab(page, "vanishing")
    train_to(page, 400)
    told = verdict(page, OUTPLAYED)
    expect(told).to_be_visible()
    return told


@pytest.mark.timeout(240)
def test_a_run_that_went_wrong_is_named_explained_and_marked_on_every_chart(page: Page) -> None:
    open_lab(page, "vanishing")
    expect(card(page)).to_be_hidden()
    train_to(page, 400)
    told = verdict(page, OUTPLAYED)
    expect(told).to_contain_text("began at step 50")
    expect(told).to_contain_text("it is sure of nearly every generated point")
    expect(told.get_by_role("definition")).to_have_count(2)
    page.wait_for_function(f"() => ({LIST_BEGINNINGS})().every((x) => x[0] === 50)")
    expect(page.get_by_role("img", name=f"{OUTPLAYED} since step 50")).to_have_count(3)
    assert Axe().run(page, "#monitor").response["violations"] == []


@pytest.mark.timeout(240)
def test_a_remedy_begins_a_branch_before_it_went_wrong_with_the_changed_settings(page: Page) -> None:
    told = outplay(page)
    told.get_by_role("button", name="discriminator's learning rate from 0.005 to 0.0005").press("Enter")
    expect(branch(page, "Branch 2")).to_be_checked()
    expect(step_of(page)).to_have_text("0")
    rate = settings_of(page, "Discriminator").get_by_role("textbox", name="Learning rate")
    expect(rate).to_have_value("0.0005")
    expect(card(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    branch(page, "Run 1").check()
    expect(verdict(page, OUTPLAYED)).to_be_visible()


@pytest.mark.timeout(240)
def test_where_a_link_locks_the_settings_the_words_are_there_and_the_remedies_are_not(page: Page) -> None:
    page.goto("/#loss=minimax&d_optimizer.learning_rate=0.005&d_updates=5&lock=settings")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    train_to(page, 400)
    told = verdict(page, OUTPLAYED)
    expect(told.get_by_role("button", name="learning rate from 0.005")).to_be_disabled()
    expect(told).to_contain_text("as a branch (locked by this link)")
    expect(told.get_by_role("button", name="Dismiss")).to_be_enabled()


@pytest.mark.timeout(240)
def test_what_is_dismissed_stays_away_and_the_run_goes_on(page: Page) -> None:
    outplay(page).get_by_role("button", name="Dismiss").press("Enter")
    expect(card(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    go_to(page, 100)
    press(page, "Go to the end")
    expect(step_of(page)).to_have_text("400")
    expect(card(page)).to_be_hidden()


@pytest.mark.timeout(240)
def test_what_was_told_is_there_again_when_the_page_is_loaded_anew(page: Page) -> None:
    outplay(page)
    page.reload()
    expect(verdict(page, OUTPLAYED)).to_be_visible()
