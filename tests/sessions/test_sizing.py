"""A page's frames become smaller before they are too few, larger again when there is room, and never to and fro."""

import pytest

from server.engine.orders import COARSEST
from server.sessions.sizing import GAP_SECONDS, GOOD_SPANS, Sizing


class Page:
    """A page that is sent frames at a rate, by a clock that is turned by hand."""

    def __init__(self, most: float = 30.0) -> None:
        self.sizing = Sizing(most)
        self.now, self.step = 0.0, 0.0

    def watch(self, seconds: float, frames: float, steps: float = 500.0) -> list[int]:
        """Give the levels that the page's frames had, in order, without repetitions."""
        levels = [self.sizing.level]
        for _ in range(round(seconds * frames)):
            self.now += 1 / frames
            self.step += steps / frames
            self.sizing.note_frame(self.now, int(self.step))
            if self.sizing.level != levels[-1]:
                levels.append(self.sizing.level)
        return levels


def test_a_page_with_few_frames_has_smaller_ones_after_some_seconds_and_not_at_once() -> None:
    page = Page()
    assert page.watch(3.0, frames=8) == [0]
    assert page.watch(30.0, frames=8) == [0, 1, 2]
    assert page.sizing.level == COARSEST


@pytest.mark.parametrize(("frames", "steps"), [(30, 500), (11, 500), (5, 5), (2, 2), (9.5, 10)])
def test_a_page_with_enough_frames_or_with_all_that_there_is_to_show_has_full_ones(frames: float, steps: float) -> None:
    assert Page().watch(60.0, frames, steps) == [0]


def test_one_bad_moment_changes_nothing() -> None:
    page = Page()
    for _ in range(10):
        assert page.watch(2.2, frames=4) == [0]
        assert page.watch(6.0, frames=30) == [0]


def test_frames_grow_again_after_a_good_time_longer_than_the_bad_one() -> None:
    page = Page()
    page.watch(60.0, frames=5)
    began = page.now
    assert page.watch(8.0, frames=30) == [2]
    assert page.watch(100.0, frames=30) == [2, 1, 0]
    assert page.now - began > 2 * GOOD_SPANS


def test_a_page_that_smaller_frames_serve_and_full_ones_do_not_is_left_in_peace() -> None:
    page, changes = Page(), 0
    for _ in range(120):  # ten minutes of a link that carries 7 full frames a second, and 25 small ones
        changes += len(page.watch(5.0, frames=7 if page.sizing.level == 0 else 25)) - 1
    assert changes <= 14


def test_a_page_in_between_keeps_its_size() -> None:
    page = Page()
    page.watch(10.0, frames=8)
    assert page.sizing.level > 0
    assert len(page.watch(120.0, frames=13)) == 1


def test_nothing_is_learned_from_a_page_that_was_not_looked_at_nor_from_a_run_at_rest() -> None:
    page = Page()
    for _ in range(20):
        page.watch(1.5, frames=30)
        page.now += GAP_SECONDS + 60  # in another tab
    for _ in range(20):
        page.watch(1.0, frames=6)
        page.sizing.rest()
        page.now += 3.0
    assert page.sizing.level == 0


def test_a_run_that_went_back_is_counted_anew() -> None:
    page = Page()
    page.watch(1.9, frames=30)
    page.step = 0.0
    assert page.watch(10.0, frames=30) == [0]


def test_where_the_lab_makes_few_frames_for_anybody_they_stay_full() -> None:
    assert Page(most=5.0).watch(60.0, frames=5) == [0]
    assert Page(most=5.0).watch(60.0, frames=2)[-1] == COARSEST
