"""Captured graphs: several steps as one graph of a CUDA device, which is told all of them at once.

A step is a hundred small operations, and telling them one by one takes longer than doing them. The graph is the traced
step, applied again to what it gave, with draws of its own each time, in buffers that stay where they are.
Who asks for steps has them one by one. They were made ahead, and are given as long as each is asked for where the one
before it has led; else, where a config has changed or the run went elsewhere, they are dropped and made anew.
The last digits depend neither on how many steps are made at once, nor on a run's slot in a stack: that is looked at on
the very device before a graph is used (`server.gan.compiled.proof`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from math import isfinite
from typing import NamedTuple
from warnings import catch_warnings
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from server.gan.compiled.keys import Unfit
from server.gan.compiled.programs import Program, Run, Signature
from server.gan.phases import Losses
from server.gan.state import RunState
from server.gan.trainer import Trainer

MOST_AHEAD = 1 << 22
"""Numbers of states that are made ahead at most (16 MB), where that is not less than one step."""

Compute = Callable[[], list[Tensor]]
Capture = Callable[[Compute], tuple[list[Tensor], Callable[[], None]]]
"""Gives the tensors that were computed, and what computes them again, in their place, from what it reads then."""


def capture_graph(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
    """Capture what is computed on the present CUDA device as a graph, with memory of its own.

    It is computed twice before: libraries prepare themselves at their first use, and a graph can hold neither that nor
    an operation that waits for the device.

    Raises:
        Unfit: it cannot be computed so; nothing was captured.
        RuntimeError: the capture failed. What that leaves behind in torch is undefined: nobody captures after it.
    """
    own, side, graph = torch.cuda.current_stream(), open_stream(), torch.cuda.CUDAGraph()
    side.wait_stream(own)
    with torch.cuda.stream(side):  # a capture that fails may not leave its stream by itself
        try:
            compute()
            with refuse_waiting():
                compute()
        except RuntimeError as error:
            raise Unfit(str(error)) from error
        finally:  # graphs captured here before share its libraries' workspace, and are replayed on the other stream
            own.wait_stream(side)
        with torch.cuda.graph(graph, stream=side, capture_error_mode="thread_local"):
            outputs = compute()
    return outputs, graph.replay


@cache
def open_stream() -> torch.cuda.Stream:
    """Give the one stream that graphs are captured on: libraries keep memory for each one that they were used on."""
    return torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch's own


@contextmanager
def refuse_waiting() -> Iterator[None]:
    """Have whatever waits for the device raise a RuntimeError."""
    before = torch.cuda.get_sync_debug_mode()
    with catch_warnings(action="ignore"):  # that not everything which waits is known: the rest fails in the capture
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)


class Replay:
    """`depth` steps of runs, from buffers that stay where they are, as they are after `capture`."""

    def __init__(
        self,
        step: Run,
        examples: Sequence[Tensor],
        signature: Signature,
        updates: tuple[int, int],
        depth: int,
        capture: Capture,
    ) -> None:
        """Capture the steps, of which each counts so many `updates` of the discriminator and of the generator.

        The buffers are empty at that time: where a number were read once and for all, no step would be right.
        """
        begin = len(signature.tensors)
        end = begin + len(signature.draws)
        self.step, self._updates = step, updates
        self._known, self._held = clear(examples[:begin]), clear(examples[end:])
        self._drawn = [clear(examples[begin:end]) for _ in range(depth)]
        self._outputs, self._replay = capture(self._compute)

    @property
    def depth(self) -> int:
        """How many steps are made at a time."""
        return len(self._drawn)

    def run(self, known: Sequence[Tensor], drawn: Sequence[Tensor], held: Sequence[Tensor]) -> list[list[Tensor]]:
        """Make the steps that go on from `known`, with the draws of all of them; gives what each one gives.

        `held` are the numbers of the optimizers, and the counts of their steps before the first of these.
        """
        torch._foreach_copy_([*self._known, *chain(*self._drawn)], [*known, *drawn])
        torch._foreach_copy_(self._held, list(held))  # of another type: they are copied at once with their like only
        self._replay()
        given = torch._foreach_clone(self._outputs)
        size = len(given) // self.depth
        return [list(given[begin : begin + size]) for begin in range(0, len(given), size)]

    def _compute(self) -> list[Tensor]:
        outputs, known = list[Tensor](), self._known
        *numbers, d_count, g_count = self._held
        d_updates, g_updates = self._updates
        for made, drawn in enumerate(self._drawn):
            counts = [d_count + made * d_updates, g_count + made * g_updates]
            given = self.step([*known, *drawn, *numbers, *counts])
            known = list(given[: len(known)])
            outputs += given
        return outputs


class Ahead(NamedTuple):
    """Steps that are made already, and go on from a state, which is another one as soon as a config has changed."""

    state: RunState
    made: deque[list[Tensor]]


class Captured(Program):
    """The steps of a single run, or of a stack of up to `slots` runs, several of them made at a time."""

    def __init__(self, signature: Signature, replay: Replay, slots: int, key: str, clock: Callable[[], float]) -> None:
        super().__init__(signature, replay.step, key)
        self._replay, self.slots = replay, slots
        self.depth = replay.depth
        """How many steps are made at a time."""
        self.is_proved = False
        """Whether it may make new steps, and not only those again that its like has made."""
        self._ahead: WeakKeyDictionary[Trainer, Ahead] = WeakKeyDictionary()
        self._clock, self.used_at = clock, clock()
        """When a step was asked for last."""

    def close(self) -> None:
        """Let go of the graph and its memory."""
        self.closed = True
        self._ahead.clear()
        del self._run, self._replay

    def _make(self, trainer: Trainer) -> Sequence[Tensor] | None:
        self.used_at = self._clock()
        ahead = self._ahead.get(trainer)
        if ahead is None or not ahead.made or ahead.state is not trainer.state:
            ahead = self._ahead[trainer] = Ahead(trainer.state, deque(self._go_ahead(trainer)))
        return ahead.made[0] if isfinite(ahead.made[0][-1].item()) else None

    def _take_in(self, trainer: Trainer, outputs: Sequence[Tensor]) -> Losses:
        losses = super()._take_in(trainer, outputs)
        made = self._ahead[trainer].made
        made.popleft()
        self._ahead[trainer] = Ahead(trainer.state, made)
        return losses

    def _go_ahead(self, trainer: Trainer) -> Iterator[list[Tensor]]:
        """Make the next steps of a trainer, whose states stay on the device."""
        drawn = chain(*(self._draw(trainer, trainer.state.step + step) for step in range(self._replay.depth)))
        missing, count = self.slots - trainer.width, len(self.signature.tensors)
        given = [[fill_up(one, missing) for one in part] for part in (self._know(trainer), drawn, self._hold(trainer))]
        made = self._replay.run(*given)
        for outputs, told in zip(made, read_together([outputs[count:] for outputs in made]), strict=True):
            yield [*(one[: trainer.width] if missing else one for one in outputs[:count]), *told]


def find_depth(trainer: Trainer, signature: Signature) -> int:
    """Tell how many steps of such runs are worth making at a time: as many as are drawn for at a time, at most."""
    drawn = min(trainer.source.find_batches(*draw).steps for draw in signature.draws)
    return max(1, min(drawn, MOST_AHEAD // sum(tensor.numel() for tensor in trainer.state.tensors.values())))


def clear(examples: Sequence[Tensor]) -> list[Tensor]:
    """Give empty buffers for such tensors."""
    return [torch.zeros_like(example) for example in examples]


def fill_up(given: Tensor, missing: int) -> Tensor:
    """Give a stack's tensor (R, ...) with its last run once more for each that is missing; () is for all runs."""
    return torch.cat([given, given[-1:].expand(missing, *given.shape[1:])]) if missing and given.dim() else given


def read_together(parts: Sequence[Sequence[Tensor]]) -> Iterator[list[Tensor]]:
    """Give a device's tensors where they can be looked at, by one copy: it waits for the device."""
    told = [one for part in parts for one in part]
    row = torch.cat([one.flatten() for one in told]).cpu()
    here = torch.split_with_sizes(row, [one.numel() for one in told])
    shaped = iter([flat.reshape(one.shape) for flat, one in zip(here, told, strict=True)])
    return ([next(shaped) for _ in part] for part in parts)
