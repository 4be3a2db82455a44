"""A link is the run: what one browser shares, another opens, and what a link says of the page holds.

The lab of these tests lets one other origin show it in a frame.
"""

import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import Complaints, open_profile, visit_windows
from tests.browser.past import branch, go_to, set_rate, train_to
from tests.browser.test_page_shell import LIST_SMALL, settings_of
from tests.browser.watching import Watcher, fit_width, read_until, step_of
from tests.tools.lab import Lab, open_lab

# The start of this file's own lab, up to 90 seconds, is no part of its first test.
pytestmark = pytest.mark.timeout(120, func_only=True)

READ_HASH = "() => location.hash"


@pytest.fixture(scope="module")
def school() -> Iterator[str]:
    """The address of another site on this machine: each of its pages is a frame with what stands after the `?`."""

    class Frame(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            address = unquote(urlsplit(self.path).query)
            self.wfile.write(f'<title>Lesson</title><iframe src="{address}" width="900" height="700">'.encode())

        def log_message(self, *_: object) -> None:
            """Keep still."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Frame) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def running_lab(tmp_path_factory: pytest.TempPathFactory, school: str) -> Iterator[Lab]:
    """A lab that a school's page may show in a frame."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLAB_FRAME_ANCESTORS", f"http://{school}")
        with open_lab(tmp_path_factory.mktemp("lab"), ["--workers", "1"]) as lab:
            yield lab


@pytest.fixture
def other(browser: Browser, running_lab: Lab, complaints: Complaints) -> Iterator[Page]:
    """A page of another browser, which remembers nothing."""
    context = open_profile(browser, running_lab.url)
    page = context.new_page()
    complaints.watch(page)
    yield page
    context.close()


def open_link(page: Page, link: str, step: int) -> Watcher:
    """The lab at a link, once the run rests where it leads."""
    watcher = Watcher(page)
    page.goto(link)
    expect(step_of(page)).to_have_text(str(step))
    watcher.until(lambda: watcher.step == step, f"a frame of step {step}")
    return watcher


def wait_for_hash(page: Page, fragment: str) -> None:
    """Until the page's address has this fragment."""
    wanted = f"#{fragment}" if fragment else ""
    assert read_until(page, lambda: page.evaluate(READ_HASH), lambda told: bool(told == wanted)) == wanted


def share(page: Page) -> Locator:
    """The dialog with the link, opened."""
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this run")
    expect(dialog).to_be_visible()
    return dialog


def read_link(page: Page) -> str:
    """The link that the page shares."""
    dialog = share(page)
    link = dialog.get_by_label("Link", exact=True).input_value()
    dialog.get_by_role("button", name="Close").click()
    return link


def last_config(watcher: Watcher) -> dict[str, Any]:
    """The settings that the page was told last."""
    configs: list[dict[str, Any]] = [message["config"] for message in watcher.messages if "config" in message]
    return configs[-1]


def assert_same_picture(one: Watcher, other: Watcher) -> None:
    """Both pages hold the same numbers, bit for bit."""
    one.until(lambda: one.arrays.keys() == other.arrays.keys(), "the same arrays in both pages")
    assert one.arrays
    assert [name for name, array in one.arrays.items() if not np.array_equal(array, other.arrays[name])] == []


def test_a_link_from_one_browser_opens_the_same_state_in_another(page: Page, other: Page) -> None:
    watcher = open_link(page, "/#data=grid25&seed=7&generator.width=32", 0)
    page.get_by_role("checkbox", name="Gradients", exact=True).uncheck()
    page.get_by_role("button", name="Zoom in").click()
    train_to(page, 30)
    set_rate(page, "Generator", "0.01")
    watcher.until(lambda: "0.01" in str(last_config(watcher)["g_optimizer"]), "the changed rate")
    train_to(page, 70)
    link = read_link(page)
    assert urlsplit(link).fragment == (
        "at.30=g_optimizer.learning_rate:0.01&data=grid25&generator.width=32&layers=averaged,generated,real,refined,streams"
        ",surface&seed=7&step=70&view=-4,4,-4,4"
    )
    opened = open_link(other, link, 70)
    watcher.until(lambda: watcher.step == 70, "the last frame")
    assert last_config(opened) == last_config(watcher)
    assert_same_picture(watcher, opened)
    expect(other.get_by_role("checkbox", name="Gradients", exact=True)).not_to_be_checked()
    expect(other.get_by_role("slider", name="Timeline")).to_have_attribute("aria-valuetext", "step 70 of 70")
    assert read_link(other) == link


def test_a_branch_s_link_opens_what_became_of_that_branch(page: Page, other: Page) -> None:
    watcher = open_link(page, "/#step=40", 40)
    go_to(page, 20)
    set_rate(page, "Generator", "0.02")
    expect(branch(page, "Branch 2")).to_be_checked()
    train_to(page, 35)
    link = read_link(page)
    assert urlsplit(link).fragment == "at.20=g_optimizer.learning_rate:0.02&step=35"
    opened = open_link(other, link, 35)
    watcher.until(lambda: watcher.step == 35, "the last frame")
    assert_same_picture(watcher, opened)


def test_the_address_follows_the_run_at_rest_and_a_reload_comes_back_to_its_session(page: Page) -> None:
    open_link(page, "/#seed=3", 0)
    train_to(page, 25)
    wait_for_hash(page, "seed=3&step=25")
    go_to(page, 10)
    wait_for_hash(page, "seed=3&step=10")
    page.reload()
    # A run that had begun anew would end at step 10.
    expect(page.get_by_role("slider", name="Timeline")).to_have_attribute("aria-valuetext", "step 10 of 25")
    assert page.evaluate(READ_HASH) == "#seed=3&step=10"


def test_another_link_in_the_same_tab_begins_another_run(page: Page) -> None:
    open_link(page, "/#seed=3", 0)
    train_to(page, 5)
    wait_for_hash(page, "seed=3&step=5")
    page.evaluate("location.hash = 'data=ring&step=8'")
    expect(page.get_by_role("radio", name="Ring", exact=True)).to_be_checked()
    expect(page.get_by_role("slider", name="Timeline")).to_have_attribute("aria-valuetext", "step 8 of 8")


def test_what_is_done_on_the_way_wins_over_the_link(page: Page) -> None:
    page.goto("/#step=900000")
    expect(page.get_by_text("Training to step 900,000, where the link leads.")).to_be_visible()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("Paused at step")).to_be_visible()
    step = step_of(page).inner_text()
    wait_for_hash(page, f"step={step}")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(step_of(page)).to_have_text(str(int(step) + 1))


def test_each_part_of_a_link_that_cannot_be_taken_is_named_and_the_rest_is_taken(page: Page) -> None:
    open_link(page, "/#data=ring&generator.width=999&seed=5&step=4&surprise=1", 4)
    note = page.get_by_role("alert").filter(has_text="Not all of the link could be taken")
    expect(note.get_by_role("listitem")).to_have_text(
        ["generator.width=999: expected a whole number from 1 to 256", "surprise=1: this run has no such setting"]
    )
    expect(page.get_by_role("radio", name="Ring", exact=True)).to_be_checked()
    assert Axe().run(page).response["violations"] == []
    note.get_by_role("button", name="Close the note").click()
    expect(note).to_be_hidden()
    wait_for_hash(page, "data=ring&seed=5&step=4")


def test_a_link_that_the_lab_itself_refuses_opens_the_default_run_and_says_why_until_it_is_read(page: Page) -> None:
    def widen(route: Route) -> None:
        catalog = route.fetch().json()
        catalog["run"]["network"][1]["maximum"] = 1_000
        route.fulfill(json=catalog)

    # As a page of another version would have it.
    page.route("**/api/catalog", widen)
    page.goto("/#generator.width=999&step=3")
    note = page.get_by_role("alert").filter(has_text="The run of this link cannot be trained")
    expect(note.get_by_role("listitem")).to_contain_text("Neurons per layer of the generator: expected")
    expect(step_of(page)).to_have_text("0")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(step_of(page)).to_have_text("1")
    expect(note).to_be_visible()
    note.get_by_role("button", name="Close the note").click()
    expect(note).to_be_hidden()


def test_a_link_to_units_that_do_not_go_together_names_them_as_the_page_does(page: Page) -> None:
    page.goto("/#techniques=extragradient&d_updates=2")
    note = page.get_by_role("alert").filter(has_text="The run of this link cannot be trained")
    words = "Extragradient goes with 1 update of the discriminator in a step, not with 2"
    expect(note.get_by_role("listitem")).to_contain_text(words)


def test_a_run_that_is_more_than_its_settings_says_so_in_its_link(page: Page) -> None:
    open_link(page, "/#seed=2", 0)
    page.get_by_role("button", name="Step generator").click()
    expect(step_of(page)).to_have_text("1")
    dialog = share(page)
    expect(dialog.get_by_label("Link", exact=True)).to_have_value(page.url.split("#")[0] + "#seed=2")
    expect(dialog.get_by_text("not the same run: one player learned alone in it.")).to_be_visible()
    expect(dialog.get_by_text("sees this picture")).to_be_hidden()


def test_the_dialog_makes_a_code_and_copies_the_link(page: Page, running_lab: Lab) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=running_lab.url.rstrip("/"))
    open_link(page, "/#data=ring&step=3", 3)
    dialog = share(page)
    code = dialog.get_by_role("img", name="The link as a QR code")
    read_width = "(image) => image.decode().then(() => image.naturalWidth)"
    assert code.evaluate(read_width) > 0
    picture = page.request.get(str(code.get_attribute("src")))
    assert ElementTree.fromstring(picture.body()).tag.endswith("svg")
    dialog.get_by_role("button", name="Copy", exact=True).click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    link = dialog.get_by_label("Link", exact=True).input_value()
    assert page.evaluate("navigator.clipboard.readText()") == link
    dialog.get_by_text("Hide and lock parts for others").click()
    dialog.get_by_role("checkbox", name="Timeline").check()
    dialog.get_by_role("checkbox", name="Seed").check()
    expect(dialog.get_by_label("Link", exact=True)).to_have_value(
        f"{link.split('#')[0]}#data=ring&hide=time&lock=seed&step=3"
    )
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate(LIST_SMALL) == []


@pytest.mark.parametrize("viewport", ["phone"])
def test_the_dialog_fits_every_window(page: Page, viewport: str) -> None:
    open_link(page, "/#data=ring", 0)
    share(page).get_by_text("Hide and lock parts for others").click()
    for width, height in visit_windows(page):
        assert fit_width(page) == [width, width]
        left, top, right, bottom = page.evaluate(
            "Object.values((({ left, top, right, bottom }) => ({ left, top, right, bottom }))"
            "(document.querySelector('#share').getBoundingClientRect()))"
        )
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


def test_what_is_hidden_hides_no_result(page: Page) -> None:
    open_link(page, "/#hide=data,files,layered,metrics,overview,settings,time,toolbar,tour,view&step=6", 6)
    for name in ("Play", "Step", "File", "View", "Tour"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_hidden()
    for name in ("Settings", "Back in time"):
        expect(page.get_by_role("region", name=name)).to_be_hidden()
    for name in ("Model overview", "Layered distributions", "Metrics"):
        expect(page.get_by_role("region", name=name)).to_be_visible()
    expect(page.get_by_text("hide=layered,metrics,overview: results are always shown")).to_be_visible()
    expect(page.get_by_text("Reached step 6")).to_be_visible()
    expect(step_of(page)).to_be_visible()
    assert Axe().run(page).response["violations"] == []


def test_a_run_that_breaks_says_so_whatever_is_hidden(page: Page) -> None:
    rates = "d_optimizer=sgd&d_optimizer.learning_rate=1&g_optimizer=sgd&g_optimizer.learning_rate=1"
    page.goto(f"/#data=points&data.points=0,0,1000000,1000000&data.units=published&{rates}&hide=time,toolbar&step=400")
    expect(page.get_by_text("The run broke at step")).to_be_visible()
    expect(page.get_by_role("button", name="Go back to step")).to_be_visible()


def test_what_is_locked_is_seen_and_stays(page: Page) -> None:
    watcher = open_link(page, "/#data=ring&lock=data,seed,settings&step=2", 2)
    rate = settings_of(page, "Generator").get_by_label("Learning rate", exact=True)
    for control in (
        rate,
        page.get_by_role("radio", name="Line", exact=True),
        page.get_by_role("button", name="New seed", exact=True),
        settings_of(page, "Game").get_by_label("Seed", exact=True),
        page.get_by_label("Preset", exact=True),
        page.get_by_role("button", name="Upload points"),
        page.get_by_role("button", name="Show settings in the graph"),
    ):
        expect(control).to_be_disabled()
    expect(rate).to_have_value("0.001")
    expect(page.get_by_text("locked by this link").locator("visible=true").first).to_be_visible()
    page.get_by_role("button", name="Step", exact=True).click()
    expect(step_of(page)).to_have_text("3")
    wait_for_hash(page, "data=ring&lock=data,seed,settings&step=3")
    assert watcher.revision == 1
    assert Axe().run(page).response["violations"] == []


def test_with_settings_locked_another_data_set_changes_nothing_else(page: Page) -> None:
    watcher = open_link(page, "/#loss=least_squares&lock=settings", 0)
    page.get_by_role("radio", name="Grid of 25").check(force=True)
    watcher.until(lambda: watcher.revision == 2, "the new run")
    wait_for_hash(page, "data=grid25&lock=settings&loss=least_squares")


def test_a_page_that_the_operator_allows_shows_the_lab_in_a_frame(
    page: Page, running_lab: Lab, school: str, complaints: Complaints
) -> None:
    page.goto(f"http://{school}/?{quote(running_lab.url + '#embed=1&step=3')}")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("status", name="Step", exact=True)).to_have_text("3")
    expect(frame.get_by_role("banner")).to_be_hidden()
    expect(frame.get_by_role("region", name="Layered distributions")).to_be_visible()
    assert {urlsplit(url).netloc for url in complaints.strangers} == {school}
    complaints.strangers.clear()


def test_where_the_browser_keeps_nothing_the_page_works_all_the_same(page: Page) -> None:
    # As in another site's frame, where only asking for the storage throws.
    for storage in ("localStorage", "sessionStorage"):
        blocked = "{ get() { throw new DOMException('blocked', 'SecurityError'); } }"
        page.add_init_script(f"Object.defineProperty(window, '{storage}', {blocked})")
    open_link(page, "/#embed=1&step=3", 3)
    page.get_by_role("button", name="Step", exact=True).click()
    expect(step_of(page)).to_have_text("4")
    page.get_by_role("button", name="Next phase", exact=True).click()
    page.get_by_role("checkbox", name="Open it at Next phase").uncheck()
    expect(page.get_by_text("Inside step 5, after phase 1 of 12.")).to_be_visible()


def test_a_page_that_nobody_has_allowed_may_not(
    page: Page, running_lab: Lab, school: str, complaints: Complaints
) -> None:
    # The same site by another name is another origin.
    stranger = school.replace("127.0.0.1", "localhost")
    page.goto(f"http://{stranger}/?{quote(running_lab.url)}")
    blocked = read_until(page, lambda: [text for text in complaints.errors if "frame-ancestors" in text], bool)
    assert blocked == complaints.errors != []
    complaints.errors.clear()
    complaints.strangers.clear()
