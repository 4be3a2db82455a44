"""A state is bytes and back, and other bytes are refused."""

import pytest
import torch

from server.errors import FileError
from server.gan.state import RunState


def test_a_packed_state_comes_back_whole() -> None:
    state = RunState({"generator": torch.linspace(0, 1, 5)}, 4, 3, 2, 1, 0)
    back = RunState.unpack(state.pack())
    assert torch.equal(back.tensors["generator"], state.tensors["generator"])
    assert back[1:] == state[1:]


def test_packing_is_the_same_byte_for_byte() -> None:
    state = RunState({"b": torch.ones(2), "a": torch.zeros(3)}, step=7)
    assert RunState.unpack(state.pack()).pack() == state.pack()


@pytest.mark.parametrize("rubbish", [b"", b"\x00" * 8, b"not a state at all", b"\xff" * 64])
def test_rubbish_is_refused_in_words(rubbish: bytes) -> None:
    with pytest.raises(FileError, match="expected a saved state"):
        RunState.unpack(rubbish)


def test_a_file_without_the_counters_is_refused() -> None:
    from safetensors.torch import save

    with pytest.raises(FileError, match="without step"):
        RunState.unpack(save({"generator": torch.ones(2)}))
