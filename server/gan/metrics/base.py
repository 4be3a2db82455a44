"""What a metric is, and what it may know of the data.

Shape letters: N real points, M generated ones, D coordinates of a point, K modes; `...` are leading axes of
independent runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar
from weakref import ref

import torch
from torch import Tensor

from server.gan.datasets import Box, Modes
from server.gan.registry import Registry, Unit

Read = TypeVar("Read")
KEPT_READINGS = 2


@dataclass(frozen=True, eq=False)
class Facts:
    """What a metric may know of the data: the view in published units, and the modes if there are any."""

    box: Box
    modes: Modes | None = None
    _read: dict[Any, list[tuple[ref[Tensor], Any]]] = field(default_factory=dict, init=False, repr=False)

    def read(self, reading: Callable[[Tensor, Facts], Read], points: Tensor) -> Read:
        """Give what a reading makes of points, worked out once for all metrics that ask for it.

        It is remembered of the two that were read last, which are the real points and the generated ones.
        """
        known = [(seen, made) for seen, made in self._read.get(reading, ()) if seen() is not None][-KEPT_READINGS:]
        made = next((made for seen, made in known if seen() is points), None)
        if made is None:
            made = reading(points, self)
        others = [(seen, other) for seen, other in known if seen() is not points]
        self._read[reading] = [*others[1 - KEPT_READINGS :], (ref(points), made)]
        return made


Measure = Callable[[Tensor, Tensor, Facts], Tensor]
"""(x_real (..., N, D), x_fake (..., M, D), facts) -> (...), points in published units."""


@dataclass(frozen=True)
class Metric(Unit[Measure]):
    """A score of generated points.

    `lowest` and `highest` bound it (none: unbounded), `better` says which way is good, `cost` is "cheap" (under a
    millisecond) or "dear", `lies` tells when it misleads, `needs_modes` that it is defined for data with modes only,
    `needs_plane` that it is for data of two coordinates only.
    `floors` says, for some data sets as they are by default, what a perfect generator scores on average: two digits of
    what `server.gan.metrics.scoring.metric_floors` measures.
    """

    lowest: float | None = field(kw_only=True)
    highest: float | None = field(kw_only=True)
    better: str = field(kw_only=True)
    unit: str = field(kw_only=True)
    cost: str = field(kw_only=True)
    lies: str = field(kw_only=True)
    floors: Mapping[str, float] = field(kw_only=True)
    needs_modes: bool = False
    needs_plane: bool = False

    def applies(self, facts: Facts) -> bool:
        """Tell whether it is defined for such data."""
        return (facts.modes is not None or not self.needs_modes) and (
            len(facts.box.centre) == 2 or not self.needs_plane
        )

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        names = ("lowest", "highest", "better", "unit", "cost", "lies", "needs_modes", "needs_plane")
        floors = dict(self.floors)
        return {**super().describe(), **{name: getattr(self, name) for name in names}, "floors": floors}


METRICS: Registry[Metric] = Registry("metric")
"""Those whose `extra` says `legacy` repeat another tool's numbers; they are shown only to who asks for them."""


def score_each(score: Measure) -> Measure:
    """Make a measure of one run, (N, D) and (M, D) -> (), one of any stack, run by run.

    Of the distances of all pairs only a block of one run is held at a time, so a stack needs no more than a run.
    """

    @wraps(score)
    def measure(x_real: Tensor, x_fake: Tensor, facts: Facts) -> Tensor:
        runs = torch.broadcast_shapes(x_real.shape[:-2], x_fake.shape[:-2])  # type: ignore[no-untyped-call]  # torch's own
        reals, fakes = (x.expand(*runs, -1, -1).reshape(-1, *x.shape[-2:]) for x in (x_real, x_fake))
        return torch.stack([score(real, fake, facts) for real, fake in zip(reals, fakes, strict=True)]).reshape(runs)

    return measure
