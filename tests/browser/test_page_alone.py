"""A run whose loss needs no discriminator: the samples move, and the page says who takes no part."""

import re

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import press
from tests.browser.watching import count_ink, let_paint, open_lab, read_until, step_of

NO_PART = "The discriminator takes no part"


def test_without_a_discriminator_the_samples_move_and_the_page_says_who_takes_no_part(page: Page) -> None:
    watcher = open_lab(page)
    node = page.locator("[data-node=discriminator]")
    expect(node).not_to_contain_text(NO_PART)
    settings = page.get_by_role("region", name="Settings")
    settings.get_by_label("Loss", exact=True).select_option("mmd")
    expect(node).to_contain_text(NO_PART)
    expect(page.get_by_role("button", name="Step discriminator")).to_be_disabled()
    for name in ("Freeze the discriminator", "Train alone, 500 updates"):
        expect(settings.get_by_role("button", name=name, exact=True)).to_be_disabled()
    expect(settings.get_by_role("button", name="Freeze the generator", exact=True)).to_be_enabled()
    expect(page.locator("svg.arrows")).to_have_attribute("aria-label", re.compile("without a discriminator"))
    surface = page.get_by_role("checkbox", name="Discriminator surface", exact=True)
    expect(surface).to_be_disabled()
    assert NO_PART in (surface.get_attribute("aria-description") or "")
    before = watcher.arrays["x_fake"]
    press(page, "Play")
    read_until(page, lambda: int(step_of(page).inner_text().replace("\u202f", "") or 0), lambda step: step > 20)
    press(page, "Pause")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    let_paint(page)
    assert np.abs(watcher.arrays["x_fake"] - before).max() > 0.01
    assert count_ink(page.locator("canvas[data-layer=surface]")) == 0
    assert count_ink(page.locator("canvas[data-layer=generated]")) > 0


def test_slow_motion_goes_through_five_phases_of_the_generator(page: Page) -> None:
    open_lab(page)
    page.get_by_role("region", name="Settings").get_by_label("Loss", exact=True).select_option("energy")
    press(page, "Slow motion")
    expect(page.locator("#slow-discriminator")).to_contain_text(NO_PART)
    for number in range(1, 5):
        press(page, "Next phase")
        expect(page.get_by_text(f"Inside step 1, after phase {number} of 5.")).to_be_visible()
    press(page, "Next phase")
    expect(step_of(page)).to_have_text("1")
    current = page.locator("#slow-generator .caption[aria-current=step]")
    expect(current).to_have_text("The generator’s weights change, a little, that way.")


def test_flow_matching_shows_the_ways_of_samples_and_no_needles(page: Page) -> None:
    watcher = open_lab(page)
    streams = page.get_by_role("checkbox", name="Streams", exact=True)
    expect(streams).to_be_hidden()
    settings = page.get_by_role("region", name="Settings")
    settings.get_by_label("Loss", exact=True).select_option("flow_matching")
    expect(page.locator("[data-node=discriminator]")).to_contain_text("velocities")
    expect(streams).to_be_visible()
    expect(streams).to_be_checked()
    expect(page.get_by_role("checkbox", name="Gradients", exact=True)).to_be_disabled()
    expect(page.locator("svg.arrows")).to_have_attribute("aria-label", re.compile("Noise flows along"))
    expect(page.locator("[data-edge='generator g-loss']")).to_be_visible()
    expect(page.locator("[data-edge='generated g-loss']")).to_be_hidden()
    watcher.until(lambda: "streams" in watcher.arrays, "the streams")
    let_paint(page)
    assert count_ink(page.locator("canvas[data-layer=streams]")) > 0
    assert count_ink(page.locator("canvas[data-layer=gradients]")) == 0


def test_a_flow_sends_real_samples_to_the_generator_and_no_arrow_crosses_who_takes_no_part(page: Page) -> None:
    open_lab(page)
    inverse = page.locator("[data-edge='real generator']")
    expect(inverse).to_be_hidden()
    page.get_by_role("region", name="Settings").get_by_label("Loss", exact=True).select_option("coupling_flow")
    expect(inverse).to_be_visible()
    expect(page.locator("[data-edge='real g-loss']")).to_be_hidden()
    for node in ("predictions-real", "predictions-generated", "d-loss", "d-gradients"):
        expect(page.locator(f"[data-node={node}]")).to_be_hidden()
    press(page, "Next phase")
    expect(inverse).to_have_class(re.compile(r"\blit\b"))
    expect(page.locator("[data-edge='noise generator']")).not_to_have_class(re.compile(r"\blit\b"))


def test_a_loss_comes_with_the_finite_data_that_it_needs_and_so_do_other_data(page: Page) -> None:
    open_lab(page)
    settings = page.get_by_role("region", name="Settings")
    loss = settings.get_by_label("Loss", exact=True)
    size = settings.get_by_label("Size of the data set", exact=True)
    loss.select_option("glo")
    expect(size).to_have_value("512")
    expect(page.get_by_text("Size of the data set: now 512, needed by GLO: learned codes")).to_be_visible()
    expect(loss).to_have_value("glo")
    batch = settings.get_by_label("Batch size", exact=True)
    batch.fill("100")  # settings that are nobody's preset stay when the data change
    batch.press("Enter")
    expect(batch).to_have_value("100")
    page.get_by_role("radio", name="Ring", exact=True).check()
    expect(settings.get_by_label("Data set", exact=True)).to_have_value("ring")
    expect(size).to_have_value("512")
    expect(loss).to_have_value("glo")
