"""The page's own files: found in the repository and in a wheel, and never stale."""

import os
from pathlib import Path

import pytest
from starlette.applications import Starlette

from server.web.assets import OwnFiles, find_folder
from tests.web.clients import open_client


def make_app(folder: Path) -> Starlette:
    app = Starlette()
    app.mount("/static", OwnFiles(directory=folder))
    return app


def test_the_folders_stand_beside_the_package_in_the_repository() -> None:
    assert find_folder("static") == Path(__file__).parents[2] / "static"


def test_the_folders_inside_an_installed_package_win_over_a_strangers_beside_it(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "server" / "_assets" / "static").mkdir(parents=True)
    assert find_folder("static", tmp_path / "server") == tmp_path / "server" / "_assets" / "static"


async def test_a_file_is_asked_for_each_time_and_sent_once(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a {}")
    async with open_client(make_app(tmp_path)) as client:
        first = await client.get("/static/a.css")
        again = await client.get("/static/a.css", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert first.headers["cache-control"] == again.headers["cache-control"] == "no-cache"


async def test_a_changed_file_is_sent_again(tmp_path: Path) -> None:
    file = tmp_path / "a.css"
    file.write_text("a {}")
    async with open_client(make_app(tmp_path)) as client:
        tag = (await client.get("/static/a.css")).headers["etag"]
        file.write_text("b {}")
        os.utime(file, (1, 1))
        assert (await client.get("/static/a.css", headers={"If-None-Match": tag})).text == "b {}"


@pytest.mark.parametrize(("name", "kind"), [("a.js", "text/javascript"), ("a.css", "text/css")])
async def test_a_file_has_the_type_that_browsers_insist_on(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_text("")
    async with open_client(make_app(tmp_path)) as client:
        assert (await client.get(f"/static/{name}")).headers["content-type"].startswith(kind)


@pytest.mark.parametrize("path", ["../secret", "%2e%2e/secret", "/etc/passwd", "..%5csecret"])
async def test_nothing_outside_the_folder_is_sent(tmp_path: Path, path: str) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "secret").write_text("secret")
    async with open_client(make_app(tmp_path / "static")) as client:
        assert (await client.get(f"/static/{path}")).status_code == 404
