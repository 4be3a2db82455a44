"""A page that never reads: by hand on a plain socket, because every library of websockets reads by itself."""

import base64
import json
import os
import socket
import struct
from urllib.parse import urlsplit

LAYERS = ("real", "generated", "surface", "warp", "gradients")


def open_deaf(url: str, wishes: int) -> socket.socket:
    """A page of the lab at `url` that says hello, plays, grants credit, and never reads a byte after the handshake.

    It grants eight credits `wishes` times; its session ends when the lab has let it go and nobody comes back to it.
    """
    place = urlsplit(url)
    deaf = socket.create_connection((place.hostname, place.port))
    key = base64.b64encode(os.urandom(16)).decode()
    deaf.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert deaf.recv(1 << 12).startswith(b"HTTP/1.1 101")
    for message in (
        {"type": "hello", "protocol": 1},
        {"type": "watch", "layers": LAYERS},
        {"type": "play", "id": 1},
        *[{"type": "credit", "count": 8}] * wishes,
    ):
        deaf.sendall(mask(json.dumps(message).encode()))
    return deaf


def mask(text: bytes) -> bytes:
    """A text message as a client sends it: masked, here with zeros, which leave it as it is."""
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack("!H", len(text))
    return b"\x81" + length + bytes(4) + text
