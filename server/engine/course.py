"""How a run was trained: its first config, and every change of the config and of who learns, with its step.

A course and the state at one of its steps are enough to have every later step again, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.protocol.messages import Message, Player


class Leg(Message):
    """From `step` on, `player` learns; with `config`, where there is one."""

    step: int
    player: Player = "both"
    config: dict[str, Any] | None = None


class Course:
    """The legs of a run, by their steps; the first one has its first config."""

    def __init__(self, legs: Sequence[Leg]) -> None:
        assert legs, "a course begins with a config"
        self._legs = list(legs)

    @classmethod
    def begin(cls, step: int, config: dict[str, Any]) -> Course:
        """Give the course of a run that begins at `step`."""
        return cls([Leg(step=step, config=config)])

    @property
    def legs(self) -> tuple[Leg, ...]:
        """All legs."""
        return tuple(self._legs)

    def note_config(self, step: int, config: dict[str, Any]) -> None:
        """Take in that the run was given a config at `step`."""
        self._legs.append(Leg(step=step, player=self._legs[-1].player, config=config))

    def note_player(self, step: int, player: Player, count: int) -> None:
        """Take in that `player` learned in the `count` steps after `step`, and both did before."""
        if self._legs[-1].step == step and self._legs[-1].player == "both" and self._legs[-1].config is None:
            self._legs.pop()  # it only ended the steps of a single player: see below
        if self.find_player(step) != player:
            self._legs.append(Leg(step=step, player=player))
        if player != "both" and count:
            self._legs.append(Leg(step=step + count))

    def find_config(self, step: int) -> dict[str, Any]:
        """Give the config that the run has at `step`, after what changed there."""
        return next(leg.config for leg in reversed(self._legs) if leg.config and leg.step <= step)

    def find_player(self, step: int) -> Player:
        """Who learned in the step after `step`."""
        return next((leg.player for leg in reversed(self._legs) if leg.step <= step), "both")

    def find_alone(self, player: Player) -> int | None:
        """Give the step after which `player` learned alone last, without a pause or a change since."""
        return next((leg.step for leg in reversed(self._legs) if leg.player == player), None)

    def list_after(self, step: int) -> tuple[Leg, ...]:
        """Give the legs that begin after `step`."""
        return tuple(leg for leg in self._legs if leg.step > step)

    def cut(self, step: int) -> Course:
        """Give the course up to `step`, for a run that goes on otherwise from there: both learn, unless told."""
        legs = [leg for leg in self._legs if leg.step <= step]
        return Course(legs if legs[-1].player == "both" else [*legs, Leg(step=step)])
