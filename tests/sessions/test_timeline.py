"""The history keeps order and numbers, and stays bounded."""

from itertools import pairwise

from server.protocol.events import Configured, Floors, Mark, MetricRow, Scalars
from server.sessions.timeline import MOST_MARKS, MOST_METRIC_ROWS, MOST_ROWS, UNNUMBERED, Timeline


def add_steps(timeline: Timeline, *steps: int) -> None:
    timeline.add_rows(steps, tuple(float(step) for step in steps), (None,) * len(steps), ())


def add_mark(timeline: Timeline, text: str, step: int = 0) -> None:
    timeline.add_event(Mark(event=UNNUMBERED, step=step, revision=timeline.revision, text=text))


def test_rows_and_marks_come_in_the_order_they_happened() -> None:
    timeline = Timeline()
    add_steps(timeline, 1, 2)
    add_steps(timeline, 3)
    add_mark(timeline, "changed")
    add_steps(timeline, 4)
    before, mark, after = timeline.list_after(0)
    assert isinstance(before, Scalars)
    assert isinstance(after, Scalars)
    assert (before.steps, mark.type, after.steps) == ((1, 2, 3), "mark", (4,))
    assert [before.event, mark.event, after.event] == [2, 3, 4]


def test_a_page_gets_what_came_after_the_number_it_has_seen() -> None:
    timeline = Timeline()
    for step in range(1, 6):
        add_steps(timeline, step)
    (later,) = timeline.list_after(3)
    assert later == Scalars(event=5, revision=1, steps=(4, 5), d_loss=(4.0, 5.0), g_loss=(None, None))
    assert list(timeline.list_after(5)) == []


def test_metrics_without_rows_are_sent_too() -> None:
    timeline = Timeline()
    row = MetricRow(step=0, values={"grid_js": 0.5})
    timeline.add_rows((), (), (), (row,))
    (scalars,) = timeline.list_after(0)
    assert isinstance(scalars, Scalars)
    assert scalars.metrics == (row,)


def test_a_history_that_others_are_to_show_now_is_sent_whole() -> None:
    timeline = Timeline()
    add_steps(timeline, 1, 2)
    assert timeline.resume_after(1) == 1
    add_mark(timeline, "changed")
    timeline.carry_on(7, revision=2)
    assert [timeline.resume_after(seen) for seen in (1, 7, 8, 9, 99)] == [0, 0, 8, 9, 0]
    rows, mark = timeline.list_after(7)
    assert isinstance(rows, Scalars)
    assert (rows.event, rows.revision, rows.steps) == (8, 2, (1, 2))
    assert isinstance(mark, Mark)
    assert (mark.event, mark.revision, mark.text) == (9, 2, "changed")


def test_a_branch_has_its_parents_history_up_to_where_it_leaves() -> None:
    timeline = Timeline()
    add_steps(timeline, 1, 2, 3, 4)
    add_mark(timeline, "late", step=3)
    cut = timeline.cut(2)
    (rows,) = cut.list_after(0)
    assert isinstance(rows, Scalars), "the mark was made later"
    assert rows.steps == (1, 2)
    assert len(timeline) == 4
    assert [event.type for event in timeline.list_after(0)] == ["scalars", "mark"]


def test_of_configs_and_floors_the_newest_counts() -> None:
    timeline = Timeline()
    for seed in (1, 2):
        config, values = {"seed": seed}, {"grid_js": float(seed)}
        timeline.add_event(Configured(event=UNNUMBERED, config=config, revision=1, restarted=False))
        timeline.add_event(Floors(event=UNNUMBERED, revision=1, values=values))
    configured, floors = timeline.list_after(0)
    assert isinstance(configured, Configured)
    assert isinstance(floors, Floors)
    assert (configured.config, floors.values) == ({"seed": 2}, {"grid_js": 2.0})


def test_f27_old_rows_are_thinned_and_the_newest_kept_whole() -> None:
    timeline = Timeline()
    for start in range(0, 5 * MOST_ROWS, 500):
        add_steps(timeline, *range(start, start + 500))
    assert len(timeline) <= MOST_ROWS
    (scalars,) = timeline.list_after(0)
    assert isinstance(scalars, Scalars)
    newest = range(5 * MOST_ROWS - MOST_ROWS // 4, 5 * MOST_ROWS)
    assert scalars.steps[-len(newest) :] == tuple(newest)
    assert scalars.steps[0] == 0
    assert all(step == loss for step, loss in zip(scalars.steps, scalars.d_loss, strict=True))
    assert list(scalars.steps) == sorted(set(scalars.steps))
    gaps = [after - before for before, after in pairwise(scalars.steps)]
    assert max(gaps) <= 4 * 5 * MOST_ROWS // MOST_ROWS


def test_f27_marks_and_metrics_are_bounded() -> None:
    timeline = Timeline()
    for i in range(MOST_MARKS + 10):
        add_mark(timeline, str(i))
    for i in range(MOST_METRIC_ROWS + 10):
        timeline.add_rows((), (), (), (MetricRow(step=i, values={}),))
    *marks, scalars = timeline.list_after(0)
    assert len(marks) == MOST_MARKS
    assert isinstance(marks[0], Mark)
    assert marks[0].text == "10"
    assert isinstance(scalars, Scalars)
    assert len(scalars.metrics) < MOST_METRIC_ROWS
    assert (scalars.metrics[0].step, scalars.metrics[-1].step) == (0, MOST_METRIC_ROWS + 9)
