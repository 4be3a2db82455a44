"""A run's course: what was changed and who learned, by step."""

from hypothesis import given
from hypothesis import strategies as st

from server.engine.course import MOST_LEGS, Course, IndexedLeg, Leg


def test_a_course_comes_back_from_what_it_tells_with_each_config_once() -> None:
    course = Course.begin(0, {"data": {"points": [1, 2]}, "batch_size": 1})
    for step, size in enumerate((2, 1, 2)):
        course.note_config(step, {"data": {"points": [1, 2]}, "batch_size": size})
    course.note_player(5, "generator", 2)
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
