"""What goes between the web process and a worker goes together where it can, and never too late or in another order."""

import socket
from collections.abc import Iterator

import pytest

from server.engine import orders, reports
from server.engine.course import Course
from server.engine.wire import Unpacker, pack_envelope
from server.engine.worker import loop
from server.engine.worker.loop import Worker
from server.gan.config import check_config
from server.protocol.messages import Layer
from tests.tools.shop import SMALL


def want(
    run: str, reader: int, layers: tuple[Layer, ...] = ("real",), fixed: bool = False, level: int = 0
) -> orders.Want:
    return orders.Want(run=run, readers=(reader,), layers=layers, fixed=fixed, level=level)


def test_wishes_for_the_same_that_follow_each_other_are_one_order() -> None:
    given = [want("a", 1), want("a", 2), want("a", 3), want("b", 1), want("b", 2, level=1), want("b", 3, fixed=True)]
    joined = [order for order, _ in orders.join_wants((order, b"") for order in given)]
    assert [(order.run, order.readers) for order in joined if isinstance(order, orders.Want)] == [
        ("a", (1, 2, 3)), ("b", (1,)), ("b", (2,)), ("b", (3,)),
    ]  # fmt: skip
    assert joined[0] == given[0].model_copy(update={"readers": (1, 2, 3)})


def test_no_wish_passes_an_order_that_came_before_it() -> None:
    given: list[tuple[orders.Order, bytes]]
    given = [(want("a", 1), b""), (orders.Leave(run="a", reader=1), b""), (want("a", 1), b""), (want("a", 2), b"")]
    joined = list(orders.join_wants(given))
    assert joined[:2] == given[:2]
    assert joined[2:] == [(want("a", 1).model_copy(update={"readers": (1, 2)}), b"")]
    opening = orders.Play(run="a", number=1)
    assert list(orders.join_wants([(opening, b"state"), (opening, b"")])) == [(opening, b"state"), (opening, b"")]


class Near:
    """A worker on a socket whose far end is read here."""

    def __init__(self) -> None:
        near, self.far = socket.socketpair()
        self.far.setblocking(False)
        self.worker = Worker(near, "cpu", 30.0)
        self._unpacker = Unpacker()

    def read(self) -> list[reports.Report]:
        """What has come out so far."""
        try:
            piece = self.far.recv(1 << 22)
        except BlockingIOError:
            return []
        return [reports.read_report(header) for header, _ in self._unpacker.feed(piece)]

    def open(self, key: str) -> None:
        config = check_config(SMALL, self.worker.catalog).to_json()
        legs, configs = Course.begin(0, config).tell()
        self.give(orders.Open(run=key, number=1, revision=1, legs=legs, configs=configs, measure=False))

    def give(self, *given: orders.Order) -> None:
        self.far.sendall(b"".join(pack_envelope(order.model_dump_json().encode()) for order in given))
        self.worker._receive(0.0)


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> Iterator[Near]:
    """A worker that has no runs yet; however slow the machine is, reports are not held for long."""
    monkeypatch.setattr(loop, "HELD_SECONDS", 3_600.0)
    near = Near()
    with near.far, near.worker.connection:
        yield near


def test_reports_go_together_before_the_worker_waits(near: Near) -> None:
    near.give(orders.Ping(), orders.Ping())
    assert near.read() == []
    near.worker._receive(0.001)
    assert near.read() == [reports.Pong(), reports.Pong()]
    near.worker._receive(0.001)
    assert near.read() == []


def test_whose_turn_it_is_is_told_before_the_turn_and_after_all_that_was_reported_until_then(near: Near) -> None:
    near.open("a")
    near.open("b")
    assert [report for report in near.read() if isinstance(report, reports.Working)][-1].run == "b"
    near.give(orders.Ping(), want("a", 1))
    near.worker.take_turn(near.worker.plan())  # its frame, if this is the turn of that, is not out yet
    told = near.read()
    assert told[0] == reports.Pong()
    assert isinstance(told[-1], reports.Working)


def test_much_does_not_wait(near: Near, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MOST_HELD", 1_000)
    near.worker.report(reports.Pong(), bytes(900))
    assert near.read() == []
    near.worker.report(reports.Pong(), bytes(100))
    assert near.read() == [reports.Pong(), reports.Pong()]
