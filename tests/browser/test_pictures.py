"""The pictures in a real browser: what is drawn, hovered, zoomed and joined."""

import re
from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

PLOT = ".layered-plot"
HAS_TRACES = f"() => (document.querySelector('{PLOT}')?.data ?? []).some((trace) => trace.type === 'heatmap')"
READ_RANGE = f"() => document.querySelector('{PLOT}')._fullLayout.xaxis.range.map((end) => Number(end.toFixed(6)))"
# Where the first real sample is on the screen, from the plot's own axes.
PLACE_SAMPLE = f"""() => {{
    const plot = document.querySelector('{PLOT}');
    const {{left, top}} = plot.getBoundingClientRect();
    const {{xaxis, yaxis}} = plot._fullLayout;
    const {{x, y}} = plot.data.find((trace) => trace.marker?.symbol === 'circle');
    return [left + xaxis._offset + xaxis.d2p(x[0]), top + yaxis._offset + yaxis.d2p(y[0])];
}}"""
COUNT_INK = """(canvas) => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.filter((value, i) => i % 4 === 3 && value > 0).length;
}"""
MEASURE_GRAPH = """() => {
    const graph = document.querySelector('.overview');
    const rectangle = (element) => {
        const {left, right, top, bottom} = element.getBoundingClientRect();
        return [left, right, top, bottom];
    };
    const {left, top} = graph.getBoundingClientRect();
    const ends = [...graph.querySelectorAll('.edge-line')].map((path) =>
        [0, path.getTotalLength()].map((way) => {
            const {x, y} = path.getPointAtLength(way);
            return [left + x, top + y];
        }));
    return {nodes: [...graph.querySelectorAll('.node')].map(rectangle), ends};
}"""
# The moment in which one player is shown is short, so every change is written down.
RECORD_ACTORS = """() => {
    const graph = document.querySelector('.overview');
    window.actors = [];
    const observer = new MutationObserver(() => window.actors.push(graph.dataset.acting));
    observer.observe(graph, {attributeFilter: ['data-acting']});
}"""
JOINT = 8
"""How far from a node an arrow may begin or end, in pixels."""


def open_still(page: Page) -> None:
    """The page with its first frame and everything that can be hovered."""
    page.goto("/")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    page.wait_for_function(HAS_TRACES)


def find_canvas(page: Page, layer: str) -> Locator:
    """The canvas of a layer."""
    return page.locator(f"canvas[data-layer={layer}]")


def wait_for_step(page: Page, step: int) -> None:
    """Until the run has passed a step."""
    page.wait_for_function(
        """(step) => {
            const status = document.querySelector('[role=status][aria-label=Step]');
            return Number(status.textContent.replace(/\\D/g, '')) >= step;
        }""",
        arg=step,
    )


def measure_distance(rectangle: list[float], point: list[float]) -> float:
    """How far a point lies outside a rectangle (left, right, top, bottom)."""
    left, right, top, bottom = rectangle
    x, y = point
    return max(left - x, x - right, top - y, y - bottom, 0)


def test_generated_samples_are_drawn_before_the_first_step(page: Page) -> None:
    open_still(page)
    for layer in ("surface", "real", "generated", "gradients"):
        assert find_canvas(page, layer).evaluate(COUNT_INK) > 50, layer


def test_hovering_a_sample_tells_its_place_and_its_score(page: Page) -> None:
    open_still(page)
    page.locator(PLOT).scroll_into_view_if_needed()
    page.mouse.move(*page.evaluate(PLACE_SAMPLE))
    hover = page.locator(f"{PLOT} .hovertext").first
    expect(hover).to_contain_text(re.compile(r"Real sample.*x .*y .*probability of being real [\d.]+"))


def test_a_layer_that_is_switched_off_leaves_nothing_behind(page: Page) -> None:
    open_still(page)
    page.get_by_role("checkbox", name="Real samples").uncheck()
    page.wait_for_function(f"() => ({COUNT_INK})(document.querySelector('canvas[data-layer=real]')) === 0")
    page.get_by_role("checkbox", name="Generator warp").check()
    page.wait_for_function(f"() => ({COUNT_INK})(document.querySelector('canvas[data-layer=warp]')) > 50")


def test_the_zoom_stays_while_it_streams_and_reset_view_shows_the_whole_box(page: Page) -> None:
    open_still(page)
    whole = page.evaluate(READ_RANGE)
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_function(f"(whole) => ({READ_RANGE})()[0] > whole[0]", arg=whole)
    near = page.evaluate(READ_RANGE)
    page.get_by_role("button", name="Play", exact=True).click()
    wait_for_step(page, 20)
    assert page.evaluate(READ_RANGE) == near
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Reset view").click()
    page.wait_for_function(f"(whole) => ({READ_RANGE})().join() === whole.join()", arg=whole)


def test_a_single_update_shows_whose_it_was_and_then_comes_to_rest(page: Page) -> None:
    open_still(page)
    page.evaluate(RECORD_ACTORS)
    for player in ("discriminator", "generator"):
        page.get_by_role("button", name=f"Step {player}", exact=True).click()
        page.wait_for_function("(player) => window.actors.slice(-2).join() === `${player},none`", arg=player)
    assert page.evaluate("() => window.actors") == ["discriminator", "none", "generator", "none"]


@pytest.mark.parametrize("viewport", ["phone", "projector", "laptop", "wide"], indirect=True)
def test_arrows_join_nodes_and_nodes_keep_apart(page: Page) -> None:
    open_still(page)
    measured: dict[str, Any] = page.evaluate(MEASURE_GRAPH)
    nodes = measured["nodes"]
    loose = [end for ends in measured["ends"] for end in ends if min(measure_distance(n, end) for n in nodes) > JOINT]
    overlapping = [
        (a, b)
        for a, b in combinations(nodes, 2)
        if min(a[1], b[1]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[2], b[2]) > 1
    ]
    assert len(measured["ends"]) == 13
    assert loose == []
    assert overlapping == []


def test_a_node_explains_itself_on_focus_and_escape_closes_the_words(page: Page) -> None:
    open_still(page)
    overview = page.get_by_role("region", name="Model overview")
    overview.get_by_role("group", name="Discriminator", exact=True).focus()
    tip = page.locator(".tip")
    expect(tip).to_contain_text("judges every place")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_the_table_behind_a_chart_holds_the_last_losses(page: Page) -> None:
    open_still(page)
    page.get_by_role("button", name="Step", exact=True).click()
    wait_for_step(page, 1)
    losses = page.get_by_role("region", name="Losses")
    losses.get_by_text("Last values", exact=True).click()
    row = losses.get_by_role("row").nth(1)
    expect(row).to_contain_text(re.compile(r"1\d\.\d+"))
    shown = page.locator("[data-node=d-loss] .loss-number")
    expect(shown).to_have_text(re.compile(r"^\d\.\d{3}$"))
