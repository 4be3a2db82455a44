"""The regularizers of a run, or of a stack of runs, at work: what they cost, and what they do to the weights.

Shape letters: R runs (the leading axis of a stack, absent for a single run), N examples, P parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.config import UnitConfig
from server.gan.memories import Memory
from server.gan.networks import Affine, Network
from server.gan.randomness import Draws
from server.gan.regularizers import (
    REGULARIZERS,
    FeatureRegularizer,
    FieldRegularizer,
    HistoryRegularizer,
    MemoryRegularizer,
    Regularizer,
    SampleRegularizer,
)
from server.gan.values import Value, read_numbers

ReadPoints = Callable[[str, Tensor], Tensor]
"""(sort, points (..., N, D)) -> what the discriminator reads (..., N, I) of "real" or "fake" points as it sees them."""


@dataclass(frozen=True)
class Scorer:
    """A discriminator under `weights`, as a function of points: what a regularizer calls a critic."""

    network: Network
    weights: list[Tensor]

    def __call__(self, points: Tensor) -> Tensor:
        """Give the logits (..., N) of what the discriminator reads of points (..., N, I)."""
        return self.network.trace(self.weights, points, Affine.apply).outputs.squeeze(-1)

    def read_features(self, points: Tensor) -> Tensor:
        """Give the activations (..., N, W) of the last hidden layer."""
        return self.network.trace(self.weights, points, Affine.apply).inputs[-1]


@dataclass(frozen=True)
class Penalties:
    """What an update pays besides its loss; autograd goes back to `leaf`, parameters or generated points."""

    parts: Mapping[str, Tensor]
    """Regularizer -> (..., N)."""
    leaf: Tensor
    kept: Mapping[str, Tensor] = field(default_factory=dict)
    """What is remembered once the update is made, as the state names it."""

    @property
    def named(self) -> dict[str, Tensor]:
        """What each regularizer costs an example, as a phase knows it."""
        return {f"{name}_penalty": part.detach() for name, part in self.parts.items()}

    def add_loss(self, loss: Tensor) -> Tensor:
        """Add the means of the penalties to a loss (...)."""
        return sum((part.detach().mean(-1) for part in self.parts.values()), loss)

    def add_gradient(self, gradient: Tensor) -> Tensor:
        """Add the slope of the penalties to the gradient of the loss, of the leaf's shape. Call it once."""
        if not self.parts:
            return gradient
        means = torch.stack([part.mean(-1) for part in self.parts.values()])
        (slope,) = torch.autograd.grad(means.sum(), self.leaf)
        return gradient + slope


class Active(NamedTuple):
    """A regularizer that a run has on, with its numbers and choices."""

    unit: Regularizer
    numbers: Mapping[str, Value]
    choices: Mapping[str, str]


class Regularization:
    """The regularizers of `configs`, one a run of the stack, or the only one's; they differ in live numbers at most."""

    def __init__(self, configs: Sequence[tuple[UnitConfig, ...]], single: bool, device: torch.device) -> None:
        active = [
            Active(
                unit := REGULARIZERS[units[0].name],
                read_numbers(unit.parameters, units, single, device),
                _read_choices(units[0]),
            )
            for units in zip(*configs, strict=True)
        ]
        self._units = [one.unit for one in active]
        self._samples = [one for one in active if isinstance(one.unit, SampleRegularizer | FeatureRegularizer)]
        self._histories = [one for one in active if isinstance(one.unit, HistoryRegularizer)]
        self._fields = [one for one in active if isinstance(one.unit, FieldRegularizer)]
        self._memories = [one for one in active if isinstance(one.unit, MemoryRegularizer)]
        apart = [*self._samples, *self._histories, *self._fields, *self._memories]
        self._penalties = [one for one in active if not one.unit.projects and one not in apart]
        self._projections = [one for one in active if one.unit.projects]

    def price(
        self,
        network: Network,
        shape: Callable[[Tensor], Tensor],
        points: tuple[Tensor, Tensor],
        draws: Callable[[str], Draws],
        tensors: Mapping[str, Tensor],
    ) -> Penalties:
        """Compute what the discriminator of the state `tensors` pays for x_real and x_fake (..., N, I), as read.

        `shape` gives the parameters that it computes with, `draws` the random numbers of a regularizer by its key.
        """
        held = self.price_history("discriminator", tensors)
        if not (self._penalties or self._memories):
            return held
        parameters = held.leaf
        critic = Scorer(network, network.split(shape(parameters)))
        parts = dict(held.parts)
        for unit, numbers, choices in self._penalties:
            kept = {"averages": _read_averages(unit, tensors)} if unit.averages else {}
            parts[unit.key] = unit(critic, *points, draws(unit.key), **numbers, **choices, **kept)
        prices, remembered = self._price_memories("discriminator", critic, points[0], tensors)
        return Penalties(parts | prices, parameters, remembered)

    def _price_memories(
        self, player: str, critic: Scorer, points: Tensor, tensors: Mapping[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Compute what a player pays for its points (..., N, I), as read, beside earlier ones, and what is kept."""
        parts, kept = {}, dict[str, Tensor]()
        for unit, numbers, _ in self._memories:
            rows, count = _name_history(unit, player)
            shape = (*tensors[rows].shape[:-1], -1, points.shape[-1])
            memory = Memory(tensors[rows].view(shape), tensors[count])
            with torch.no_grad():
                past = critic.read_features(memory.rows)
            parts[unit.key] = unit(critic.read_features(points), past, memory.known, **numbers)
            later = memory.add(points)
            kept |= {rows: later.rows.flatten(-2), count: later.filled}
        return parts, kept

    def price_history(self, network: str, tensors: Mapping[str, Tensor]) -> Penalties:
        """Compute what a player of the state `tensors` pays for being away from where its parameters have been."""
        leaf = tensors[network].detach().requires_grad_()
        kept = [(unit, numbers, tensors[_name_history(unit, network)[0]]) for unit, numbers, _ in self._histories]
        return Penalties({unit.key: unit(leaf, history, **numbers) for unit, numbers, history in kept}, leaf)

    def remember_history(self, network: str, moved: Tensor, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give the means of all that a player was, after an update that has `moved` its parameters (..., P)."""
        kept = {}
        for unit, _, _ in self._histories:
            mean, count = _name_history(unit, network)
            kept[count] = tensors[count] + 1
            kept[mean] = tensors[mean] + (moved - tensors[mean]) / kept[count]
        return kept

    @property
    def compares(self) -> bool:
        """Whether the generator pays for a difference between its points and real ones, which must be drawn then."""
        return self.prices_field or any(isinstance(one.unit, FeatureRegularizer) for one in self._samples)

    @property
    def prices_field(self) -> bool:
        """Whether both players pay for the slopes of the game."""
        return bool(self._fields)

    def price_field(self, slopes: Sequence[Tensor]) -> dict[str, Tensor]:
        """Compute what both players pay for the slopes (..., P) of their losses."""
        return {unit.key: unit(slopes, **numbers) for unit, numbers, _ in self._fields}

    @property
    def prices_samples(self) -> bool:
        """Whether the generator pays for the points that it makes."""
        return bool(self._samples or self._memories)

    def price_samples(
        self, known: Mapping[str, Tensor], critic: Scorer, read: ReadPoints, tensors: Mapping[str, Tensor]
    ) -> Penalties:
        """Compute what the generator pays in the state `tensors` for x_fake (..., N, D), made of z (..., N, Z).

        These are `known`, and x_real beside them where it `compares`; `critic` is the one that it learns from.
        """
        leaf, parts = known["x_fake"].detach().requires_grad_(), {}
        for unit, numbers, _ in self._samples:
            if isinstance(unit, FeatureRegularizer):
                sorts = {"real": known["x_real"], "fake": leaf}
                features = [critic.read_features(read(sort, points)) for sort, points in sorts.items()]
                parts[unit.key] = unit(*features, **numbers)
            else:
                parts[unit.key] = unit(known["z"], leaf, **numbers)
        if not self._memories:
            return Penalties(parts, leaf)
        prices, remembered = self._price_memories("generator", critic, read("fake", leaf), tensors)
        return Penalties(parts | prices, leaf, remembered)

    def project(self, vector: Tensor) -> Tensor:
        """Bring parameters (..., P) back to where they are allowed."""
        for unit, numbers, _ in self._projections:
            vector = unit(vector, **numbers)
        return vector

    def start(self, tensors: Mapping[str, Tensor], inputs: int) -> dict[str, Tensor]:
        """Give `tensors` with the running means that these regularizers keep, and no others, and what they remember.

        `inputs` is how many numbers the discriminator reads of a point. A new memory is empty. A new running mean is
        empty too and counts as 0, the score of a discriminator that has not made up its mind; that of a player's
        parameters begins with what these are now.
        """
        kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(PREFIX)}
        empty = torch.zeros_like(kept["discriminator"][..., :1])
        slots = [slot for one in self._penalties for name in one.unit.averages for slot in _name_slots(one.unit, name)]
        kept |= {slot: tensors.get(slot, empty) for slot in slots}
        for unit, _, _ in self._histories:
            for network in unit.players:
                mean, count = _name_history(unit, network)
                kept |= {mean: tensors.get(mean, kept[network]), count: tensors.get(count, empty + 1)}
        for unit in (one.unit for one in self._memories):
            assert isinstance(unit, MemoryRegularizer), "these are memories"
            blank = empty.repeat_interleave(unit.remembers * inputs, -1)
            for player in unit.players:
                rows, count = _name_history(unit, player)
                kept |= {rows: tensors.get(rows, blank), count: tensors.get(count, empty)}
        return kept

    def remember(self, known: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give the running means after an update that knows the tensors `known` (..., N)."""
        moved = {}
        for unit, numbers, _ in self._penalties:
            for name in unit.averages:
                total, weight = _name_slots(unit, name)
                forgotten = 1 - numbers["decay"]
                moved[total] = tensors[total] * numbers["decay"] + known[name].detach().mean(-1, True) * forgotten
                moved[weight] = tensors[weight] * numbers["decay"] + forgotten
        return moved

    def __iter__(self) -> Iterator[Regularizer]:
        """Go through the regularizers that are on."""
        return iter(self._units)


PREFIX = "regularizer."


def _name_slots(unit: Regularizer, name: str) -> tuple[str, str]:
    """Name where a running mean is kept: a decaying sum, and the sum of its weights, which began at nothing."""
    return f"{PREFIX}{unit.key}.{name}", f"{PREFIX}{unit.key}.{name}_weight"


def _name_history(unit: Regularizer, network: str) -> tuple[str, str]:
    """Name where a player's past is kept, the mean of its parameters or its points, and of how many these are."""
    return f"{PREFIX}{unit.key}.{network}", f"{PREFIX}{unit.key}.{network}_count"


def _read_averages(unit: Regularizer, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    averages = {}
    for name in unit.averages:
        total, weight = (tensors[slot] for slot in _name_slots(unit, name))
        averages[name] = torch.where(weight > 0, total / weight, 0.0)
    return averages


def _read_choices(unit: UnitConfig) -> dict[str, str]:
    """Give a regularizer's choices, which all runs of a stack share."""
    return {key: value for key, value in unit.values.items() if isinstance(value, str)}
