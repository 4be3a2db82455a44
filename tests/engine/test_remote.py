"""What a run's next worker is told, so that the run is back as it was seen."""

import pytest

from server.engine import orders, reports
from server.engine.configs import Plain
from server.engine.course import Course
from server.engine.remote import START, Place, RemoteRun
from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config
from server.gan.model_file import build_model
from server.gan.trainer import Trainer
from server.protocol.messages import Divergence


class Wire:
    """A run whose orders are kept instead of sent."""

    def __init__(self) -> None:
        self.told: list[reports.RunReport] = []
        self.sent: list[tuple[orders.Order, bytes]] = []
        self.run = RemoteRun("a", lambda report, packed: self.told.append(report), lambda report, frame: None)
        self.run.send = lambda order, body: self.sent.append((order, body))

    def answer(self, number: int, step: int = 0, state: bytes = b"") -> None:
        position = reports.Position(step=step, d_updates=step, g_updates=step)
        self.run.receive(reports.Applied(run="a", number=number, position=position), state)

    def report(self, *steps: int, state: bytes = b"", number: int | None = None, revision: int = 1) -> None:
        position = reports.Position(step=steps[-1], d_updates=steps[-1], g_updates=steps[-1])
        losses = (0.0,) * len(steps)
        progress = reports.Progress(
            run="a", revision=revision, number=number, position=position,
            moved=len(steps), steps=steps, d_loss=losses, g_loss=losses, metrics=(), steps_per_second=0.0,
        )  # fmt: skip
        self.run.receive(progress, state)

    def resume(self) -> list[tuple[orders.Order, bytes]]:
        self.sent.clear()
        self.run.resume()
        return self.sent


def find_seed(opening: orders.Open) -> int:
    (config,) = read_configs(opening)
    return int(config["seed"])


def read_configs(opening: orders.Open) -> tuple[Plain, ...]:
    return Course.read(opening.legs, opening.configs).configs


@pytest.fixture(scope="module")
def config() -> RunConfig:
    return check_config({}, build_catalog())


def test_a_playing_run_begins_at_its_newest_state_and_replays_what_was_seen(config: RunConfig) -> None:
    wire = Wire()
    wire.answer(wire.run.open(config, 1), state=b"start")
    wire.answer(wire.run.play(30.0))
    wire.report(1, 2, state=b"two")
    wire.report(3, 4, 5)
    (opening, state), (play, _) = wire.resume()
    assert isinstance(opening, orders.Open)
    assert isinstance(play, orders.Play)
    assert (opening.replay_to, state, play.rate) == (5, b"two", 30.0)


def test_orders_without_an_answer_are_given_again_in_order(config: RunConfig) -> None:
    wire = Wire()
    wire.answer(wire.run.open(config, 1), state=b"start")
    number = wire.run.step("generator", 10)
    wire.report(1, 2, 3, state=b"three", number=number)
    wire.run.pause()
    (_, state), (step, _), (pause, _) = wire.resume()
    assert isinstance(step, orders.Step)
    assert (state, step.count, pause.type) == (b"three", 7, "pause")


def test_a_pause_that_is_under_way_keeps_the_run_from_playing_on(config: RunConfig) -> None:
    wire = Wire()
    wire.answer(wire.run.open(config, 1))
    wire.answer(wire.run.play(None))
    wire.run.pause()
    assert [order.type for order, _ in wire.resume()] == ["open", "pause"]


def test_a_run_that_begins_anew_needs_nothing_of_the_old_one(config: RunConfig) -> None:
    wire = Wire()
    wire.answer(wire.run.open(config, 1), state=b"start")
    number = wire.run.play(None)
    wire.run.open(config.with_seed(5), 2)
    ((opening, state),) = wire.resume()
    assert isinstance(opening, orders.Open)
    assert (opening.revision, find_seed(opening), opening.replay_to, state) == (2, 5, 0, b"")
    assert isinstance(wire.told[-1], reports.Applied)
    assert wire.told[-1].number == number


def test_a_live_change_counts_from_its_answer_on(config: RunConfig) -> None:
    wire = Wire()
    wire.answer(wire.run.open(config, 1))
    changed = check_config({"batch_size": 64}, build_catalog())
    number = wire.run.configure(changed)
    (before, _), (again, _) = wire.resume()
    assert isinstance(before, orders.Open)
    assert [config["batch_size"] for config in read_configs(before)] == [128]
    assert again.type == "configure"
    wire.answer(number)
    ((after, _),) = wire.resume()
    assert isinstance(after, orders.Open)
    assert [config["batch_size"] for config in read_configs(after)] == [128, 64]


def test_what_an_earlier_revision_still_reports_is_dropped(config: RunConfig) -> None:
    wire = Wire()
    wire.run.open(config, 1)
    wire.run.open(config, 2)
    wire.report(1, 2, revision=1)
    assert wire.told == []
    assert wire.run.position.step == 0


def test_a_frame_that_is_waited_for_is_asked_for_again(config: RunConfig) -> None:
    wire = Wire()
    wire.answer(wire.run.open(config, 1))
    wire.run.want(1, ("real",), fixed=True)
    assert [order.type for order, _ in wire.resume()] == ["open", "want"]
    frame = reports.Frame(run="a", revision=1, readers=(1,), layers=("real",), fixed=True)
    wire.run.want(1, ("real",), fixed=True, level=1)
    wire.run.receive(frame, b"frame")  # made before the worker had heard of other sizes, which it still has to make
    assert [order.type for order, _ in wire.resume()] == ["open", "want"]
    wire.run.receive(frame.model_copy(update={"level": 1}), b"frame")
    assert [order.type for order, _ in wire.resume()] == ["open"]


def test_a_frame_clears_a_resting_run_of_the_suspicion_and_never_a_playing_one(config: RunConfig) -> None:
    wire = Wire()
    wire.answer(wire.run.open(config, 1))
    frame = reports.Frame(run="a", revision=1, readers=(1,), layers=("real",), fixed=True)
    wire.run.futile_starts = 2
    wire.run.receive(frame, b"frame")
    assert wire.run.futile_starts == 0
    wire.answer(wire.run.play(None))
    wire.run.futile_starts = 2
    wire.run.receive(frame, b"frame")
    assert wire.run.futile_starts == 2


def test_a_run_that_is_given_up_refuses_what_was_asked_of_it(config: RunConfig) -> None:
    wire = Wire()
    wire.answer(wire.run.open(config, 1))
    number = wire.run.play(None)
    wire.run.give_up("it may be too large")
    _, failed, refused = wire.told
    expected = Divergence(step=0, player="", quantity="", message="it may be too large")
    assert isinstance(failed, reports.Failed)
    assert failed.failure == expected
    assert refused == reports.Refused(run="a", number=number, message="it may be too large")
    assert not wire.run.is_busy


def test_a_run_that_began_anew_twice_in_a_row_comes_back_as_it_began_last(config: RunConfig) -> None:
    wire = Wire()
    first = wire.run.open(config, 1)
    second = wire.run.open(config.with_seed(5), 2)
    wire.answer(second, state=b"new")
    ((opening, state),) = wire.resume()
    assert isinstance(opening, orders.Open)
    assert (opening.revision, find_seed(opening), state) == (2, 5, b"new")
    assert [report.number for report in wire.told if isinstance(report, reports.Applied)] == [first, second]
    assert not wire.run.is_busy


def test_what_is_wanted_when_an_order_is_settled_is_given_after_the_run_is_open_again(config: RunConfig) -> None:
    sent: list[orders.Order] = []
    run = RemoteRun("a", lambda report, packed: run.want(1, ("real",), fixed=True), lambda report, frame: None)
    run.play(None)
    run.open(config, 1)
    run.send = lambda order, body: sent.append(order)
    run.resume()
    assert [order.type for order in sent] == ["open", "want"]


def test_a_run_that_was_closed_is_not_brought_back(config: RunConfig) -> None:
    wire = Wire()
    wire.answer(wire.run.open(config, 1), state=b"start")
    wire.run.play(None)
    wire.run.close()
    assert wire.resume() == []
    assert not wire.run.is_busy


def test_a_run_that_begins_at_a_model_begins_there_again_after_a_lost_worker(config: RunConfig) -> None:
    trainer = Trainer(config)
    trainer.step()
    model = build_model(config, trainer.state.pack())
    wire = Wire()
    place = Place(model.packed, 1, reports.Position(step=1, d_updates=1, g_updates=1))
    number = wire.run.open(config, 1, place)
    for unanswered in (wire.sent[-1], *wire.resume()):
        opening, body = unanswered
        assert isinstance(opening, orders.Open)
        assert (opening.begins_at, opening.replay_to, body) == (1, 1, model.packed)
    wire.answer(number, step=1, state=b"one")
    wire.report(2, 3)
    ((opening, body),) = wire.resume()
    assert isinstance(opening, orders.Open)
    assert (opening.begins_at, opening.replay_to, body) == (1, 3, b"one")


def test_the_heartbeat_allows_for_the_heaviest_settings_that_the_run_can_go_back_to() -> None:
    heavy, light = (check_config({"batch_size": size}, build_catalog()) for size in (4096, 1))
    wire = Wire()
    wire.answer(wire.run.open(heavy, 1))
    most = wire.run.allowance
    wire.answer(wire.run.configure(light))
    assert wire.run.allowance == most
    course = wire.run.course
    wire.run.open(light, 2)
    assert wire.run.allowance < most / 1000
    wire.run.reopen(course, 3, START, known_to=9, begins_at=0, measure=False)
    assert wire.run.allowance == most


def test_own_data_are_sent_once_however_often_the_settings_change() -> None:
    points = [[i / 100, 1.0] for i in range(400)]
    wire = Wire()
    lengths = []
    for size in (1, *range(2, 60)):
        config = check_config({"batch_size": size, "data": {"name": "points", "points": points}}, build_catalog())
        wire.answer(wire.run.open(config, 1) if size == 1 else wire.run.configure(config), step=size)
        lengths.append(len(wire.resume()[0][0].model_dump_json()))
    assert lengths[-1] < lengths[0] + 58 * 100
    assert [config["batch_size"] for config in wire.run.course.configs] == list(range(1, 60))
    data = {id(config["data"]) for config in wire.run.course.configs}
    assert len(data) == 1
