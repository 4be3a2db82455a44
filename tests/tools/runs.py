"""Configs for tests: the defaults, changed by dotted keys."""

from functools import cache
from typing import Any

from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, assign, check_config

catalog = cache(build_catalog)


def make_config(*assignments: str, **top: Any) -> RunConfig:
    """Make a config from `dotted.key=value` assignments and whole top-level keys."""
    plain: dict[str, Any] = dict(top)
    for assignment in assignments:
        plain = assign(plain, assignment)
    return check_config(plain, catalog())
