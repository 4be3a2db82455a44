"""What a page says faster than it may waits in its connection; a page at rest may say a burst."""

import asyncio
import json
import time

import pytest
from websockets.asyncio.client import connect

from server.load.trial import find_socket
from server.web.pacing import BURST_SECONDS, Pacer
from tests.tools.lab import open_lab


async def test_a_burst_passes_at_once_and_what_follows_keeps_the_pace() -> None:
    pacer, began = Pacer(50.0), time.monotonic()
    for _ in range(int(50 * BURST_SECONDS)):
        await pacer.wait()
    burst = time.monotonic() - began
    for _ in range(20):
        await pacer.wait()
    # No upper bound: a busy machine may hold this up for as long as it likes.
    assert time.monotonic() - began - burst >= 20 / 50 - burst - 0.05


async def test_a_flood_is_read_at_its_pace_and_answered_in_order(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANLAB_MESSAGES_PER_SECOND", "20")
    with open_lab(tmp_path_factory.mktemp("paced"), ["--workers", "1"]) as lab:
        async with connect(find_socket(lab.url)) as socket:
            await socket.send(json.dumps({"type": "hello", "protocol": 1}))
            assert json.loads(await socket.recv())["type"] == "welcome"
            began = time.monotonic()
            for number in range(100):
                await socket.send(json.dumps({"type": "rename", "id": number, "branch": 1, "name": f"name {number}"}))
            answered: list[int] = []
            async with asyncio.timeout(60):
                while len(answered) < 100:
                    message = json.loads(await socket.recv())
                    if message["type"] == "done":
                        answered.append(message["id"])
    assert answered == list(range(100))
    assert time.monotonic() - began >= 100 / 20 - BURST_SECONDS - 0.5
