"""RunState: all that a run is at one moment, as named tensors.

The tensors are never changed in place, so keeping a state is keeping a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from server.errors import FileError

COUNTERS = ("step", "d_updates", "g_updates", "d_optimizer_steps", "g_optimizer_steps")


class Row(Mapping[str, Tensor]):
    """The tensors of one run of a stack, taken out when it is asked for: most nobody looks at."""

    __slots__ = ("_run", "_tensors")

    def __init__(self, tensors: Mapping[str, Tensor], run: int) -> None:
        self._tensors, self._run = tensors, run

    def __getitem__(self, name: str) -> Tensor:
        """Give that tensor without the run axis."""
        return self._tensors[name][self._run]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._tensors)

    def __len__(self) -> int:
        """Count the tensors."""
        return len(self._tensors)


class RunState(NamedTuple):
    """Parameters, optimizer slots and counters; a tensor is (..., P) with the run axis first.

    `d_updates` and `g_updates` count each player's updates since the start,
    the optimizers' steps since that optimizer was chosen.
    """

    tensors: Mapping[str, Tensor]
    step: int = 0
    d_updates: int = 0
    g_updates: int = 0
    d_optimizer_steps: int = 0
    g_optimizer_steps: int = 0

    def pack(self) -> bytes:
        """Give the state as bytes in the safetensors format."""
        counters = {name: torch.tensor(getattr(self, name)) for name in COUNTERS}
        apart = {
            name: tensor.cpu().clone(memory_format=torch.contiguous_format) for name, tensor in self.tensors.items()
        }
        return save({**apart, **counters})  # each for itself: safetensors refuses tensors that share their memory

    @classmethod
    def unpack(cls, packed: bytes) -> RunState:
        """Read what `pack` wrote.

        From there a run goes on as it did, bit for bit, on the same machine and with the same build of torch: another
        one may add the same numbers in another order. So may this one where they do not lie at the borders of memory
        that torch chooses, so they are copied there.

        Raises:
            FileError: these bytes are not a packed state.
        """
        try:
            tensors = load(packed)
        except SafetensorError as error:
            raise FileError(f"expected a saved state, got bytes that are not one ({error})") from None
        missing = [name for name in COUNTERS if name not in tensors]
        if missing:
            raise FileError(f"expected a saved state, got a file without {missing[0]}")
        counters = {name: int(tensors.pop(name)) for name in COUNTERS}
        return cls({name: tensor.clone() for name, tensor in tensors.items()}, **counters)

    def copy(self) -> RunState:
        """Give the same state with tensors of its own, that are no part of others and begin where torch has them."""
        return self._replace(tensors={name: tensor.clone() for name, tensor in self.tensors.items()})

    def to(self, device: str | torch.device) -> RunState:
        """Give the same state with its tensors on `device`."""
        counters = {name: getattr(self, name) for name in COUNTERS}
        return RunState({name: tensor.to(device) for name, tensor in self.tensors.items()}, **counters)
