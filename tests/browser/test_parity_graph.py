"""What GAN Lab's graph, settings, layers and charts do, and ours too, by number in the list of what it does."""

import re
from functools import partial
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.watching import Watcher, count_ink, let_paint, open_lab, press_keys, read_until, step_of

SHOW = "Show settings in the graph"
NODES = (
    "Noise",
    "Generator",
    "Real samples",
    "Generated samples",
    "Discriminator",
    "Predictions on real",
    "Predictions on generated",
    "Gradients for D",
    "Gradients for G",
    "Discriminator loss",
    "Generator loss",
)
LAYERS_OF_WORDS = {
    "generated samples": "generated",
    "discriminator": "surface",
    "generator": "warp",
    "real density": "density",
    "optimal discriminator": "optimum",
    "Gradients": "gradients",
}
PAINTED = "(canvas) => canvas.toDataURL()"
RECORD_UNFOLDING = """(node) => {
    const canvas = node.querySelector("canvas");
    window.unfolded = [];
    window.isUnfolding = () => node.hasAttribute("data-unfolding");
    (function look() {
        if (window.isUnfolding()) window.unfolded.push(canvas.toDataURL());
        requestAnimationFrame(look);
    })();
}"""
READ_SAMPLES = """() => {
    const traces = document.querySelector(".layered-plot").data ?? [];
    return traces.find(({ marker }) => marker?.symbol === "diamond")?.x ?? [];
}"""
READ_MARKS = """() => [...document.querySelectorAll(".chart-plot")].map((plot) => (plot.data ?? [])
    .flatMap(({ x, text }) => (Array.isArray(text) ? text.map((words, i) => [x[i], words]) : [])))"""
SMALL = """() => [...document.querySelectorAll('.node-layer, .legend-word, .knobs button, .knobs select, .knobs input')]
    .filter((element) => element.checkVisibility())
    .map((element) => [element.className, element.getBoundingClientRect()])
    .filter(([, { width, height }]) => Math.min(width, height) < 23.9)
    .map(([name, { width, height }]) => `${name} ${width} x ${height}`)"""


def overview_of(page: Page) -> Locator:
    """The region of the graph."""
    return page.get_by_role("region", name="Model overview")


def press(page: Page, name: str) -> None:
    """Click the button of that name."""
    page.get_by_role("button", name=name, exact=True).click()


def group_of(page: Page, name: str) -> Locator:
    """The settings beside a node."""
    return overview_of(page).get_by_role("group", name=f"{name} settings", exact=True)


def read_config(watcher: Watcher) -> dict[str, Any]:
    """The newest config that the server told."""
    found = [message["config"] for message in watcher.messages if "config" in message]
    return dict(found[-1])


def test_p22_p24_p27_p28_p29_p30_f16_every_node_shows_its_picture(page: Page) -> None:
    open_lab(page)
    for name in NODES:
        node = overview_of(page).get_by_role("group", name=name, exact=True)
        expect(node).to_be_visible()
        if "loss" not in name:
            assert read_until(page, partial(count_ink, node.locator("canvas")), lambda ink: ink > 50) > 50, name


def test_p23_dashes_flow_while_it_trains_and_rest_when_paused(page: Page) -> None:
    open_lab(page)
    graph = page.locator(".overview")
    expect(graph).to_have_attribute("data-acting", "none")
    press(page, "Play")
    expect(graph).to_have_attribute("data-acting", "both")
    flow = page.locator(".edge.discriminator .edge-flow").first
    assert flow.evaluate("(path) => getComputedStyle(path).animationName") != "none"
    press(page, "Pause")
    expect(graph).to_have_attribute("data-acting", "none")


def watch_unfolding(page: Page) -> tuple[Locator, str]:
    """The generator's node, and its picture at rest; from now on every picture of its unfolding is written down."""
    node = overview_of(page).get_by_role("group", name="Generator", exact=True)
    canvas = node.locator("canvas")
    read_until(page, lambda: count_ink(canvas), lambda ink: ink > 50)
    let_paint(page)
    node.evaluate(RECORD_UNFOLDING)
    return node, str(canvas.evaluate(PAINTED))


def list_unfolded(page: Page) -> list[str]:
    """The pictures of an unfolding, once it is over."""
    return read_until(page, lambda: list(page.evaluate("() => window.isUnfolding() ? [] : window.unfolded")), bool)


def test_p25_p26_the_generator_unfolds_when_its_node_is_hovered_and_then_shows_what_is_so(page: Page) -> None:
    open_lab(page)
    node, rest = watch_unfolding(page)

    # It lasts two seconds, in which a busy machine may paint no two pictures: then it is hovered anew.
    def hover() -> int:
        page.mouse.move(0, 0)
        node.hover()
        page.wait_for_function("() => !window.isUnfolding() || window.unfolded.length > 2")
        return int(page.evaluate("() => window.unfolded.length"))

    assert read_until(page, hover, lambda pictures: pictures > 2) > 2
    page.mouse.move(0, 0)
    assert set(list_unfolded(page)) - {rest}
    let_paint(page)
    assert node.locator("canvas").evaluate(PAINTED) == rest


def test_p26_f30_it_unfolds_on_focus_too_and_ends_by_itself(page: Page) -> None:
    open_lab(page)
    node, rest = watch_unfolding(page)
    node.focus()
    assert set(list_unfolded(page)) - {rest}
    let_paint(page)
    expect(node).to_be_focused()
    assert node.locator("canvas").evaluate(PAINTED) == rest


def test_p26_nothing_moves_where_less_motion_is_asked_for(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_lab(page)
    node, rest = watch_unfolding(page)
    node.hover()
    for _ in range(10):
        let_paint(page)
    assert page.evaluate("() => window.unfolded") == []
    assert node.locator("canvas").evaluate(PAINTED) == rest


def test_p31_f14_losses_are_numbers_with_a_labelled_linear_bar(page: Page) -> None:
    watcher = open_lab(page)
    press_keys(watcher, "ArrowRight", 1)
    for name in ("Discriminator loss", "Generator loss"):
        node = overview_of(page).get_by_role("group", name=name, exact=True)
        number = node.locator(".loss-number")
        expect(number).to_have_text(re.compile(r"^\d\.\d{3}$"))
        low, high = (float(text) for text in node.locator(".loss-ends span").all_inner_texts())
        share = float(node.locator(".loss-fill").evaluate("(fill) => parseFloat(fill.style.inlineSize)")) / 100
        assert share == pytest.approx((float(number.inner_text()) - low) / (high - low), abs=0.01)
    expect(page.locator(".node-scale")).to_have_text(re.compile(r"^= [\d.]+"))


def test_p32_p43_words_nodes_and_checkboxes_are_in_step(page: Page) -> None:
    open_lab(page)
    box = page.get_by_role("checkbox", name="Real samples", exact=True)
    at_node = page.get_by_role("checkbox", name="Layer of real points", exact=True)
    word = page.get_by_role("button", name="real samples", exact=True)
    expect(at_node).to_be_checked()
    at_node.uncheck()
    expect(box).not_to_be_checked()
    expect(word).to_have_attribute("aria-pressed", "false")
    assert word.evaluate("(button) => getComputedStyle(button).textDecorationStyle") == "dashed"
    word.click()
    expect(at_node).to_be_checked()
    expect(box).to_be_checked()
    assert word.evaluate("(button) => getComputedStyle(button).textDecorationStyle") == "solid"
    box.uncheck()
    expect(word).to_have_attribute("aria-pressed", "false")


def test_p43_the_legend_reads_a_needle_aloud(page: Page) -> None:
    open_lab(page)
    words = "This sample lowers the generator's loss by moving up and to the right"
    legend = page.locator(".legend").filter(has_text=words)
    expect(legend.locator(".legend-sample .legend-needle")).to_be_visible()


def switch_by_word(page: Page, word: str, layer: str) -> bool:
    """Whether the layer is painted otherwise, and the word says so, after a click on the word."""
    button = page.get_by_role("button", name=word, exact=True)
    before = button.get_attribute("aria-pressed") == "true"
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false" if before else "true")
    canvas = page.locator(f"canvas[data-layer={layer}]")
    return read_until(page, lambda: count_ink(canvas) > 0, lambda painted: painted is not before) is not before


def test_p43_every_word_of_the_legend_switches_its_layer(page: Page) -> None:
    open_lab(page)
    for word, layer in LAYERS_OF_WORDS.items():
        assert switch_by_word(page, word, layer), word
        assert switch_by_word(page, word, layer), word


def test_p36_p37_p38_p39_p40_settings_beside_the_nodes_are_the_run(page: Page) -> None:
    watcher = open_lab(page)
    expect(page.locator(".knobs")).to_have_count(0)
    press(page, SHOW)
    settings = page.get_by_role("region", name="Settings")
    rate = group_of(page, "Generator").get_by_label("Learning rate", exact=True)
    rate.fill("0.02")
    rate.press("Enter")
    below = settings.get_by_role("group", name="Generator", exact=True)
    expect(below.get_by_label("Learning rate", exact=True)).to_have_value("0.02")
    group_of(page, "Loss").get_by_label("Loss", exact=True).select_option("least_squares")
    group_of(page, "Discriminator").get_by_label("Optimizer", exact=True).select_option("sgd")
    group_of(page, "Discriminator").get_by_role("button", name="Discriminator updates: one more").click()
    expect(settings.get_by_label("Discriminator updates", exact=True)).to_have_value("2")
    group_of(page, "Generator").get_by_role("button", name="Generator updates: one more").click()
    expect(settings.get_by_label("Generator updates", exact=True)).to_have_value("2")
    watcher.until(lambda: read_config(watcher)["g_updates"] == 2, "the second update")
    config = read_config(watcher)
    assert config["d_updates"] == 2
    assert (config["g_optimizer"]["learning_rate"], config["loss"]["name"]) == (0.02, "least_squares")
    assert config["d_optimizer"]["name"] == "sgd"
    assert watcher.revision == 1, "all of these apply while the run goes on"
    press(page, SHOW)
    expect(page.locator(".knobs")).to_have_count(0)


@pytest.mark.parametrize("player", ["Generator", "Discriminator"])
def test_p34_p35_p40_f9_f24_a_rebuilt_network_begins_anew_with_the_same_loss(page: Page, player: str) -> None:
    watcher = open_lab(page)
    press(page, SHOW)
    group_of(page, "Loss").get_by_label("Loss", exact=True).select_option("least_squares")
    press(page, "Step discriminator")
    watcher.until(lambda: watcher.step == 1, "a step")
    network = group_of(page, player)
    expect(network.get_by_text("restarts").first).to_be_visible()
    width = network.get_by_label("Neurons per layer", exact=True)
    width.fill("0")
    width.press("Enter")
    expect(network.get_by_text("Give a whole number from 1 to 256.")).to_be_visible()
    width.fill("1")
    width.press("Enter")
    watcher.wait_for_revision(2)
    network.get_by_role("button", name="Neurons per layer: one less").click()
    expect(width).to_have_value("1")
    network.get_by_role("button", name="Hidden layers: one less").click()
    watcher.wait_for_revision(3)
    assert (
        read_config(watcher)[player.lower()] | {"hidden_layers": 1, "width": 1} == read_config(watcher)[player.lower()]
    )
    assert read_config(watcher)["loss"]["name"] == "least_squares"
    expect(group_of(page, "Loss").get_by_label("Loss", exact=True)).to_have_value("least_squares")
    press(page, "Step")
    watcher.until(lambda: watcher.step == 1, "a step of the smallest networks")


def test_p33_f17_noise_of_one_dimension_unfolds_as_a_line(page: Page) -> None:
    watcher = open_lab(page)
    press(page, SHOW)
    dimension = group_of(page, "Noise").get_by_label("Dimensions", exact=True)
    dimension.fill("1")
    dimension.press("Enter")
    watcher.wait_for_revision(2)
    assert watcher.arrays["warp_noise"].shape == (441, 1)
    node, rest = watch_unfolding(page)
    node.focus()
    assert set(list_unfolded(page)) - {rest}


def test_p42_layers_lie_in_order(page: Page) -> None:
    open_lab(page)
    order = page.locator("canvas[data-layer]").evaluate_all("(all) => all.map((canvas) => canvas.dataset.layer)")
    assert order == [
        *("surface", "optimum", "density", "real", "streams", "gradients", "generated", "averaged", "refined"),
        *("reconstructed", "warp", "chosen"),
    ]


def test_p44_p45_f35_samples_stand_where_the_run_is_now(page: Page) -> None:
    """After a step by hand the plot holds the frame's own positions: nothing is still on its way."""
    watcher = open_lab(page)
    press_keys(watcher, "g", 5)
    wanted = pytest.approx(watcher.arrays["x_fake"][:, 0].tolist(), abs=1e-6)
    shown = read_until(page, lambda: list(page.evaluate(READ_SAMPLES)), lambda xs: xs == wanted)
    assert shown == wanted


def test_p47_p48_charts_of_both_losses_and_both_divergences(page: Page) -> None:
    watcher = open_lab(page)
    press_keys(watcher, "ArrowRight", 3)
    for name, words in (
        ("Losses", r"Losses over 3 steps; now Discriminator \S+, Generator \S+"),
        ("KL divergence", r"KL divergence over 3 steps"),
        ("JS divergence", r"JS divergence over 3 steps"),
    ):
        chart = page.get_by_role("region", name=name, exact=True).locator(".chart-plot")
        expect(chart).to_have_attribute("aria-label", re.compile(words))


def test_p47_p48_hovering_a_chart_tells_its_values_and_its_legend_hides_a_line(page: Page) -> None:
    watcher = open_lab(page)
    press_keys(watcher, "ArrowRight", 3)
    losses = page.get_by_role("region", name="Losses", exact=True)
    area = losses.locator(".nsewdrag")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    at_step_2 = (box["width"] * 2 / 3, box["height"] / 2)

    def hover() -> str:
        page.mouse.move(0, 0)
        area.hover(position={"x": at_step_2[0], "y": at_step_2[1]})
        let_paint(page)
        return " ".join(losses.locator(".hoverlayer text").all_text_contents())

    told = re.compile(r"Step 2\b.*Discriminator \d\.\d+.*Generator \d\.\d+").search
    assert told(read_until(page, hover, lambda words: told(words) is not None))
    losses.get_by_role("checkbox", name="Discriminator").uncheck()
    shown = "(plot) => plot.data.slice(0, 2).map(({ visible }) => visible)"
    plot = losses.locator(".chart-plot")
    assert read_until(page, lambda: plot.evaluate(shown), lambda now: now == [False, True]) == [False, True]


def test_f26_a_change_is_marked_on_the_chart_in_words(page: Page) -> None:
    watcher = open_lab(page)
    press_keys(watcher, "ArrowRight", 1)
    press(page, SHOW)
    rate = group_of(page, "Generator").get_by_label("Learning rate", exact=True)
    rate.fill("0.01")
    rate.press("Enter")
    mark = [1, "Learning rate of the generator 0.001 → 0.01"]
    charts = read_until(page, lambda: page.evaluate(READ_MARKS), lambda charts: all(mark in marks for marks in charts))
    assert [mark in marks for marks in charts] == [True] * 3


def test_f15_a_run_that_breaks_is_a_labelled_line_on_the_chart(page: Page) -> None:
    watcher = open_lab(page)
    press(page, SHOW)
    for player in ("Generator", "Discriminator"):
        group_of(page, player).get_by_label("Optimizer", exact=True).select_option("sgd")
        rate = group_of(page, player).get_by_label("Learning rate", exact=True)
        expect(rate).to_have_value("0.01")
        rate.fill("10")
        rate.press("Enter")
    press(page, "Play")
    watcher.until(lambda: any(m["type"] == "status" and m["failure"] for m in watcher.messages), "the divergence")
    failure = next(m["failure"] for m in reversed(watcher.messages) if m["type"] == "status" and m["failure"])
    label = page.get_by_role("region", name="Losses", exact=True).locator(".annotation-text")
    expect(label.filter(has_text="Broke at step")).to_contain_text(f"{failure['player']}'s {failure['quantity']}")
    expect(step_of(page)).not_to_have_text("0")


@pytest.mark.parametrize("viewport", ["phone", "laptop", "wide"], indirect=True)
def test_f29_f30_settings_in_the_graph_fit_every_width_and_are_accessible(page: Page, context: BrowserContext) -> None:
    open_lab(page)
    press(page, SHOW)
    expect(page.locator(".knobs").first).to_be_visible()
    let_paint(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(SMALL) == []
    found = Axe().run(page, context={"include": [[".overview-card"], [".layered-card"]]})
    assert found.violations_count == 0, found.generate_report()
