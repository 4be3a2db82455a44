"""A moment of a run that is told: whose tensors, under which weights; and what a teller makes of it.

Shape letters: N examples, Z latent dimensions, P parameters.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from server.gan.inspection.answers import Formula, Inspection, LayerSummary, TensorSummary
from server.gan.inspection.summaries import clean_numbers, note_gaps, summarise_tensor
from server.gan.networks import Network
from server.gan.state import RunState
from server.gan.trainer import Learner, Trainer

Sort = Literal["real", "fake"]
PUBLISHED = frozenset({"x_real", "x_fake"})
"""Points in lab units that are shown in published ones."""

WORDS: Mapping[str, tuple[str, str]] = {
    "z": ("the noise that the generator starts from", ""),
    "x_real": ("samples of the data", "published units"),
    "x_fake": ("what the generator makes of the noise", "published units"),
    "real_logits": ("the discriminator's scores of the real samples", ""),
    "fake_logits": ("the discriminator's scores of the generated samples", ""),
    "per_example": ("the loss that each example costs", ""),
    "d_loss": ("their mean: the discriminator's loss", ""),
    "g_loss": ("their mean: the generator's loss", ""),
    "real_logit_gradient": ("how the loss grows with the score of each real sample", ""),
    "fake_logit_gradient": ("how the loss grows with the score of each generated sample", ""),
    "slope": ("how the loss grows as each generated point moves right, or up", "per lab unit"),
    "gradients": ("the needles: where each point should move to lower its own loss", "per published unit"),
    "gradient": ("how the loss grows with each weight and bias, in one row", ""),
    "change": ("how far each weight and bias moves, in one row", ""),
}
"""Tensor -> what it is, and the unit it is shown in."""


@dataclass(frozen=True)
class Moment:
    """Tensors by name as a phase knows them, points in lab units, and the `state` whose weights made them.

    `whose` tells where the examples come from, after "sample 1": "of the batch"; `row` is the one whose numbers are
    put into the formulas.
    """

    trainer: Trainer
    player: Learner
    state: RunState
    known: Mapping[str, Tensor]
    whose: str
    row: int = 0

    @property
    def subject(self) -> str:
        """Say whose numbers stand in the formulas."""
        return f"sample {self.row + 1} {self.whose}"

    @property
    def count(self) -> int:
        """How many examples there are of each sort."""
        return next(len(tensor) for name, tensor in self.known.items() if name in ("z", "x_real"))

    def network(self, name: Learner) -> Network:
        """Give a player's network."""
        return self.trainer.generator if name == "generator" else self.trainer.discriminator

    def weights(self, name: Learner) -> list[Tensor]:
        """Give the weights and biases that a network had at this moment."""
        return self.network(name).split(self.state.tensors[name])

    def show(self, name: str) -> Tensor:
        """Give a tensor as it is shown: points in published units."""
        tensor = self.known[name].detach()
        return self.trainer.from_lab(tensor) if name in PUBLISHED else tensor

    def summarise(self, names: Collection[str]) -> list[TensorSummary]:
        """Summarise some of the tensors."""
        return [summarise_tensor(name, WORDS[name][0], self.show(name), WORDS[name][1]) for name in names]


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
            "notes": note_gaps({name: moment.known[name] for name in names}),
        }
