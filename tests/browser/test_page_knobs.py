"""The settings in the graph: the same choices as in Settings."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_page_shell import open_page, press, settings_of
from tests.browser.watching import step_of

LIST_OFFERED = "(select) => [...select.options].filter((option) => !option.hidden).map(({ value }) => value)"


def knobs_of(page: Page, group: str) -> Locator:
    """One group of the settings in the graph."""
    return page.get_by_role("region", name="Model overview").get_by_role("group", name=f"{group} settings")


def test_the_graph_offers_legacy_losses_as_soon_as_settings_does(page: Page) -> None:
    open_page(page)
    press(page, "Show settings in the graph")
    loss = knobs_of(page, "Loss").get_by_label("Loss", exact=True)
    switch = page.get_by_label("GAN Lab’s own losses and metrics")
    plain = loss.evaluate(LIST_OFFERED)
    switch.check()
    expect(loss.locator("option[value=ganlab_log]")).to_have_js_property("hidden", False)
    switch.uncheck()
    expect(loss.locator("option[value=ganlab_log]")).to_have_js_property("hidden", True)
    assert loss.evaluate(LIST_OFFERED) == plain


@pytest.mark.parametrize(
    ("group", "label", "value"),
    [("Generator", "Output", "tanh"), ("Generator", "Activation", "tanh"), ("Discriminator", "Activation", "tanh")],
)
def test_the_graph_and_settings_show_and_change_the_same_network(
    page: Page, group: str, label: str, value: str
) -> None:
    open_page(page)
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    press(page, "Show settings in the graph")
    knob = knobs_of(page, group).get_by_label(label, exact=True)
    setting = settings_of(page, group).get_by_label(label, exact=True)
    before = setting.input_value()
    expect(knob).to_have_value(before)
    knob.select_option(value)
    expect(setting).to_have_value(value)
    expect(step_of(page)).to_have_text("0")
    setting.select_option(before)
    expect(knob).to_have_value(before)


def test_how_a_network_begins_is_folded_away_and_a_change_of_it_begins_a_new_run(page: Page) -> None:
    open_page(page)
    generator = settings_of(page, "Generator")
    first = generator.get_by_label("First weights", exact=True)
    expect(first).to_be_hidden()
    generator.get_by_text("How it begins").click()
    expect(first).to_have_value("uniform")
    press(page, "Step")
    expect(step_of(page)).to_have_text("1")
    first.select_option("orthogonal")
    expect(step_of(page)).to_have_text("0")
    scale = generator.get_by_label("Scale of the first weights", exact=True)
    expect(scale).to_have_value("1")
    scale.fill("0.8")
    scale.press("Enter")
    page.reload()
    expect(first).to_have_value("orthogonal")
    expect(scale).to_have_value("0.8")
