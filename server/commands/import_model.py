"""`ganlab import`: read a model that GAN Lab saved, say what run it is, and what its networks answer."""

import json
import sys
from pathlib import Path
from typing import Any

import torch

from server.errors import ConfigError
from server.gan.catalog import build_catalog
from server.gan.ganlab_import import read_ganlab_files
from server.gan.model_file import Model, write_file, write_model
from server.gan.state import RunState
from server.gan.trainer import Trainer

MOST_POINTS = 10_000
LARGEST = 1e6


def import_model(file: Path, z: str | None, x: str | None, save: Path | None, as_json: bool) -> None:
    """Write one object to stdout: the config, the step, and for the points given G(z) and D(x).

    Raises:
        FileError: the files are not a GAN Lab model, or the result cannot be written.
        ConfigError: `z` or `x` is not a list of points.
    """
    model = read_ganlab_files(file, build_catalog())
    answer = {"config": model.config.to_json(), **model.counters, **ask_networks(model, z, x)}
    if save is not None:
        write_file(save, write_model(model))
    sys.stdout.write(json.dumps(answer, allow_nan=False, indent=None if as_json else 2) + "\n")


def ask_networks(model: Model, z: str | None, x: str | None) -> dict[str, Any]:
    """Give `generated`, G(z) for each latent (N, Z), and `probability`, D(x) for each point (N, D)."""
    trainer = Trainer(model.config, state=RunState.unpack(model.packed))
    answer: dict[str, Any] = {}
    if z is not None:
        answer["generated"] = trainer.generate(read_points("z", z, trainer.source.dimension)).tolist()
    if x is not None:
        points = trainer.source.to_lab(read_points("x", x, trainer.source.data_dimension))
        logits = trainer.score(points)
        answer["probability"] = torch.sigmoid(logits).tolist()
    return answer


def read_points(key: str, text: str, dimension: int) -> torch.Tensor:
    """Read a JSON list of points (N, dimension).

    Raises:
        ConfigError: it is something else.
    """
    try:
        points = json.loads(text)
    except (ValueError, RecursionError):
        points = None
    if not isinstance(points, list) or not 1 <= len(points) <= MOST_POINTS:
        raise ConfigError(key, f"expected a JSON list of 1 to {MOST_POINTS} points")
    for point in points:
        if not isinstance(point, list) or len(point) != dimension or not all(map(_is_number, point)):
            raise ConfigError(key, f"expected points of {dimension} numbers, got {str(point)[:60]}")
    return torch.tensor(points, dtype=torch.float32)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
