"""Takes pictures of the page: the README's, and with `--all DIR` the page in every shape, light and dark.

`python -m tests.tools.screenshots [--all DIR] [--steps N]` starts the lab, trains ring8 for a while, holds it still,
and writes `static/img/lab.png`.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.tools.browser import LAUNCH_FLAGS, NONE_FOUND, find_browser
from tests.tools.lab import ROOT, open_lab

README_PICTURE = ROOT / "static" / "img" / "lab.png"
SETTLING_MILLISECONDS = 1500
"""After the run is held still, the plots are drawn once more with everything that a pointer could ask for."""


@dataclass(frozen=True)
class Shape:
    """A window to look through."""

    name: str
    width: int
    height: int
    colours: Literal["light", "dark"] = "light"


README_SHAPE = Shape("lab", 1440, 1250)
"""As high as the toolbar and the two pictures; the other shapes are taken whole, however tall the page is."""
SHAPES = tuple(
    Shape(f"{name}-{colours}", width, height, colours)
    for name, width, height in (("wide", 1920, 1080), ("laptop", 1440, 900), ("small", 1024, 768), ("phone", 390, 844))
    for colours in ("light", "dark")
)


def train_still(page: Page, url: str, steps: int) -> None:
    """Open the page, train ring8 for at least so many steps, and hold the run still."""
    page.goto(url)
    page.get_by_role("button", name="Not now").click()
    page.get_by_role("radio", name="Ring of eight").check(force=True)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(
        """(steps) => {
            const counter = document.querySelector('[role=status][aria-label=Step]');
            return Number(counter.textContent.replace(/\\D/g, '')) >= steps;
        }""",
        arg=steps,
        timeout=120_000,
    )
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).wait_for()
    page.wait_for_timeout(SETTLING_MILLISECONDS)


def take_picture(browser: Browser, url: str, shape: Shape, path: Path, steps: int) -> None:
    """Write the page in one shape to a file; what its console complains of is printed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        viewport={"width": shape.width, "height": shape.height}, color_scheme=shape.colours, reduced_motion="reduce"
    )
    page = context.new_page()
    page.on("console", lambda message: print(f"{shape.name}: {message.text}", file=sys.stderr))
    page.on("pageerror", lambda error: print(f"{shape.name}: {error}", file=sys.stderr))
    train_still(page, url, steps)
    page.screenshot(path=path, full_page=shape is not README_SHAPE)
    context.close()
    print(path)


def main() -> None:
    """Start the lab, take every picture, stop the lab."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--all", type=Path, metavar="DIR", help="also take every shape, into this folder")
    parser.add_argument("--steps", type=int, default=1500, help="how long to train before the picture")
    arguments = parser.parse_args()
    executable = find_browser() or sys.exit(NONE_FOUND)
    pictures = {README_SHAPE: README_PICTURE}
    if arguments.all:
        pictures |= {shape: arguments.all / f"{shape.name}.png" for shape in SHAPES}
    with tempfile.TemporaryDirectory() as folder, open_lab(Path(folder)) as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(LAUNCH_FLAGS))
        for shape, path in pictures.items():
            take_picture(browser, lab.url, shape, path, arguments.steps)
        browser.close()


if __name__ == "__main__":
    main()
