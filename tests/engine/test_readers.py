"""Who looks at a run: a frame is made once for all that look at the same, and not before its time."""

import pytest

from server.engine import orders
from server.engine.worker.readers import Readers
from server.gan.catalog import build_catalog
from server.gan.config import check_config
from server.gan.trainer import Trainer
from server.protocol.frames import decode_frame, read_metadata
from server.protocol.messages import Layer

GENERATED: tuple[Layer, ...] = ("generated",)
SURFACE: tuple[Layer, ...] = ("surface",)


@pytest.fixture
def trainer() -> Trainer:
    """A run at its first step."""
    return Trainer(check_config({}, build_catalog()))


def want(reader: int, layers: tuple[Layer, ...], fixed: bool = False, level: int = 0) -> orders.Want:
    """A reader's wish for a frame."""
    return orders.Want(run="a", readers=(reader,), layers=layers, fixed=fixed, level=level)


def test_a_hundred_watchers_of_the_same_get_one_frame_that_was_made_once(trainer: Trainer) -> None:
    readers = Readers("a", 1 / 30)
    for number in range(100):
        readers.add(want(number, GENERATED))
    ((report, frame),) = readers.make_frames(trainer, 1, playing=True, phase="")
    assert report.readers == tuple(range(100))
    assert set(decode_frame(frame)[0]) == {"x_fake"}
    assert list(readers.make_frames(trainer, 1, playing=True, phase="")) == []


def test_those_who_look_at_something_else_or_need_what_is_fixed_get_their_own(trainer: Trainer) -> None:
    readers = Readers("a", 1 / 30)
    readers.add(want(1, GENERATED))
    readers.add(want(2, SURFACE))
    readers.add(want(3, GENERATED, fixed=True))
    readers.add(want(4, SURFACE))
    made = {report.readers: set(decode_frame(frame)[0]) for report, frame in readers.make_frames(trainer, 1, True, "")}
    assert made == {(1,): {"x_fake"}, (2, 4): {"surface"}, (3,): {"x_fake"}}


def test_while_a_run_trains_a_look_has_its_next_frame_at_its_time_and_at_rest_at_once(trainer: Trainer) -> None:
    readers = Readers("a", 3600.0)
    readers.add(want(1, GENERATED))
    assert len(list(readers.make_frames(trainer, 1, playing=True, phase=""))) == 1
    trainer.step()
    readers.add(want(1, GENERATED))
    readers.add(want(2, SURFACE))
    assert [report.readers for report, _ in readers.make_frames(trainer, 1, playing=True, phase="")] == [(2,)]
    assert readers.find_due(trainer, playing=True) > 1000
    assert readers.find_due(trainer, playing=False) == 0.0
    assert [report.readers for report, _ in readers.make_frames(trainer, 1, playing=False, phase="")] == [(1,)]


def test_a_reader_that_looks_at_something_else_each_time_has_no_more_frames_for_it(trainer: Trainer) -> None:
    readers, looks = Readers("a", 3600.0), (GENERATED, SURFACE, GENERATED + SURFACE)
    made = []
    for look in looks:
        readers.add(want(1, look))
        made.append([report.readers for report, _ in readers.make_frames(trainer, 1, playing=True, phase="")])
    assert made == [[(1,)], [], []]
    assert readers.find_due(trainer, playing=True) > 1000
    readers.add(want(2, looks[-1]))  # another may have its first, and the one that waits for the same gets it too
    assert [report.readers for report, _ in readers.make_frames(trainer, 1, playing=True, phase="")] == [(1, 2)]


def test_a_reader_that_has_seen_this_state_waits_and_one_that_left_gets_nothing(trainer: Trainer) -> None:
    readers = Readers("a", 0.0)
    readers.add(want(1, GENERATED))
    assert len(list(readers.make_frames(trainer, 1, playing=False, phase=""))) == 1
    readers.add(want(1, GENERATED))
    readers.add(want(2, GENERATED))
    readers.remove(2)
    assert list(readers.make_frames(trainer, 1, playing=False, phase="")) == []
    assert readers.find_due(trainer, playing=False) == float("inf")


def test_readers_that_want_smaller_frames_share_one_of_each_size(trainer: Trainer) -> None:
    readers = Readers("a", 1 / 30)
    for number in range(30):
        readers.add(want(number, GENERATED, level=number % (orders.COARSEST + 1)))
    made = list(readers.make_frames(trainer, 1, playing=True, phase=""))
    told = {report.level: (len(report.readers), decode_frame(frame)[0]["x_fake"].shape[0]) for report, frame in made}
    assert told == {0: (10, 250), 1: (10, 120), 2: (10, 60)}
    assert {read_metadata(frame)["samples"] for _, frame in made} == {"250"}


def test_who_saw_this_state_in_a_smaller_frame_may_have_it_in_full(trainer: Trainer) -> None:
    readers = Readers("a", 0.0)
    readers.add(want(1, GENERATED, level=2))
    assert [report.level for report, _ in readers.make_frames(trainer, 1, playing=False, phase="")] == [2]
    readers.add(want(1, GENERATED, level=2))
    assert readers.find_due(trainer, playing=False) == float("inf")
    readers.add(want(1, GENERATED))
    assert [report.level for report, _ in readers.make_frames(trainer, 1, playing=False, phase="")] == [0]


def test_a_worker_that_is_late_for_each_frame_makes_as_many_as_it_should(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("server.engine.worker.readers.time.monotonic", lambda: clock[0])
    readers, made = Readers("a", 1 / 32), 0
    while clock[0] < 1010.0:
        readers.add(want(1, GENERATED))
        trainer.state = trainer.state.copy()  # there is something new to see
        clock[0] += 1 / 100
        made += len(list(readers.make_frames(trainer, 1, playing=True, phase="")))
    assert made == pytest.approx(320, abs=3)


def test_a_reader_that_was_away_has_no_frames_in_store(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("server.engine.worker.readers.time.monotonic", lambda: clock[0])
    readers, made = Readers("a", 1.0), []
    for second in (0.0, 0.1, 100.0, 100.1, 100.6, 100.7, 101.4, 101.6):
        clock[0] = 1000.0 + second
        readers.add(want(1, GENERATED))
        trainer.state = trainer.state.copy()
        made += [second for _ in readers.make_frames(trainer, 1, playing=True, phase="")]
    assert made == [0.0, 100.0, 100.6, 101.6]


def test_what_is_due_stays_due_until_its_frame_is_made_and_nothing_is_due_without_news(trainer: Trainer) -> None:
    readers = Readers("a", 0.0)
    readers.add(want(1, GENERATED))
    due = readers.find_due(trainer, playing=True)
    trainer.step()
    assert readers.find_due(trainer, playing=True) == due
    assert len(readers.list_due(trainer)) == len(list(readers.make_frames(trainer, 1, playing=True, phase=""))) == 1
    assert readers.find_due(trainer, playing=True) == float("inf")
    readers.add(want(1, GENERATED))
    assert readers.find_due(trainer, playing=True) == float("inf")
    state = trainer.state
    trainer.step()
    assert readers.find_due(trainer, playing=True) < float("inf")
    trainer.state = state  # the step was taken back: there is no news after all
    assert readers.list_due(trainer) == []
    assert readers.find_due(trainer, playing=True) == float("inf")
    readers.add(want(2, SURFACE))
    assert readers.list_due(trainer) != []
    assert readers.find_due(trainer, playing=True) < float("inf")
    readers.remove(2)
    assert readers.find_due(trainer, playing=True) == float("inf")
