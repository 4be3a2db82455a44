"""A page and a lab that do not have each other: a full lab, a lost connection, a run that ended meanwhile.

The lab of these tests has room for one session, which ends soon after its page is gone, and keeps nothing of it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect

from tests.browser.conftest import Complaints
from tests.browser.watching import read_until, step_of
from tests.tools.lab import Lab, open_lab

# The start of this file's own lab, up to 90 seconds, is no part of its first test.
pytestmark = pytest.mark.timeout(120, func_only=True)

# Any code that a browser may close with, and that means nothing to the page.
CUT = 3001
ENDED = "Your run had ended while you were away; this is a new one with the same settings."
# The session's grace, the hub's sweep, and the longest pause of a page that tries again, on a busy machine.
WAIT_MS = 30_000


@pytest.fixture(scope="module")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab with room for one session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLAB_MAX_SESSIONS", "1")
        patch.setenv("GANLAB_MAX_WAITING", "2")
        patch.setenv("GANLAB_GRACE_SECONDS", "0.5")
        patch.setenv("GANLAB_KEPT_MEGABYTES", "0")
        with open_lab(tmp_path_factory.mktemp("lab"), ["--workers", "1"]) as lab:
            yield lab


class Line:
    """The line between a page and the lab: it can be cut, and says what went over it."""

    def __init__(self, page: Page) -> None:
        self.is_cut = False
        self.cut_after: str | None = None
        self.said: list[dict[str, Any]] = []
        self.heard: list[str] = []
        self._ends: list[WebSocketRoute] = []
        page.route_web_socket("**/ws", self._connect)

    def cut(self) -> None:
        """Drop the connection, and let none through until `mend`."""
        self.is_cut = True
        for end in self._ends:
            end.close(code=CUT)
        self._ends = []

    def mend(self) -> None:
        """Let the page through again."""
        self.is_cut = False

    def list_said(self, kind: str) -> list[dict[str, Any]]:
        """The messages of a type that the page has sent."""
        return [message for message in self.said if message["type"] == kind]

    def _connect(self, end: WebSocketRoute) -> None:
        if self.is_cut:
            end.close(code=CUT)
            return
        server = end.connect_to_server()
        self._ends = [end, server]

        def pass_on(text: str | bytes) -> None:
            message = json.loads(text)
            self.said.append(message)
            server.send(text)
            if message["type"] == self.cut_after:
                self.cut_after = None
                # The lab has it, and the page never hears the answer.
                self.cut()
                self.mend()

        def bring(text: str | bytes) -> None:
            if isinstance(text, str):
                self.heard.append(json.loads(text)["type"])
            end.send(text)

        end.on_message(pass_on)
        server.on_message(bring)


def words_of(page: Page) -> Locator:
    """The quiet line of words."""
    return page.locator(".messages [data-shows=message]")


def problem_of(page: Page) -> Locator:
    """The line for what is wrong."""
    return page.locator(".messages [data-shows=problem]")


def press(page: Page, name: str) -> None:
    """Click the button of that name."""
    page.get_by_role("button", name=name, exact=True).click()


def open_page(page: Page) -> None:
    """The lab's page, let in; a session of the test before may still have to end."""
    page.goto("/")
    expect(words_of(page)).to_contain_text("Press Play to train", timeout=WAIT_MS)


def test_p60_a_full_lab_is_said_quietly_and_pages_get_in_in_their_order_when_there_is_room(
    page: Page, context: BrowserContext
) -> None:
    open_page(page)
    other = context.new_page()
    other.goto("/")
    expect(words_of(other)).to_have_text(
        "The lab is full: its only run is taken. You are next; this page starts by itself."
    )
    late = context.new_page()
    late.goto("/")
    expect(words_of(late)).to_have_text(
        "The lab is full: its only run is taken. You are 2nd in line; this page starts by itself."
    )
    expect(problem_of(other)).to_be_empty()
    page.close()
    expect(words_of(other)).to_have_text("Ready. Press Play to train, or Step to train once.", timeout=WAIT_MS)
    expect(words_of(late)).to_contain_text("You are next")
    press(other, "Step")
    expect(step_of(other)).to_have_text("1")


def test_who_comes_to_a_full_line_is_told_so_and_tries_again(page: Page, context: BrowserContext) -> None:
    open_page(page)
    waiting = [context.new_page() for _ in range(2)]
    for other in waiting:
        other.goto("/")
        expect(words_of(other)).to_contain_text("in line" if other is waiting[1] else "You are next")
    late = context.new_page()
    late.goto("/")
    expect(words_of(late)).to_have_text(
        "The lab is full: its only place is taken, and the line of those who wait is full too; try again later. "
        "This page tries again by itself."
    )
    waiting[0].close()
    expect(words_of(late)).to_contain_text("You are 2nd in line", timeout=WAIT_MS)


def test_a_command_whose_answer_was_lost_is_said_again_and_carried_out_once(page: Page) -> None:
    line = Line(page)
    open_page(page)
    line.cut_after = "step"
    press(page, "Step")
    expect(words_of(page)).to_contain_text("Paused at step 1.")
    press(page, "Step discriminator")
    expect(words_of(page)).to_contain_text("The discriminator learned")
    expect(step_of(page)).to_have_text("2")
    expect(problem_of(page)).to_be_empty()
    first, again, other = line.list_said("step")
    assert first == again
    assert other["id"] > first["id"]


def test_a_page_whose_network_is_gone_gives_up_a_socket_that_seems_open(page: Page, complaints: Complaints) -> None:
    open_page(page)
    page.route("**/healthz", lambda route: route.abort())
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(words_of(page)).to_contain_text(re.compile("Connected again|Your run had ended"))
    assert all("healthz" in error for error in complaints.errors)
    complaints.errors.clear()


def test_a_device_without_a_network_keeps_the_lab_that_it_reaches(page: Page) -> None:
    open_page(page)
    with page.expect_response("**/healthz"):
        page.evaluate("dispatchEvent(new Event('offline'))")
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")


def test_a_page_that_is_loaded_again_after_its_run_has_ended_begins_the_run_of_its_address(
    page: Page, context: BrowserContext
) -> None:
    open_page(page)
    address = "/#data=grid25&seed=3&step=5"
    page.goto("about:blank")
    page.goto(address)
    expect(words_of(page)).to_contain_text("Reached step 5", timeout=WAIT_MS)
    press(page, "Step")
    page.wait_for_url("**/#data=grid25&seed=3&step=6")
    address = page.url
    page.goto("about:blank")
    # Somebody else gets in only when the run of this page has ended.
    other = context.new_page()
    open_page(other)
    other.close()
    page.goto(address)
    expect(words_of(page)).to_contain_text("Reached step 6", timeout=WAIT_MS)
    expect(page.get_by_role("radio", name="Grid of 25")).to_be_checked()
    expect(page.get_by_role("slider", name="Timeline")).to_have_attribute("aria-valuetext", "step 6 of 6")
    assert page.url == address


def test_a_run_that_ended_meanwhile_is_said_and_begins_anew_with_its_settings(
    page: Page, context: BrowserContext
) -> None:
    line = Line(page)
    open_page(page)
    page.get_by_role("radio", name="Grid of 25").check(force=True)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    # A step whose answer is cut off is another story.
    read_until(page, lambda: line.heard.count("done"), lambda answers: answers == len(line.list_said("configure")) + 1)
    line.cut()
    expect(words_of(page)).to_have_text("The connection is lost. Trying again.")
    # Somebody else gets in only when the run of this page has ended.
    other = context.new_page()
    open_page(other)
    other.close()
    line.mend()
    expect(words_of(page)).to_contain_text(ENDED, timeout=WAIT_MS)
    expect(step_of(page)).to_have_text("0")
    expect(page.get_by_role("radio", name="Grid of 25")).to_be_checked()
    press(page, "Step")
    expect(words_of(page)).to_have_text("Paused at step 1.")
