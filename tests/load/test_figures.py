"""The figures of a trial, from records made by hand."""

from collections import Counter

from server.load.client import Record
from server.load.figures import Delay, Rates, list_lines, sum_up


def test_percentiles_are_those_of_what_was_seen() -> None:
    delay = Delay.of([i / 1000 for i in range(101)])
    assert delay == Delay(count=101, p50=50.0, p95=95.0, p99=99.0)
    assert Delay.of([0.25]) == Delay(1, 250.0, 250.0, 250.0)
    assert Delay.of([]) is None


def test_unfairness_is_the_spread_of_the_players_as_a_share_of_the_middle_one() -> None:
    assert Rates(90.0, 100.0, 110.0).unfairness == 0.2
    assert Rates(0.0, 0.0, 0.0).unfairness is None


def test_a_player_is_measured_over_the_time_that_it_played() -> None:
    brief = Record(steps=100, frames=10, playing=1.0, connected=2.0)
    long = Record(steps=1000, frames=100, playing=10.0, connected=10.0)
    figures = sum_up([brief, long], [], [], seconds=10.0)
    assert figures.steps == 110.0
    assert figures.steps_each == Rates(100.0, 100.0, 100.0)
    assert figures.frames_each == Rates(5.0, 7.5, 10.0)
    assert figures.unfairness == 0.0


def test_a_frame_is_as_old_as_it_was_longer_under_way_than_the_quickest() -> None:
    figures = sum_up([Record(delays=[5.0, 5.01, 5.5])], [], [], seconds=1.0)
    assert figures.frame_age is not None
    assert figures.frame_age.p50 == 10.0
    assert 480 < figures.frame_age.p99 <= 500


def test_what_went_wrong_is_counted_over_all_clients_and_told() -> None:
    players = [Record(errors=Counter({"a run failed": 2})), Record(errors=Counter({"a run failed": 1, "refused": 1}))]
    figures = sum_up(players, [], [0.002], seconds=1.0)
    assert figures.errors == {"a run failed": 3, "refused": 1}
    assert ("went wrong 3 times", "a run failed") in list_lines(figures)
