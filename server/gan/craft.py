"""The techniques of a run, or of a stack of runs, at work: what the trainer asks at each place of a step.

Shape letters: R runs (the leading axis of a stack, absent for a single run), N examples, D coordinates of a point,
P weights and biases that a network computes with, Q those that are trained, and what is trained beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.autograd import pull_back
from server.gan.config import UnitConfig
from server.gan.networks import Network, Trace
from server.gan.phases import Learner
from server.gan.randomness import Draws
from server.gan.renewal import Renewal
from server.gan.slots import PREFIX, align_numbers, begin_slot, name_slot, read_slots
from server.gan.techniques import TECHNIQUES, Technique
from server.gan.techniques.base import (
    BatchTechnique,
    CompanyTechnique,
    DataTechnique,
    EncoderTechnique,
    ForesightTechnique,
    InputTechnique,
    LevelTechnique,
    OrderTechnique,
    RateTechnique,
    Reparametrisation,
    SamplingTechnique,
    SharedLevelTechnique,
    SlopeTechnique,
    StepTechnique,
    WeightTechnique,
)
from server.gan.values import Value, read_numbers

NETWORKS = ("generator", "discriminator")
GROUPS = 8
"""Beside so many groups of others is a place scored that is looked at, where the discriminator sees packs."""
Purpose = Callable[[str], Draws]
"""Gives draws for a purpose."""


class Seen(NamedTuple):
    """Points (..., N, D) as the discriminator sees them, and the level (..., N, 1) that it may be told of each.

    `before` (..., N, D) are they before the level changed them, where it did.
    """

    points: Tensor
    level: Tensor | None = None
    before: Tensor | None = None

    def name(self, sort: str) -> dict[str, Tensor]:
        """Name these tensors of a sort, "real" or "fake", as a phase knows them."""
        named = {"seen": self.points} if self.level is None else {"seen": self.points, "level": self.level.squeeze(-1)}
        return {f"{name}_{sort}": tensor.detach() for name, tensor in named.items()}


class Active(NamedTuple):
    """A technique that a run has on, with its numbers."""

    unit: Technique
    numbers: Mapping[str, Value]
    network: str
    """Which network it is about, or "both"; only what changes weights is about one."""

    def concerns(self, learner: Learner) -> bool:
        """Tell whether it is about this network."""
        return self.network in (learner, "both")


class Craft:
    """The techniques of `configs`, one a run of the stack, or the only one's; they differ in live numbers at most."""

    def __init__(
        self,
        configs: Sequence[tuple[UnitConfig, ...]],
        networks: Mapping[Learner, Network],
        dimension: int,
        single: bool,
        device: torch.device,
    ) -> None:
        """Take up the techniques of these `networks`, which are of points of D = `dimension` coordinates."""
        self._networks, self._network, self._dimension = networks, networks["discriminator"], dimension
        self._active = [
            Active(
                unit := TECHNIQUES[units[0].name],
                _read_numbers(unit, units, single, device),
                str(units[0].values.get("network", unit.network or "discriminator")),
            )
            for units in zip(*configs, strict=True)
        ]
        inputs = [(one.unit, one.numbers) for one in self._active if isinstance(one.unit, InputTechnique)]
        self._inputs = sorted(inputs, key=lambda one: isinstance(one[0], LevelTechnique))  # a level comes last
        company = ((one.unit, one.numbers) for one in self._active if isinstance(one.unit, CompanyTechnique))
        self._company = next(company, None)
        self._weights: dict[Learner, list[WeightTechnique]] = {
            learner: [
                one.unit for one in self._active if isinstance(one.unit, WeightTechnique) and one.concerns(learner)
            ]
            for learner in networks
        }
        self.batch = next((one.unit for one in self._active if isinstance(one.unit, BatchTechnique)), None)
        """The technique by which the generator computes with other weights on every batch it trains on, if one does."""
        self._steps = [one for one in self._active if isinstance(one.unit, StepTechnique)]
        data = [Renewal(x.unit, x.numbers, dimension) for x in self._active if isinstance(x.unit, DataTechnique)]
        self.renewal = next(iter(data), None)
        """How real points are replaced while the run trains, if they are."""
        self.sampling = next((one for one in self._active if isinstance(one.unit, SamplingTechnique)), None)
        """How samples are drawn beside the generated ones, if in another way."""
        self.rate = next((one for one in self._active if isinstance(one.unit, RateTechnique)), None)
        """How the learning rates change with the steps, if they do."""
        self.encoder = next((one.unit for one in self._active if isinstance(one.unit, EncoderTechnique)), None)
        """The technique that trains an encoder, so that the discriminator judges pairs, if one does."""
        ahead = (one for one in self._active if isinstance(one.unit, ForesightTechnique) and one.numbers["k"])
        self.foresight = next(ahead, None)
        """The technique by which the generator answers to a later discriminator, if one does, and for some steps."""
        self.is_simultaneous = any(isinstance(one.unit, OrderTechnique) for one in self._active)
        """Whether the generator learns from the discriminator as it was before it moved."""

    @property
    def changes_inputs(self) -> bool:
        """Whether the discriminator sees other points than were drawn."""
        return bool(self._inputs)

    @property
    def level(self) -> LevelTechnique | None:
        """The technique by which the discriminator is told a number of each point, if one does."""
        return next((unit for unit, _ in self._inputs if isinstance(unit, LevelTechnique)), None)

    @property
    def shared(self) -> tuple[SharedLevelTechnique, Mapping[str, Value]] | None:
        """The technique whose level the generator reads too, with its numbers, if one does."""
        return next(((unit, told) for unit, told in self._inputs if isinstance(unit, SharedLevelTechnique)), None)

    @property
    def widens(self) -> bool:
        """Whether the discriminator reads more of a point than its coordinates."""
        return bool(self.level or self.company or self.encoder)

    @property
    def company(self) -> CompanyTechnique | None:
        """The technique that lets the discriminator see each point in company, if one does."""
        return self._company[0] if self._company else None

    @property
    def compares(self) -> bool:
        """Whether the discriminator compares the last hidden features of points in company."""
        return self._network.crowd is not None

    @property
    def renews_weights(self) -> bool:
        """Whether something that belongs to the discriminator's weights moves on before every update."""
        return any(unit.renew for unit in self._weights["discriminator"])

    def begin_parameters(self, learner: Learner, drawn: Tensor) -> Tensor:
        """Give the parameters (..., Q) that a network trains, of those that were drawn for it."""
        for unit in self._weights[learner]:
            if isinstance(unit, Reparametrisation):
                drawn = unit.first(self._networks[learner], drawn)
        return drawn

    def find_factor(self, step: int) -> Value:
        """Give what the learning rates are multiplied with in a step, counted from 0."""
        return self.rate.unit(step, **self.rate.numbers) if self.rate else 1.0

    def start(self, tensors: Mapping[str, Tensor], draws: Purpose, points: Tensor | None = None) -> dict[str, Tensor]:
        """Give `tensors` with what these techniques remember, new ones at their beginning, and no others.

        `points` (..., n, D) are the real ones, where they are finitely many.
        """
        data = {} if points is None else {"data": points.flatten(-2)}
        kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(PREFIX)}
        for unit in self:
            names = {slot: name_slot(unit, slot) for slot in unit.slots}
            if all(name in tensors for name in names.values()):
                begun = {slot: tensors[name] for slot, name in names.items()}
            elif isinstance(unit, BatchTechnique):
                begun = unit.start(self._networks["generator"], kept["generator"])
            elif isinstance(unit, WeightTechnique) and unit.begin:
                begun = unit.begin(self._network, kept["discriminator"], draws(f"starting {unit.key}"))
            else:
                begun = {slot: begin_slot(source, kept | data) for slot, source in unit.slots.items()}
            kept |= {names[slot]: tensor for slot, tensor in begun.items()}
        return kept

    def see(self, points: Tensor, sort: str, draws: Purpose, step: int, tensors: Mapping[str, Tensor]) -> Seen:
        """Give what the discriminator sees of points (..., N, D), "real" or "fake", where the state is `tensors`."""
        level = before = None
        for unit, numbers in self._inputs:
            given, own = align_numbers(unit, numbers, tensors), draws(unit.key)
            if isinstance(unit, LevelTechnique):
                level, before = unit.draw_level(points.shape[-2], own, **given).to(points), points
                if not (sort == "fake" and isinstance(unit, SharedLevelTechnique)):
                    points = unit(points, level, own, step, **given)
            else:
                points = unit(points, own, step, **given)
        return Seen(points, level, before)

    def draw_level(self, count: int, draws: Purpose, tensors: Mapping[str, Tensor]) -> Tensor | None:
        """Draw the levels (..., N, 1) of generated points that are yet to be made, where the generator reads them.

        They are the same that the discriminator is told by the same draws.
        """
        if not self.shared:
            return None
        unit, numbers = self.shared
        return unit.draw_level(count, draws(unit.key), **align_numbers(unit, numbers, tensors))

    def lead(self, z: Tensor, level: Tensor | None = None) -> Tensor:
        """Give what the generator reads of noise (..., N, Z): this alone, or a level beside it, 0 if none is given."""
        if not self.shared:
            return z
        level = torch.zeros_like(z[..., :1]) if level is None else level.to(z).expand(*z.shape[:-1], 1)
        return torch.cat((z, level), -1)

    def price(self, critic: Callable[[Tensor], Tensor], real: Tensor | Seen, draws: Purpose) -> dict[str, Tensor]:
        """Compute what the discriminator pays (..., N) for real points by the technique whose level is shared."""
        assert self.shared, "a technique has a price"
        (unit, numbers), seen = self.shared, real if isinstance(real, Seen) else Seen(real)
        points = seen.points if seen.before is None else seen.before
        level = torch.zeros_like(points[..., :1]) if seen.level is None else seen.level
        return {unit.key: unit.price(critic, points, level, draws(unit.key), **numbers)}

    def adjust(self, real_logits: Tensor, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give what these techniques remember after an update of the discriminator with real scores (..., N)."""
        moved: dict[str, Tensor] = {}
        for unit, numbers in self._inputs:
            if unit.adjust:
                slots = unit.adjust(read_slots(unit, tensors), real_logits.detach(), **numbers)
                moved |= {name_slot(unit, slot): tensor for slot, tensor in slots.items()}
        return moved

    def list_told(self, tensors: Mapping[str, Tensor]) -> list[tuple[InputTechnique, str, float]]:
        """Give the numbers of a single run that these techniques remember and that are worth looking at."""
        return [(unit, slot, tensors[name_slot(unit, slot)].item()) for unit, _ in self._inputs for slot in unit.tells]

    def read(self, points: Tensor | Seen, others: Sequence[Tensor] = ()) -> Tensor:
        """Give what the discriminator reads of points (..., N, D): these alone, or (..., N, I) with more beside.

        `others` are tensors like `points` that stand beside them; without them the points are each other's company.
        Points that were not seen are at level 0.
        """
        points, level, _ = points if isinstance(points, Seen) else Seen(points)
        if self.level:
            level = torch.zeros_like(points[..., :1]) if level is None else level
            return torch.cat((points, level), -1)
        if not self._company:
            return points
        unit, numbers = self._company
        seen: Tensor = unit(points, others, **numbers)
        return seen

    def group_others(self, points: Tensor) -> Tensor:
        """Take from points (M, D) the groups (K, C, D) beside which a place is scored when it is looked at."""
        assert self.company, "a discriminator that sees a point alone needs no others"
        if not self.company.packs:
            return points.unsqueeze(0)
        size = self._network.sizes[0] // self._dimension - 1
        chosen = torch.arange(GROUPS * size, device=points.device) % len(points)
        return points[chosen].view(GROUPS, size, self._dimension)

    def judge(self, weights: list[Tensor], *sorts: Tensor | Seen, others: Sequence[Tensor] = ()) -> Trace:
        """Let the discriminator of these weights score points (..., N, D), one sort after another.

        Each sort is its own company: real and generated points are never among each other.
        Where it compares features, `others` is one tensor (..., M, D), whose scores stand behind those asked for.
        """
        if self.compares:
            return self._judge_crowd(weights, [self.read(points) for points in (*sorts, *others)], bool(others))
        seen = [self.read(points, others) for points in sorts]
        return self._network.trace(weights, torch.cat(seen, -2) if len(seen) > 1 else seen[0])

    def _judge_crowd(self, weights: list[Tensor], seen: list[Tensor], beside: bool) -> Trace:
        """Let the discriminator compare the points of each sort; `beside` says that the last are all the company."""
        ends = [0, *accumulate(points.shape[-2] for points in seen)]
        own = [slice(*pair) for pair in pairwise(ends)]
        groups = [(rows, own[-1] if beside else rows) for rows in own]
        return self._network.trace(weights, torch.cat(seen, -2), groups=groups)

    def pull_to_points(self, weights: list[Tensor], trace: Trace, upstream: Tensor) -> Tensor:
        """Carry a gradient (..., N, 1) from the scores of one sort of points to these (..., N, D).

        In company a point is in the scores of others too, and is pulled by all of them; noise beside it stays.
        """
        slopes = self._network.input_gradient(weights, trace, upstream)
        if not self._company:
            return slopes[..., : self._dimension]
        with torch.enable_grad():
            points = trace.inputs[0][..., : self._dimension].detach().requires_grad_()
            return pull_back(self.read(points), points, slopes)

    def shape(
        self, learner: Learner, parameters: Tensor, tensors: Mapping[str, Tensor], batch: Tensor | None = None
    ) -> Tensor:
        """Give what a network of these parameters (..., Q) computes with (..., P); autograd sees through it.

        `batch` is the noise (..., N, Z) that the generator trains on, where its weights may depend on that.
        """
        network = self._networks[learner]
        for unit in self._weights[learner]:
            if batch is not None and isinstance(unit, BatchTechnique):
                slots = unit.measure(network, parameters, batch)
            else:
                slots = read_slots(unit, tensors)
            parameters = unit(network, parameters, slots)
        return parameters

    def remember_batch(self, tensors: Mapping[str, Tensor], batch: Tensor | None) -> dict[str, Tensor]:
        """Give what a technique remembers after the generator's update on noise (..., N, Z), of what is before it."""
        if not self.batch:
            return {}
        assert batch is not None, "a technique of batches goes with losses that read noise"
        measured = self.batch.measure(self._networks["generator"], tensors["generator"], batch)
        moved = self.batch.move(read_slots(self.batch, tensors), measured, batch.shape[-2])
        return {name_slot(self.batch, slot): tensor for slot, tensor in moved.items()}

    def pull(
        self, learner: Learner, gradient: Tensor, tensors: Mapping[str, Tensor], batch: Tensor | None = None
    ) -> Tensor:
        """Carry a gradient (..., P) from the weights that a network computes with to its parameters (..., Q).

        `batch` is as in `shape`: then the slopes of its statistics are in it.
        """
        if not self._weights[learner]:
            return gradient
        parameters = tensors[learner].detach().requires_grad_()
        with torch.enable_grad():
            return pull_back(self.shape(learner, parameters, tensors, batch), parameters, gradient)

    def turn(self, gradient: Tensor, weights: list[Tensor], trace: Trace) -> Tensor:
        """Turn the discriminator's gradient (..., P) as techniques have it; of the trace one half is real points."""
        for unit in self:
            if isinstance(unit, SlopeTechnique):
                parts = self._network.split(gradient)
                real, fake = trace.inputs[-1].detach().chunk(2, -2)
                parts[-2] = unit(weights[-2], parts[-2], real, fake)
                gradient = self._network.join(parts)
        return gradient

    def push(self, learner: Learner, direction: Tensor, tensors: Mapping[str, Tensor]) -> Tensor:
        """Carry a move (..., Q) of a network's parameters to the weights (..., P) that it computes with."""
        if not self._weights[learner]:
            return direction
        parameters = tensors[learner].detach().requires_grad_()
        used = self.shape(learner, parameters, tensors)
        probe = torch.zeros_like(used, requires_grad=True)
        # What comes back for a probe is linear in it, so its slope is the way forward.
        (back,) = torch.autograd.grad((used * probe).sum(), parameters, create_graph=True)
        (moved,) = torch.autograd.grad((back * direction).sum(), probe)
        return moved

    def look_ahead(self, play: Callable[[Tensor], Tensor], parameters: Tensor) -> Tensor:
        """Give the discriminator's parameters (..., Q) as the generator foresees them; `play` is the loss by them."""
        assert self.foresight, "a technique looks ahead"
        later: Tensor = self.foresight.unit(play, parameters, **self.foresight.numbers)
        return later

    def renew(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give `tensors` as an update finds them: what belongs to the weights is moved on."""
        moved = dict(tensors)
        for unit in self._weights["discriminator"]:
            if not unit.renew:
                continue
            slots = unit.renew(self._network, tensors["discriminator"], read_slots(unit, tensors))
            moved |= {name_slot(unit, slot): tensor for slot, tensor in slots.items()}
        return moved

    def end_step(self, tensors: Mapping[str, Tensor], step: int) -> Mapping[str, Tensor]:
        """Give `tensors` as they are after a step, the `step`-th of the run."""
        for unit, numbers, _ in self._steps:
            networks, slots = unit(
                {name: tensors[name] for name in NETWORKS}, read_slots(unit, tensors), step, **numbers
            )
            tensors = {**tensors, **networks, **{name_slot(unit, slot): tensor for slot, tensor in slots.items()}}
        return tensors

    def find_average(self, tensors: Mapping[str, Tensor]) -> Tensor | None:
        """Give the parameters (..., P) of the averaged generator, if a technique keeps one."""
        kept = (name_slot(unit, unit.averaged) for unit in self if isinstance(unit, StepTechnique) and unit.averaged)
        return next((tensors[name] for name in kept), None)

    def __iter__(self) -> Iterator[Technique]:
        """Go through the techniques that are on."""
        return (one.unit for one in self._active)


def _read_numbers(
    unit: Technique, units: Sequence[UnitConfig], single: bool, device: torch.device
) -> Mapping[str, Value]:
    """Give a technique's numbers; those of rates are as exact as an optimizer's values."""
    dtype = torch.float64 if isinstance(unit, RateTechnique) else torch.float32
    return read_numbers(unit.parameters, units, single, device, dtype)
