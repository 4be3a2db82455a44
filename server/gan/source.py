"""Source: where the real points and the noise of a run, or of a stack of runs, come from.

Shape letters: R runs (the leading axis of a stack, absent for a single run), N samples, D coordinates of a real point,
Z latent dimensions.
Points are in lab units, unless published ones are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from server.gan.config import RunConfig
from server.gan.datasets import DATASETS, LAB_BOX, from_lab, of_law, to_lab
from server.gan.latents import LATENTS
from server.gan.randomness import Batches, Draws, Seeds, draws_for, take_points

MOST_KEPT = 10
KEPT_NUMBERS = 1 << 14
"""A run keeps the draws of so many looks, and none of more numbers than this (64 kB)."""


class Source:
    """The laws that `config` names, drawn from by the runs' `seeds`."""

    def __init__(self, config: RunConfig, seeds: Seeds, device: torch.device) -> None:
        self.data, self.latent = DATASETS[config.data.name], LATENTS[config.latent.name]
        self.data_dimension = self.data.dimension
        """How many coordinates a point has: D."""
        noise: dict[str, Any] = dict(config.latent.values)
        self.dimension = int(noise.pop("dimension"))
        if self.latent.points:
            noise = {"points": self.latent.points(self.dimension, draws_for(seeds, 0, "finite noise"), **noise)}
        learned = self.latent.learned
        self.means = learned.begin(self.dimension, **noise).flatten() if learned else None
        """The means (K * Z) that the noise lies around at step 0, in one row, where a run trains them."""
        self._draw_latent = partial(learned.draw if learned else self.latent.function, **noise)
        law = config.data.values
        self.box = LAB_BOX if law["units"] == "published" else self.data.box(law)
        self._draw_data = partial(self.data.function, **of_law(law))
        self._seeds, self._device, self._batch_size = seeds, device, config.batch_size
        self._batches: dict[str, Batches] = {}
        self._kept: dict[tuple[str, str, int, int | None], Tensor] = {}
        self._beside: Sequence[Source] = ()
        size = int(law["size"])  # type: ignore[arg-type]  # checked by check_config
        self.points = self.sample_data(size, draws_for(seeds, 0, "finite data")) if size else None
        """The real points (..., N, D) that a run learns from, where they are finitely many."""

    @staticmethod
    def join_looks(sources: Sequence[Source]) -> Source:
        """Give what is looked at of the sources of several runs of one kind, one row a run: nobody trains on it."""
        joined = copy(sources[0])  # the laws are the same
        joined._beside = sources
        points = [source.points for source in sources if source.points is not None]
        joined.points = torch.stack(points) if points else None
        return joined

    def draws(self, purpose: str) -> Draws:
        """Give draws of the runs' seeds for a look; training never uses a look's purposes."""
        return draws_for(self._seeds, 0, f"look: {purpose}")

    def look_at_latent(self, count: int, purpose: str = "latent", seed: int | None = None) -> Tensor:
        """Give latents as `sample_latent` does, for a look: the same each time, kept, and never to be changed.

        With a `seed` they are drawn by that one, and not by the runs' own.
        """
        return self._keep("latent", purpose, count, seed)

    def look_at_data(self, count: int, purpose: str = "data") -> Tensor:
        """Give fresh real points as `sample_data` does, for a look: the same each time, kept, never to be changed."""
        return self._keep("data", purpose, count)

    def _keep(self, kind: Literal["data", "latent"], purpose: str, count: int, seed: int | None = None) -> Tensor:
        if self._beside:
            return torch.stack([source._keep(kind, purpose, count, seed) for source in self._beside])
        drawn = self._kept.get(look := (kind, purpose, count, seed))
        if drawn is None:
            sample = self.sample_data if kind == "data" else self.sample_latent
            drawn = sample(count, self.draws(purpose) if seed is None else draws_for(seed, 0, purpose))
            if drawn.numel() <= KEPT_NUMBERS:
                for oldest in [*self._kept][: len(self._kept) + 1 - MOST_KEPT]:
                    del self._kept[oldest]
                self._kept[look] = drawn
        return drawn

    def draws_at(self, step: int, purpose: str) -> Draws:
        """Give draws of the runs' seeds for a purpose of a step."""
        return draws_for(self._seeds, step, purpose)

    def draw_batch(
        self, player: str, kind: Literal["data", "latent"], update: int, step: int, known: Tensor | None = None
    ) -> Tensor:
        """Give the real points or the latents that an update of a step trains on; the latter as `sample_latent` does.

        Finitely many points are picked from; `known` (..., n, D) are those, where they are not `points` any more.
        """
        batch = self._batch(player, kind, update, step)
        if kind == "latent" or self.points is None:
            return batch
        return take_points(self.points if known is None else known, batch.squeeze(-1))

    def pick_batch(self, player: str, update: int, step: int) -> Tensor:
        """Give the numbers (..., N) of the points of the finite data that `draw_batch` gives an update of a step."""
        assert self.points is not None, "there are points to pick from"
        return self._batch(player, "data", update, step).squeeze(-1)

    def _batch(self, player: str, kind: Literal["data", "latent"], update: int, step: int) -> Tensor:
        """Give an update's latents or points; of finite data the numbers (..., N, 1) of these."""
        return self.find_batches(player, kind, update).at(step)

    def find_batches(self, player: str, kind: Literal["data", "latent"], update: int) -> Batches:
        """Give what draws an update's latents or points, or, of finite data, the numbers (..., N, 1) of these."""
        purpose = f"{player} {kind} {update}"
        if purpose not in self._batches:
            law = (self.data_dimension, self.sample_data) if kind == "data" else (self.dimension, self.sample_latent)
            sample = self._choose if kind == "data" and self.points is not None else law[1]
            self._batches[purpose] = Batches(self._seeds, purpose, self._batch_size, law[0], sample)
        return self._batches[purpose]

    def _choose(self, count: int, draws: Draws) -> Tensor:
        """Choose from the finite data, with replacement: numbers (..., count, 1) of points."""
        assert self.points is not None, "there are points to choose from"
        return draws.integers(self.points.shape[-2], count).unsqueeze(-1)

    def sample_latent(self, count: int, draws: Draws) -> Tensor:
        """Draw latents (..., count, Z), or, where their means are trained, what is random of them (..., count, Z + 1).

        That is as `server.gan.noise` has it, and a trainer places it around its means.
        """
        return self._draw_latent(count, self.dimension, draws).to(self._device)

    def sample_data(self, count: int, draws: Draws) -> Tensor:
        """Draw fresh real points (..., count, D) of the law."""
        return self.to_lab(self._draw_data(count, draws).to(self._device))

    def to_lab(self, points: Tensor) -> Tensor:
        """Map published points (..., D) to the units that training happens in."""
        return to_lab(points, self.box)

    def from_lab(self, points: Tensor) -> Tensor:
        """Map points (..., D) of training to published units."""
        return from_lab(points, self.box)
