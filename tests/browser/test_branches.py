"""Branches, in a real browser: a change in the past begins one; they are compared, named, deleted and restored."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.past import (
    branch,
    go_to,
    leave_at,
    list_traces,
    open_trained,
    set_rate,
    timeline,
    train_to,
    wait_for_trace,
)
from tests.browser.test_main_job import press
from tests.browser.test_page_shell import settings_of
from tests.browser.watching import open_lab, read_until, step_of

pytestmark = pytest.mark.timeout(300)


def test_a_change_in_the_past_begins_a_branch_and_both_can_be_gone_to(page: Page) -> None:
    watcher = open_trained(page, 100)
    before = watcher.list_rows(watcher.revision)
    leave_at(page, 40)
    expect(page.get_by_text("leaves Run 1 at step 40, trained to step 40")).to_be_visible()
    train_to(page, 70)
    expect(timeline(page)).to_have_attribute("aria-valuetext", "step 70 of 70")
    expect(page.get_by_text("trained to step 100")).to_be_visible()
    branch(page, "Run 1").check()
    expect(page.get_by_text("You are at step 40 of 100.")).to_be_visible()
    rate = settings_of(page, "Generator").get_by_label("Learning rate", exact=True)
    expect(rate).to_have_value("0.001")
    watcher.until(lambda: len(watcher.list_rows(watcher.revision)) == 100, "the first run's history")
    assert watcher.list_rows(watcher.revision) == before
    branch(page, "Branch 2").check()
    expect(page.get_by_text("Paused at step 70.")).to_be_visible()
    expect(rate).to_have_value("0.01")
    branched = read_until(page, lambda: watcher.list_rows(watcher.revision), lambda rows: len(rows) == 70)
    assert branched[:40] == before[:40]
    assert branched[41:] != before[41:70]


def test_a_branch_is_compared_on_the_charts(page: Page) -> None:
    open_trained(page, 100)
    leave_at(page, 50)
    page.get_by_role("checkbox", name="Compare Run 1").check()
    assert wait_for_trace(page, "Losses", "Generator", last=50)["dash"] == "solid"
    assert wait_for_trace(page, "Losses", "Generator, Run 1", last=100)["dash"] == "dash"
    wait_for_trace(page, "JS divergence", "JS, Run 1", last=100)
    losses = page.get_by_role("region", name="Losses")
    expect(losses.get_by_role("checkbox", name="Generator, Run 1")).to_be_checked()
    branch(page, "Run 1").check()
    expect(losses.get_by_role("checkbox", name="Generator, Run 1")).to_have_count(0)
    branch(page, "Branch 2").check()
    page.get_by_role("checkbox", name="Compare Run 1").uncheck()
    expect(losses.get_by_role("checkbox")).to_have_count(2)
    drawn = read_until(page, lambda: str(list_traces(page, "Losses")), lambda now: "Run 1" not in now)
    assert "Generator" in drawn
    assert "Run 1" not in drawn


def test_at_most_four_branches_are_compared_and_stand_in_the_table_too(page: Page) -> None:
    open_trained(page, 60)
    for number in range(2, 7):
        go_to(page, 20)
        set_rate(page, "Generator", f"0.00{number}")
        expect(branch(page, f"Branch {number}")).to_be_checked()
        press(page, "Step")
        expect(step_of(page)).to_have_text("21")
    for name in ("Run 1", "Branch 2", "Branch 3", "Branch 4"):
        page.get_by_role("checkbox", name=f"Compare {name}").check()
        wait_for_trace(page, "Losses", f"Generator, {name}", last=60 if name == "Run 1" else 21)
    lines = [one["dash"] for one in list_traces(page, "Losses") if str(one["name"]).startswith("Generator, ")]
    assert len(set(lines)) == 4
    page.get_by_role("checkbox", name="Compare Branch 5").click()
    expect(page.get_by_text("At most 4 branches are compared at once")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Compare Branch 5")).not_to_be_checked()
    losses = page.get_by_role("region", name="Losses")
    losses.get_by_text("Last values", exact=True).click()
    table = losses.get_by_role("table")
    expect(table.get_by_role("columnheader", name="Generator, Run 1")).to_be_visible()
    # Step 20 is one that all of them have in common.
    shared = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="20", exact=True))
    values = shared.get_by_role("cell").all_inner_texts()
    assert len(values) == 10
    assert len(set(values)) == 2


def test_a_branch_is_named_and_its_deletion_is_undone(page: Page) -> None:
    open_trained(page, 60)
    leave_at(page, 30)
    press(page, "Rename Run 1")
    name = page.get_by_role("textbox", name="Name of Run 1")
    name.fill("Steady")
    name.press("Enter")
    expect(branch(page, "Steady")).to_be_visible()
    expect(page.get_by_text("leaves Steady at step 30")).to_be_visible()
    press(page, "Rename Steady")
    page.get_by_role("textbox", name="Name of Steady").fill("Other")
    page.get_by_role("textbox", name="Name of Steady").press("Escape")
    expect(branch(page, "Steady")).to_be_visible()
    press(page, "Delete Steady")
    expect(branch(page, "Steady")).to_be_hidden()
    expect(page.get_by_text("Steady is deleted.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(branch(page, "Steady")).to_be_focused()
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    page.reload()
    page.get_by_role("button", name="Branches").click()
    expect(branch(page, "Steady")).to_be_visible()
    expect(branch(page, "Branch 2")).to_be_checked()


def test_deletions_are_undone_one_after_the_other_and_older_ones_are_restored_from_a_list(page: Page) -> None:
    open_trained(page, 30)
    for step, rate in ((20, "0.01"), (10, "0.02")):
        go_to(page, step)
        set_rate(page, "Generator", rate)
    expect(branch(page, "Branch 3")).to_be_checked()
    for name in ("Run 1", "Branch 2"):
        press(page, f"Delete {name}")
        expect(page.get_by_text(f"{name} is deleted.")).to_be_visible()
    press(page, "Undo")
    expect(branch(page, "Branch 2")).to_be_focused()
    expect(page.get_by_text("Run 1 is deleted.")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Branches").click()
    expect(branch(page, "Branch 2")).to_be_visible()
    expect(page.get_by_text("Run 1 is deleted.")).to_be_hidden()
    page.get_by_text("Deleted branches: 1").click()
    press(page, "Restore Run 1")
    expect(branch(page, "Run 1")).to_be_focused()
    expect(page.get_by_text("Deleted branches")).to_be_hidden()


def test_a_rate_that_is_too_high_is_left_for_a_lower_one_from_before_the_break(page: Page) -> None:
    open_lab(page)
    settings_of(page, "Game").get_by_label("Loss", exact=True).select_option("least_squares")
    settings_of(page, "Discriminator").get_by_label("Optimizer", exact=True).select_option("sgd")
    set_rate(page, "Discriminator", "10")
    press(page, "Play")
    expect(page.get_by_text("is no longer a finite number. Go back to before it.")).to_be_visible()
    broke = int(step_of(page).inner_text())
    back = page.get_by_role("button", name=re.compile(r"^Go back to step \d+$"))
    wanted = re.findall(r"\d+", back.inner_text())[0]
    back.press("Enter")
    expect(page.get_by_text(f"You are at step {wanted} of {broke}.")).to_be_visible()
    expect(back).to_be_hidden()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    set_rate(page, "Discriminator", "0.01")
    expect(branch(page, "Branch 2")).to_be_checked()
    press(page, "Play")
    expect(page.get_by_text("Training: both players learn in turns.")).to_be_visible()
    assert read_until(page, lambda: int(step_of(page).inner_text()), lambda step: step > broke + 20) > broke + 20
    press(page, "Pause")
    expect(page.get_by_text("Paused at step")).to_be_visible()
