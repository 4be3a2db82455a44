"""What a picture of a run stands in, the same at every step: the view's cells, the data's density, a lattice of noise.

It is made once for all frames of runs that see the same, and kept as long as it is among the last that were asked for.
None of it may be changed in place.

Shape letters: D coordinates of a point, S cells a side of the view, K lines a side of a lattice of noise.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from server.gan.config import RunConfig
from server.gan.datasets import DATASETS, Box, to_lab
from server.gan.latents import LATENTS
from server.gan.runs import Runs

ROOM = 1.3
"""A picture of densities is so many times as high as the data's highest."""
MOST_VIEWS = 32
"""A lattice has some 13 kB."""


def find_top(config: RunConfig) -> float:
    """Give the height of a picture that the density of data on the line stands in, with some room above."""
    return _find_top(config.data.name, tuple(config.data.values.items()))


@lru_cache(maxsize=4)
def _find_top(name: str, values: tuple[tuple[str, Any], ...]) -> float:
    return ROOM * DATASETS[name].highest_density(dict(values))


def average_density(config: RunConfig, cells: int) -> Tensor | None:
    """Give the density (S, S) or (1, S) of a run's data over each cell of the view, float64; none if it is unknown."""
    return _average_law(config.data.name, tuple(config.data.values.items()), cells)


@lru_cache(maxsize=4)
def _average_law(name: str, values: tuple[tuple[str, Any], ...], cells: int) -> Tensor | None:
    """Do it once for all frames of a run: for thousands of given points it takes longer than all the rest."""
    centre, half = DATASETS[name].box(dict(values))
    steps = torch.linspace(0, 1, cells + 1, dtype=torch.float64) * (2 * half)
    density = DATASETS[name].cell_density([middle - half + steps for middle in centre], dict(values))
    return None if density is None else density.view(-1, cells)


def lay_cells(runs: Runs, cells: int) -> Tensor:
    """Centres (S * S, 2) or (S, 1) of the view's cells in lab units, row by row from the bottom."""
    return _lay_cells(runs.source.data.box(runs.config.data.values), runs.source.box, cells, runs.device)


@lru_cache(maxsize=MOST_VIEWS)
def _lay_cells(view: Box, box: Box, cells: int, device: torch.device) -> Tensor:
    steps = (torch.arange(cells, device=device) + 0.5) / cells
    sides = [middle - view.half_extent + steps * (2 * view.half_extent) for middle in view.centre]
    places = torch.meshgrid(*reversed(sides), indexing="ij")
    return to_lab(torch.stack(places[::-1], -1).flatten(0, -2), box)


def lay_noise(runs: Runs, lines: int) -> Tensor | None:
    """Latents (K, K, 2), or (K * K, 1) where there is one dimension only; none where the law has no such lattice."""
    return _lay_noise(runs.config.latent.name, min(runs.source.dimension, 2), lines, runs.device)


@lru_cache(maxsize=MOST_VIEWS)
def _lay_noise(law: str, dimension: int, lines: int, device: torch.device) -> Tensor | None:
    quantile = LATENTS[law].quantile
    if quantile is None:
        return None
    count = lines if dimension > 1 else lines**2
    places = quantile((torch.arange(count, device=device) + 0.5) / count)
    if dimension == 1:
        return places.unsqueeze(-1)
    y, x = torch.meshgrid(places, places, indexing="ij")
    return torch.stack((x, y), -1)
