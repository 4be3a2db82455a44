"""What a real lab logs: one line an event, with the session's name and without its key."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.errors import LoadError
from server.load.client import Client
from server.load.trial import find_socket
from server.logs import LogForm, configure_logs, name_session, speak_of
from tests.tools.lab import open_lab


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """What these tests configure is undone."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


async def test_a_session_is_followed_through_the_log_and_its_key_is_not_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANLAB_LOG_LEVEL", "info")
    monkeypatch.setenv("GANLAB_LOG_FORM", "json")
    monkeypatch.setenv("GANLAB_MAX_SESSIONS", "1")
    monkeypatch.setenv("GANLAB_GRACE_SECONDS", "0")
    with open_lab(tmp_path, ["--workers", "1"]) as lab:
        client, late = Client(find_socket(lab.url), {}, 0.01), Client(find_socket(lab.url), {}, 0.01)
        await client.open()
        with pytest.raises(LoadError, match="the lab is full"):
            await late.open()
        await late.close()
        await client.close()
        async with asyncio.timeout(60):
            while not any("the session ends" in line for line in lab.lines):
                await asyncio.to_thread(time.sleep, 0.1)
    said = [json.loads(line) for line in lab.lines if line.startswith("{")]
    assert client.session
    events = [(one["level"], one["event"]) for one in said if one.get("session") == name_session(client.session)]
    assert events == [
        ("info", "a session begins: non_saturating on ring8"),
        ("info", "the session ends: no page has come back to it"),
    ]
    assert ("warning", "a page was turned away: all 1 sessions are taken") in [
        (one["level"], one["event"]) for one in said
    ]
    assert all({"timestamp", "logger", "process"} <= one.keys() for one in said)
    assert not any(client.session in line for line in lab.lines)


def test_a_line_for_people_says_level_place_and_session(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("warning", "text")
    with speak_of("a key"):
        logging.getLogger("server.somewhere").warning("so many: %d", 3)
        logging.getLogger("server.somewhere").info("not said")
    line = capsys.readouterr().err
    assert "so many: 3" in line
    assert f"session={name_session('a key')}" in line
    assert "warning" in line
    assert "server.somewhere" in line
    assert "not said" not in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_is_told_with_its_place_and_without_what_was_at_hand(
    capsys: pytest.CaptureFixture[str], form: LogForm
) -> None:
    at_hand = "a value that nobody needs to read"
    configure_logs("warning", form)
    try:
        raise ValueError(at_hand[:7])
    except ValueError:
        logging.getLogger("server.somewhere").exception("it broke")
    said = capsys.readouterr().err
    assert "it broke" in said
    assert "ValueError: a value" in said
    assert at_hand not in said
