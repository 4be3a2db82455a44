"""What the monitor reads of a run every so many steps: plain numbers, from which alone it judges. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

Point = tuple[float, ...]


class Vitals(NamedTuple):
    """How the two players stand, and where the generated points lie.

    `ranked`: the chance that a real point that the run learns from is scored higher than a generated one; 0.5 if the
    scores tell nothing. `fresh`: that of a fresh point of the same law, equal where the run never sees a point again.
    `pull`: how strongly the generator's loss pulls at the generated points, over how the non-saturating loss would
    with the same discriminator.
    `centre`: the generated points' mean, from that of the data; `spread`: their standard deviation. Both in standard
    deviations of the data.
    `reached`: the share of real points that have a generated one nearby, within a twelfth of the view.
    """

    ranked: float
    fresh: float
    pull: float
    centre: Point
    spread: float
    reached: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The vitals at a step, and what was scored there: the JS divergence in bits, and the modes.

    `covered` of `modes` are covered; none where the data have no modes.
    """

    step: int
    vitals: Vitals
    js: float
    covered: int | None = None
    modes: int | None = None

    @property
    def is_finite(self) -> bool:
        """Whether there is anything to judge."""
        ranked, fresh, pull, centre, spread, reached = self.vitals
        return all(map(isfinite, (ranked, fresh, pull, *centre, spread, reached, self.js)))


class Finding(NamedTuple):
    """What a rule has found: the step where it began, the numbers that show it, and which player failed, if one did."""

    began_at: int
    evidence: dict[str, float]
    player: str = ""
