"""How a run was trained: its first config, and every change of the config, of who learns and how, with its step.

Some steps it made joined with other runs, or by a compiled program: those have another arithmetic in the last digits
(`server.gan.joined`, `server.gan.compiled`). Where a program is not there any more, because it was made on another
machine or thrown away, the eager trainer makes its steps, as closely as another build of torch would.
A course and the state at one of its steps are enough to have every later step again, bit for bit, on the same machine
and with the same build of torch: another one may add the same numbers in another order.
All configs of a course are of one run, so what begins a new run is in all of them the same, and is kept once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from server.engine.configs import ConfigTable, Plain, restore_configs
from server.gan.config import RESTARTING
from server.protocol.base import Message
from server.protocol.messages import Player

MOST_LEGS = 4_096
ROOM = 512
"""Legs that are kept free for what is under way when a course is said to be full; what is asked of a run adds three at
most, and a run with so many legs is not joined with others any more."""


class Made(NamedTuple):
    """How a step is made: joined with others or by itself, by the program of that key or, without one, eagerly."""

    joined: bool = False
    program: str = ""


EAGERLY = Made()
"""By itself, and by no program."""


class Leg(NamedTuple):
    """From `step` on, `player` learns; with `config`, where there is one, and steps are `made` so."""

    step: int
    player: Player = "both"
    config: Plain | None = None
    made: Made = EAGERLY

    @property
    def is_plain(self) -> bool:
        """Whether it only ends what the leg before it began."""
        return self.player == "both" and self.config is None and self.made == EAGERLY


class IndexedLeg(Message):
    """A leg as it is sent: its config is the one of that number in a table beside."""

    step: int
    player: Player
    config: int | None
    joined: bool = False
    program: str = ""


class Course:
    """The legs of a run, by their steps; the first one has its first config."""

    def __init__(self, legs: Iterable[Leg]) -> None:
        self._legs = list(legs)
        self._given = [leg for leg in self._legs if leg.config]
        assert self._given[:1] == self._legs[:1] != [], "a course begins with a config"

    @classmethod
    def begin(cls, step: int, config: dict[str, Any]) -> Course:
        """Give the course of a run that begins at `step`."""
        return cls([Leg(step, config=config)])

    @classmethod
    def read(cls, legs: Iterable[IndexedLeg], configs: Sequence[Plain]) -> Course:
        """Have a course again of which `tell` told."""
        table = restore_configs(configs)
        return cls(
            Leg(
                leg.step,
                leg.player,
                None if leg.config is None else table[leg.config],
                Made(leg.joined, leg.program),
            )
            for leg in legs
        )

    def tell(self) -> tuple[tuple[IndexedLeg, ...], tuple[dict[str, Any], ...]]:
        """Give the legs with their configs by number, and each config once: what differs from the one before it."""
        table = ConfigTable()
        legs = tuple(
            IndexedLeg(
                step=leg.step,
                player=leg.player,
                config=table.find(leg.config) if leg.config else None,
                joined=leg.made.joined,
                program=leg.made.program,
            )
            for leg in self._legs
        )
        return legs, tuple(table.list())

    @property
    def legs(self) -> tuple[Leg, ...]:
        """All legs."""
        return tuple(self._legs)

    @property
    def first(self) -> Plain:
        """The config that the run began with."""
        return self.configs[0]

    @property
    def configs(self) -> tuple[Plain, ...]:
        """All configs that the run was given, in order."""
        return tuple(leg.config for leg in self._given if leg.config)

    @property
    def is_full(self) -> bool:
        """Whether there is no more room for changes than what is under way may need."""
        return len(self._legs) > MOST_LEGS - ROOM

    @property
    def may_vary(self) -> bool:
        """Whether there is room for legs that nobody asked for.

        Others who come and go add some to a run in a stack, and so does a program that comes.
        """
        return len(self._legs) < MOST_LEGS // 2

    def note_config(self, step: int, config: Plain) -> None:
        """Take in that the run was given a config at `step`."""
        shared = {key: self.first[key] for key in RESTARTING if key in self.first}
        self._legs.append(Leg(step, self._legs[-1].player, {**config, **shared}))
        self._given.append(self._legs[-1])

    def note_player(self, step: int, player: Player, count: int) -> None:
        """Take in that `player` learned in the `count` steps after `step`, and both did before."""
        self._note_steps(Leg(step, player), count)

    def note_made(self, step: int, count: int, made: Made) -> None:
        """Take in that both learned in the `count` steps after `step`, which were made so."""
        self._note_steps(Leg(step, made=made), count)

    def _note_steps(self, leg: Leg, count: int) -> None:
        if not count:
            return
        if len(self._legs) > 1 and self._legs[-1] == Leg(leg.step) and self._legs[-2][1:] == leg[1:]:
            self._legs[-1] = Leg(leg.step + count)  # as those before it: the same leg goes on
            return
        if self._legs[-1].step == leg.step and self._legs[-1].is_plain:
            self._legs.pop()  # it only ended the steps of another kind: see below
        if (self.find_player(leg.step), self.find_made(leg.step)) != (leg.player, leg.made):
            self._legs.append(leg)
        if not leg.is_plain:
            self._legs.append(Leg(leg.step + count))

    def find_config(self, step: int) -> Plain:
        """Give the config that the run has at `step`, after what changed there."""
        config = self._given[_count_until(self._given, step) - 1].config
        assert config, "only legs that have a config are looked through"
        return config

    def find_player(self, step: int) -> Player:
        """Who learned in the step after `step`."""
        count = _count_until(self._legs, step)
        return self._legs[count - 1].player if count else "both"

    def find_made(self, step: int) -> Made:
        """How the run made the step after `step`."""
        count = _count_until(self._legs, step)
        return self._legs[count - 1].made if count else EAGERLY

    def find_alone(self, player: Player) -> int | None:
        """Give the step after which `player` learned alone last, without a pause or a change since."""
        return next((leg.step for leg in reversed(self._legs) if leg.player == player), None)

    def list_after(self, step: int) -> tuple[Leg, ...]:
        """Give the legs that begin after `step`."""
        return tuple(self._legs[_count_until(self._legs, step) :])

    def cut(self, step: int) -> Course:
        """Give the course up to `step`, for a run that goes on otherwise from there: both learn, unless told."""
        legs = self._legs[: _count_until(self._legs, step)]
        return Course([*legs, Leg(step)] if (legs[-1].player, legs[-1].made) != ("both", EAGERLY) else legs)


def _count_until(legs: Sequence[Leg], step: int) -> int:
    """Count the legs, which are in order, that begin at `step` or before."""
    return bisect_right(legs, step, key=lambda leg: leg.step)
