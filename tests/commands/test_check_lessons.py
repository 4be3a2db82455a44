"""`ganlab check-lessons`: what the presets claim is measured; a claim that fails is said and costs the exit code."""

import json
import subprocess
import sys
from math import isfinite

import pytest

from server.commands.check_lessons import Finding, check_lesson
from server.gan.claims import Claim
from server.gan.measures import MEASURES
from server.gan.metrics import METRICS
from server.gan.preset import Preset
from server.gan.presets import PRESETS

SMALL = {"generator": {"width": 8}, "discriminator": {"width": 8}, "batch_size": 16}
LESSONS = [preset for preset in PRESETS.values() if preset.claims]


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", "check-lessons", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_claim_measures_something_that_there_is() -> None:
    for preset in LESSONS:
        for claim in preset.claims:
            assert claim.measure in METRICS or claim.measure in MEASURES, preset.key
            assert claim.beside is None or claim.beside in PRESETS, preset.key


def test_every_measure_is_claimed_by_some_lesson() -> None:
    assert set(MEASURES) <= {claim.measure for preset in LESSONS for claim in preset.claims}


@pytest.mark.parametrize("measure", [*MEASURES, "modes20"])
def test_every_seed_has_a_number_for_every_measure(measure: str) -> None:
    techniques = [{"name": "ema"}, {"name": "truncation"}, {"name": "bigan"}]
    config = {**SMALL, "data": {"name": "ring8", "size": 50}, "techniques": techniques}
    lesson = Preset("ring8", "Test", "", "", config, claims=(Claim(measure, "at least", -1, 3),))
    (finding,) = check_lesson(lesson, 2)
    assert len(finding.values) == 2
    assert all(value is not None and isfinite(value) for value in finding.values)


def test_a_claim_needs_its_share_of_the_seeds() -> None:
    claim = Claim("modes20", "at least", 7, 100, share=0.8)
    assert Finding("ring8", claim, [8, 8, 7, 7, 6]).holds
    assert not Finding("ring8", claim, [8, 8, 7, 6, 6]).holds


def test_a_run_that_diverged_holds_nothing() -> None:
    assert not Claim("reverse_kl", "at most", 1, 100).holds(None)


def test_a_ratio_is_taken_seed_by_seed() -> None:
    lesson = Preset(
        "least_squares", "Test", "", "", SMALL, claims=(Claim("steepness", "at least", 0, 4, beside="ring8"),)
    )
    plain = Preset("least_squares", "Test", "", "", SMALL, claims=(Claim("steepness", "at least", 0, 4),))
    whole = Preset("ring8", "Test", "", "", {}, claims=(Claim("steepness", "at least", 0, 4),))
    ratio, above, below = (check_lesson(preset, 2)[0].values for preset in (lesson, plain, whole))
    assert ratio == [a / b for a, b in zip(above, below, strict=True) if a is not None and b]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("key", ["rpgan_r1_r2", "wgan_gp"])
def test_the_two_configurations_that_are_promised_reach_eight_even_modes_in_every_seed(key: str) -> None:
    done = check(key, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = {line["measure"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert found["modes20"]["values"] == [8.0] * 5
    assert all(value < 0.01 for value in found["reverse_kl"]["values"])


def test_a_claim_that_does_not_hold_is_said_and_costs_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    from server.commands import check_lessons

    doubtful = Preset("doubt", "Doubtful", "", "", SMALL, claims=(Claim("modes20", "at least", 9, 2),))
    monkeypatch.setattr(check_lessons, "PRESETS", {"doubt": doubtful})
    assert not check_lessons.check_lessons(["doubt"], 1, as_json=False)


def test_a_lesson_that_is_none_is_refused_in_words() -> None:
    done = check("line")
    assert done.returncode == 2
    assert "expected one of ring8" in done.stderr
