"""What a session remembers of the commands that it was given."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from server.errors import CommandError
from server.protocol.messages import Done, Failure
from server.sessions.outbox import Outbox

MOST_WAITING = 200
"""How many commands may wait for their answers at once."""
REMEMBERED = 256

Changes = dict[str, tuple[Any, Any]]
"""What a change of the config changed, by dotted path: (before, after)."""


@dataclass
class Request:
    """A command that is remembered by its id: who asks still, and the answer, once there is one."""

    askers: list[Outbox]
    answer: Done | Failure | None = None
    is_told: bool = False


class Requests:
    """The commands by their ids: each is carried out once, and its answer is remembered for a while."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, Request] = OrderedDict()

    def begin(self, identity: int, asker: Outbox) -> bool:
        """Take in a command; False where it was given before, and so is not to be carried out again.

        Raises:
            CommandError: too many commands wait for their answers already.
        """
        if known := self._known.get(identity):
            if known.answer and known.is_told:
                asker.answer(known.answer)
            else:
                known.askers.append(asker)
            return False
        answered = [number for number, request in self._known.items() if request.is_told]
        if len(self._known) - len(answered) >= MOST_WAITING:
            raise CommandError("too many commands are under way; expected to wait for answers")
        self._known[identity] = Request([asker])
        if len(self._known) > REMEMBERED:
            del self._known[answered[0]]
        return True

    def conclude(self, identity: int, answer: Done | Failure) -> None:
        """Remember the answer, and tell nobody yet."""
        if request := self._known.get(identity):
            request.answer = answer

    def tell(self, identity: int) -> None:
        """Tell the answer to everybody who asked."""
        request = self._known.get(identity)
        if request and request.answer:
            request.is_told = True
            askers, request.askers = request.askers, []
            for outbox in askers:
                outbox.answer(request.answer)

    def list_answers(self) -> tuple[Done | Failure, ...]:
        """Give the answers that there are, told or not."""
        return tuple(request.answer for request in self._known.values() if request.answer)

    def restore(self, answers: Iterable[Done | Failure]) -> None:
        """Remember answers that were given before this process began."""
        for answer in answers:
            if answer.id is not None:
                self._known[answer.id] = Request([], answer, is_told=True)
