"""A run's course: what was changed and who learned, by step."""

from hypothesis import given
from hypothesis import strategies as st

from server.engine.course import EAGERLY, MOST_LEGS, Course, IndexedLeg, Leg, Made

JOINED = Made(joined=True)
WAYS = {"joined": JOINED, "compiled": Made(program="a"), "both": Made(joined=True, program="b")}


def test_a_course_comes_back_from_what_it_tells_with_each_config_once() -> None:
    course = Course.begin(0, {"data": {"points": [1, 2]}, "batch_size": 1})
    for step, size in enumerate((2, 1, 2)):
        course.note_config(step, {"data": {"points": [1, 2]}, "batch_size": size})
    course.note_player(5, "generator", 2)
    course.note_made(9, 4, JOINED)
    course.note_made(13, 4, Made(joined=True, program="a key"))
    legs, configs = course.tell()
    assert configs == ({"data": {"points": [1, 2]}, "batch_size": 1}, {"batch_size": 2})
    again = [IndexedLeg.model_validate_json(leg.model_dump_json()) for leg in legs]
    assert Course.read(again, configs).legs == course.legs


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=12), st.integers(0, 9))
def test_what_holds_at_a_step_is_what_the_last_leg_until_there_says(given: list[tuple[int, bool]], step: int) -> None:
    legs = [Leg(0, config={"n": -1})]
    legs += [Leg(at, "generator", {"n": n} if gives else None) for n, (at, gives) in enumerate(sorted(given))]
    course = Course(legs)
    before = [leg for leg in legs if leg.step <= step]
    assert course.find_config(step) == [leg.config for leg in before if leg.config][-1]
    assert course.find_player(step) == before[-1].player
    assert course.list_after(step) == tuple(leg for leg in legs if leg.step > step)


def test_a_course_is_full_before_it_has_more_legs_than_a_file_takes() -> None:
    course = Course.begin(0, {"n": 0})
    while not course.is_full:
        course.note_config(len(course.legs), {"n": len(course.legs)})
    assert MOST_LEGS // 2 < len(course.legs) < MOST_LEGS - 2 * 200


@given(st.lists(st.tuples(st.sampled_from(["eager", "generator", "config", *WAYS]), st.integers(0, 3)), max_size=12))
def test_every_step_is_known_as_it_was_made(made: list[tuple[str, int]]) -> None:
    course, how = Course.begin(0, {"n": 0}), list[str]()
    for kind, count in made:
        if kind == "config":
            course.note_config(len(how), {"n": len(how)})
            continue
        if kind in WAYS:
            course.note_made(len(how), count, WAYS[kind])
        elif kind == "generator":
            course.note_player(len(how), "generator", count)
        how += [kind] * count
    for told in (course, *(course.cut(step) for step in range(len(how) + 1))):
        kept = how if told is course else how[: told.legs[-1].step]
        expected = [("generator" if kind == "generator" else "both", WAYS.get(kind, EAGERLY)) for kind in kept]
        assert [(told.find_player(step), told.find_made(step)) for step in range(len(kept))] == expected
    assert (course.find_player(len(how)), course.find_made(len(how))) == ("both", EAGERLY)


def test_a_long_stretch_of_joined_steps_is_two_legs_however_often_it_is_reported() -> None:
    course = Course.begin(0, {"n": 0})
    for step in range(0, 100, 5):
        course.note_made(step, 5, JOINED)
    assert course.legs[1:] == (Leg(0, made=JOINED), Leg(100))


def test_a_report_of_no_steps_leaves_the_end_of_a_joined_stretch() -> None:
    course = Course.begin(0, {"n": 0})
    course.note_made(0, 10, JOINED)
    legs = course.legs
    course.note_made(10, 0, JOINED)
    assert course.legs == legs


def test_those_who_come_and_go_never_fill_a_run_s_course() -> None:
    course, step = Course.begin(0, {"n": 0}), 0
    while course.may_vary:
        course.note_made(step, 1, JOINED)
        step += 2
    assert not course.is_full
    assert len(course.legs) < MOST_LEGS * 0.6
