"""Changes of a plain config by a line of text, as `--set` of the command line has them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from server.errors import ConfigError
from server.gan.registry import show


def assign(config: Mapping[str, Any], assignment: str) -> dict[str, Any]:
    """Apply `dotted.key=value` to a plain config; the value is JSON, or else a string.

    Naming another unit keeps none of the old unit's values.

    Raises:
        ConfigError: there is no `=`, or the path goes through something that is not an object or a list.
    """
    path, equals, text = assignment.partition("=")
    if not equals or not path:
        raise ConfigError("", f"expected dotted.key=value, got {show(assignment)}")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    changed = json.loads(json.dumps(config))
    *parents, last = path.split(".")
    place: Any = changed
    for i, part in enumerate(parents):
        place = _enter(place, part, ".".join(parents[: i + 1]))
    if isinstance(place, list):
        place[_index(place, last, path)] = value
    elif last == "name" and place.get("name") != value:
        place.clear()
        place["name"] = value
    else:
        place[last] = value
    return changed  # type: ignore[no-any-return]  # json.loads of a mapping's dump is a dict


def _enter(place: Any, part: str, path: str) -> Any:
    if isinstance(place, list):
        return place[_index(place, part, path)]
    inner = place.setdefault(part, {}) if isinstance(place, dict) else None
    if not isinstance(inner, dict | list):
        raise ConfigError(path, "expected an object or a list here")
    return inner


def _index(place: Sequence[Any], part: str, path: str) -> int:
    if not part.isdecimal() or int(part) >= len(place):
        raise ConfigError(path, f"expected an index under {len(place)}, got {show(part)}")
    return int(part)
