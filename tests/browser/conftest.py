"""A browser, and a page that fails its test when it logs an error or asks another host for anything."""

import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.browser.watching import PATIENCE_MS, let_paint
from tests.tools.browser import LAUNCH_FLAGS, NONE_FOUND, find_browser
from tests.tools.lab import ROOT, Lab

PICTURES = ROOT / ".artifacts" / "failures"
HAS_FAILED = pytest.StashKey[bool]()
# Pages of one profile share a process, which has the page's modules and plotly.js compiled: half of a page's work.
ONE_PROCESS = "--process-per-site"
# Its memory grows with every page, to 900 MB after 45 of them: after so many tests another one is begun.
MOST_TESTS = 20
VIEWPORTS = {
    "phone": (360, 740),
    "tablet": (768, 1024),
    "laptop": (1280, 800),
    "projector": (1024, 768),
    "wide": (2560, 1440),
}


@dataclass
class Complaints:
    """What a page did that it must not do; a test that provokes a complaint on purpose clears the list."""

    host: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def note_console(self, message: ConsoleMessage) -> None:
        """Keep errors and warnings of the console."""
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def note_request(self, request: Request) -> None:
        """Keep requests that leave the lab."""
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc != self.host:
            self.strangers.append(request.url)

    def watch(self, page: Page) -> None:
        """Listen to a page from now on."""
        page.on("console", self.note_console)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("request", self.note_request)
        page.on("websocket", lambda socket: self.note_address(socket.url))

    def note_address(self, url: str) -> None:
        """Keep sockets that leave the lab."""
        if urlsplit(url).netloc != self.host:
            self.strangers.append(url)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note on the test how its own part ended: a test with a second try is reported only after its teardown."""
    report = yield
    if report.when == "call":
        item.stash[HAS_FAILED] = report.failed
    return report


# One package's scope, not the session's: while Playwright is open its event loop counts as running in this
# thread, and asynchronous tests elsewhere could not start theirs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, without a window."""
    executable = find_browser()
    assert executable, NONE_FOUND
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*LAUNCH_FLAGS, ONE_PROCESS])
        yield browser
        browser.close()


@pytest.fixture
def viewport() -> str:
    """The shape of the window; `@pytest.mark.parametrize("viewport", VIEWPORTS)` tries all of them."""
    return "laptop"


class Profiles:
    """The profile that tests use one after the other, emptied in between; another lab has another one."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.url = ""
        self.context: BrowserContext | None = None
        self.tests = 0

    def open(self, url: str) -> BrowserContext:
        """An empty profile whose relative addresses are this lab's."""
        if self.url != url or self.tests == MOST_TESTS:
            self.drop()
        self.tests += 1
        if not self.context:
            self.url, self.context = url, open_profile(self.browser, url)
            # As long as a page of its site is open the process stays; the lab is not asked for this one.
            page = self.context.new_page()
            page.route("**/*", lambda route: route.fulfill(body=""))
            page.goto(url)
        return self.context

    def clear(self) -> None:
        """Close a test's pages, and forget what they have kept and were allowed."""
        if self.context:
            first, *others = self.context.pages
            for page in others:
                page.close()
            self.context.clear_permissions()
            session = self.context.new_cdp_session(first)
            session.send("Storage.clearDataForOrigin", {"origin": self.url.rstrip("/"), "storageTypes": "all"})
            session.detach()
            self.context.clear_cookies()

    def drop(self) -> None:
        """Close the profile: the next test has a new one."""
        if self.context:
            self.context.close()
        self.context, self.tests = None, 0


def open_profile(browser: Browser, url: str, viewport: str = "laptop") -> BrowserContext:
    """A new profile whose relative addresses are a lab's, and whose windows have this shape."""
    width, height = VIEWPORTS[viewport]
    context = browser.new_context(base_url=url, viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE_MS)
    return context


@pytest.fixture(scope="package")
def profiles(browser: Browser) -> Profiles:
    """What keeps the tests' profile."""
    return Profiles(browser)


@pytest.fixture
def context(request: pytest.FixtureRequest, profiles: Profiles, running_lab: Lab) -> Iterator[BrowserContext]:
    """An empty profile whose relative addresses are the lab's; one in which a test failed is not used again."""
    yield profiles.open(running_lab.url)
    profiles.drop() if request.node.stash.get(HAS_FAILED, False) else profiles.clear()


@pytest.fixture
def complaints(running_lab: Lab) -> Complaints:
    """What the pages of this test have done wrong so far."""
    return Complaints(urlsplit(running_lab.url).netloc)


@pytest.fixture
def page(
    request: pytest.FixtureRequest, context: BrowserContext, complaints: Complaints, viewport: str
) -> Iterator[Page]:
    """An empty page; afterwards a picture where something went wrong, and an error where there are complaints."""
    page = context.new_page()
    width, height = VIEWPORTS[viewport]
    page.set_viewport_size({"width": width, "height": height})
    complaints.watch(page)
    yield page
    failed = request.node.stash.get(HAS_FAILED, False)
    if failed or complaints.errors or complaints.strangers:
        take_picture(page, request.node.nodeid)
    if failed:
        return
    assert not complaints.errors, f"the page logged errors: {complaints.errors}"
    assert not complaints.strangers, f"the page asked other hosts: {complaints.strangers}"


@pytest.fixture
def sent(page: Page) -> list[dict[str, Any]]:
    """The data of every run that the page asks for; the list grows."""
    sent: list[dict[str, Any]] = []

    def note(text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "configure":
            sent.append(message["config"]["data"])

    page.on("websocket", lambda socket: socket.on("framesent", note))
    return sent


def visit_windows(page: Page) -> Iterator[tuple[int, int]]:
    """Give the window every shape, one after the other, and say how wide and high it is once that is drawn."""
    for width, height in VIEWPORTS.values():
        page.set_viewport_size({"width": width, "height": height})
        let_paint(page)
        yield width, height


def take_picture(page: Page, test: str) -> Path:
    """The page as it was when its test failed, in `.artifacts/failures/`."""
    path = PICTURES / f"{re.sub(r'[^A-Za-z0-9]+', '-', test).strip('-')}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True)
    return path
