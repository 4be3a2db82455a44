"""What a technique is: a change of how the two networks are trained, beyond loss, regularizers and optimizers.

Shape letters: R runs (the leading axis of a stack, absent for a single run), N examples, P parameters.
Each sort acts at one place of a step. What a technique remembers is part of the run's state, as named tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from torch import Tensor

from server.gan.networks import Network
from server.gan.randomness import Draws
from server.gan.registry import Registry, Unit

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Technique(Unit[Callable[..., Any]]):
    """A technique; `code` is it as a student would write it, and `slots` names what it remembers, and of which shape.

    A shape is "generator" or "discriminator" for as many numbers as the network has parameters, "d_neurons" for one a
    neuron of the discriminator, "g_neurons" for one a hidden neuron of the generator, "number" for a single one, which
    begins at 0, "data" for the coordinates of finitely many real points, which begins with those.
    `script` is what an exported run does, to the last digit, by its place there: "functions" and "begin" before
    training, "step" and "end" around a step, "round" before each of its rounds, "before" before every update, "after"
    after each of the discriminator's, "moving" before an optimizer moves the network called `player`,
    "moving_generator" before that one alone, "slopes" where the discriminator's slopes are known, "price" where its
    loss is.
    "layer" is a class that a layer of the network is then made of, in place of the script's own `Layer`, "hidden" one
    for its hidden layers alone, and "norm" one of a module behind every activation of these.
    "ahead" are lines from both sorts of points to the generator's loss; `play` in them gives way to those that compute
    the discriminator's, called `loss`.
    "rate" names a function that gives the factor of a step's rates, "points" one that the points go through, "company"
    one that puts something of the others beside each, "scoring" the network that the generator learns from.
    `limits` are what a slot that holds a single number may reach, the least and the most.
    `line_script` has other lines for points of one coordinate, where they differ.
    `needs` names numbers of the run that must not be 0, each with one that serves, by dotted key.
    `goes_with` and `because` are as a regularizer's; `apart` names techniques and regularizers that cannot be on too,
    and why.
    """

    needs_discriminator: ClassVar[bool] = True
    """Whether it means nothing beside a loss without one."""
    restarts: ClassVar[bool] = False
    """Whether the discriminator is built by it, so that a change of it begins a new run."""
    moves_optimum: ClassVar[bool] = False
    """Whether the discriminator sees something else than single points of both laws: then another one is the best."""
    network: ClassVar[str] = ""
    """Whose weights alone it is about, where no parameter says it; none where it is about more."""
    slots: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    script: Mapping[str, str] = field(default_factory=dict)
    line_script: Mapping[str, str] = field(default_factory=dict)
    goes_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needs: Mapping[str, int] = field(default_factory=dict)
    because: str = ""
    apart: Mapping[str, str] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        company = {"goes_with": {k: list(v) for k, v in self.goes_with.items()}, "because": self.because}
        scripts = {"script": dict(self.script), "line_script": dict(self.line_script)}
        company["needs"] = dict(self.needs)
        limits = {slot: list(ends) for slot, ends in self.limits.items()}
        facts = {"slots": dict(self.slots), "limits": limits, **scripts, "apart": dict(self.apart), **company}
        return {
            **super().describe(),
            **facts,
            "needs_discriminator": self.needs_discriminator,
            "restarts": self.restarts,
            "moves_optimum": self.moves_optimum,
            "network": self.network,
        }


@dataclass(frozen=True)
class InputTechnique(Technique):
    """Changes what the discriminator sees: `(points (..., N, D), draws, step, **numbers) -> (..., N, D)`.

    Real and generated points are changed alike, in the updates of both players, and each by draws of its own.
    With slots it is given them too, as `slots`, each (..., 1, 1); `adjust` moves them on after every update of the
    discriminator, `(slots, real_logits (..., N), **numbers) -> slots`.
    `tells` says in words what a number is that it remembers, where that is worth looking at.
    """

    moves_optimum: ClassVar[bool] = True
    adjust: Callable[..., dict[str, Tensor]] | None = None
    tells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LevelTechnique(InputTechnique):
    """Changes each point by a level of its own, a number that the discriminator reads beside it; 0 leaves it as it is.

    `draw_level` is (count, draws, slots, **numbers) -> (..., N, 1), and the function takes it after the points:
    `(points (..., N, D), level, draws, step, slots, **numbers) -> (..., N, D)`. It comes after all other changes.
    `level` says in words what the number is. Looks are at level 0, where the best discriminator is that of the points
    as they are. The first layer has more weights, so a change of it begins a new run.
    """

    restarts: ClassVar[bool] = True
    moves_optimum: ClassVar[bool] = False
    draw_level: Callable[..., Tensor] = field(kw_only=True)
    level: str = field(kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "level": self.level, "adds": 1}


@dataclass(frozen=True)
class SharedLevelTechnique(LevelTechnique):
    """Changes real points by a level that the generator reads too, beside its noise: its own points are of it already.

    `price` is what the discriminator pays besides, `(critic, points (..., N, D), level (..., N, 1), draws, **numbers)
    -> (..., N)`, of real points before they are changed; its `price_facts` are a label, help, a formula in LaTeX, and
    code that ends with `penalty`, made of x_real and of their `level`, which the technique's own code draws.
    In a script `tell` of the function called "points" puts the level alone beside numbers, "price" adds the price, and
    "sampling" makes samples of z.
    Looks and samples are at level 0, where the generator's law is to be the data's.
    """

    price: Callable[..., Tensor] = field(kw_only=True)
    price_facts: tuple[str, str, str, str] = field(kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "leads": True, "company": "it mixes each real point of a batch with another one"}


@dataclass(frozen=True)
class CompanyTechnique(Technique):
    """Lets the discriminator see each point in company: `(points (..., N, D), others, **numbers) -> (..., N, I)`.

    A row begins with the point whose score it is asked for. What follows in it comes from `others`, tensors (..., N, D)
    that are beside the points, or, where none are given, from the rest of the batch.
    `packs` names the number of points that stand side by side; without it, `adds` numbers tell of all the company.
    The first layer has as many more weights, so a change of it begins a new run.
    """

    restarts: ClassVar[bool] = True
    moves_optimum: ClassVar[bool] = True
    packs: str = ""
    adds: int = 0

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        because = "it lets the discriminator see so many points of a batch at once"
        return {**super().describe(), "company": because, "packs": self.packs, "adds": self.adds}


@dataclass(frozen=True)
class EncoderTechnique(Technique):
    """Trains an encoder E too, from points to noise; the discriminator judges pairs (x, E(x)) and (G(z), z).

    Its function is what the encoder pays for its pairs, `(loss, real_logits (..., N)) -> (..., N)`.
    The discriminator's first layer reads the noise beside the point, so a change of it begins a new run.
    """

    restarts: ClassVar[bool] = True
    moves_optimum: ClassVar[bool] = True

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "encodes": True}


@dataclass(frozen=True)
class WeightTechnique(Technique):
    """Changes what the discriminator computes with: `(network, parameters (..., P), slots) -> (..., P)`.

    Autograd sees through it. With slots `begin` makes them, `(network, parameters, draws) -> slots`, and `renew` moves
    them on before every update, `(network, parameters, slots) -> slots`.
    """

    network: ClassVar[str] = "discriminator"
    begin: Callable[[Network, Tensor, Draws], dict[str, Tensor]] | None = None
    renew: Callable[[Network, Tensor, Tensors], dict[str, Tensor]] | None = None


@dataclass(frozen=True)
class Reparametrisation(WeightTechnique):
    """Trains other numbers than the weights that a network computes with: `(network, (..., Q), slots) -> (..., P)`.

    Its parameter `network` names the discriminator, the generator or both. `first` gives the numbers with which the
    training begins, `(network, drawn (..., Q)) -> (..., Q)`, so that the network begins with the weights that were
    drawn for it. `scales` says which layers' neurons have a scale beside their weights, "all", "hidden" or none. The
    trained numbers mean something else without it, so a change of it begins a new run.
    """

    needs_discriminator: ClassVar[bool] = False
    restarts: ClassVar[bool] = True
    first: Callable[[Network, Tensor], Tensor] = field(kw_only=True)
    scales: str = ""

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "builds": {"network": "", "scales": self.scales, "norm": "", "examples": 1}}


@dataclass(frozen=True)
class BatchTechnique(Reparametrisation):
    """Lets what the generator computes with depend on the batch that it trains on, in the updates of both players.

    `measure` is (network, parameters (..., Q), z (..., N, Z)) -> statistics by the names of the slots, which take the
    slots' place; autograd sees through both, so that the batch's own slopes are in a gradient. The slots are running
    statistics, with which samples are made outside training: `start` gives their beginning, (network, parameters) ->
    slots, and `move` moves them on, (slots, statistics, N) -> slots, after each update of the generator. The
    discriminator's updates leave them alone: its turn changes nothing of the generator.
    """

    network: ClassVar[str] = "generator"
    start: Callable[[Network, Tensor], dict[str, Tensor]] = field(kw_only=True)
    measure: Callable[[Network, Tensor, Tensor], dict[str, Tensor]] = field(kw_only=True)
    move: Callable[[Tensors, Tensors, int], dict[str, Tensor]] = field(kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        builds = {"network": self.network, "scales": self.scales, "norm": "", "examples": 3}
        return {**super().describe(), "builds": builds, "reads_batch": True}


@dataclass(frozen=True)
class LayerTechnique(Technique):
    """Puts something between the hidden layers of the generator: the one of `server.gan.norms` that is called `norm`.

    The network is built by it, so a change of it begins a new run.
    """

    needs_discriminator: ClassVar[bool] = False
    restarts: ClassVar[bool] = True
    norm: str = field(kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {
            **super().describe(),
            "builds": {"network": "generator", "scales": "", "norm": self.norm, "examples": 1},
        }


@dataclass(frozen=True)
class CrowdTechnique(Technique):
    """Lets the discriminator compare the last hidden features of points in company; its function does so.

    `crowd` names its numbers of kernels and of coordinates of each. Of batches of 2 points to `most`, whose pairs are
    all compared. The network is built by it, so a change of it begins a new run.
    """

    restarts: ClassVar[bool] = True
    moves_optimum: ClassVar[bool] = True
    network: ClassVar[str] = "discriminator"
    crowd: tuple[str, str] = field(kw_only=True)
    most: int = field(kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        builds = {"network": "discriminator", "scales": "", "norm": "", "crowd": list(self.crowd)}
        return {**super().describe(), "builds": builds, "compares": True, "most": self.most}


@dataclass(frozen=True)
class SlopeTechnique(Technique):
    """Turns the slope of the discriminator's last weights: `(weight (..., H, 1), slope, real, fake) -> slope`.

    `real` and `fake` are what enters the last layer, each (..., N, H); the slope is that of the loss and all penalties.
    """

    moves_optimum: ClassVar[bool] = True
    network: ClassVar[str] = "discriminator"


@dataclass(frozen=True)
class StepTechnique(Technique):
    """Acts at the end of a step: `(networks, slots, step, **numbers) -> (networks, slots)`.

    `networks` are the parameters by name; the slots begin as copies of those that they are named after.
    `averaged` names the slot that is a generator to be shown beside the one that trains.
    """

    needs_discriminator: ClassVar[bool] = False
    averaged: str = ""

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "averaged": self.averaged}


@dataclass(frozen=True)
class DataTechnique(Technique):
    """Replaces the finitely many real points of a run: `(first, own, draws, **numbers) -> (..., n, D)`.

    `first` (..., n, D) are those that the run began with, `own` as many samples of the generator as it is. It acts at
    the end of every step that the number called `every` divides; its one slot holds the points of the present.
    """

    needs_discriminator: ClassVar[bool] = False
    moves_optimum: ClassVar[bool] = True
    every: str = field(kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "renews_data": True}


@dataclass(frozen=True)
class OrderTechnique(Technique):
    """Lets both players move at once: the generator learns from the discriminator as it was before they moved.

    With two `rounds` they take their turns twice in a step. The first only looks ahead: in the second, slopes are those
    of the place where it led to, and both players move from where they were before it. Its function does nothing.
    `playing` says in words what goes on while a run trains with it.
    """

    rounds: int = 1
    playing: str = field(kw_only=True)

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "rounds": self.rounds, "playing": self.playing}


@dataclass(frozen=True)
class ForesightTechnique(Technique):
    """Changes which discriminator the generator answers to: `(play, parameters (..., Q), **numbers) -> (..., Q)`.

    `play` gives the discriminator's loss under such parameters, all runs together (). Autograd sees through what it
    gives, back to the points that `play` is about; after 0 steps, its number `k`, there is nothing to foresee.
    """

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "foresees": "k"}


@dataclass(frozen=True)
class RateTechnique(Technique):
    """Changes the learning rates of both players: `(step, **numbers) -> factor`, the step counted from 0.

    A number is a float, or (R, 1) in float64 along the run axis. A run has one such technique at most: `apart`
    says so.
    """

    needs_discriminator: ClassVar[bool] = False


class Players(NamedTuple):
    """Two players at rest, as a technique of drawing sees them; points are in lab units, autograd sees through both.

    `draw_latent` and `draw_data` are (count, draws) -> (..., N, Z) and (..., N, D), `generate` (..., N, Z) ->
    (..., N, D), `score` (..., N, D) -> (..., N).
    """

    dimension: int
    draw_latent: Callable[[int, Draws], Tensor]
    draw_data: Callable[[int, Draws], Tensor]
    generate: Callable[[Tensor], Tensor]
    score: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class SamplingTechnique(Technique):
    """Takes samples of the trained players in another way: `(players, count, draws, **numbers) -> (..., count, D)`.

    It changes nothing in training; what it takes is shown beside the generated samples. A run has one at most.
    `reads_scores` tells whether it asks the discriminator, so that there must be one that learns.
    """

    reads_scores: bool = True

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data."""
        return {**super().describe(), "refines": True, "needs_discriminator": self.reads_scores}


TECHNIQUES: Registry[Technique] = Registry("technique")
