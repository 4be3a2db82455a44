"""What is too large, or would become so, is refused by its length or its first bytes: nothing is ever unpacked."""

import io
import json
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from safetensors.numpy import save
from websockets.sync.client import connect

from tests.tools.held import Held, needs_proc
from tests.tools.lab import Lab, open_lab

GIGABYTE = 1 << 30
MOST_GROWTH = 16 << 20


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("uploads"), ["--workers", "1"]) as lab:
        yield lab


@pytest.fixture
def session(lab: Lab) -> Iterator[str]:
    """The path of a session."""
    with connect(f"{lab.url.replace('http', 'ws')}ws", max_size=None) as page:
        page.send(json.dumps({"type": "hello", "protocol": 1}))
        yield f"/api/sessions/{json.loads(page.recv(timeout=60))['session']}"


@needs_proc
@pytest.mark.parametrize("kind", ["run", "model"])
def test_a_gigabyte_is_refused_before_a_byte_of_it_is_read(lab: Lab, session: str, kind: str) -> None:
    place, before = urlsplit(lab.url), Held.of(lab.process.pid).memory
    with socket.create_connection((place.hostname, place.port), timeout=60) as sending:
        head = f"POST {session}/{kind} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: {GIGABYTE}\r\n\r\n"
        sending.sendall(head.encode())
        assert sending.recv(1 << 12).startswith(b"HTTP/1.1 413")
    assert Held.of(lab.process.pid).memory - before < MOST_GROWTH


def make_zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("generator", bytes(200 << 20))
    return packed.getvalue()


def make_png_bomb() -> bytes:
    """A picture of 50,000 by 50,000 points that says so in its head."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1 << 20))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def make_far_names() -> bytes:
    """Arrays whose names are paths out of any folder."""
    return save({"../../etc/passwd": np.zeros(3, np.float32), "/tmp/x": np.zeros(3, np.float32)})


@needs_proc
@pytest.mark.parametrize("kind", ["run", "model"])
@pytest.mark.parametrize("make", [make_zip_bomb, make_png_bomb, make_far_names])
def test_bombs_and_paths_in_files_are_refused_in_words_and_not_unpacked(
    lab: Lab, session: str, kind: str, make: Callable[[], bytes]
) -> None:
    content, before = make(), Held.of(lab.process.pid).memory
    answer = httpx.post(f"{lab.url.rstrip('/')}{session}/{kind}", content=content, timeout=60)
    assert (answer.status_code, len(answer.json()["error"]) > 20) == (400, True)
    assert Held.of(lab.process.pid).memory - before < MOST_GROWTH
