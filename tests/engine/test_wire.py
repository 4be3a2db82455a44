"""Envelopes come out as they went in, however the bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.engine.wire import MOST_BYTES, Unpacker, pack_envelope

ENVELOPES = st.lists(st.tuples(st.binary(max_size=50), st.binary(max_size=50)), max_size=5)


@given(ENVELOPES, st.integers(1, 40))
def test_envelopes_survive_any_cut(envelopes: list[tuple[bytes, bytes]], length: int) -> None:
    sent = b"".join(pack_envelope(header, body) for header, body in envelopes)
    unpacker = Unpacker()
    pieces = [sent[i : i + length] for i in range(0, len(sent), length)]
    assert [envelope for piece in pieces for envelope in unpacker.feed(piece)] == envelopes


def test_a_lost_step_is_noticed() -> None:
    with pytest.raises(AssertionError, match="too large"):
        list(Unpacker().feed((MOST_BYTES + 1).to_bytes(4, "little") + bytes(4)))
