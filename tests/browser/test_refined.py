"""Two layers that come and go with the run: refined samples, and the optimal discriminator in place of the surface."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_page_shell import open_page
from tests.browser.watching import count_ink, let_paint, open_lab, read_until

OPTIMAL, REFINED, SURFACE = "Optimal discriminator", "Refined samples", "Discriminator surface"


def box_of(page: Page, layer: str) -> Locator:
    return page.get_by_role("checkbox", name=layer, exact=True)


def canvas_of(page: Page, layer: str) -> Locator:
    return page.locator(f"canvas[data-layer={layer}]")


def test_refined_samples_are_a_layer_while_a_technique_draws_them(page: Page) -> None:
    watcher = open_lab(page)
    expect(box_of(page, REFINED)).to_be_hidden()
    assert "x_refined" not in watcher.arrays
    page.get_by_role("button", name="More: Techniques").click()
    page.get_by_role("dialog").get_by_text("Truncation", exact=True).click()
    expect(box_of(page, REFINED)).to_be_visible()
    expect(box_of(page, REFINED)).to_be_checked()
    watcher.until(lambda: "x_refined" in watcher.arrays, "refined samples")
    assert watcher.arrays["x_refined"].shape == (250, 2)
    assert read_until(page, lambda: count_ink(canvas_of(page, "refined")), bool) > 0
    rejection = page.locator("input[name='techniques.rejection']")
    expect(rejection).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#switch-techniques-rejection-absence")).to_contain_text("Not together with Truncation")
    page.locator("input[name='techniques.truncation']").click()
    expect(box_of(page, REFINED)).to_be_hidden()
    assert read_until(page, lambda: count_ink(canvas_of(page, "refined")), lambda ink: not ink) == 0


def test_the_optimal_discriminator_takes_the_place_of_the_one_that_learns(page: Page) -> None:
    watcher = open_lab(page)
    caption = page.locator(".picture-caption")
    expect(caption).to_contain_text("Discriminator's probability of being real")
    box_of(page, OPTIMAL).check()
    expect(box_of(page, SURFACE)).not_to_be_checked()
    watcher.until(lambda: "optimal_surface" in watcher.arrays, "the best scores")
    assert read_until(page, lambda: count_ink(canvas_of(page, "optimum")), bool) > 0
    assert read_until(page, lambda: count_ink(canvas_of(page, "surface")), lambda ink: not ink) == 0
    expect(caption).to_contain_text("Best discriminator's probability of being real")
    page.get_by_role("button", name="Step", exact=True).click()
    watcher.until(lambda: watcher.step == 1, "a step")
    gap = float(watcher.arrays["optimal_gap"][0])
    shown = read_until(page, lambda: read_gap(caption), lambda number: number == pytest.approx(gap, rel=0.01))
    assert shown == pytest.approx(gap, rel=0.01)
    page.get_by_role("button", name="discriminator", exact=True).click()
    expect(box_of(page, OPTIMAL)).not_to_be_checked()
    expect(box_of(page, SURFACE)).to_be_checked()
    expect(caption.get_by_text("away from it")).to_be_hidden()
    assert np.isfinite(watcher.arrays["optimal_surface"]).all()


def read_gap(caption: Locator) -> float:
    found = re.search(r"is ([\d.]+) away", caption.inner_text())
    return float(found[1]) if found else -1


def test_where_the_best_discriminator_is_not_shown_it_says_so_and_the_one_that_learns_is_back(page: Page) -> None:
    watcher = open_lab(page)
    box_of(page, OPTIMAL).check()
    watcher.until(lambda: "optimal_surface" in watcher.arrays, "the best scores")
    assert read_until(page, lambda: count_ink(canvas_of(page, "optimum")), bool) > 0
    word = page.get_by_role("button", name="optimal discriminator", exact=True)
    expect(word).to_be_enabled()
    loss = page.get_by_role("region", name="Settings").get_by_label("Loss", exact=True)
    loss.select_option("hinge")
    expect(box_of(page, OPTIMAL)).to_be_disabled()
    expect(word).to_be_disabled()
    why = "The best discriminator for the loss Hinge is not shown."
    assert why in (box_of(page, OPTIMAL).get_attribute("aria-description") or "")
    expect(page.locator(".legend-absence")).to_contain_text(why)
    expect(box_of(page, SURFACE)).to_be_checked()
    expect(box_of(page, OPTIMAL)).not_to_be_checked()
    assert read_until(page, lambda: count_ink(canvas_of(page, "surface")), bool) > 0
    assert read_until(page, lambda: count_ink(canvas_of(page, "optimum")), lambda ink: not ink) == 0
    caption = page.locator(".picture-caption")
    expect(caption).to_contain_text("Discriminator's score")
    expect(caption.get_by_text("away from it")).to_be_hidden()
    loss.select_option("least_squares")
    expect(box_of(page, OPTIMAL)).to_be_enabled()
    expect(box_of(page, OPTIMAL)).to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_legend_of_both_layers_is_readable(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, contrast="more")  # type: ignore[arg-type]  # one of its words
    page.goto("/#preset=truncation&layers=real,refined,optimum")
    expect(box_of(page, REFINED)).to_be_checked()
    expect(box_of(page, OPTIMAL)).to_be_checked()
    let_paint(page)
    found = Axe().run(page, context=".layered").response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_the_legend_says_nothing_of_a_judge_where_none_judges_and_tells_what_there_is(page: Page) -> None:
    legend = page.locator(".legend")
    open_page(page, "/#preset=flow_matching")
    expect(legend.get_by_text("are the ways of some samples from their noise")).to_be_visible()
    for words in ("judgement", "needles", "arrows from real samples"):
        expect(legend.get_by_text(words)).to_be_hidden()
    expect(legend).to_contain_text("The discriminator takes no part.")
    open_page(page, "/?again#preset=way_back")
    expect(legend.get_by_text("are arrows from real samples to what the generator makes")).to_be_visible()
    expect(legend.get_by_text("judgement")).to_be_visible()
    expect(legend.get_by_text("are needles")).to_be_visible()
    expect(legend.get_by_text("are the ways of some samples")).to_be_hidden()
