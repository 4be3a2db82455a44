"""Questions about a run that the worker answers, and who asked them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.errors import CommandError

Told = dict[str, Any] | CommandError
"""What was asked of a run, as `server.gan.inspection` tells it, or why it cannot be told."""
Answer = Callable[[Told], None]


class Looks:
    """Who waits to be told something, by the order's number; each is told once."""

    def __init__(self) -> None:
        self._asked: dict[int, Answer] = {}

    def add(self, number: int, answer: Answer) -> None:
        """Let somebody wait for the answer to an order."""
        self._asked[number] = answer

    def tell(self, number: int, told: Told) -> None:
        """Tell who asked, if anybody did."""
        if answer := self._asked.pop(number, None):
            answer(told)

    def refuse_all(self, message: str) -> None:
        """Tell everybody that there will be no answer."""
        for number in list(self._asked):
            self.tell(number, CommandError(message))
