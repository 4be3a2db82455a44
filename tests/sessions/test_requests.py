"""A command is carried out once, and its answer is never lost."""

import pytest

from server.errors import CommandError
from server.protocol.messages import Done
from server.sessions.outbox import Outbox
from server.sessions.requests import MOST_WAITING, REMEMBERED, Requests


def make_outbox() -> Outbox:
    return Outbox(1, 0, lambda: None)


def test_a_repeated_id_is_not_carried_out_again_and_gets_the_same_answer() -> None:
    requests, first, second, third = Requests(), make_outbox(), make_outbox(), make_outbox()
    assert requests.begin(7, first)
    assert not requests.begin(7, second)
    requests.conclude(7, Done(id=7, step=1))
    requests.tell(7)
    assert not requests.begin(7, third)
    assert [box.take_answers() for box in (first, second, third)] == [[Done(id=7, step=1)]] * 3


def test_no_command_that_waits_is_forgotten_and_too_many_are_refused() -> None:
    requests, outbox = Requests(), make_outbox()
    for number in range(1, 1001):
        requests.begin(number, outbox)
        requests.conclude(number, Done(id=number, step=0))
        requests.tell(number)
    outbox.take_answers()
    waiting = range(2000, 2000 + MOST_WAITING)
    for number in waiting:
        assert requests.begin(number, outbox)
    with pytest.raises(CommandError, match="too many commands are under way"):
        requests.begin(3000, outbox)
    for number in waiting:
        requests.conclude(number, Done(id=number, step=0))
        requests.tell(number)
    assert [answer.id for answer in outbox.take_answers()] == list(waiting)
    assert requests.begin(3000, outbox)


def test_only_the_newest_answers_are_remembered() -> None:
    requests, outbox = Requests(), make_outbox()
    for number in range(1, REMEMBERED + 2):
        requests.begin(number, outbox)
        requests.conclude(number, Done(id=number, step=0))
        requests.tell(number)
    assert requests.begin(1, outbox)
    assert not requests.begin(REMEMBERED, outbox)
