"""A step that is walked phase by phase: where it stands, and the numbers of the phase it has just passed.

`Trainer.phases()` stays open between two orders, so a run may stand inside a step for as long as somebody looks.
Walked to its end, it is the step that `Trainer.step()` trains, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite

import torch
from torch import Tensor

from server.engine.worker.rows import tell_number
from server.gan.inspection import PhaseInspection, Underway, inspect_phase
from server.gan.phases import Losses, Phase, Player
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.protocol.messages import StepPhase


class Walk:
    """One step of a single run, under way; of one `player`, it is that player's one update."""

    def __init__(self, trainer: Trainer, player: Player = "both") -> None:
        self.start, self.player = trainer.state, player
        self.taken = 0
        self._trainer = trainer
        self._passed: tuple[Phase, RunState] | None = None
        self.phase = ""
        self._updates = trainer.config.count_updates(player)
        self._phases_an_update = len(trainer.config.phases)
        self._has_probability = trainer.loss.has_probability
        self._phases: Iterator[Phase] = trainer.phases(player)
        self._losses: dict[str, Tensor] = {}

    @property
    def count(self) -> int:
        """How many phases the step has."""
        return self._phases_an_update * sum(self._updates.values())

    @property
    def is_over(self) -> bool:
        """Whether the step is whole, and counted by the trainer."""
        return self.taken >= self.count

    @property
    def losses(self) -> Losses:
        """The losses so far; after the last phase those of the step."""
        return Losses(self._losses.get("discriminator"), self._losses.get("generator"))

    @property
    def underway(self) -> Underway:
        """Where the walk stands, in whole updates."""
        return Underway(self.start, self.player, self.taken // self._phases_an_update)

    def advance(self) -> StepPhase | None:
        """Go through one phase, after the last one of the step counts; none where no player plays.

        Raises:
            Diverged: a number is not finite; the trainer's state is the one before the step.
        """
        phase, losses = self._take(), self.losses.read()
        return phase and StepPhase(
            step=self.start.step + 1,
            number=self.taken,
            count=self.count,
            player=phase.player,
            update=phase.update + 1,
            updates=self._updates[phase.player],
            name=phase.name,
            numbers={key: value if isfinite(value) else None for key, value in self._measure(phase).items()},
            d_loss=tell_number(losses.discriminator),
            g_loss=tell_number(losses.generator),
        )

    def finish(self) -> None:
        """Go through the phases that are left.

        Raises:
            Diverged: as `advance`.
        """
        self._take()
        while not self.is_over:
            self._take()

    def inspect(self) -> PhaseInspection:
        """Tell the numbers of the phase just passed, until the trainer goes on or is given another config."""
        assert self._passed, "a walk begins with its first phase"
        return inspect_phase(self._trainer, *self._passed)

    def _take(self) -> Phase | None:
        before = self._trainer.state
        phase = next(self._phases, None)
        if phase is not None:
            self._passed = phase, before
            self.taken += 1
            self.phase = f"{phase.player} {phase.update + 1} {phase.name}"
            if phase.name == "loss":
                key = "d_loss" if phase.player == "discriminator" else "g_loss"
                self._losses[phase.player] = phase.tensors[key]
        if self.is_over:
            next(self._phases, None)  # past the last phase: the trainer counts the step
        return phase

    def _measure(self, phase: Phase) -> dict[str, float]:
        """The numbers of a phase: how many points, mean scores, the loss, the lengths of gradient and change."""
        tensors = phase.tensors
        if phase.name in ("sample", "generate"):
            counted = {"x_real": "real_samples", "z": "noise_samples", "x_fake": "generated_samples"}
            return {counted[key]: float(tensor.shape[-2]) for key, tensor in tensors.items() if key in counted}
        if phase.name == "classify":
            return self._measure_scores(tensors)
        if phase.name == "loss":
            return {key: tensor.item() for key, tensor in tensors.items() if key in ("d_loss", "g_loss")}
        if phase.name == "backward":
            return {"gradient_norm": torch.linalg.vector_norm(tensors["gradient"]).item()}
        return {"change_norm": torch.linalg.vector_norm(tensors["change"]).item()}

    def _measure_scores(self, tensors: Mapping[str, Tensor]) -> dict[str, float]:
        numbers = {}
        for sort in ("real", "fake"):
            if (logits := tensors.get(f"{sort}_logits")) is not None:
                scores = logits.detach()
                numbers[f"{sort}_score"] = scores.mean().item()
                if self._has_probability:
                    numbers[f"{sort}_probability"] = torch.sigmoid(scores).mean().item()
        return numbers
