"""What a lesson claims, so that a program can check it: a number, a bound, and how many seeds must hold it.

No torch here: the claims are a part of the presets, and those of the catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

Relation = Literal["at least", "at most"]


@dataclass(frozen=True)
class Claim:
    """After `steps` steps, `measure` is `relation` `bound` in at least `share` of the seeds.

    `measure` is a metric, or a key of `server.gan.measures.MEASURES`. With `beside` it is a ratio: the measure of the
    preset over that of the preset called so, at the same step and of the same seed.
    """

    measure: str
    relation: Relation
    bound: float
    steps: int
    share: float = 1.0
    beside: str | None = None

    def holds(self, value: float | None) -> bool:
        """Tell whether one seed's number is as claimed; a run that diverged has none, and holds nothing."""
        if value is None:
            return False
        return value >= self.bound if self.relation == "at least" else value <= self.bound

    def is_met(self, values: Sequence[float | None]) -> bool:
        """Tell whether enough of the seeds hold."""
        return sum(map(self.holds, values)) >= ceil(self.share * len(values) - 1e-9)

    def describe(self) -> dict[str, Any]:
        """Give the claim as plain data."""
        return {
            "measure": self.measure,
            "relation": self.relation,
            "bound": self.bound,
            "steps": self.steps,
            "share": self.share,
            "beside": self.beside,
        }
