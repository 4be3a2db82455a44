"""What a session has told the worker, and what is to be done when the worker has answered."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.engine.reports import Position
from server.protocol.messages import Advance, Command, Configure, Play, Step
from server.sessions.branches import Branch
from server.sessions.requests import Changes


@dataclass
class Waiting:
    """What is to be done when the worker has answered an order, if the run has not begun anew by then."""

    command: Command | None
    revision: int
    changes: Changes = field(default_factory=dict)
    aim: Position | None = None
    """Where an order to go back goes to."""
    source: Branch | None = None
    """The branch that is left by what was ordered."""
    forgotten: list[str] = field(default_factory=list)
    """The branches that made room for the one that follows."""


class Waitings:
    """The orders that wait for their answers, by number, in the order they were given."""

    def __init__(self) -> None:
        self._orders: dict[int, Waiting] = {}

    def add(self, number: int, waiting: Waiting) -> Waiting:
        """Let an order wait."""
        self._orders[number] = waiting
        return waiting

    def pop(self, number: int) -> Waiting | None:
        """Give what waited for an answer, once; none where nobody did."""
        return self._orders.pop(number, None)

    @property
    def is_forking(self) -> bool:
        """Whether a branch is to be left, and nobody knows yet at which step."""
        return any(waiting.source for waiting in self._orders.values())

    @property
    def is_configuring(self) -> bool:
        """Whether the run is to be given another config."""
        return any(isinstance(waiting.command, Configure) for waiting in self._orders.values())

    @property
    def is_moving(self) -> bool:
        """Whether the run is to be changed, or to go on by hand: nobody knows yet where it will stand then."""
        moves = (isinstance(one.command, Configure | Step | Advance) for one in self._orders.values())
        return self.is_forking or any(moves)

    def find_turn(self) -> Waiting | None:
        """Give the newest order that goes back in time, or leaves what is recorded ahead."""
        turns = (waiting for waiting in reversed(self._orders.values()) if waiting.aim or waiting.source)
        return next(turns, None)

    def is_of(self, number: int, since: int) -> bool:
        """Whether an order waits that was given in revision `since` or later."""
        waiting = self._orders.get(number)
        return waiting is not None and waiting.revision >= since

    def goes_on(self, since: int) -> bool:
        """Whether the run was told already to train further, in revision `since` or later."""
        later = [waiting.command for waiting in self._orders.values() if waiting.revision >= since]
        return any(isinstance(command, Play | Step) for command in later)
