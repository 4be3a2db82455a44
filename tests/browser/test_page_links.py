"""Links to the lab: a preset that there is not."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_page_shell import open_page, press
from tests.browser.watching import step_of


@pytest.mark.parametrize("name", ["typo", "a-name-so-long-that-the-lab-does-not-even-read-it-" * 3])
def test_a_link_to_a_preset_that_there_is_not_says_so_and_opens_the_default_run(page: Page, name: str) -> None:
    asked: list[str | None] = []

    def note(text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "hello":
            asked.append(message["preset"])

    page.on("websocket", lambda socket: socket.on("framesent", note))
    open_page(page, f"/?preset={name}")
    expect(page.get_by_text(f"a preset that the lab does not have: “{name[:40]}”")).to_be_visible()
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    assert asked == [name, None]


def test_a_reload_of_such_a_link_comes_back_to_its_run(page: Page) -> None:
    open_page(page, "/?preset=typo")
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    page.reload()
    expect(step_of(page)).to_have_text("1")
