"""Many configs as plain data, each once: of each only what differs from the one before it.

Many changes leave the data alone, which may be thousands of points; so these are sent and written once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Plain = Mapping[str, Any]


class ConfigTable:
    """Configs by their numbers, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._configs: list[Plain] = []
        self._by_text: dict[str, int] = {}
        self._by_identity: dict[int, tuple[Plain, int]] = {}
        self._texts: dict[int, tuple[Any, str]] = {}

    def __len__(self) -> int:
        return len(self._configs)

    def find(self, config: Plain) -> int:
        """Give the number of a config; a new one takes the next."""
        if known := self._by_identity.get(id(config)):
            return known[1]
        text = "".join(f"{key}{self._write(config[key])}" for key in sorted(config))
        number = self._by_text.setdefault(text, len(self._configs))
        if number == len(self._configs):
            self._configs.append(config)
        self._by_identity[id(config)] = config, number
        return number

    def _write(self, section: Any) -> str:
        """Give a part of a config as text; one that configs share is written once."""
        if id(section) not in self._texts:
            self._texts[id(section)] = section, json.dumps(section, sort_keys=True)
        return self._texts[id(section)][1]

    def list(self) -> list[dict[str, Any]]:
        """Give all configs, as `restore_configs` takes them."""
        before: list[Plain] = [{}, *self._configs]
        return [
            {key: value for key, value in config.items() if key not in last or last[key] != value}
            for last, config in zip(before, self._configs, strict=False)
        ]


def restore_configs(told: Iterable[Plain]) -> list[Plain]:
    """Give the configs of which `ConfigTable.list` told; parts that are the same are one object."""
    configs: list[Plain] = []
    for differing in told:
        configs.append({**configs[-1], **differing} if configs else differing)
    return configs
