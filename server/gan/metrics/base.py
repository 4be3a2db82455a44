"""What a metric is, and what it may know of the data.

Shape letters: N real points, M generated ones, D coordinates of a point, K modes; `...` are leading axes of
independent runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import torch
from torch import Tensor

from server.gan.datasets import Box, Modes
from server.gan.registry import Registry, Unit


@dataclass(frozen=True, eq=False)
class Facts:
    """What a metric may know of the data: the view in published units, and the modes if there are any."""

    box: Box
    modes: Modes | None = None


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
