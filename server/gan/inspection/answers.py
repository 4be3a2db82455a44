"""What an inspection answers: plain data, as JSON can hold them, for the page to lay out.

A number is None where it is infinite or not a number; `notes` then say so in words.
Points are in published units, those of the page's axes; logits, gradients with respect to weights and the weights
themselves are as they are. `slope`, the gradient with respect to samples, is per lab unit, where training happens.
"""

from __future__ import annotations

from typing import Literal, TypedDict

Number = float | None
PlayerName = Literal["discriminator", "generator"]
PhaseName = Literal["sample", "generate", "classify", "loss", "backward", "update"]
NodeName = Literal[
    "noise",
    "generator",
    "real",
    "generated",
    "encoder",
    "discriminator",
    "predictions-real",
    "predictions-generated",
    "d-loss",
    "g-loss",
    "d-gradients",
    "g-gradients",
]
"""The keys of the overview's nodes on the page."""
View = Literal["now", "gradient", "before", "step", "after"]


class Formula(TypedDict):
    """A formula in symbols (LaTeX), the same with the numbers of this moment in it, and what it says in a sentence."""

    latex: str
    latex_numbers: str
    meaning: str


class Histogram(TypedDict):
    """How often values fall between one edge and the next: at most 16 `counts`, and one edge more."""

    edges: list[float]
    counts: list[int]


class TensorSummary(TypedDict):
    """A tensor: its range over all its finite numbers, its first five rows of at most four numbers, its histogram.

    `rows` of a vector have one number each. `unit` is "published units", "lab units", "per lab unit" or "".
    """

    name: str
    what: str
    unit: str
    shape: list[int]
    minimum: Number
    maximum: Number
    mean: Number
    rows: list[list[Number]]
    histogram: Histogram | None


class ParameterSummary(TypedDict):
    """The weights or the biases of a layer, or what a gradient or a step has for them; `norm` is the Euclidean one.

    A weight's shape is [inputs, outputs]: row i holds what leaves input i.
    """

    shape: list[int]
    norm: Number
    minimum: Number
    maximum: Number
    rows: list[list[Number]]
    histogram: Histogram | None


class LayerSummary(TypedDict):
    """A layer ("hidden layer 1", "output layer"), its weight and bias seen in one or more views.

    `now` at rest, `gradient` in backward, `before`, `step` and `after` in update: after = before + step.
    """

    name: str
    weight: dict[View, ParameterSummary]
    bias: dict[View, ParameterSummary]


class Inspection(TypedDict):
    """What every inspection says.

    `subject`: whose numbers stand in the formulas, in words ("sample 1 of the batch").
    `numbers`: the formulas' numbers by name, in full precision. `code`: the lines of PyTorch that do it.
    """

    subject: str
    formula: list[Formula]
    tensors: list[TensorSummary]
    layers: list[LayerSummary]
    numbers: dict[str, Number]
    code: str
    notes: list[str]


class PhaseInspection(Inspection):
    """A phase that has just been passed, in the `update`-th update (from 1) of a player, in step `step`."""

    kind: Literal["phase"]
    step: int
    player: PlayerName
    update: int
    name: PhaseName


class NodeInspection(Inspection):
    """A node of the overview at rest, after step `step`: what it holds now, for the very samples drawn on the page."""

    kind: Literal["node"]
    step: int
    node: NodeName


class Vector(TypedDict):
    """Numbers of one sample (at most 256): `name` as in the formulas, `what` in words, `unit` as a tensor's."""

    name: str
    what: str
    unit: str
    values: list[Number]


class Stage(TypedDict):
    """One station of a sample's way; `node` is the overview's node that it happens in.

    Keys, in order: noise, generator-1 ... generator-L, sample, discriminator-1 ... discriminator-L, score, loss,
    gradient, move; the last layer of a network is its output layer.
    """

    key: str
    node: NodeName
    title: str
    formula: list[Formula]
    vectors: list[Vector]
    numbers: dict[str, Number]
    code: str


class SampleStory(TypedDict):
    """The whole story of the `index`-th generated sample drawn on the page (from 0), after step `step`.

    `z` (Z); `point` is G(z), `needle` the page's needle -dL_G/dx, `moved` where one update of the generator takes the
    point, `first_order` where the slope at the start says it goes: all (D), in published units. `probability` is None
    where the loss gives it no meaning. `loss` is this sample's own; it and `needle` are None where no sample is priced.
    """

    kind: Literal["sample"]
    step: int
    index: int
    z: list[Number]
    point: list[Number]
    logit: Number
    probability: Number
    loss: Number
    needle: list[Number] | None
    moved: list[Number] | None
    first_order: list[Number] | None
    stages: list[Stage]
    notes: list[str]
