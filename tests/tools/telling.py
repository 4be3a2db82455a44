"""What the inspector tells of a step, phase by phase."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from torch import Tensor

from server.gan.inspection import inspect_phase
from server.gan.phases import Player
from server.gan.trainer import Trainer
from tests.tools.latex import evaluate_latex


def tell_phases(trainer: Trainer, player: Player = "both") -> tuple[dict[str, Any], Mapping[str, Tensor]]:
    """Train a step: what is told of each phase, by its name, and the tensors that the last one knows.

    All that is told is JSON, without a number that is not finite.
    """
    told: dict[str, Any] = {}
    before = trainer.state
    for phase in trainer.phases(player):
        told[phase.name] = inspect_phase(trainer, phase, before)
        assert json.loads(json.dumps(told[phase.name], allow_nan=False)) == told[phase.name]
        before = trainer.state
    return told, phase.known


def check_price(told: Mapping[str, Mapping[str, Any]]) -> None:
    """Check that what one example costs, as it is worked out in numbers, comes out."""
    numbers = told["loss"]["numbers"]
    price = next(one for one in told["loss"]["formula"] if one["latex"].startswith(r"\ell_i ="))
    _, worked, result = price["latex_numbers"].split(" = ")
    assert evaluate_latex(worked) == pytest.approx(numbers["per_example"], abs=5e-3, rel=5e-3)
    assert float(result) == pytest.approx(numbers["per_example"], rel=1e-3)
