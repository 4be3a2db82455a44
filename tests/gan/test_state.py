"""A state is bytes and back, and other bytes are refused."""

import pytest
import torch

from server.errors import FileError
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.tools.runs import make_config


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


def test_where_the_bytes_of_a_state_lay_changes_nothing_of_the_training_that_follows() -> None:
    from safetensors.torch import load, save

    odd = {"batch_size": 1, "generator": {"width": 61}, "discriminator": {"width": 67}}
    trainer = Trainer(make_config(**odd))
    trainer.step()
    packed = trainer.state.pack()
    endings = set()
    for padding in range(0, 64, 8):
        state = RunState.unpack(save(load(packed), {"padding": "x" * padding}))
        assert {tensor.data_ptr() % 64 for tensor in state.tensors.values()} == {0}
        again = Trainer(make_config(**odd), state=state)
        for _ in range(3):
            again.step()
        endings.add(again.state.pack())
    assert len(endings) == 1


def test_tensors_that_share_their_memory_are_packed_each_for_itself() -> None:
    empty = torch.zeros(1)
    state = RunState({"mean": empty, "weight": empty})
    assert set(RunState.unpack(state.pack()).tensors) == {"mean", "weight"}
