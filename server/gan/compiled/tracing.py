"""Tracing: a step of the eager trainer, walked once, as a graph of what it computes from what it is given.

The trainer is the lab's own; only the draws, the numbers and the counts of steps come in from outside, and whether
all is finite is told at the end and not looked at on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from server.gan.compiled.keys import Unfit
from server.gan.compiled.programs import Draw, Signature, make_count, make_number
from server.gan.config import RunConfig
from server.gan.failures import Failures, sum_up
from server.gan.networks import NARROW
from server.gan.phases import Losses
from server.gan.randomness import Draws
from server.gan.source import Source
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.gan.values import Value

WIDE = 64
"""Products that read so many numbers at most, and give few, are written out; others are the library's (measured)."""
aten = torch.ops.aten


class Given(Source):
    """A source that gives what it was given; or, at first, notes what is asked of it."""

    batches: dict[Draw, Tensor]
    notes = True

    def draw_batch(self, player: Any, kind: Any, update: int, step: int, known: Tensor | None = None) -> Tensor:
        """Give what is drawn in an update, whatever the step."""
        if self.notes:
            self.batches[player, kind, update] = super().draw_batch(player, kind, update, step, known)
        return self.batches[player, kind, update]

    def pick_batch(self, player: str, update: int, step: int) -> Tensor:
        """Refuse: which points those are would be the traced run's.

        Raises:
            Unfit: always.
        """
        raise Unfit("it knows its real points by number")


class Watch(Failures):
    """Adds up what is not finite as soon as a number is not, and looks at nothing."""

    def __init__(self, width: int, single: bool, device: torch.device) -> None:
        super().__init__(width, single, device)
        self.sums: list[Tensor] = []

    def keep_finite(
        self, state: RunState, player: str, loss: Tensor, gradient: Tensor, moved: Mapping[str, Tensor]
    ) -> Mapping[str, Tensor]:
        """Give all that `moved`."""
        self.sums += sum_up(player, loss, gradient, moved)
        return moved


class Traced(Trainer):
    """A trainer whose step is a function of what it is given."""

    def __init__(self, configs: RunConfig | Sequence[RunConfig], device: str | torch.device = "cpu") -> None:
        super().__init__(configs, device)
        self.given = Given(self.config, self._seeds, self.device)
        self.given.batches = {}
        self.source = self.given
        self._start, self._losses = self.state, Losses()
        self._counts: dict[str, Tensor] = {}
        self._failures = self._watch = Watch(self.width, self.single, self.device)
        self._note_draws()

    def _note_draws(self) -> None:
        """Make a step to learn what it draws."""
        self._counts = dict.fromkeys(("d", "g"), self._count)
        losses = self.step()
        played = {"discriminator": losses.discriminator, "generator": losses.generator}
        self.signature = Signature(
            tensors=tuple(sorted(self.state.tensors)),
            draws=tuple(self.given.batches),
            numbers=tuple((player, key) for player, numbers in self.numbers.items() for key in numbers),
            play=tuple(cast(Any, player) for player, loss in played.items() if loss is not None),
        )
        self.given.notes = False
        if set(self.signature.tensors) != set(self._start.tensors):
            raise Unfit("its state grows")

    @property
    def _count(self) -> Tensor:
        return make_count(0, self)

    @property
    def examples(self) -> list[Tensor]:
        """What a step of this trainer is given."""
        known = [self._start.tensors[name] for name in self.signature.tensors]
        numbers = [make_number(self.numbers[player][key], self.device) for player, key in self.signature.numbers]
        return [*known, *self.given.batches.values(), *numbers, self._count, self._count]

    def compute(self, *given: Tensor) -> tuple[Tensor, ...]:
        """Compute a step, as `Signature` has it."""
        signature, rest = self.signature, iter(given)
        state = self._start._replace(tensors={name: next(rest) for name in signature.tensors})
        self.given.batches = {draw: next(rest) for draw in signature.draws}
        numbers: dict[str, dict[str, Value]] = {"d": {}, "g": {}}
        for player, key in signature.numbers:
            numbers[player][key] = next(rest)
        self.state, self.numbers = state, numbers
        self._counts = {player: next(rest) for player in ("d", "g")}
        self._views.clear()
        self._watch.sums.clear()
        losses = self.step()
        played = [loss for loss in losses if loss is not None]
        after = [self.state.tensors[name] for name in signature.tensors]
        return *after, *played, torch.stack(self._watch.sums).sum()

    def of_runs(self, values: Tensor) -> Tensor:
        """Keep those of the padding: the program's caller drops them."""
        return values

    def count_steps(self, player: str) -> Value:
        """Count on from what is given."""
        made = super().count_steps(player)
        return self._counts[player] + made

    def _draws_at(self, player: str, update: int, step: int) -> Callable[[str], Draws]:
        def refuse(purpose: str) -> Draws:
            raise Unfit(f"it draws at random for {purpose}")

        return refuse


def trace_step(
    configs: RunConfig | Sequence[RunConfig], device: str | torch.device = "cpu", fuses: bool = True
) -> tuple[GraphModule, list[Tensor], Signature]:
    """Trace a step of such runs; with it what it is given, as an example, and the signature.

    `fuses`: for a compiler, which makes small products faster than the library does; else these are the library's.

    Raises:
        Unfit: it computes with what belongs to a run, or decides by a number on the way.
    """
    trainer = Traced(configs, device)
    examples = trainer.examples
    try:
        graph = make_fx(trainer.compute, decomposition_table=INLINE if fuses else {})(*examples)
    except (RuntimeError, TypeError) as error:
        raise Unfit(f"its step cannot be traced: {str(error).splitlines()[0]}") from error
    held = [node for node in graph.graph.nodes if node.op == "get_attr"]
    if any(getattr(graph, str(node.target)).numel() > 1 for node in held):
        raise Unfit("its step computes with numbers of one run")
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph, examples, trainer.signature


def multiply(a: Tensor, b: Tensor) -> Tensor:
    """Compute a (..., N, K) @ b (..., K, M) as a sum of products, which the compiler joins with what is around it."""
    few = a.shape[-1] <= NARROW or (b.shape[-1] <= NARROW and a.shape[-1] <= WIDE)
    return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2) if few else NotImplemented


def multiply_add(c: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Compute c + a @ b, as `multiply` does."""
    product = multiply(a, b)
    return product if product is NotImplemented else c + product


INLINE: Mapping[Any, Callable[..., Tensor]] = {
    aten.mm.default: multiply,
    aten.bmm.default: multiply,
    aten.addmm.default: multiply_add,
    aten.baddbmm.default: multiply_add,
}
