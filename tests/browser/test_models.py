"""Models on the page: save and load, pre-trained ones, GAN Lab's files, and its own units for who asks for them."""

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Complaints
from tests.browser.watching import read_until, step_of
from tests.tools.ganlab_models import make_saved


def open_page(page: Page, address: str = "/") -> None:
    """The lab, connected."""
    page.goto(address)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    expect(page.get_by_label("Loss", exact=True)).to_be_visible()


def pretrained_of(page: Page) -> Locator:
    """The checkbox of the models that the lab comes with."""
    return page.get_by_role("checkbox", name="Use pre-trained model")


def load(page: Page, *files: Path) -> None:
    """Choose files for Load model."""
    page.get_by_role("button", name="File", exact=True).click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load model").click()
    chooser.value.set_files(list(files))


def list_shown(select: Locator) -> list[str]:
    """The options that a menu offers."""
    return [str(text) for text in select.locator("option:not([hidden])").all_text_contents()]


def test_f25_p21_a_saved_model_is_loaded_at_its_step(page: Page, tmp_path: Path) -> None:
    open_page(page)
    for step in ("1", "2", "3"):
        page.get_by_role("button", name="Step", exact=True).click()
        expect(step_of(page)).to_have_text(step)
    page.get_by_role("button", name="File", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save model").click()
    file = tmp_path / download.value.suggested_filename
    assert file.name == "ganlab-ring8-step-3.safetensors"
    download.value.save_as(file)
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(step_of(page)).to_have_text("0")
    load(page, file)
    expect(step_of(page)).to_have_text("3")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(step_of(page)).to_have_text("4")


def test_p12_f10_a_pretrained_model_opens_at_its_step_and_a_structural_edit_unticks_it(page: Page) -> None:
    open_page(page, "/?preset=ring")
    box = pretrained_of(page)
    expect(box).to_be_enabled()
    expect(box).not_to_be_checked()
    box.check()
    expect(step_of(page)).to_have_text("1500")
    expect(box).to_be_checked()
    page.get_by_role("group", name="Generator", exact=True).get_by_label("Learning rate", exact=True).first.fill("0.02")
    page.keyboard.press("Enter")
    expect(step_of(page)).to_have_text("1500")
    expect(box).to_be_checked()
    page.reload()
    expect(step_of(page)).to_have_text("1500")
    expect(box).to_be_checked()
    page.get_by_role("group", name="Generator", exact=True).get_by_label("Hidden layers", exact=True).first.fill("1")
    page.keyboard.press("Enter")
    expect(step_of(page)).to_have_text("0")
    expect(box).not_to_be_checked()
    box.check()
    expect(step_of(page)).to_have_text("1500")
    box.uncheck()
    expect(step_of(page)).to_have_text("0")
    page.get_by_role("radio", name="Ring of eight", exact=False).first.check(force=True)
    expect(box).to_be_disabled()


def test_p12_the_box_stays_ticked_while_its_model_is_under_way(page: Page) -> None:
    open_page(page, "/?preset=ring")
    held: list[Route] = []
    page.route("**/model?pretrained=*", lambda route: held.append(route))
    page.get_by_role("button", name="Step", exact=True).click()
    expect(step_of(page)).to_have_text("1")
    pretrained_of(page).check()
    rate = page.get_by_role("group", name="Generator", exact=True).get_by_label("Learning rate", exact=True).first
    rate.fill("0.02")
    rate.press("Enter")
    page.wait_for_function(  # the mark of the change has come
        "(words) => document.querySelector('.chart-plot').data?.some((trace) => trace.text?.includes?.(words))",
        arg="Learning rate of the generator 0.03 → 0.02",
    )
    expect(pretrained_of(page)).to_be_checked()
    read_until(page, lambda: held, bool)[0].continue_()
    expect(step_of(page)).to_have_text("1500")


def test_p13_gan_labs_two_files_are_opened_and_bad_ones_refused(
    page: Page, tmp_path: Path, complaints: Complaints
) -> None:
    open_page(page)
    saved = make_saved()
    manifest = saved.write(tmp_path)
    weights = tmp_path / "saved.weights.bin"
    load(page, weights, manifest)
    expect(step_of(page)).to_have_text("812")
    expect(page.get_by_role("group", name="Generator", exact=True).get_by_label("Output")).to_have_value("tanh")
    expect(page.get_by_label("Loss", exact=True)).to_have_value("ganlab_log")
    load(page, manifest)
    expect(page.get_by_role("alert")).to_contain_text("two files together")
    weights.write_bytes(b"short")
    load(page, weights, manifest)
    expect(page.get_by_role("alert")).to_contain_text(f"expected {len(saved.content())} bytes of weights, got 5")
    expect(step_of(page)).to_have_text("812")
    assert all("400" in error for error in complaints.errors)
    complaints.errors.clear()


def test_f6_f1_gan_labs_own_units_are_hidden_until_they_are_asked_for(page: Page) -> None:
    open_page(page)
    loss = page.get_by_label("Loss", exact=True)
    metrics = page.get_by_role("region", name="Metrics")
    expect(metrics.locator("tr", has_text=re.compile("^JS divergence"))).to_be_visible()
    assert not [label for label in list_shown(loss) if "GAN Lab" in label]
    expect(metrics.get_by_text("GAN Lab’s JS")).to_have_count(0)
    expect(metrics.locator("tr", has_text=re.compile("^GAN Lab's JS divergence"))).to_be_hidden()
    page.get_by_role("checkbox", name="GAN Lab’s own losses and metrics").check()
    expect(metrics.locator("tr", has_text=re.compile("^GAN Lab's JS divergence"))).to_be_visible()
    assert len([label for label in list_shown(loss) if "GAN Lab" in label]) == 2
    loss.select_option("ganlab_log")
    expect(page.get_by_text("the game is even at D = 0.487")).to_be_visible()
    page.get_by_role("checkbox", name="GAN Lab’s own losses and metrics").uncheck()
    expect(metrics.locator("tr", has_text=re.compile("^GAN Lab's JS divergence"))).to_be_hidden()
    assert "GAN Lab's log loss (0.95)" in list_shown(loss)
    expect(loss).to_have_value("ganlab_log")


def test_legacy_units_can_be_asked_for_in_the_address(page: Page) -> None:
    open_page(page, "/?legacy=1")
    expect(page.get_by_role("checkbox", name="GAN Lab’s own losses and metrics")).to_be_checked()
    assert json.dumps(list_shown(page.get_by_label("Loss", exact=True))).count("GAN Lab") == 2
