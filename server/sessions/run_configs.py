"""The configs of a run file, as `ConfigTable.list` tells them, read from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from server.engine.configs import Plain
from server.errors import ConfigError, FileError
from server.gan.config import Catalog, RunConfig, check_config


def read_configs(given: Sequence[Plain], catalog: Catalog) -> list[RunConfig]:
    """Read what `ConfigTable.list` gave.

    Raises:
        FileError: one is wrong; the text names it.
    """
    configs: list[RunConfig] = []
    plain: dict[str, Any] = {}
    for number, differing in enumerate(given):
        is_same_data = bool(configs) and "data" not in differing
        plain = {**plain, **differing}
        try:
            config = check_config({**plain, "data": {}} if is_same_data else plain, catalog)
        except ConfigError as error:
            raise FileError(f"configs.{number}: {error}") from None
        configs.append(replace(config, data=configs[-1].data) if is_same_data else config)
    return configs
