"""RunState: all that a run is at one moment, as named tensors.

The tensors are never changed in place, so keeping a state is keeping a snapshot.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import save as save_arrays
from safetensors.torch import load
from torch import Tensor

from server.errors import FileError

COUNTERS = ("step", "d_updates", "g_updates", "d_optimizer_steps", "g_optimizer_steps")


class Row(Mapping[str, Tensor]):
    """The tensors of one run of a stack, taken out when it is asked for: most nobody looks at."""

    __slots__ = ("run", "together")

    def __init__(self, together: Mapping[str, Tensor], run: int) -> None:
        self.together, self.run = together, run

    def __getitem__(self, name: str) -> Tensor:
        """Give that tensor without the run axis."""
        return self.together[name][self.run]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self.together)

    def __len__(self) -> int:
        """Count the tensors."""
        return len(self.together)


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
        arrays = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in self.tensors.items()}
        return save_arrays({**arrays, **{name: np.array(getattr(self, name)) for name in COUNTERS}})

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


class Mark:
    """What tells a state from any other, without keeping its memory: that may be a part of a whole stack's."""

    def __init__(self, state: RunState) -> None:
        tensors, self._run = _find_memory(state)
        self._counts, self._tensors = state[1:], {name: weakref.ref(tensor) for name, tensor in tensors.items()}

    def is_of(self, state: RunState) -> bool:
        """Tell whether this is the very state; one of equal numbers in other memory is another."""
        if self._counts != state[1:]:
            return False
        tensors, run = _find_memory(state)
        same = self._run == run and self._tensors.keys() == tensors.keys()
        return same and all(self._tensors[name]() is tensor for name, tensor in tensors.items())


def _find_memory(state: RunState) -> tuple[Mapping[str, Tensor], int | None]:
    """Give the tensors that hold a state, and which run of theirs it is, if they hold several."""
    row = state.tensors
    return (row.together, row.run) if isinstance(row, Row) else (row, None)


def stack_tensors(states: Sequence[RunState], names: Sequence[str]) -> dict[str, Tensor]:
    """Give tensors of several runs as one each, (R, ...); at once where these are runs of one stack."""
    together, _ = _find_memory(states[0])
    runs = [run for tensors, run in map(_find_memory, states) if run is not None and tensors is together]
    if len(runs) == len(states):
        rows = torch.tensor(runs, device=together[names[0]].device)
        return {name: together[name].index_select(0, rows) for name in names}
    return {name: torch.stack([state.tensors[name] for state in states]) for name in names}
