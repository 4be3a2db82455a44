"""Envelopes between the web process and a worker: a JSON header and an optional binary body, each with its length.

Both ends are ours and share one socket pair, so a malformed envelope is a programmer's mistake.
"""

import struct

_LENGTHS = struct.Struct("<II")
MOST_BYTES = 1 << 28
"""No header and no body is longer; a larger number means that the two ends have lost step."""


def pack_envelope(header: bytes, body: bytes = b"") -> bytes:
    """Give one envelope as bytes."""
    assert max(len(header), len(body)) <= MOST_BYTES, "an envelope is too large"
    return _LENGTHS.pack(len(header), len(body)) + header + body


class Unpacker:
    """Puts envelopes together again from pieces of any size."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, piece: bytes) -> list[tuple[bytes, bytes]]:
        """Take a piece, and give (header, body) of every envelope that is complete now."""
        self._held += piece
        envelopes, end = [], 0
        with memoryview(self._held) as held:
            while len(held) >= end + _LENGTHS.size:
                header, body = _LENGTHS.unpack_from(held, end)
                assert max(header, body) <= MOST_BYTES, "an envelope is too large"
                middle = end + _LENGTHS.size + header
                if len(held) < middle + body:
                    break
                envelopes.append((bytes(held[middle - header : middle]), bytes(held[middle : middle + body])))
                end = middle + body
        del self._held[:end]
        return envelopes
