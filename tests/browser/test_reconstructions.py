"""The layer of an encoder: arrows from real samples to where encoder and generator bring them."""

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.test_refined import box_of, canvas_of
from tests.browser.watching import count_ink, open_lab, read_until

LAYER = "Reconstructions"


def test_reconstructions_are_a_layer_while_an_encoder_is_trained_and_their_length_is_told(page: Page) -> None:
    watcher = open_lab(page)
    expect(box_of(page, LAYER)).to_be_hidden()
    page.get_by_role("button", name="More: Techniques").click()
    page.get_by_role("dialog").get_by_text("Encoder (BiGAN)", exact=True).click()
    expect(box_of(page, LAYER)).to_be_visible()
    expect(box_of(page, LAYER)).not_to_be_checked()
    caption = page.locator(".picture-caption")
    expect(caption).to_contain_text("a place is scored with the noise that the encoder answers it with")
    box_of(page, LAYER).check()
    watcher.until(lambda: "x_reconstructed" in watcher.arrays, "reconstructions")
    assert watcher.arrays["x_reconstructed"].shape == watcher.arrays["x_real"].shape
    assert read_until(page, lambda: count_ink(canvas_of(page, "reconstructed")), bool) > 0
    gaps = watcher.arrays["x_real"] - watcher.arrays["x_reconstructed"]
    length = np.linalg.norm(gaps, axis=1).mean()
    expect(caption).to_contain_text(f"comes back {length:.3g} from its place, on average")
    box_of(page, LAYER).uncheck()
    expect(caption.get_by_text("from its place")).to_be_hidden()


def test_the_encoder_is_a_node_of_the_graph_while_one_is_trained(page: Page) -> None:
    watcher = open_lab(page)
    node = page.locator(".overview [data-node=encoder]")
    expect(node).to_have_count(0)
    page.get_by_role("button", name="More: Techniques").click()
    page.get_by_role("dialog").get_by_text("Encoder (BiGAN)", exact=True).click()
    expect(node).to_be_visible()
    expect(page.locator('[data-edge="encoder discriminator"] .edge-line')).to_be_visible()
    watcher.until(lambda: "z_real" in watcher.arrays, "the encoder's answers")
    assert read_until(page, lambda: count_ink(node.locator("canvas")), bool) > 0
    page.get_by_role("button", name="Inspect encoder").click()
    expect(page.get_by_text("The encoder goes the other way").first).to_be_visible()
