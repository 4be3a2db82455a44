"""The pictures in a real browser: what is drawn, hovered, zoomed and joined."""

import re
from functools import partial
from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.watching import count_ink, let_paint, read_until, step_of

PLOT = ".layered-plot"
HAS_TRACES = f"() => (document.querySelector('{PLOT}')?.data ?? []).some((trace) => trace.type === 'heatmap')"
# By how many pixels the axes' frame lies beside the canvases, at each edge.
COMPARE_FRAMES = """() => {
    const canvas = document.querySelector('.layered-canvas').getBoundingClientRect();
    const plot = document.querySelector('.layered-plot');
    const [{left, top}, {l, t, w, h}] = [plot.getBoundingClientRect(), plot._fullLayout._size];
    return [canvas.left - left - l, canvas.top - top - t, canvas.width - w, canvas.height - h];
}"""
# By how many pixels a number at an axis reaches out of the plot.
MEASURE_CUT_WORDS = """() => {
    const {left, right, top, bottom} = document.querySelector('.layered-plot svg').getBoundingClientRect();
    const words = [...document.querySelectorAll('.layered-plot :is(.xtick, .ytick) text')];
    const cut = words.map((word) => word.getBoundingClientRect()).map((box) =>
        Math.max(left - box.left, box.right - right, top - box.top, box.bottom - bottom));
    return words.length < 6 ? Infinity : Math.max(...cut);
}"""
READ_RANGE = f"() => document.querySelector('{PLOT}')._fullLayout.xaxis.range.map((end) => Number(end.toFixed(6)))"
# Where the first real sample is on the screen, from the plot's own axes.
PLACE_SAMPLE = f"""() => {{
    const plot = document.querySelector('{PLOT}');
    const {{left, top}} = plot.getBoundingClientRect();
    const {{xaxis, yaxis}} = plot._fullLayout;
    const {{x, y}} = plot.data.find((trace) => trace.marker?.symbol === 'circle');
    return [left + xaxis._offset + xaxis.d2p(x[0]), top + yaxis._offset + yaxis.d2p(y[0])];
}}"""
MEASURE_GRAPH = """() => {
    const graph = document.querySelector('.overview');
    const rectangle = (element) => {
        const {left, right, top, bottom} = element.getBoundingClientRect();
        return [left, right, top, bottom];
    };
    const {left, top} = graph.getBoundingClientRect();
    const ends = [...graph.querySelectorAll('.edge-line')].filter((path) => path.getClientRects().length).map((path) =>
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


def open_still(page: Page, address: str = "/") -> None:
    """The page with its first frame and everything that can be hovered."""
    page.goto(address)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    page.wait_for_function(HAS_TRACES)


def find_canvas(page: Page, layer: str) -> Locator:
    """The canvas of a layer."""
    return page.locator(f"canvas[data-layer={layer}]")


def is_as_long(least: int, entries: list[str]) -> bool:
    """Whether so many entries, or more, are there."""
    return len(entries) >= least


def measure_distance(rectangle: list[float], point: list[float]) -> float:
    """How far a point lies outside a rectangle (left, right, top, bottom)."""
    left, right, top, bottom = rectangle
    x, y = point
    return max(left - x, x - right, top - y, y - bottom, 0)


def test_generated_samples_are_drawn_before_the_first_step(page: Page) -> None:
    open_still(page)
    for layer in ("surface", "real", "generated", "gradients"):
        canvas = find_canvas(page, layer)
        assert read_until(page, partial(count_ink, canvas), lambda ink: ink > 50) > 50, layer


def test_p27_hovering_a_sample_tells_its_place_and_its_score(page: Page) -> None:
    open_still(page)
    page.locator(PLOT).scroll_into_view_if_needed()
    hover = page.locator(f"{PLOT} .hovertext").first

    def point_at_sample() -> bool:
        page.mouse.move(0, 0)
        page.mouse.move(*page.evaluate(PLACE_SAMPLE))
        let_paint(page)
        return hover.is_visible()

    read_until(page, point_at_sample, bool)
    expect(hover).to_contain_text(re.compile(r"Real sample.*x .*y .*probability of being real [\d.]+"))


def test_p42_a_layer_that_is_switched_off_leaves_nothing_behind(page: Page) -> None:
    open_still(page)
    page.get_by_role("checkbox", name="Real samples").uncheck()
    real, warp = find_canvas(page, "real"), find_canvas(page, "warp")
    assert read_until(page, lambda: count_ink(real), lambda ink: ink == 0) == 0
    page.get_by_role("checkbox", name="Generator warp").check()
    assert read_until(page, lambda: count_ink(warp), lambda ink: ink > 50) > 50


def test_the_zoom_stays_while_it_streams_and_reset_view_shows_the_whole_box(page: Page) -> None:
    open_still(page)
    whole = page.evaluate(READ_RANGE)
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_function(f"(whole) => ({READ_RANGE})()[0] > whole[0]", arg=whole)
    let_paint(page)
    near = page.evaluate(READ_RANGE)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(step_of(page)).to_have_text(re.compile(r"^([2-9]\d|\d{3,})$"))
    assert page.evaluate(READ_RANGE) == near
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Reset view").click()
    assert read_until(page, lambda: page.evaluate(READ_RANGE), lambda now: now == whole) == whole


@pytest.mark.parametrize("look", ["", "?mode=projector"])
def test_the_axes_are_those_of_the_picture_in_every_window_also_while_the_run_plays(page: Page, look: str) -> None:
    open_still(page, f"/{look}")
    page.get_by_role("button", name="Play", exact=True).click()
    for width in (1500, 1100, 390, 1300):
        page.set_viewport_size({"width": width, "height": 800})
        offsets = read_until(page, partial(page.evaluate, COMPARE_FRAMES), lambda edges: max(map(abs, edges)) <= 1)
        assert max(map(abs, offsets)) <= 1, width
        assert page.evaluate(MEASURE_CUT_WORDS) <= 1, width
    page.get_by_role("button", name="Pause", exact=True).click()


def test_p23_a_single_update_shows_whose_it_was_and_then_comes_to_rest(page: Page) -> None:
    open_still(page)
    page.evaluate(RECORD_ACTORS)
    shown: list[str] = []
    for player in ("discriminator", "generator"):
        page.get_by_role("button", name=f"Step {player}", exact=True).click()
        least = len(shown) + 2
        shown = read_until(page, lambda: list(page.evaluate("() => window.actors")), partial(is_as_long, least))
    assert shown == ["discriminator", "none", "generator", "none"]


@pytest.mark.parametrize("viewport", ["phone", "projector", "laptop", "wide"], indirect=True)
def test_p22_arrows_join_nodes_and_nodes_keep_apart(page: Page) -> None:
    open_still(page)
    let_paint(page)
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


def test_p6_a_node_explains_itself_on_focus_and_escape_closes_the_words(page: Page) -> None:
    open_still(page)
    overview = page.get_by_role("region", name="Model overview")
    overview.get_by_role("group", name="Discriminator", exact=True).focus()
    tip = page.locator(".overview .tip")
    expect(tip).to_contain_text("judges every place")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_the_table_behind_a_chart_holds_the_last_losses(page: Page) -> None:
    open_still(page)
    page.get_by_role("button", name="Step", exact=True).click()
    expect(step_of(page)).to_have_text("1")
    losses = page.get_by_role("region", name="Losses")
    losses.get_by_text("Last values", exact=True).click()
    row = losses.get_by_role("row").nth(1)
    expect(row).to_contain_text(re.compile(r"1\d\.\d+"))
    shown = page.locator("[data-node=d-loss] .loss-number")
    expect(shown).to_have_text(re.compile(r"^\d\.\d{3}$"))
