"""A lab that asks for its token, in the browser: the link leads in, and whoever lacks it is told."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import VIEWPORTS
from tests.browser.test_modes import list_violations
from tests.browser.test_page_shell import press
from tests.browser.watching import PATIENCE_MS, step_of
from tests.tools.lab import Lab, open_lab

TOKEN = "a-token-for-the-browser"


@pytest.fixture(scope="module")
def gated_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab that asks for TOKEN."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLAB_TOKEN", TOKEN)
        with open_lab(tmp_path_factory.mktemp("door"), ["--workers", "1"]) as lab:
            yield lab


@pytest.fixture
def visitor(browser: Browser, gated_lab: Lab, viewport: str) -> Iterator[Page]:
    """A page of somebody who has not been here."""
    width, height = VIEWPORTS[viewport]
    context = browser.new_context(base_url=gated_lab.url, viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_the_printed_link_leads_in_and_the_token_leaves_the_address(visitor: Page, gated_lab: Lab) -> None:
    visitor.goto(f"{gated_lab.link}&seed=7")
    expect(visitor.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    press(visitor, "Step")
    expect(step_of(visitor)).to_have_text("1")
    expect(visitor.get_by_label("Seed", exact=True)).to_have_value("7")
    assert TOKEN not in visitor.url
    # Whoever is inside may open the link again, and the pages beside the lab.
    visitor.goto("/learn")
    expect(visitor.get_by_role("heading", name="This lab asks for its token")).to_have_count(0)
    visitor.goto(gated_lab.link)
    expect(visitor.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    visitor.wait_for_function(f"!location.hash.includes('{TOKEN}')")


def test_a_shared_link_takes_others_along(visitor: Page, gated_lab: Lab) -> None:
    visitor.goto(gated_lab.link)
    press(visitor, "Step")
    expect(step_of(visitor)).to_have_text("1")
    press(visitor, "Share")
    expect(visitor.get_by_role("dialog", name="Share").get_by_label("Link", exact=True)).to_have_value(
        f"{gated_lab.url}#step=1&token={TOKEN}"
    )


@pytest.mark.parametrize("viewport", ["laptop", "phone"])
def test_a_stranger_types_the_token_or_pastes_the_link(visitor: Page, gated_lab: Lab, viewport: str) -> None:
    visitor.goto("/#token=not-the-right-one-at-all")
    expect(visitor.get_by_role("alert")).to_contain_text("This is not the lab’s token")
    assert list_violations(visitor) == []
    assert visitor.evaluate("document.documentElement.scrollWidth") <= VIEWPORTS[viewport][0]
    visitor.get_by_label("Token", exact=True).fill(gated_lab.link)
    visitor.get_by_role("button", name="Come in").click()
    expect(visitor.get_by_role("button", name="Play", exact=True)).to_be_enabled()
