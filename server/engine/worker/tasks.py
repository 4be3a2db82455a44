"""What a run is at: playing, making steps by hand, or on the way to where it is to stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.engine import orders
from server.gan.phases import Player

GoesOn = Callable[[], bool]
"""Whether a turn may still take more time; asked after each step, so that every turn makes one."""


@dataclass
class Playing:
    """Training as the order says; the next step, or phase, is due at `due` seconds."""

    order: orders.Play
    due: float

    @property
    def pause(self) -> float:
        """Seconds from one step, or phase, to the next."""
        often = self.order.phases_per_second or self.order.rate
        return 1 / often if often else 0.0


@dataclass
class Stepping:
    """Training as many steps as the order numbered `number` asked for."""

    number: int
    player: Player
    left: int


@dataclass
class Replaying:
    """Going silently to `phases` phases after step `step`, as the order numbered `number` asked for."""

    number: int
    step: int
    phases: int
