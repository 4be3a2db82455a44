"""QR codes: a link becomes a picture that a scanner takes, and what is too long is refused in words."""

import xml.etree.ElementTree as ElementTree

import httpx
import pytest
import segno

from server.app import create_app
from server.settings import Settings
from server.web.qr import MOST_BYTES, QUIET_MODULES, draw_code
from tests.web.clients import open_client

LINK = "http://lab.school.example:8000/#at.300=g_optimizer.learning_rate:0.0003&data=grid25&seed=7&step=500"
SVG = "{http://www.w3.org/2000/svg}"


async def ask(text: str | None) -> httpx.Response:
    async with open_client(create_app(Settings())) as client:
        return await client.get("/api/qr", params={} if text is None else {"text": text})


def read_modules(picture: bytes) -> set[tuple[int, int]]:
    """The dark squares of a code's picture: column and row, from its upper left corner."""
    path = ElementTree.fromstring(picture).findall(f"{SVG}path")[-1].attrib["d"]
    x, y, dark = 0.0, 0.0, set()
    for command, numbers in read_commands(path):
        if command == "M":
            x, y = numbers
        elif command == "m":
            x, y = x + numbers[0], y + numbers[1]
        else:
            dark |= {(int(x) + i, int(y)) for i in range(int(numbers[0]))}
            x += numbers[0]
    return dark


def read_commands(path: str) -> list[tuple[str, list[float]]]:
    """The commands of a path with their numbers."""
    spaced = "".join(f"|{sign} " if sign in "Mmh" else sign for sign in path).split("|")[1:]
    return [(part[0], [float(number) for number in part[1:].split()]) for part in spaced]


async def test_a_link_becomes_a_picture_with_the_modules_of_its_code() -> None:
    answer = await ask(LINK)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "private" in answer.headers["cache-control"]
    matrix = segno.make_qr(LINK, error="m", boost_error=False).matrix
    dark = {(x + QUIET_MODULES, y + QUIET_MODULES) for y, row in enumerate(matrix) for x, bit in enumerate(row) if bit}
    assert read_modules(answer.content) == dark
    assert len(dark) > 500


def test_the_code_is_black_on_white_with_a_margin() -> None:
    root = ElementTree.fromstring(draw_code(LINK))
    ground, squares = root.findall(f"{SVG}path")
    assert (ground.attrib["fill"], squares.attrib["stroke"]) == ("#fff", "#000")
    side = segno.make_qr(LINK, error="m", boost_error=False).symbol_size(border=QUIET_MODULES)[0]
    assert root.attrib["viewBox"] == f"0 0 {side} {side}"


def test_the_longest_link_has_a_code_of_bounded_size() -> None:
    assert len(draw_code("a" * MOST_BYTES)) < 100_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "text: expected 1 to 1200 bytes, got 0"),
        ("a" * (MOST_BYTES + 1), "text: expected 1 to 1200 bytes, got 1201"),
        ("ü" * 601, "text: expected 1 to 1200 bytes, got 1202"),
    ],
)
async def test_a_text_without_a_code_is_refused_in_words(text: str, told: str) -> None:
    answer = await ask(text)
    assert answer.status_code == 400
    assert answer.json() == {"error": told, "refusal": {"path": "text", "words": [told.removeprefix("text: ")]}}


async def test_a_text_must_be_given() -> None:
    assert (await ask(None)).status_code == 422
