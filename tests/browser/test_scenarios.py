"""GAN Lab's acceptance scenarios in a real browser, as its paper tells them: Alice's U1 to U3, and Bob's U4 to U6."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.watching import TRAINING_MS, Watcher, let_paint, open_lab, press_keys, step_of

pytestmark = pytest.mark.timeout(300)

SEEDS = (1, 2, 3)
JS = "grid_js"


def press(page: Page, name: str) -> None:
    """Click the button of that name."""
    page.get_by_role("button", name=name, exact=True).click()


def play_until(watcher: Watcher, step: int) -> None:
    """Play past a step, and pause."""
    press(watcher.page, "Play")
    watcher.until(lambda: watcher.list_metric(JS)[-1][0] >= step, f"the metrics of step {step}", TRAINING_MS)
    press(watcher.page, "Pause")
    expect(watcher.page.get_by_text("Paused at step")).to_be_visible()


def begin_again(watcher: Watcher) -> None:
    """Reset: the same settings from step 0."""
    begun = watcher.revision
    press(watcher.page, "Reset")
    watcher.wait_for_revision(begun + 1)


def set_in_graph(page: Page, group: str, label: str, value: str) -> None:
    """Type a number into a setting beside its node."""
    field = page.get_by_role("group", name=group, exact=True).get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")


@pytest.mark.parametrize("seed", SEEDS)
def test_u1_alice_plays_and_the_generated_samples_move_to_the_real_ones(page: Page, seed: int) -> None:
    watcher = open_lab(page, "line", seed)
    first = watcher.list_metric(JS)[0][1]
    play_until(watcher, 800)
    assert min(score for _, score in watcher.list_metric(JS)) < first / 2


def test_u2_slow_motion_by_keyboard_shows_the_discriminators_turn_and_then_the_generators(page: Page) -> None:
    open_lab(page)
    page.get_by_role("button", name="Slow motion", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Next phase", exact=True).focus()
    actors, real = [], []
    for number in range(1, 13):
        page.keyboard.press("Enter")
        if number < 12:
            expect(page.get_by_text(f"Inside step 1, after phase {number} of 12.")).to_be_visible()
        else:
            expect(step_of(page)).to_have_text("1")
        let_paint(page)
        actors.append(page.locator(".banner.acts").get_attribute("id"))
        real.append(page.locator(".overview .lit[data-node=real]").count() == 1)
    assert actors == ["slow-discriminator"] * 6 + ["slow-generator"] * 6
    assert any(real[:6])
    assert not any(real[6:])


@pytest.mark.parametrize("seed", SEEDS)
def test_u3_generator_steps_move_samples_into_green_and_discriminator_steps_redraw_the_colours(
    page: Page, seed: int
) -> None:
    watcher = open_lab(page, seed=seed)
    samples, surface = watcher.arrays["x_fake"], watcher.arrays["surface"]
    press(page, "Step discriminator")
    watcher.until(lambda: watcher.step == 1, "the first step")
    assert np.array_equal(watcher.arrays["x_fake"], samples)
    assert not np.array_equal(watcher.arrays["surface"], surface)
    press_keys(watcher, "d", 19)
    surface, before = watcher.arrays["surface"], watcher.score_of("fake_logits")
    press(page, "Step generator")
    watcher.until(lambda: watcher.step == 21, "the first step of the generator")
    press_keys(watcher, "g", 19)
    assert np.array_equal(watcher.arrays["surface"], surface)
    assert watcher.score_of("fake_logits") > before + 0.1
    expect(step_of(page)).to_have_text("40")


def test_u1_u3_with_the_keyboard_alone(page: Page) -> None:
    """From the top of the page: a data set by arrow keys, play and pause by Space, one player's steps by D, G."""
    watcher = open_lab(page)
    page.get_by_role("radio", name="Ring of eight").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="Three blobs")).to_be_checked()
    watcher.wait_for_revision(2)
    page.get_by_role("radio", name="Three blobs").blur()
    page.keyboard.press("Space")
    expect(step_of(page)).to_have_text(re.compile(r"^[1-9]\d+"))
    page.keyboard.press("Space")
    expect(page.get_by_text("Paused at step")).to_be_visible()
    still = int(re.sub(r"\D", "", step_of(page).inner_text()))
    watcher.until(lambda: watcher.step == still, "the frame of the pause")
    samples, surface = watcher.arrays["x_fake"], watcher.arrays["surface"]
    press_keys(watcher, "d", 1)
    assert np.array_equal(watcher.arrays["x_fake"], samples)
    assert not np.array_equal(watcher.arrays["surface"], surface)
    surface = watcher.arrays["surface"]
    press_keys(watcher, "g", 1)
    assert np.array_equal(watcher.arrays["surface"], surface)
    assert not np.array_equal(watcher.arrays["x_fake"], samples)


def test_u4_bob_slows_the_discriminator_and_it_gets_worse_then_the_generator_and_it_gets_better(page: Page) -> None:
    watcher = open_lab(page, "line", 1)
    press(page, "Show settings in the graph")
    divergences = []
    for g_rate, d_rate in (("0.1", "0.01"), ("0.01", "0.1")):
        set_in_graph(page, "Generator settings", "Learning rate", g_rate)
        set_in_graph(page, "Discriminator settings", "Learning rate", d_rate)
        begin_again(watcher)
        play_until(watcher, 800)
        divergences.append(np.mean([score for step, score in watcher.list_metric(JS) if step > 400]))
    wild, calm = divergences
    assert calm < 0.7 * wild


def test_u5_three_discriminator_updates_a_step_arrive_in_fewer_steps(page: Page) -> None:
    watcher = open_lab(page, "line", 3)
    press(page, "Show settings in the graph")
    arrivals = []
    for updates in ("1", "3"):
        set_in_graph(page, "Discriminator settings", "Discriminator updates", updates)
        begin_again(watcher)
        play_until(watcher, 800)
        arrivals.append(min(step for step, score in [*watcher.list_metric(JS), (10_000, 0)] if score < 0.35))
    assert arrivals[1] < arrivals[0]


def test_u6_more_layers_lose_blobs_and_without_the_real_layer_it_is_seen(page: Page) -> None:
    watcher = open_lab(page, "disjoint", 1)
    begun = watcher.revision
    press(page, "Show settings in the graph")
    for player in ("generator", "discriminator"):
        group = page.get_by_role("group", name=f"{player.capitalize()} settings", exact=True)
        for layers in (4, 5):
            group.get_by_role("button", name="Hidden layers: one more").click()
            expect(group.get_by_label("Hidden layers", exact=True)).to_have_value(str(layers))
            begun += 1
            watcher.wait_for_revision(begun)
    page.get_by_role("checkbox", name="Layer of real points").uncheck()
    expect(page.get_by_role("checkbox", name="Real samples", exact=True)).not_to_be_checked()
    play_until(watcher, 500)
    assert watcher.list_metric("modes20")[-1][1] < 3
