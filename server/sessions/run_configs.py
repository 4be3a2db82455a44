"""The configs of a run file, each once: of each only what differs from the one before it.

Many changes leave the data alone, which may be thousands of points; so a file has them once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from server.errors import ConfigError, FileError
from server.gan.config import Catalog, RunConfig, check_config

Plain = Mapping[str, Any]


class ConfigTable:
    """Configs by their numbers, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._configs: list[Plain] = []
        self._by_text: dict[str, int] = {}
        self._by_identity: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._configs)

    def find(self, config: Plain) -> int:
        """Give the number of a config; a new one takes the next."""
        known = self._by_identity.get(id(config))
        if known is None:
            text = json.dumps(config, sort_keys=True)
            known = self._by_identity[id(config)] = self._by_text.setdefault(text, len(self._configs))
            if known == len(self._configs):
                self._configs.append(config)
        return known

    def list(self) -> list[dict[str, Any]]:
        """Give all configs, as `read_configs` takes them."""
        before: list[Plain] = [{}, *self._configs]
        return [
            {key: value for key, value in config.items() if key not in last or last[key] != value}
            for last, config in zip(before, self._configs, strict=False)
        ]


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
