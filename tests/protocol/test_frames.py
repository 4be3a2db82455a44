"""Frames survive the way, and what is no frame is refused in words."""

import json
import struct

import numpy as np
import pytest

from server.errors import MessageError
from server.protocol.frames import FIXED_ARRAYS, LAYER_ARRAYS, decode_frame, encode_frame, read_metadata
from server.protocol.messages import Layer


def test_arrays_and_metadata_come_back_as_they_were() -> None:
    points = np.arange(6, dtype=np.float32).reshape(3, 2)
    arrays, metadata = decode_frame(encode_frame({"x_fake": points, "z": points.T}, {"step": "7"}))
    np.testing.assert_array_equal(arrays["x_fake"], points)
    np.testing.assert_array_equal(arrays["z"], points.T)
    assert metadata == {"step": "7"}


def test_a_frame_begins_with_the_length_of_a_header_that_leaves_the_arrays_aligned() -> None:
    frame = encode_frame({"surface": np.zeros((2, 2), np.float32)}, {"box": "-1 1 -1 1"})
    (header_length,) = struct.unpack_from("<Q", frame)
    assert (8 + header_length) % 8 == 0
    assert len(frame) == 8 + header_length + 16


def test_metadata_are_read_wherever_they_stand_in_the_header() -> None:
    told = {"step": "7", "box": "-1.0 } {"}
    frame = encode_frame({"x_real": np.zeros((3, 2), np.float32)}, told)
    header = json.loads(frame[8 : 8 + int.from_bytes(frame[:8], "little")])
    spaced = json.dumps({"x_real": header["x_real"], "__metadata__": told}, indent=1).encode()
    assert read_metadata(frame) == read_metadata(len(spaced).to_bytes(8, "little") + spaced) == told
    bare = json.dumps({"x_real": header["x_real"]}).encode()
    assert read_metadata(len(bare).to_bytes(8, "little") + bare) == {}


@pytest.mark.parametrize("message", [b"", b"rubbish", b"\xff" * 100, struct.pack("<Q", 1 << 60) + b"{}"])
def test_other_bytes_are_refused(message: bytes) -> None:
    with pytest.raises(MessageError, match="frame: expected"):
        decode_frame(message)


def test_every_layer_of_the_protocol_has_its_arrays() -> None:
    assert tuple(LAYER_ARRAYS) == Layer.__args__  # type: ignore[attr-defined]  # a Literal's options
    assert {name for names in LAYER_ARRAYS.values() for name in names} >= FIXED_ARRAYS
