"""Going back in time and to other branches, as a reader does it."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_main_job import press
from tests.browser.test_page_shell import settings_of
from tests.browser.watching import TRAINING_MS, Watcher, open_lab, read_until, step_of

LIST_TRACES = """([title]) => [...document.querySelectorAll('.chart')]
    .filter((chart) => chart.getAttribute('aria-label') === title)
    .flatMap((chart) => chart.querySelector('.chart-plot').data ?? [])
    .map(({ name, x, line }) => ({ name, last: x.at(-1), dash: line?.dash }))"""


def timeline(page: Page) -> Locator:
    """The slider over all steps."""
    return page.get_by_role("slider", name="Timeline", exact=True)


def branch(page: Page, name: str) -> Locator:
    """A branch's radio button."""
    return page.get_by_role("radiogroup", name="Branches").get_by_role("radio", name=name, exact=True)


def train_to(page: Page, step: int) -> None:
    """Play until a step and no further."""
    page.locator("#pace summary").click()
    page.get_by_role("textbox", name="Run to step").fill(str(step))
    page.get_by_role("textbox", name="Run to step").press("Enter")
    page.get_by_role("textbox", name="Run to step").press("Escape")
    press(page, "Play")
    expect(page.get_by_text(f"Reached step {step:,}, where it was to stop.")).to_be_visible(timeout=TRAINING_MS)


def go_to(page: Page, step: int) -> None:
    """Type a step, and wait until the run is there."""
    field = page.get_by_label("Go to step", exact=True)
    field.fill(str(step))
    field.press("Enter")
    expect(step_of(page)).to_have_text(str(step))


def set_rate(page: Page, player: str, rate: str) -> None:
    """Settle on a learning rate."""
    field = settings_of(page, player).get_by_label("Learning rate", exact=True)
    field.fill(rate)
    field.press("Enter")


def open_trained(page: Page, step: int) -> Watcher:
    """The lab, trained to a step."""
    watcher = open_lab(page)
    train_to(page, step)
    return watcher


def leave_at(page: Page, step: int) -> None:
    """Go back to a step and change the generator's rate there: a branch begins."""
    go_to(page, step)
    set_rate(page, "Generator", "0.01")
    expect(page.get_by_text(f"Paused at step {step}.")).to_be_visible()
    expect(branch(page, "Branch 2")).to_be_checked()


def list_traces(page: Page, title: str) -> list[dict[str, Any]]:
    """The traces of a chart: name, last step, and how the line is broken."""
    traces: list[dict[str, Any]] = page.evaluate(LIST_TRACES, [title])
    return traces


def wait_for_trace(page: Page, title: str, name: str, last: int) -> dict[str, Any]:
    """A chart's trace of that name, once it is drawn up to a step: an older one may still be there."""

    def find() -> list[dict[str, Any]]:
        return [one for one in list_traces(page, title) if (one["name"], one["last"]) == (name, last)]

    found = read_until(page, find, bool)
    assert found, f"{title} has no {name} up to step {last}: {list_traces(page, title)}"
    return found[0]
