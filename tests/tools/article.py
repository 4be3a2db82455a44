"""Makes the article's pictures: `python -m tests.tools.article` trains the ring in the real lab and writes
`static/img/learn/NAME-light.webp` and `NAME-dark.webp`.
"""

import argparse
import base64
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.tools.browser import LAUNCH_FLAGS, NONE_FOUND, find_browser
from tests.tools.lab import ROOT, open_lab

FOLDER = ROOT / "static" / "img" / "learn"
COLOURS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LAYERS = ("Real samples", "Generated samples", "Discriminator surface", "Generator warp", "Gradients", "Real density")
SETTLING_MILLISECONDS = 700
MIDDLE, LATE = 120, 1200
"""The steps at which the run is looked at: on its way, and learned."""
TO_WEBP = """async ([png, width]) => {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(width, Math.round((width * image.height) / image.width));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.82 });
    return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
}"""


class Photographer:
    """Takes pictures of parts of the lab, each in both themes."""

    def __init__(self, browser: Browser, url: str) -> None:
        context = browser.new_context(
            viewport={"width": 900, "height": 1100}, device_scale_factor=1.5, reduced_motion="reduce"
        )
        self.dark_room = context.new_page()
        self.page = context.new_page()
        self.page.goto(url)
        self.page.get_by_role("button", name="Not now").click()
        self.page.get_by_role("radio", name="Ring", exact=True).check(force=True)

    def train(self, steps: int) -> None:
        """Train at least so many steps in all, and hold the run still."""
        if read_step(self.page) < steps:
            self.page.get_by_role("button", name="Play", exact=True).click()
            self.page.wait_for_function(
                "(steps) => Number(document.querySelector('[data-shows=step]').textContent.replace(',', '')) >= steps",
                arg=steps,
                timeout=120_000,
            )
            self.page.get_by_role("button", name="Pause", exact=True).click()

    def show(self, layers: Iterable[str]) -> None:
        """Switch these layers on and the others off."""
        wanted = set(layers)
        boxes = self.page.get_by_role("region", name="Layered distributions")
        for layer in LAYERS:
            boxes.get_by_role("checkbox", name=layer, exact=True).set_checked(layer in wanted)

    def take(self, name: str, part: Locator, width: int) -> None:
        """Write one part of the page, so many pixels wide, in both themes."""
        for colours in COLOURS:
            self.page.emulate_media(color_scheme=colours)
            self.page.wait_for_timeout(SETTLING_MILLISECONDS)
            png = base64.b64encode(part.screenshot()).decode()
            path = FOLDER / f"{name}-{colours}.webp"
            path.write_bytes(base64.b64decode(self.dark_room.evaluate(TO_WEBP, [png, width])))
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} kB")


def read_step(page: Page) -> int:
    """The step that the page shows."""
    return int((page.locator("[data-shows=step]").text_content() or "0").replace(",", ""))


def take_pictures(browser: Browser, url: str) -> None:
    """Take every picture of the article, in the order of the run."""
    camera = Photographer(browser, url)
    plane = camera.page.locator(".layered-stage")
    samples = ("Real samples", "Generated samples")
    story: tuple[tuple[int, str, tuple[str, ...]], ...] = (
        (0, "real", ("Real samples",)),
        (0, "early", samples),
        (MIDDLE, "middle", samples),
        (MIDDLE, "surface", ("Discriminator surface",)),
        (MIDDLE, "game", (*samples, "Discriminator surface", "Gradients")),
        (LATE, "late", samples),
        (LATE, "warp", ("Generator warp",)),
    )
    for step, name, layers in story:
        camera.train(step)
        camera.show(layers)
        camera.take(name, plane, 480)
    camera.show((*samples, "Discriminator surface", "Gradients"))
    camera.page.mouse.move(0, 0)
    camera.take("overview", camera.page.locator("#overview"), 900)


def main() -> None:
    """Start the lab, take the pictures, stop the lab."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    executable = find_browser() or sys.exit(NONE_FOUND)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, open_lab(Path(folder)) as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(LAUNCH_FLAGS))
        take_pictures(browser, lab.url)
        browser.close()


if __name__ == "__main__":
    main()
