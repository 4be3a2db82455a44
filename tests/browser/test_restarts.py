"""A lab that is stopped or killed under an open page, and started again: the page finds its run by itself."""

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from server.gan.tensor_file import read_tensors
from server.sessions.run_content import KIND
from server.sessions.store import FILE
from tests.browser.conftest import Complaints
from tests.browser.test_coming_back import open_page, press, problem_of, words_of
from tests.browser.watching import TRAINING_MS, step_of
from tests.tools.lab import Lab, open_lab

pytestmark = pytest.mark.timeout(240, func_only=True)
# A lab that starts, and the longest pause of a page that tries again, on a busy machine.
BACK_MS = 90_000


class Lasting(Lab):
    """A lab at one address, and one folder, which can be started again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._running = folder, ExitStack()
        self.start("0")

    def start(self, port: str) -> None:
        """Begin, and be ready."""
        lab = self._running.enter_context(open_lab(self._folder, ["--workers", "1", "--port", port]))
        super().__init__(lab.process, lab.url, lab.link, lab.lines)

    def wait_until_kept(self, page: Page, head: int) -> None:
        """Wait until the file has a session whose newest branch was trained to a step."""
        for _ in range(BACK_MS // 100):
            with closing(sqlite3.connect(self._folder / FILE)) as file:
                contents = [content for (content,) in file.execute("SELECT content FROM sessions")]
            if any(read_tensors(KIND, content)[0]["branches"][-1]["head"] == head for content in contents):
                return
            page.wait_for_timeout(100)
        raise AssertionError("the session was not kept in time")

    def restart(self, kill: bool) -> None:
        """Stop in order, or be killed, and begin again at the same address."""
        if kill:
            self.process.kill()
            self.process.wait(20)
        self._running.close()
        self.start(self.url.rstrip("/").rpartition(":")[2])

    def stop(self) -> None:
        """End for good."""
        self._running.close()


@pytest.fixture(scope="module")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lasting]:
    """The lab of these tests."""
    lab = Lasting(tmp_path_factory.mktemp("lasting"))
    yield lab
    lab.stop()


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_an_open_page_finds_its_run_again_after_a_restart_and_says_so_in_one_line(
    page: Page, complaints: Complaints, running_lab: Lasting, kill: bool
) -> None:
    open_page(page)
    page.get_by_role("radio", name="Grid of 25").check(force=True)
    press(page, "Step")
    press(page, "Step")
    expect(step_of(page)).to_have_text("2")
    untouched = page.context.new_page()
    open_page(untouched)
    if kill:  # what was done by hand is kept a second later
        running_lab.wait_until_kept(page, head=2)
    running_lab.restart(kill)
    expect(words_of(page)).to_have_text(
        "Connected again. Your run is here again, as it was kept. Paused at step 2.", timeout=BACK_MS
    )
    expect(words_of(untouched)).to_contain_text("Connected again. A new run begins. Ready.", timeout=BACK_MS)
    expect(problem_of(page)).to_be_empty()
    expect(step_of(page)).to_have_text("2")
    expect(page.get_by_role("radio", name="Grid of 25")).to_be_checked()
    expect(page.get_by_role("slider", name="Timeline")).to_have_attribute("aria-valuetext", "step 2 of 2")
    press(page, "Step")
    expect(words_of(page)).to_have_text("Paused at step 3.", timeout=TRAINING_MS)
    # Chromium says of each attempt that nobody answered.
    assert all("ERR_CONNECTION" in error or "closed before" in error for error in complaints.errors), complaints.errors
    complaints.errors.clear()


def test_a_page_whose_lab_is_silent_says_so_and_goes_on_when_it_answers_again(page: Page, running_lab: Lasting) -> None:
    """As where the lab's computer sleeps, or loses its power: no connection is closed."""
    open_page(page)
    press(page, "Play")
    speed, graph = page.locator("[data-shows=speed]"), page.locator(".overview").first
    expect(speed).not_to_have_text("0", timeout=TRAINING_MS)
    expect(graph).to_have_attribute("data-acting", "both")
    running_lab.process.send_signal(signal.SIGSTOP)
    try:
        expect(words_of(page)).to_contain_text("The connection is lost", timeout=BACK_MS)
        expect(speed).to_have_text("0")
        expect(graph).to_have_attribute("data-acting", "none")
        press(page, "Pause")
        expect(problem_of(page)).to_have_text("The lab is not connected just now. This page tries again by itself.")
    finally:
        running_lab.process.send_signal(signal.SIGCONT)
    expect(speed).not_to_have_text("0", timeout=BACK_MS)
    expect(graph).to_have_attribute("data-acting", "both")
    press(page, "Pause")
    expect(words_of(page)).to_contain_text("Paused at step", timeout=TRAINING_MS)
