"""The random numbers of step t: a pure function of (seed, t, purpose), and of nothing else.

So looking changes nothing, going back is exact, and a run does not depend on what trains beside it.
Shape letters: R runs (the leading axis, absent for a single run), the rest as asked for.

Counter-based Philox (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011): the key is
(seed, purpose), the counter is the step, so any step is reached without its predecessors.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

BLOCK_STEPS = 16
BLOCK_NUMBERS = 1 << 14

Seeds = int | Sequence[int]
Fill = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


class Draws:
    """The draws of one step and purpose, in the order they are asked for: (*shape) for a run, (R, *shape) for R."""

    def __init__(self, generators: Sequence[np.random.Generator], single: bool) -> None:
        self._generators = generators
        self._single = single

    def normal(self, *shape: int) -> Tensor:
        """Draw from N(0, 1), float32."""
        return self._fill(shape, lambda g, s: g.standard_normal(s, dtype=np.float32))

    def uniform(self, *shape: int) -> Tensor:
        """Draw from U[0, 1), float32."""
        return self._fill(shape, lambda g, s: g.random(s, dtype=np.float32))

    def integers(self, high: int, *shape: int) -> Tensor:
        """Draw whole numbers from 0 to high - 1, all equally likely, int64."""
        return self._fill(shape, lambda g, s: g.integers(0, high, s))

    def _fill(self, shape: tuple[int, ...], fill: Fill) -> Tensor:
        made = [fill(generator, shape) for generator in self._generators]
        return torch.from_numpy(made[0] if self._single else np.stack(made))


def pick_points(points: Tensor, count: int, draws: Draws) -> Tensor:
    """Pick from points (..., K, D), all equally likely and with replacement: (..., count, D)."""
    return take_points(points, draws.integers(points.shape[-2], count))


def take_points(points: Tensor, chosen: Tensor) -> Tensor:
    """Take the `chosen` (..., count) of points (..., K, D) by number: (..., count, D)."""
    chosen, count = chosen.to(points.device), chosen.shape[-1]
    runs = torch.broadcast_shapes(points.shape[:-2], chosen.shape[:-1])  # type: ignore[no-untyped-call]  # torch's own
    points, chosen = points.expand(*runs, *points.shape[-2:]), chosen.expand(*runs, count)
    return torch.take_along_dim(points, chosen.unsqueeze(-1), -2)


def draws_for(seeds: Seeds, step: int | Sequence[int], purpose: str) -> Draws:
    """Give the draws of a step; `seeds` is an integer for a single run, a sequence for R runs.

    Runs that stand at different steps have a sequence of these too.
    """
    single = isinstance(seeds, int)
    key = zlib.crc32(purpose.encode())
    seeds = (seeds,) if isinstance(seeds, int) else seeds
    steps = (step,) * len(seeds) if isinstance(step, int) else step
    generators = [
        np.random.Generator(np.random.Philox(key=_words(seed, key), counter=_words(0, 0, 0, at)))
        for seed, at in zip(seeds, steps, strict=True)
    ]
    return Draws(generators, single)


class Batches:
    """A batch of samples for every step, made for a few steps at a time: starting a generator costs more than drawing.

    `sample` is (count, draws) -> (..., count, dimension), its points independent and equally distributed.
    How many `steps` are made at a time depends on a batch's numbers alone, never on how many runs there are.
    """

    def __init__(
        self, seeds: Seeds, purpose: str, size: int, dimension: int, sample: Callable[[int, Draws], Tensor]
    ) -> None:
        self._seeds, self._purpose, self._size, self._sample = seeds, purpose, size, sample
        self.steps = max(1, min(BLOCK_STEPS, BLOCK_NUMBERS // (size * dimension)))
        self._held: tuple[int, Tensor] | None = None

    def at(self, step: int) -> Tensor:
        """Give the batch of `step` (..., size, D); asking again gives the same numbers. Never change it in place."""
        block, offset = divmod(step, self.steps)
        return self.find_block(block).narrow(-2, offset * self._size, self._size).contiguous()

    def find_block(self, block: int) -> Tensor:
        """Give the batches (..., steps * size, D) that are made together: of the steps from `block * steps` on."""
        if self._held is None or self._held[0] != block:
            samples = self._sample(self.steps * self._size, draws_for(self._seeds, block, self._purpose))
            self._held = block, samples
        return self._held[1]


class JoinedBatches:
    """The batches of R runs, each of which is so many steps `ahead`, as one tensor; the last run fills up to `width`.

    Each run's block lies where it can be picked from with those of the others at once.
    """

    def __init__(self, batches: Sequence[Batches], ahead: Sequence[int], width: int) -> None:
        self._batches, self._ahead, self._width = batches, ahead, width
        self._steps = batches[0].steps
        self._blocks = [-1] * len(batches)
        self._held: Tensor | None = None
        self._places: Tensor
        self._known = range(0)

    def at(self, step: int) -> Tensor:
        """Give the batches (width, size, D) of the runs when they have made `step` steps together."""
        if step not in self._known:
            self._fill(step)
        assert self._held is not None, "it was filled"
        return self._held.index_select(0, self._places + step)

    def _fill(self, step: int) -> None:
        """Have the block of every run in which this step lies, and find out how long they last."""
        places, left = [], self._steps
        for run, (batches, ahead) in enumerate(zip(self._batches, self._ahead, strict=True)):
            block, offset = divmod(ahead + step, self._steps)
            if self._blocks[run] != block:
                self._blocks[run] = block
                self._hold(run * self._steps, batches.find_block(block))
            places.append(run * self._steps + offset - step)
            left = min(left, self._steps - offset)
        assert self._held is not None, "every run has a block"
        self._places = torch.tensor(places + places[-1:] * (self._width - len(places)), device=self._held.device)
        self._known = range(step, step + left)

    def _hold(self, begin: int, block: Tensor) -> None:
        batches = block.reshape(self._steps, -1, block.shape[-1])
        if self._held is None:
            self._held = batches.new_empty(len(self._batches) * self._steps, *batches.shape[1:])
        self._held[begin : begin + self._steps] = batches


def _words(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint64)
