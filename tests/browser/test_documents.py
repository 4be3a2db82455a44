"""A run as a document, in a real browser: saved, opened elsewhere, dropped on the page, exported."""

import ast
import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Complaints, open_profile, visit_windows
from tests.browser.past import branch, go_to, leave_at, open_trained, train_to, wait_for_trace
from tests.browser.test_main_job import press
from tests.browser.test_page_shell import LIST_SMALL
from tests.browser.watching import Watcher, fit_width, open_lab, read_until, step_of
from tests.tools.lab import Lab

DROP = """({ name, content }) => {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""
# One list a chart.
LIST_MARKS = """() => [...document.querySelectorAll('.chart-plot')]
    .map((plot) => (plot.data ?? []).filter((trace) => trace.text).map(({ x, text }) => [x, text]))"""


def choose(page: Page, name: str) -> None:
    """Press a button of the File menu."""
    page.get_by_role("button", name="File", exact=True).click()
    page.get_by_role("dialog", name="File").get_by_role("button", name=name, exact=True).click()


def keep(page: Page, name: str, folder: Path) -> Path:
    """Save something by the File menu; the file."""
    with page.expect_download() as download:
        choose(page, name)
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def open_file(page: Page, *files: Path) -> None:
    """Open files by the File menu."""
    with page.expect_file_chooser() as chooser:
        choose(page, "Open run")
    chooser.value.set_files(list(files))


def agree(page: Page) -> None:
    """Let a saved run take the place of the one that is here."""
    page.get_by_role("dialog", name="Open the saved run?").get_by_role("button", name="Open it").click()


def drop(page: Page, file: Path, name: str = "") -> None:
    """Let a file fall on the page."""
    content = base64.b64encode(file.read_bytes()).decode()
    page.evaluate(DROP, {"name": name or file.name, "content": content})


def slider(page: Page) -> Locator:
    """The timeline's slider."""
    return page.get_by_role("slider", name="Timeline", exact=True)


def wait_for_frame(watcher: Watcher, step: int) -> None:
    """Until the page has the frame of a step."""
    watcher.until(lambda: watcher.step == step, f"the frame of step {step}")


def save_branched(page: Page, folder: Path) -> tuple[Watcher, Path]:
    """A run of 60 steps with a branch at step 20, which stands at step 23 of 25; and its file."""
    watcher = open_trained(page, 60)
    leave_at(page, 20)
    for step in range(21, 26):
        press(page, "Step")
        expect(step_of(page)).to_have_text(str(step))
    go_to(page, 23)
    wait_for_frame(watcher, 23)
    file = keep(page, "Save run", folder)
    assert file.name == "ganlab-ring8-step-23.run.safetensors"
    return watcher, file


@pytest.fixture
def stranger(browser: Browser, running_lab: Lab, complaints: Complaints) -> Iterator[Page]:
    """A page of somebody else's browser."""
    context = open_profile(browser, running_lab.url)
    page = context.new_page()
    complaints.watch(page)
    yield page
    context.close()


def test_a_saved_run_opens_in_another_browser_at_the_same_step_with_its_marks_and_branches(
    page: Page, stranger: Page, tmp_path: Path
) -> None:
    watcher, file = save_branched(page, tmp_path)
    marks = read_until(page, lambda: page.evaluate(LIST_MARKS), all)
    other = open_lab(stranger, preset="line")
    open_file(stranger, file)
    expect(step_of(stranger)).to_have_text("23")
    expect(slider(stranger)).to_have_attribute("aria-valuetext", "step 23 of 25")
    expect(branch(stranger, "Branch 2")).to_be_checked()
    wait_for_frame(other, 23)
    for name in ("x_real", "x_fake", "surface"):
        assert (other.arrays[name] == watcher.arrays[name]).all(), name
    stranger.wait_for_function(f"(marks) => JSON.stringify(({LIST_MARKS})()) === JSON.stringify(marks)", arg=marks)
    assert len(marks) == 3
    assert all("Learning rate of the generator" in json.dumps(each) for each in marks)
    assert keep(stranger, "Save run", tmp_path / "again").read_bytes() == file.read_bytes()


def test_an_opened_run_goes_back_and_to_its_other_branch(page: Page, stranger: Page, tmp_path: Path) -> None:
    watcher, file = save_branched(page, tmp_path)
    other = open_lab(stranger, preset="line")
    drop(stranger, file)
    expect(step_of(stranger)).to_have_text("23")
    for step in (7, 24):
        go_to(page, step)
        go_to(stranger, step)
        wait_for_frame(watcher, step)
        wait_for_frame(other, step)
        assert (other.arrays["x_fake"] == watcher.arrays["x_fake"]).all()
    branch(stranger, "Run 1").check()
    expect(slider(stranger)).to_have_attribute("aria-valuetext", "step 20 of 60")
    press(stranger, "Back")
    expect(step_of(stranger)).to_have_text("19")


def test_a_dropped_model_is_opened_and_dropped_points_are_still_points(page: Page, tmp_path: Path) -> None:
    open_trained(page, 30)
    model = keep(page, "Save model", tmp_path)
    press(page, "Reset")
    expect(step_of(page)).to_have_text("0")
    drop(page, model, name="renamed.run.safetensors")
    expect(step_of(page)).to_have_text("30")
    points = tmp_path / "points.csv"
    points.write_text("0,1\n2,3\n")
    drop(page, points)
    expect(page.get_by_role("dialog", name="Upload points").get_by_text("2 points")).to_be_visible()


def test_a_file_over_the_page_is_told_what_it_can_be_dropped_for(page: Page) -> None:
    open_lab(page)
    hint = page.get_by_text("Drop a saved run or a model to open it, or points to train on.")
    hold = """(type) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["0,1"], "points.csv"));
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true }));
    }"""
    expect(hint).to_be_hidden()
    for ending in ("dragleave", "drop"):
        page.evaluate(hold, "dragenter")
        expect(hint).to_be_visible()
        page.evaluate(hold, ending)
        expect(hint).to_be_hidden()


def test_a_trained_run_makes_way_for_a_saved_one_only_when_its_reader_agrees(page: Page, tmp_path: Path) -> None:
    _, file = save_branched(page, tmp_path)
    question = page.get_by_role("dialog", name="Open the saved run?")
    drop(page, file)
    expect(question).to_contain_text("all 2 branches of it will be gone, and this cannot be undone.")
    assert Axe().run(page).response["violations"] == []
    kept = tmp_path / "kept.safetensors"
    with page.expect_download() as download:
        question.get_by_role("button", name="Save this run first").click()
    download.value.save_as(kept)
    assert kept.read_bytes() == file.read_bytes()
    question.get_by_role("button", name="Cancel").click()
    press(page, "Step")
    expect(step_of(page)).to_have_text("24")
    drop(page, file)
    agree(page)
    expect(step_of(page)).to_have_text("23")


def test_what_is_compared_and_dismissed_belongs_to_the_branches_of_its_own_file(page: Page, tmp_path: Path) -> None:
    _, file = save_branched(page, tmp_path)
    page.get_by_role("checkbox", name="Compare Run 1").check()
    wait_for_trace(page, "Losses", "Generator, Run 1", last=60)
    branch(page, "Run 1").check()
    press(page, "Go to the end")
    expect(step_of(page)).to_have_text("60")
    train_to(page, 80)
    branch(page, "Branch 2").check()
    wait_for_trace(page, "Losses", "Generator, Run 1", last=80)
    drop(page, file)
    agree(page)
    compare = page.get_by_role("checkbox", name="Compare Run 1")
    expect(compare).not_to_be_checked()
    expect(page.get_by_role("region", name="Losses").get_by_role("checkbox")).to_have_count(2)
    compare.check()
    wait_for_trace(page, "Losses", "Generator, Run 1", last=60)


@pytest.mark.parametrize("lock", ["settings", "seed"])
def test_under_a_lock_no_file_and_no_pretrained_model_replaces_the_run(page: Page, tmp_path: Path, lock: str) -> None:
    open_trained(page, 3)
    run = keep(page, "Save run", tmp_path)
    page.goto(f"/?preset=ring#lock={lock}&step=2")
    expect(step_of(page)).to_have_text("2")
    drop(page, run)
    expect(page.get_by_role("alert").filter(has_text="locked by this link")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Use pre-trained model")).to_be_disabled()
    page.get_by_role("button", name="File", exact=True).click()
    for name in ("Open run", "Load model"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
        expect(page.get_by_text(f"{name}: locked by this link")).to_be_visible()
    expect(page.get_by_role("button", name="Save run")).to_be_enabled()
    assert Axe().run(page).response["violations"] == []
    expect(step_of(page)).to_have_text("2")


def test_a_file_that_is_no_run_is_refused_in_words_and_the_run_stays(
    page: Page, tmp_path: Path, complaints: Complaints
) -> None:
    _, file = save_branched(page, tmp_path)
    content = file.read_bytes()
    damaged = tmp_path / "damaged.run.safetensors"
    damaged.write_bytes(content[:-9])
    drop(page, damaged)
    agree(page)
    expect(page.get_by_role("alert")).to_contain_text("expected a saved run of this lab, got another file")
    damaged.write_bytes(content.replace(b'\\"version\\":1}"', b'\\"version\\":9}"'))
    drop(page, damaged)
    agree(page)
    expect(page.get_by_role("alert")).to_contain_text("got version 9 of a newer lab")
    expect(step_of(page)).to_have_text("23")
    assert all("400" in error for error in complaints.errors)
    complaints.errors.clear()


def test_the_run_is_taken_along_as_code_and_as_tables(page: Page, tmp_path: Path) -> None:
    open_trained(page, 60)
    leave_at(page, 20)
    script = keep(page, "Python script", tmp_path)
    assert script.name == "ganlab-ring8-20-steps.py"
    assert "20" in {
        ast.unparse(node) for node in ast.walk(ast.parse(script.read_text())) if isinstance(node, ast.Constant)
    }
    notebook = json.loads(keep(page, "Notebook", tmp_path).read_text())
    assert notebook["nbformat"] == 4
    scalars = keep(page, "Scalars as CSV", tmp_path).read_text().splitlines()
    assert [line.split(",")[0] for line in scalars] == ["step", *map(str, range(21))]
    samples = keep(page, "Samples as CSV", tmp_path)
    assert samples.name == "ganlab-ring8-step-20-samples.csv"
    assert {line.split(",")[0] for line in samples.read_text().splitlines()} == {"group", "real", "generated"}


def test_a_run_that_no_script_repeats_says_so(page: Page, complaints: Complaints) -> None:
    open_lab(page)
    press(page, "Step generator")
    expect(page.locator("[data-shows=g-updates]")).to_have_text("1")
    choose(page, "Python script")
    expect(page.get_by_role("alert")).to_contain_text("after step 0 only the generator did")
    complaints.errors.clear()


def test_the_menu_fits_the_window_and_can_be_used_by_everybody(page: Page) -> None:
    open_lab(page)
    opener = page.get_by_role("button", name="File", exact=True)
    opener.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("dialog", name="File")
    expect(menu.get_by_role("button")).to_have_count(8)
    for width, height in visit_windows(page):
        assert fit_width(page) == [width, width]
        box = menu.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert page.evaluate(LIST_SMALL) == []
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(opener).to_be_focused()
