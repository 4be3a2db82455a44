"""The monitor's rules on readings made by hand: each speaks for what it names, and is silent otherwise."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from math import inf, nan
from typing import Any

import pytest

from server.gan.assignments import assign
from server.gan.config import check_config, restarts
from server.gan.monitor.monitor import Monitor, Verdict
from server.gan.monitor.readings import Reading, Vitals
from server.gan.monitor.symptoms import SYMPTOMS
from tests.tools.runs import catalog, make_config

HEALTHY = Vitals(ranked=0.8, fresh=0.8, pull=1.0, centre=(0.0, 0.0), spread=1.0, reached=1.0)
CLUMP = HEALTHY._replace(spread=0.05, reached=0.1)
LEFT, RIGHT, MIDDLE = (-1.0, 0.0), (1.0, 0.0), (0.0, 0.0)


def make_readings(vitals: Sequence[Vitals], js: float = 0.9, covered: int | None = 1) -> list[Reading]:
    """Readings every 50 steps from step 0 on, of a ring of eight, or of data without modes."""
    modes = None if covered is None else 8
    return [Reading(50 * i, one, js, covered, modes) for i, one in enumerate(vitals)]


def watch(readings: Sequence[Reading], *changes: str) -> list[Verdict]:
    """All that a monitor says to these readings of a run with the default settings, changed."""
    monitor = Monitor(make_config(*changes))
    return [verdict for reading in readings for verdict in monitor.take(reading)]


def move(vitals: Vitals, *centres: tuple[float, float], count: int = 30) -> list[Vitals]:
    """The same cloud at one place after the other, again and again."""
    return [vitals._replace(centre=centre) for centre, _ in zip(cycle(centres), range(count), strict=False)]


HOPPING = make_readings(move(CLUMP, LEFT, LEFT, LEFT, RIGHT, RIGHT, RIGHT))
SWINGING = make_readings(move(CLUMP._replace(spread=0.1), LEFT, RIGHT), covered=None)
SURE = make_readings([HEALTHY._replace(ranked=0.995, pull=0.05)] * 20, covered=6)
FOOLED = make_readings([HEALTHY._replace(ranked=0.3)] * 20, covered=6)
LEARNED = make_readings([HEALTHY._replace(ranked=0.85, fresh=0.3)] * 20, js=0.4, covered=8)
COLLAPSED = make_readings([CLUMP] * 20)
THROWN = make_readings([HEALTHY._replace(spread=1.5, centre=(3.0, 3.0), reached=0.0)] * 20)
STREWN = make_readings([HEALTHY._replace(spread=40.0, reached=0.1)] * 20)


@pytest.mark.parametrize(
    ("readings", "kind", "began_at", "least"),
    [
        (THROWN, "thrown_away", 0, 250),
        (STREWN, "thrown_away", 0, 250),
        (COLLAPSED, "mode_collapse", 0, 300),
        (HOPPING, "mode_hopping", 150, 450),
        (SWINGING, "oscillation", 0, 950),
        (SURE, "vanishing_gradient", 0, 350),
        (FOOLED, "weak_discriminator", 0, 450),
        (LEARNED, "memory", 0, 350),
    ],
)
def test_a_symptom_is_named_once_with_where_it_began(
    readings: list[Reading], kind: str, began_at: int, least: int
) -> None:
    (verdict,) = [one for one in watch(readings) if one.kind == kind]
    assert verdict.began_at == began_at
    assert least <= verdict.step <= began_at + 950
    assert set(verdict.evidence) <= set(SYMPTOMS[kind].evidence)
    assert "{" not in verdict.sentence


@pytest.mark.parametrize(
    "readings",
    [
        make_readings([HEALTHY] * 40, js=0.2, covered=8),
        make_readings([CLUMP] * 6 + [HEALTHY] * 30, covered=1),
        make_readings([CLUMP._replace(spread=0.4)] * 40),
        make_readings([CLUMP] * 40, covered=5),
        make_readings([CLUMP] * 40, js=0.3),
        make_readings(move(HEALTHY._replace(spread=0.6), LEFT, RIGHT)),
        make_readings([HEALTHY._replace(spread=1.5, centre=(2.0, 2.0))] * 40),
        make_readings(([THROWN[0].vitals] * 5 + [HEALTHY]) * 6, covered=6),
        make_readings([HEALTHY._replace(spread=4.0)] * 40, js=0.3, covered=8),
        make_readings([HEALTHY._replace(ranked=0.995, pull=1.4)] * 40, covered=6),
        make_readings([HEALTHY._replace(ranked=0.8, pull=0.2)] * 40, covered=6),
        make_readings([HEALTHY._replace(ranked=0.45)] * 40, js=0.2, covered=8),
        make_readings([HEALTHY._replace(ranked=0.55)] * 40, covered=6),
        make_readings([HEALTHY._replace(ranked=0.75, fresh=0.45)] * 40, js=0.4, covered=8),
        make_readings([HEALTHY._replace(ranked=0.85, fresh=0.3)] * 3 + [HEALTHY] * 30, js=0.4, covered=8),
    ],
    ids=[
        "a healthy run",
        "a clump that opens in time",
        "a wide clump",
        "a clump on a law whose modes it covers",
        "a clump that fits the data",
        "a wide cloud that swings, as a run does on its way",
        "a cloud beside the data",
        "a cloud that comes back in time",
        "data with a few points far off",
        "a sure discriminator whose loss still pulls",
        "a weak pull without a sure discriminator",
        "an even game with the data reached",
        "an even game on the way there",
        "a discriminator that knows its points a little better",
        "one that knew them for a while",
    ],
)
def test_nothing_is_said_of(readings: list[Reading]) -> None:
    assert watch(readings) == []


def test_a_wide_cloud_that_is_thrown_away_is_no_clump() -> None:
    far = CLUMP._replace(spread=1.5, centre=(8.0, 8.0), reached=0.0)
    assert [one.kind for one in watch(make_readings([far] * 12))] == ["thrown_away"]
    assert watch(make_readings([far._replace(centre=(1.0, 1.0))] * 12)) == []


def test_leaps_from_and_to_places_far_from_the_data_are_no_hops() -> None:
    far = [
        vitals._replace(centre=(5 * x, 5 * y))
        for vitals in move(CLUMP, *[LEFT] * 3, *[RIGHT] * 3)
        for x, y in [vitals.centre]
    ]
    assert [one.kind for one in watch(make_readings(far))] == ["thrown_away", "mode_collapse"]
    assert "mode_hopping" in [one.kind for one in watch(HOPPING)]


def test_a_clump_that_never_rests_swings_and_one_that_rests_hops() -> None:
    assert "mode_hopping" not in [one.kind for one in watch(make_readings(move(CLUMP, LEFT, RIGHT)))]
    assert "oscillation" not in [one.kind for one in watch(HOPPING)]


def test_a_cloud_that_only_drifts_away_does_not_swing() -> None:
    drift = [CLUMP._replace(spread=0.1, centre=(0.3 * i, 0.0)) for i in range(30)]
    assert [one.kind for one in watch(make_readings(drift, covered=None))] == ["mode_collapse", "thrown_away"]


def test_a_run_that_comes_nearer_is_left_alone() -> None:
    nearing = [replace(one, js=0.9 - 0.012 * i) for i, one in enumerate(SWINGING)]
    assert "oscillation" not in [one.kind for one in watch(nearing)]
    nearing = [replace(one, js=0.9 - 0.04 * i) for i, one in enumerate(SURE)]
    assert watch(nearing) == []


def test_the_same_readings_give_the_same_verdicts() -> None:
    assert watch(HOPPING) == watch(HOPPING) != []


def test_a_changed_setting_begins_the_watch_anew() -> None:
    monitor = Monitor(make_config())
    first = [verdict for reading in COLLAPSED[:10] for verdict in monitor.take(reading)]
    monitor.configure(make_config())
    same = [verdict for reading in COLLAPSED[10:15] for verdict in monitor.take(reading)]
    monitor.configure(make_config("d_updates=2"))
    later = [verdict for reading in COLLAPSED[10:] for verdict in monitor.take(reading)]
    assert [one.kind for one in first] == [one.kind for one in later] == ["mode_collapse"]
    assert same == []
    assert later[0].began_at == 500


def test_the_same_settings_once_more_do_not_delay_the_verdict() -> None:
    monitor = Monitor(make_config())
    told = []
    for reading in COLLAPSED:
        monitor.configure(make_config())
        told += monitor.take(reading)
    assert told == watch(COLLAPSED)


def test_a_clump_that_opens_slowly_is_given_time() -> None:
    opening = [CLUMP._replace(spread=0.01 * 1.2**i) for i in range(17)]
    assert watch(make_readings(opening)) == []
    assert watch(make_readings([one._replace(spread=0.05) for one in opening])) != []


@pytest.mark.parametrize("change", ["d_updates=0", "g_updates=0"])
def test_where_one_player_is_frozen_there_is_no_game_to_judge(change: str) -> None:
    assert watch(COLLAPSED, change) == []


@pytest.mark.parametrize("odd", [nan, inf])
def test_a_reading_that_is_not_finite_is_no_evidence(odd: float) -> None:
    holed = [replace(one, js=odd) if i % 5 == 4 else one for i, one in enumerate(COLLAPSED)]
    assert watch(holed) == []


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_a_run_that_broke_is_told_once_with_slower_steps_for_both_and_for_the_one_that_failed(player: str) -> None:
    monitor = Monitor(make_config())
    (verdict,) = monitor.take_failure(120, player)
    assert (verdict.kind, verdict.began_at, verdict.step) == ("diverged", 120, 120)
    assert f"number of the {player}'s" in verdict.sentence
    assert [remedy.changes for remedy in verdict.remedies] == [
        {"d_optimizer.learning_rate": 0.0001, "g_optimizer.learning_rate": 0.0001},
        {f"{player[0]}_optimizer.learning_rate": 0.0001},
    ]
    assert monitor.take_failure(120, player) == []


def test_where_only_the_failing_players_rate_can_be_lowered_that_is_said_once() -> None:
    monitor = Monitor(make_config("g_optimizer.learning_rate=1e-5"))
    (verdict,) = monitor.take_failure(120, "discriminator")
    assert [remedy.changes for remedy in verdict.remedies] == [{"d_optimizer.learning_rate": 0.0001}]


CONFIGS = (
    (),
    ('regularizers=[{"name": "r1", "gamma": 0.1}, {"name": "r2"}]', 'techniques=[{"name": "ema"}]'),
    ('regularizers=[{"name": "r1", "gamma": 2}]', "loss.name=wasserstein"),
    ("g_updates=5",),
    ("d_updates=5", "loss.name=minimax"),
    ("d_optimizer.learning_rate=1e-5", "g_optimizer.learning_rate=1e-5"),
    ("d_optimizer.learning_rate=0.0001", "g_optimizer.name=sgd", "g_optimizer.learning_rate=10.0"),
    ("d_optimizer.learning_rate=0.3", "g_optimizer.learning_rate=0.3"),
    ("d_optimizer.learning_rate=0.3",),
    ("g_optimizer.learning_rate=0.3",),
)


@pytest.mark.parametrize("kind", SYMPTOMS)
@pytest.mark.parametrize("changes", CONFIGS)
def test_a_remedy_is_a_change_that_applies_while_the_run_goes_on(kind: str, changes: tuple[str, ...]) -> None:
    before = make_config(*changes)
    remedies = SYMPTOMS[kind].remedies(before)
    assert len(remedies) <= 2
    for remedy in remedies:
        plain = before.to_json()
        for path, value in remedy.changes.items():
            plain = assign(plain, f"{path}={json.dumps(value)}")
        after = check_config(plain, catalog())
        assert after != before
        assert not restarts(before, after)


def say(value: Any) -> str:
    """A value as a label has it: of a list of units the newest one's number, or its name."""
    if isinstance(value, list):
        name, *numbers = value[-1].values()
        return say(numbers[0] if numbers else name.upper())
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", "-")


@pytest.mark.parametrize("kind", SYMPTOMS)
@pytest.mark.parametrize("changes", CONFIGS)
def test_a_remedy_says_its_numbers_and_raises_no_rate_above_the_present_and_the_default(
    kind: str, changes: tuple[str, ...]
) -> None:
    config = make_config(*changes)
    for remedy in SYMPTOMS[kind].remedies(config):
        for path, value in remedy.changes.items():
            assert say(value) in remedy.label
            if path.endswith("learning_rate"):
                optimizer = getattr(config, path.split(".")[0])
                default = {"adam": 0.001, "sgd": 0.01}[optimizer.name]
                assert value <= max(optimizer.values["learning_rate"], default)


@pytest.mark.parametrize("kind", ["thrown_away", "mode_collapse", "mode_hopping", "oscillation", "weak_discriminator"])
def test_where_both_rates_are_far_too_high_both_are_lowered_first(kind: str) -> None:
    first, *_ = SYMPTOMS[kind].remedies(make_config("d_optimizer.learning_rate=0.3", "g_optimizer.learning_rate=0.3"))
    assert first.changes == {"d_optimizer.learning_rate": 0.03, "g_optimizer.learning_rate": 0.03}
    assert first.label == "Lower both learning rates: discriminator 0.03, generator 0.03"
