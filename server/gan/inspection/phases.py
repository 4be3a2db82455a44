"""A phase of an update, told with the numbers that it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from server.gan.inspection.answers import PhaseInspection
from server.gan.inspection.moments import Moment, Told
from server.gan.inspection.tellers import tell_classify, tell_draws, tell_generate, tell_loss
from server.gan.inspection.updates import tell_backward, tell_update
from server.gan.phases import Phase
from server.gan.state import RunState
from server.gan.trainer import Trainer

TELLERS: Mapping[str, Callable[[Moment], Told]] = {
    "sample": tell_draws,
    "generate": tell_generate,
    "classify": tell_classify,
    "loss": tell_loss,
    "backward": tell_backward,
}


def inspect_phase(trainer: Trainer, phase: Phase, before: RunState) -> PhaseInspection:
    """Tell what the phase just passed of a single run did; `before` is the trainer's state before it.

    Call it while the run stands at this phase, and before its config changes. It changes nothing.
    """
    assert trainer.single, "a phase is told of a single run"
    scoring = trainer.scored_by if phase.player == "generator" else None
    moment = Moment(
        trainer,
        phase.player,
        before,
        phase.known,
        "of the batch",
        scoring=scoring,
        update=phase.update,
        moved_from=trainer.moved_from,
        trains=True,
    )
    told = tell_update(moment, trainer.state) if phase.name == "update" else TELLERS[phase.name](moment)
    return {
        **told.answer(moment, list(phase.tensors)),
        "kind": "phase",
        "step": before.step + 1,
        "player": phase.player,
        "update": phase.update + 1,
        "name": phase.name,
    }
