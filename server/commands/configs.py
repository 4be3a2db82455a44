"""The run that a command line describes: a preset or a file to begin with, and assignments."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from server.errors import ConfigError, FileError
from server.gan.assignments import assign
from server.gan.catalog import build_catalog
from server.gan.config import Catalog, RunConfig, check_config


def read_config(preset: str | None, file: Path | None, assignments: Iterable[str]) -> RunConfig:
    """Give the complete config: the preset's or the file's or the default one, with the assignments applied in order.

    Raises:
        ConfigError: a key or value is wrong, or no preset has that name.
        FileError: the file cannot be read, or is not JSON.
    """
    catalog = build_catalog()
    plain: Any = {}
    if preset is not None:
        plain = find_preset(preset, catalog)
    elif file is not None:
        plain = read_file(file)
    plain = check_config(plain, catalog).to_json()
    for assignment in assignments:
        plain = assign(plain, assignment)
    return check_config(plain, catalog)


def find_preset(key: str, catalog: Catalog) -> Any:
    """Give a preset's config.

    Raises:
        ConfigError: there is no such preset.
    """
    presets = {preset["key"]: preset["config"] for preset in catalog["presets"]}
    if key not in presets:
        raise ConfigError("preset", f"expected one of {', '.join(presets)}, got {key!r}")
    return presets[key]


def read_file(file: Path) -> Any:
    """Read a JSON file.

    Raises:
        FileError: there is none that can be read, or it is not JSON.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise FileError(f"{file}: expected JSON: {error}") from None
