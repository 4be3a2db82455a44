"""Regularizers and techniques in exported runs: each trains as in the lab; what a script cannot follow is said."""

from pathlib import Path
from typing import Any

import pytest

from server.errors import ConfigError
from server.gan.config import RunConfig, check_config
from server.gan.export.script import Change, write_script
from server.gan.regularizers import REGULARIZERS
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.base import CrowdTechnique
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script, train
from tests.tools.runs import catalog, make_config, serve_needs

STEPS = 60
TOLERANCE = 1e-4
QUICK: dict[str, dict[str, float]] = {
    "ada": {"kimg": 1.0},
    "diffusion": {"kimg": 1.0, "target": 0.0, "sigma": 0.5},
    "rate_decay": {"steps": 40},
    "retraining": {"k": 7, "share": 0.25},
    "cyclical_rate": {"step_size": 7},
}
"""Numbers with which a technique does something in so few steps."""
SOONER = {"weight_norm": 12, "batch_norm": 12}
"""Fewer steps, where numbers stand, or are added up, in another order in a script: last digits part sooner then,
and how soon depends on the processor."""


def units(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names]


def agree(config: RunConfig, folder: Path, changes: list[Change] | None = None, steps: int = STEPS) -> None:
    there = run_script(write_script(config, steps, catalog(), changes or []), folder)
    here = train(Trainer(config), steps, changes or [])
    for mine, theirs in zip(here, there, strict=True):
        assert theirs == pytest.approx(mine, abs=TOLERANCE, nan_ok=True)


@pytest.mark.parametrize("key", list(REGULARIZERS))
def test_a_run_with_a_regularizer_is_exported_as_it_trains(key: str, tmp_path: Path) -> None:
    agree(check_config({"regularizers": units(key)}, catalog()), tmp_path)


EXPORTED = [unit.key for unit in TECHNIQUES.values() if not isinstance(unit, CrowdTechnique)]
"""A script would add up in another order what compares the points of a batch: that is refused in words."""


@pytest.mark.parametrize("key", EXPORTED)
def test_a_run_with_a_technique_is_exported_as_it_trains(key: str, tmp_path: Path) -> None:
    (loss, *_) = TECHNIQUES[key].goes_with.get("loss", ("rpgan",))
    technique, most = {"name": key, **QUICK.get(key, {})}, 1 if getattr(TECHNIQUES[key], "rounds", 1) > 1 else 2
    needs = serve_needs(TECHNIQUES[key])
    config = make_config(*needs, techniques=[technique], loss={"name": loss}, d_updates=most)
    agree(config, tmp_path, steps=SOONER.get(key, STEPS))


def test_a_run_on_finite_data_is_exported_as_it_trains(tmp_path: Path) -> None:
    for data in ({"name": "swiss_roll"}, {"name": "points", "units": "published"}):
        plain = {"data": {**data, "size": 20}, "loss": {"name": "rpgan"}, "techniques": units("instance_noise")}
        agree(check_config(plain, catalog()), tmp_path, steps=30)


@pytest.mark.parametrize("pair", [("weight_clipping", "rate_decay"), ("orthogonal", "spectral_norm")])
def test_regularizers_and_techniques_together(pair: tuple[str, str], tmp_path: Path) -> None:
    plain = {
        "regularizers": units("gradient_penalty", "lecam", pair[0]),
        "techniques": units("simultaneous", "instance_noise", "ema", pair[1]),
    }
    agree(check_config(plain, catalog()), tmp_path, steps=30)


def test_packs_of_noisy_points_with_a_penalty_and_pairs(tmp_path: Path) -> None:
    plain = {
        "loss": {"name": "rpgan"},
        "regularizers": units("gradient_penalty", "dragan"),
        "techniques": units("instance_noise", "pacgan"),
    }
    agree(check_config(plain, catalog()), tmp_path)


def test_regularizers_that_were_switched_and_turned_while_the_run_trained(tmp_path: Path) -> None:
    changes = [
        (5, {"regularizers": [{"name": "r1", "gamma": 0.5}, {"name": "lecam", "decay": 0.9}]}),
        (9, {"regularizers": [{"name": "r1", "gamma": 0.05}]}),
        (12, {"regularizers": [{"name": "lecam", "decay": 0.8}, {"name": "weight_clipping", "bound": 0.2}]}),
        (16, {"regularizers": []}),
    ]
    listed = [(step, check_config(plain, catalog())) for step, plain in changes]
    agree(check_config({}, catalog()), tmp_path, listed, steps=20)


def test_techniques_that_changed_on_the_way_are_refused_in_words() -> None:
    later = check_config({"techniques": units("ema")}, catalog())
    with pytest.raises(ConfigError, match="expected the same from the beginning"):
        write_script(check_config({}, catalog()), 20, catalog(), [(5, later)])


def test_how_samples_are_drawn_is_told_at_the_end_of_a_script_and_may_change_on_the_way() -> None:
    drawing = check_config({"techniques": [{"name": "truncation", "tau": 0.7}]}, catalog())
    plain = check_config({}, catalog())
    told = write_script(plain, 20, catalog(), [(5, drawing)])
    assert "#     inside = math.erf(0.7 / math.sqrt(2))" in told
    assert [line for line in told.split("\n") if "erfinv" in line and not line.startswith("#")] == []
    assert "Other samples" not in write_script(drawing, 20, catalog(), [(5, plain)])
