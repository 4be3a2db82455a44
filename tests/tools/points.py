"""Points for tests of metrics: the data at their defaults, perfect generators, and generators with a known defect."""

from math import sqrt
from typing import Any

import torch
from torch import Tensor

from server.gan.config import RunConfig, check_config
from server.gan.datasets import DATASETS, Modes
from server.gan.metrics import EVALUATION_SEED, METRICS, Facts
from server.gan.randomness import draws_for
from tests.tools.runs import catalog

EVERY_MODE = list(range(8))
COUNT = 2500


def make_data_config(data: str = "ring8", seed: int = 0, batch_size: int = 128, **values: Any) -> RunConfig:
    """A config whose data set has these values."""
    given = {"data": {"name": data, **values}, "seed": seed, "batch_size": batch_size}
    return check_config(given, catalog())


def find_facts(data: str = "ring8") -> Facts:
    """What a metric may know of the data."""
    values = make_data_config(data).data.values
    return Facts(DATASETS[data].box(values), DATASETS[data].modes(values))


def find_modes(data: str = "ring8") -> Modes:
    """The modes of data that have some."""
    modes = find_facts(data).modes
    assert modes is not None
    return modes


def draw_real(data: str = "ring8", seed: int = 0, count: int = COUNT) -> Tensor:
    """Stratified points of the data, like those that runs are scored against."""
    return DATASETS[data].stratified(count, draws_for(seed, 0, "real"), **make_data_config(data).data.values)


def draw_reference(data: str = "ring8") -> Tensor:
    """The very points that runs are scored against."""
    values = make_data_config(data).data.values
    return DATASETS[data].stratified(COUNT, draws_for(EVALUATION_SEED, 0, "evaluation data"), **values)


def draw_perfect(data: str = "ring8", seed: int | list[int] = 0, count: int = COUNT) -> Tensor:
    """Points of a generator that draws from the law itself."""
    return DATASETS[data](count, draws_for(seed, 0, "perfect"), **make_data_config(data).data.values)


def draw_modes(kept: list[int], std: float = 0.02) -> Tensor:
    """Points on some of ring8's modes."""
    draws = draws_for(0, 0, "defect")
    return find_modes().means[torch.tensor(kept)][draws.integers(len(kept), COUNT)] + std * draws.normal(COUNT, 2)


def draw_one_gaussian() -> Tensor:
    """Points of one Gaussian that has ring8's mean and covariance."""
    return sqrt(2 + 0.02**2) * draws_for(0, 0, "defect").normal(COUNT, 2)


DEFECTS = {
    "four modes dropped": draw_modes([0, 1, 2, 3]),
    "one mode only": draw_modes([0]),
    "blurred": draw_modes(EVERY_MODE, 0.2),
    "one Gaussian": draw_one_gaussian(),
}
"""Defects of a generator of ring8, and its points."""


def score(key: str, x_fake: Tensor, data: str = "ring8") -> float:
    """Score points against stratified ones of the data."""
    return METRICS[key](draw_real(data), x_fake, find_facts(data)).item()
