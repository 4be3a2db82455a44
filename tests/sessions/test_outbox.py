"""An outbox asks for a frame only when it may, and loses no answer."""

from server.engine import reports
from server.protocol.messages import Done, Layer
from server.sessions.outbox import MOST_ANSWERS, MOST_CREDIT, Outbox


def make_outbox(*layers: Layer) -> Outbox:
    outbox = Outbox(1, 0, lambda: None)
    outbox.layers = layers
    return outbox


def make_frame(revision: int, fixed: bool, *layers: Layer) -> reports.Frame:
    return reports.Frame(run="a", revision=revision, readers=(1,), layers=layers, fixed=fixed)


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
    outbox.put_frame(make_frame(1, True, "real"), b"frame")
    assert outbox.credit == MOST_CREDIT - 1


def test_other_layers_are_asked_for_at_once_and_a_new_one_with_what_is_fixed() -> None:
    outbox = make_outbox("real")
    outbox.grant(2)
    outbox.put_frame(make_frame(1, True, "real", "noise"), b"frame")
    outbox.take_frame()
    assert outbox.choose_request(1) == (("real",), False)
    outbox.layers = ("real", "surface")
    assert outbox.choose_request(1) == (("real", "surface"), True)


def test_what_is_fixed_is_asked_for_again_in_a_new_revision() -> None:
    outbox = make_outbox("real")
    outbox.grant(3)
    outbox.put_frame(make_frame(1, True, "real"), b"frame")
    outbox.take_frame()
    outbox.forget_request()
    assert outbox.choose_request(2) == (("real",), True)


def test_a_page_that_reads_no_answers_is_let_go() -> None:
    outbox = make_outbox()
    for i in range(MOST_ANSWERS):
        outbox.answer(Done(id=i, step=0))
    outbox.answer(Done(id=0, step=0))
    assert outbox.is_finished
    assert [answer.id for answer in outbox.take_answers()] == list(range(MOST_ANSWERS))
