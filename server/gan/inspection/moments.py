"""A moment of a run that is told: whose tensors, under which weights; and what a teller makes of it.

Shape letters: N examples, D coordinates of a point, Z latent dimensions, P parameters.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from server.gan.craft import Seen
from server.gan.inspection.answers import Formula, Inspection, LayerSummary, TensorSummary
from server.gan.inspection.summaries import clean_numbers, note_gaps, summarise_tensor
from server.gan.networks import Network
from server.gan.phases import Learner
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.base import SharedLevelTechnique
from server.gan.trainer import Trainer

Sort = Literal["real", "fake"]
NOISE_OF: Mapping[Sort, str] = {"real": "z_real", "fake": "z"}
"""The noise beside a sort of points, where the discriminator judges pairs."""
PUBLISHED = frozenset({"x_real", "x_fake", "rebuilt", "seen_real", "seen_fake"})
"""Points in lab units that are shown in published ones."""

WORDS: Mapping[str, tuple[str, str]] = {
    "z": ("the noise that the generator starts from", ""),
    "chosen": ("which of the noise's centres each belongs to, counted from 0", ""),
    "x_real": ("samples of the data", "published units"),
    "x_fake": ("what the generator makes of the noise", "published units"),
    "times": ("the time of each pair of noise and data: 0 at the noise, 1 at the data", ""),
    "places": ("where each is at its time, on the straight way from the noise to the data", "lab units"),
    "velocity": ("which way, and how fast, the generator says to go there", "lab units in a time of 1"),
    "codes": ("the codes of the samples of the data: the generator is to rebuild them from these", ""),
    "rebuilt": ("what the generator makes of these codes", "published units"),
    "coupling": ("what is answered of every sample, coupling by coupling: the log-scale, unbounded, and the shift", ""),
    "z_real": ("the noise that the encoder answers the samples of the data with", ""),
    "seen_real": ("the samples of the data as the discriminator sees them", "published units"),
    "seen_fake": ("the generated samples as the discriminator sees them", "published units"),
    "level_real": ("the level of each sample of the data, as the discriminator is told it", ""),
    "level_fake": ("the level of each generated sample, as the discriminator is told it", ""),
    "real_logits": ("the discriminator's scores of the real samples", ""),
    "fake_logits": ("the discriminator's scores of the generated samples", ""),
    "per_example": ("the loss that each example costs", ""),
    "d_loss": ("their mean: the discriminator's loss", ""),
    "g_loss": ("their mean: the generator's loss", ""),
    "real_logit_gradient": ("how the loss grows with the score of each real sample", ""),
    "fake_logit_gradient": ("how the loss grows with the score of each generated sample", ""),
    "slope": ("how the loss grows as each generated point moves along each axis", "per lab unit"),
    "velocity_slope": ("how the loss grows with each velocity along each axis", ""),
    "rebuilt_slope": ("how the loss grows as each rebuilt point moves along each axis", "per lab unit"),
    "code_slope": ("how the loss grows with each number of these codes", ""),
    "coupling_slope": ("how the loss grows with each of these answers", ""),
    "z_real_slope": ("how the loss grows with each number that the encoder answers", ""),
    "encoder_gradient": ("how the loss grows with each weight and bias of the encoder, in one row", ""),
    "z_slope": ("how the loss grows with each number of the noise", ""),
    "means_gradient": ("how the loss grows with each coordinate of the noise's centres, in one row", ""),
    "gradients": ("the needles: where each point should move to lower its own loss", "per published unit"),
    "gradient": ("how the loss grows with each weight and bias, in one row", ""),
    "change": ("how far each weight and bias moves, in one row", ""),
}
"""Tensor -> what it is, and the unit it is shown in."""
BATCH = "the generator's weights and biases in these numbers have the means and variances of this batch in them"
RUNNING = (
    "the generator's weights and biases in these numbers have the running means and variances in them (in PyTorch: "
    "generator.eval()); an update takes those of its own batch"
)
PENALTY = "_penalty"
"""What the name of a regularizer's tensor ends with, after its key."""


class Price(NamedTuple):
    """What `players` pay besides the loss: a regularizer, or a technique's own."""

    label: str
    help: str
    formula: str
    players: tuple[str, ...] = ("discriminator",)


def find_price(name: str) -> Price | None:
    """Find whose penalty a tensor holds, if it holds one."""
    key = name.removesuffix(PENALTY)
    if key == name:
        return None
    if key in REGULARIZERS:
        unit = REGULARIZERS[key]
        return Price(unit.label, unit.help, unit.formula, unit.players)
    technique = next((unit for unit in TECHNIQUES.values() if unit.key == key), None)
    return Price(*technique.price_facts[:3]) if isinstance(technique, SharedLevelTechnique) else None


def describe_tensor(name: str) -> tuple[str, str]:
    """Say what a tensor is, and the unit it is shown in; one that nobody has described is called by its name."""
    if unit := find_price(name):
        return f"what each example costs by {unit.label}", ""
    return WORDS.get(name, (name.replace("_", " "), ""))


@dataclass(frozen=True)
class Moment:
    """Tensors by name as a phase knows them, points in lab units, and the `state` whose weights made them.

    `whose` tells where the examples come from, after "sample 1": "of the batch"; `row` is the one whose numbers are
    put into the formulas. `scoring` is the state whose discriminator scores, and `moved_from` that whose networks are
    moved, where it is another; `update` counts the player's updates within the step, from 0; `trains` tells whether the
    noise is a batch of training, and not only looked at.
    """

    trainer: Trainer
    player: Learner
    state: RunState
    known: Mapping[str, Tensor]
    whose: str
    row: int = 0
    scoring: RunState | None = None
    update: int = 0
    moved_from: RunState | None = None
    trains: bool = False

    @property
    def subject(self) -> str:
        """Say whose numbers stand in the formulas."""
        return f"sample {self.row + 1} {self.whose}"

    @property
    def count(self) -> int:
        """How many examples there are of each sort."""
        return next(len(tensor) for name, tensor in self.known.items() if name in ("z", "x_real"))

    @property
    def asked(self) -> Tensor:
        """What the generator's network reads where it learns (..., I): with most losses the noise."""
        return self.trainer.ask(self.known, self.weights("generator"))

    def network(self, name: Learner) -> Network:
        """Give a player's network."""
        return self.trainer.generator if name == "generator" else self.trainer.discriminator

    def weights(self, name: Learner) -> list[Tensor]:
        """Give the weights and biases that a network computes with at this moment."""
        if name == "generator" and self.trains:
            return self.trainer.weights_on(self.known.get("z"), self.state)
        state = self.scoring if self.scoring and name == "discriminator" else self.state
        return self.trainer.weights_at(state, name)

    @property
    def notes(self) -> list[str]:
        """Say in words what a technique has the generator's weights depend on, where it made points."""
        if not self.trainer.craft.batch or "x_fake" not in self.known:
            return []
        label = self.trainer.craft.batch.label
        return [f"{label}: {BATCH if self.trains else RUNNING}"]

    @property
    def noise(self) -> Tensor:
        """What the generator reads (N, Z), or with a level beside it."""
        level = self.known.get("level_fake")
        return self.trainer.craft.lead(self.known["z"], None if level is None else level.unsqueeze(-1))

    def seen(self, sort: Sort) -> Tensor:
        """Give what the discriminator reads of the points, detached: (N, D), or with more beside them (N, I).

        Where a technique changes the points it is the changed ones.
        """
        level = self.known.get(f"level_{sort}")
        points = self.known.get(f"seen_{sort}", self.known[f"x_{sort}"]).detach()
        pairs = self.trainer.pair(points, self.known.get(NOISE_OF[sort]))
        return self.trainer.craft.read(Seen(pairs, None if level is None else level.unsqueeze(-1)))

    def measure_score_slopes(self) -> list[tuple[int, list[float]]]:
        """Measure how scores grow as this example's generated point moves (D), as it is seen; each with its row.

        They are per lab unit. The first is its own score; the others are those of the packs before it that it is in.
        """
        network, weights, seen = self.network("discriminator"), self.weights("discriminator"), self.seen("fake")
        company, size = self.trainer.craft.company, self.trainer.source.data_dimension
        packed = seen.shape[-1] // size if company and company.packs else 1
        rows = [(self.row - place) % len(seen) for place in range(packed)]
        trace = network.trace(weights, seen[rows])
        slopes = network.input_gradient(weights, trace, torch.ones_like(trace.outputs)).tolist()
        return [(row, slopes[place][size * place : size * (place + 1)]) for place, row in enumerate(rows)]

    def see(self, points: Tensor, sort: Sort) -> Seen:
        """Give what the discriminator sees of points (N, D) of this moment; autograd sees through it."""
        if f"seen_{sort}" not in self.known:
            return Seen(points)
        return self.trainer.see(points, self.player, sort, self.update, self.state.step)

    def measure_view(self) -> Tensor | None:
        """Measure how this example's generated point as it is seen moves with the point itself: the Jacobian (D, D).

        None where the one moves as the other does: no technique changes it, or only puts it elsewhere.
        """
        if "seen_fake" not in self.known:
            return None
        with torch.enable_grad():
            points = self.known["x_fake"].detach().requires_grad_()
            seen = self.see(points, "fake").points[self.row]
            rows = [torch.autograd.grad(place, points, retain_graph=True)[0][self.row] for place in seen]
        jacobian = torch.stack(rows)
        return None if torch.equal(jacobian, torch.eye(len(jacobian)).to(jacobian)) else jacobian

    def show(self, name: str) -> Tensor:
        """Give a tensor as it is shown: points in published units."""
        tensor = self.known[name].detach()
        return self.trainer.source.from_lab(tensor) if name in PUBLISHED else tensor

    def summarise(self, names: Collection[str]) -> list[TensorSummary]:
        """Summarise some of the tensors."""
        described = [(name, *describe_tensor(name)) for name in names]
        return [summarise_tensor(name, what, self.show(name), unit) for name, what, unit in described]


@dataclass
class Told:
    """What a teller has to say of a moment."""

    subject: str
    code: str
    formula: list[Formula] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)
    layers: list[LayerSummary] = field(default_factory=list)

    def answer(self, moment: Moment, names: Collection[str]) -> Inspection:
        """Give it as plain data, with summaries of the tensors called `names`."""
        return {
            "subject": self.subject,
            "formula": self.formula,
            "tensors": moment.summarise(names),
            "layers": self.layers,
            "numbers": clean_numbers(self.numbers),
            "code": self.code,
            "notes": moment.notes + note_gaps({name: moment.known[name] for name in names}),
        }
