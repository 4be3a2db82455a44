"""What went wrong, in a real browser: the words, the marks on the charts, and the remedies that begin branches."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_main_job import press
from tests.browser.test_page_shell import settings_of
from tests.browser.test_time import branch, go_to, train_to
from tests.browser.watching import open_lab, step_of

LIST_BEGINNINGS = """() => [...document.querySelectorAll('.chart-plot')].map((plot) =>
    (plot.data ?? []).filter(({ name }) => name === 'Went wrong').flatMap(({ x }) => [...x]))"""


def card(page: Page) -> Locator:
    """What the monitor says."""
    return page.get_by_role("region", name="What went wrong", exact=True)


def verdict(page: Page, name: str) -> Locator:
    """One finding."""
    return card(page).get_by_role("article", name=name, exact=True)


def collapse(page: Page) -> None:
    """Train a run that collapses until it is told so, and stand still."""
    open_lab(page, "collapse")
    train_to(page, 400)
    expect(verdict(page, "Mode collapse")).to_be_visible()


@pytest.mark.timeout(240)
def test_a_collapsed_run_is_named_explained_and_marked_on_every_chart(page: Page) -> None:
    open_lab(page, "collapse")
    expect(card(page)).to_be_hidden()
    train_to(page, 400)
    told = verdict(page, "Mode collapse")
    expect(told).to_contain_text("began at step 50")
    expect(told).to_contain_text("All generated points lie in one clump")
    expect(told.get_by_role("definition")).to_have_count(3)
    page.wait_for_function(f"() => ({LIST_BEGINNINGS})().every((x) => x[0] === 50)")
    expect(page.get_by_role("img", name="Mode collapse since step 50")).to_have_count(3)
    assert Axe().run(page, "#monitor").response["violations"] == []


@pytest.mark.timeout(240)
def test_a_remedy_begins_a_branch_before_it_went_wrong_with_the_changed_settings(page: Page) -> None:
    collapse(page)
    verdict(page, "Mode collapse").get_by_role("button", name="ten times as fast").click()
    expect(branch(page, "Branch 2")).to_be_checked()
    expect(step_of(page)).to_have_text("0")
    for group, rate in (("Generator", "0.0001"), ("Discriminator", "0.001")):
        expect(settings_of(page, group).get_by_role("textbox", name="Learning rate")).to_have_value(rate)
    expect(card(page)).to_be_hidden()
    branch(page, "Run 1").check()
    expect(verdict(page, "Mode collapse")).to_be_visible()


@pytest.mark.timeout(240)
def test_where_a_link_locks_the_settings_the_words_are_there_and_the_remedies_are_not(page: Page) -> None:
    run = "latent.dimension=64&discriminator.hidden_layers=1&d_optimizer.learning_rate=0.0001"
    page.goto(f"/#{run}&lock=settings")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    train_to(page, 400)
    told = verdict(page, "Mode collapse")
    expect(told.get_by_role("button", name="ten times as fast")).to_be_disabled()
    expect(told.get_by_role("button", name="Dismiss")).to_be_enabled()


@pytest.mark.timeout(240)
def test_what_is_dismissed_stays_away_and_the_run_goes_on(page: Page) -> None:
    collapse(page)
    verdict(page, "Mode collapse").get_by_role("button", name="Dismiss").press("Enter")
    expect(card(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    go_to(page, 100)
    press(page, "Go to the end")
    expect(step_of(page)).to_have_text("400")
    expect(card(page)).to_be_hidden()


@pytest.mark.timeout(240)
def test_what_was_told_is_there_again_when_the_page_is_loaded_anew(page: Page) -> None:
    collapse(page)
    page.reload()
    expect(verdict(page, "Mode collapse")).to_be_visible()
