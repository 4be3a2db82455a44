"""An outbox asks for a frame only when it may, and loses no answer."""

from server.engine import reports
from server.protocol.messages import Done, Layer
from server.sessions.outbox import MOST_ANSWERS, MOST_CREDIT, Outbox


def make_outbox(*layers: Layer) -> Outbox:
    outbox = Outbox(1, 0, lambda: None)
    outbox.layers = layers
    return outbox


def make_frame(revision: int, fixed: bool, *layers: Layer, level: int = 0) -> reports.Frame:
    return reports.Frame(run="a", revision=revision, readers=(1,), layers=layers, fixed=fixed, level=level)


def test_no_frame_is_asked_for_without_credit_or_without_layers() -> None:
    assert make_outbox("real").choose_request(1) is None
    nothing = make_outbox()
    nothing.grant(2)
    assert nothing.choose_request(1) is None


def test_one_frame_is_asked_for_at_a_time() -> None:
    outbox = make_outbox("real")
    outbox.grant(2)
    assert outbox.choose_request(1) == (("real",), True)
    assert outbox.choose_request(1) is None
    outbox.put_frame(make_frame(1, True, "real"), b"frame")
    assert outbox.choose_request(1) is None
    assert outbox.take_frame() == b"frame"
    assert outbox.choose_request(1) == (("real",), False)


def test_a_frame_uses_up_a_credit_and_credit_is_bounded() -> None:
    outbox = make_outbox("real")
    for _ in range(20):
        outbox.grant(8)
    assert outbox.credit == MOST_CREDIT
    outbox.choose_request(1)
    outbox.put_frame(make_frame(1, True, "real"), b"frame")
    assert outbox.credit == MOST_CREDIT - 1


def test_other_layers_are_asked_for_at_once_and_a_new_one_with_what_is_fixed() -> None:
    outbox = make_outbox("real")
    outbox.grant(2)
    outbox.layers = ("real", "noise")
    assert outbox.choose_request(1) == (("real", "noise"), True)
    outbox.put_frame(make_frame(1, True, "real", "noise"), b"frame")
    outbox.layers = ("real",)
    outbox.take_frame()
    assert outbox.choose_request(1) == (("real",), False)
    outbox.layers = ("real", "surface")
    assert outbox.choose_request(1) == (("real", "surface"), True)


def test_what_is_fixed_is_asked_for_again_in_a_new_revision() -> None:
    outbox = make_outbox("real")
    outbox.grant(3)
    outbox.choose_request(1)
    outbox.put_frame(make_frame(1, True, "real"), b"frame")
    outbox.take_frame()
    outbox.forget_request()
    assert outbox.choose_request(2) == (("real",), True)


def test_a_frame_of_sizes_that_are_not_wanted_any_more_is_let_go_and_costs_nothing() -> None:
    outbox = make_outbox("real")
    outbox.grant(2)
    assert outbox.choose_request(1, level=0) == (("real",), True)
    outbox.put_frame(make_frame(1, True, "real"), b"in full")
    assert outbox.take_frame() == b"in full"
    assert outbox.choose_request(1, level=1) == (("real",), True)
    assert outbox.choose_request(1, level=0) == (("real",), False)
    outbox.put_frame(make_frame(1, True, "real", level=1), b"small")
    assert (outbox.take_frame(), outbox.credit) == (None, 1)
    outbox.put_frame(make_frame(1, False, "real"), b"without what is fixed")
    assert (outbox.take_frame(), outbox.credit) == (b"without what is fixed", 0)


def test_where_the_newest_frame_was_let_go_the_next_is_asked_for_with_what_is_fixed() -> None:
    outbox = make_outbox("real")
    outbox.grant(1)
    for level in (0, 1, 0):
        outbox.choose_request(1, level)
    outbox.put_frame(make_frame(1, True, "real"), b"the first, as the third is to be")
    assert outbox.take_frame()
    for level in (1, 0):
        outbox.put_frame(make_frame(1, True, "real", level=level), b"the second, and the third")
    assert outbox.take_frame() is None
    outbox.grant(1)
    assert outbox.choose_request(1) == (("real",), True)


def test_a_page_that_reads_no_answers_is_let_go() -> None:
    outbox = make_outbox()
    for i in range(MOST_ANSWERS):
        outbox.answer(Done(id=i, step=0))
    outbox.answer(Done(id=0, step=0))
    assert outbox.is_finished
    assert [answer.id for answer in outbox.take_answers()] == list(range(MOST_ANSWERS))
