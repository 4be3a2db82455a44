"""How two states of a run compare."""

import torch

from server.gan.state import RunState


def is_same(one: RunState, other: RunState) -> bool:
    """Whether they are the same to the last bit."""
    if one[1:] != other[1:] or one.tensors.keys() != other.tensors.keys():
        return False
    return all(torch.equal(tensor, other.tensors[name]) for name, tensor in one.tensors.items())


def find_distance(one: RunState, other: RunState) -> float:
    """Give the most that a number of the tensors differs."""
    return max((one.tensors[name] - other.tensors[name]).abs().max().item() for name in one.tensors)
