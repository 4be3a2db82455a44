"""One-dimensional data in a real browser: what is drawn, said, hovered, zoomed and saved of a run along a line."""

import re
from functools import partial
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.watching import count_ink, let_paint, read_until, step_of

PLOT = ".layered-plot"
HAS_TRACES = f"() => (document.querySelector('{PLOT}')?.data ?? []).some((trace) => trace.type === 'heatmap')"
READ_RANGES = f"""() => {{
    const {{xaxis, yaxis}} = document.querySelector('{PLOT}')._fullLayout;
    return [...xaxis.range, ...yaxis.range].map((end) => Number(end.toFixed(6)));
}}"""
# Where the middle one of a trace's points is on the screen, from the plot's own axes.
PLACE_POINT = f"""(kind) => {{
    const plot = document.querySelector('{PLOT}');
    const {{left, top}} = plot.getBoundingClientRect();
    const {{xaxis, yaxis}} = plot._fullLayout;
    const isWanted = {{
        sample: (trace) => trace.marker?.symbol === 'circle' && trace.text,
        density: (trace) => trace.mode === 'lines' && (trace.text?.[0] ?? '').startsWith('Real density'),
    }}[kind];
    const {{x, y}} = plot.data.find(isWanted);
    const i = kind === 'sample' ? 0 : y.indexOf(Math.max(...y));
    return [left + xaxis._offset + xaxis.d2p(x[i]), top + yaxis._offset + yaxis.d2p(y[i])];
}}"""


def open_line(page: Page, data: str = "two_bumps") -> None:
    """A run of one-dimensional data, still, with everything that can be hovered."""
    page.goto(f"/#data={data}")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    expect(page.locator(".layered")).to_have_attribute("data-dimension", "1")
    page.wait_for_function(HAS_TRACES)


def find_canvas(page: Page, layer: str) -> Locator:
    """The canvas of a layer."""
    return page.locator(f"canvas[data-layer={layer}]")


def find_layer(page: Page, name: str) -> Locator:
    """The checkbox of a layer."""
    return page.get_by_role("group", name="Layers").get_by_role("checkbox", name=name, exact=True)


def hover_at(page: Page, kind: str) -> Locator:
    """The words that come up at a point of the picture."""
    page.locator(PLOT).scroll_into_view_if_needed()
    hover = page.locator(f"{PLOT} .hovertext").first

    def point_there() -> bool:
        page.mouse.move(0, 0)
        page.mouse.move(*page.evaluate(PLACE_POINT, kind))
        let_paint(page)
        return hover.is_visible()

    read_until(page, point_there, bool)
    return hover


def test_a_run_on_the_line_draws_its_layers_and_trains(page: Page) -> None:
    open_line(page)
    for layer in ("surface", "density", "real", "generated", "gradients", "warp"):
        canvas = find_canvas(page, layer)
        assert read_until(page, partial(count_ink, canvas), lambda ink: ink > 50) > 50, layer
    page.get_by_role("button", name="Play", exact=True).click()
    expect(step_of(page)).to_have_text(re.compile(r"^([2-9]\d|\d{3,})$"))
    page.get_by_role("button", name="Pause", exact=True).click()
    page.wait_for_function(HAS_TRACES)


def test_the_legend_speaks_of_x_and_curves_and_of_no_grid(page: Page) -> None:
    open_line(page)
    legend = page.locator(".legend")
    expect(legend).to_contain_text("Along the bottom is x")
    expect(legend).to_contain_text("kernel estimate")
    expect(legend).not_to_contain_text("grid")
    expect(page.locator(".picture-caption")).to_contain_text(re.compile(r"a bell with a standard deviation of 0\.\d+"))
    generator = page.get_by_role("region", name="Model overview").get_by_role("group", name="Generator", exact=True)
    expect(generator).to_have_accessible_description(re.compile("lines lead from equally likely noise"))
    picture = page.get_by_role("application", name="Layered picture")
    expect(picture).to_have_accessible_description(re.compile("left and right move the view along x"))


def test_layers_of_the_line_come_and_go_with_its_data(page: Page) -> None:
    open_line(page, "one_bump")
    for name in ("Real density", "Generator warp"):
        expect(find_layer(page, name)).to_be_checked()
    page.get_by_role("radio", name="Ring of eight").check(force=True)
    expect(page.locator(".layered")).to_have_attribute("data-dimension", "2")
    for name in ("Real density", "Generator warp"):
        expect(find_layer(page, name)).not_to_be_checked()
    expect(page.locator(".legend")).to_contain_text("bent grid of noise")
    x0, x1, y0, y1 = read_until(page, lambda: page.evaluate(READ_RANGES), lambda ends: ends[2] == -ends[3])
    assert x1 - x0 == pytest.approx(y1 - y0)


def test_a_link_keeps_the_layers_that_were_chosen(page: Page) -> None:
    page.goto("/#data=one_bump&layers=real")
    expect(page.locator(".layered")).to_have_attribute("data-dimension", "1")
    expect(find_layer(page, "Real samples")).to_be_checked()
    let_paint(page)
    expect(find_layer(page, "Real density")).not_to_be_checked()


def test_a_sample_under_the_pointer_has_one_coordinate(page: Page) -> None:
    open_line(page)
    expect(hover_at(page, "sample")).to_contain_text(
        re.compile(r"Real samplex [−\d.]+probability of being real [\d.]+")
    )


def test_the_real_density_is_told_under_the_pointer(page: Page) -> None:
    open_line(page)
    for name in ("Generated samples", "Discriminator surface"):
        find_layer(page, name).uncheck()
    page.wait_for_function(f"() => !({HAS_TRACES})()")
    expect(hover_at(page, "density")).to_contain_text(re.compile(r"Real density0\.6\d* at x [−\d.]+"))


def test_only_x_is_zoomed_and_reset_view_shows_all_of_it(page: Page) -> None:
    open_line(page)
    whole = page.evaluate(READ_RANGES)
    page.get_by_role("button", name="Zoom in").click()
    near = read_until(page, lambda: page.evaluate(READ_RANGES), lambda now: now != whole)
    assert (near[0] > whole[0], near[1] < whole[1], near[2:]) == (True, True, whole[2:])
    page.get_by_role("button", name="Reset view").click()
    assert read_until(page, lambda: page.evaluate(READ_RANGES), lambda now: now == whole) == whole


def test_the_story_of_a_sample_marks_it_and_its_move_along_x(page: Page) -> None:
    open_line(page)
    page.get_by_role("button", name="Inspect a sample").click()
    story = page.get_by_role("region", name="Inspector", exact=True)
    expect(story.locator("[data-stage=sample]")).to_contain_text(
        re.compile(r"the sample, in published units ?[−\d.]+How")
    )
    expect(story.locator("[data-stage=move]")).to_be_visible()
    expect(page.locator(".picture-caption")).to_contain_text("its arrow is the generator’s next update")
    chosen = find_canvas(page, "chosen")
    assert read_until(page, partial(count_ink, chosen), lambda ink: ink > 50) > 50


def test_a_saved_picture_has_the_densities_and_the_signs_of_the_strips(page: Page, tmp_path: Path) -> None:
    open_line(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save picture as SVG", exact=True).click()
    file = tmp_path / "picture.svg"
    download.value.save_as(file)
    drawn = file.read_text(encoding="utf-8")
    for words in ("probability density", "●", "◆", "G(z)", "D(x) = 1"):
        assert words in drawn, words
    assert "stroke-dasharray: 7px, 4px" in drawn


@pytest.mark.parametrize("viewport", ["phone", "projector"], indirect=True)
def test_pictures_of_the_line_fit_narrow_windows(page: Page) -> None:
    open_line(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    for node in page.locator(".node-picture").all():
        assert read_until(page, partial(count_ink, node), lambda ink: ink > 20) > 20


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_a_page_of_the_line(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    open_line(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
