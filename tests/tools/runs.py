"""Configs for tests: the defaults, changed by dotted keys; and units of two kinds, each in some case."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from server.gan.assignments import assign
from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config
from server.gan.losses import LOSSES
from server.gan.losses.base import Loss
from server.gan.registry import Unit
from server.gan.techniques import Technique

catalog = cache(build_catalog)
GAMES = [unit.key for unit in LOSSES.values() if unit.is_game]
"""The losses of two players; the others compare samples."""


def make_config(*assignments: str, **top: Any) -> RunConfig:
    """Make a config from `dotted.key=value` assignments and whole top-level keys."""
    plain: dict[str, Any] = dict(top)
    for assignment in assignments:
        plain = assign(plain, assignment)
    return check_config(plain, catalog())


DEFAULT_LOSS = "non_saturating"


def serve_needs(*units: Unit[Any]) -> list[str]:
    """Give the assignments by which a run has the numbers and the loss that these units need."""
    techniques = [unit for unit in units if isinstance(unit, Technique)]
    losses = [loss for unit in techniques if (loss := unit.goes_with.get("loss")) and DEFAULT_LOSS not in loss]
    needy = [unit for unit in units if isinstance(unit, Technique | Loss)]
    needs = [f"{path}={number}" for unit in needy for path, number in unit.needs.items()]
    return [*needs, *(f"loss.name={names[0]}" for names in losses)]


def cross_units(first: Iterable[str], second: Iterable[str]) -> list[tuple[str, str]]:
    """Put every unit of one kind beside the other kind's first: all are in some case, and each is seen alone."""
    (one, *others), (two, *rest) = first, second
    return [(one, two), *((other, two) for other in others), *((one, other) for other in rest)]
