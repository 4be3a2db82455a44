"""What a branch must have been: its course trained once more, by the trainer alone."""

from __future__ import annotations

from collections.abc import Collection

from server.engine.course import Course
from server.gan.config import check_config
from server.gan.joined import Joined
from server.gan.phases import Numbers
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.sessions.branches import Branch
from tests.tools.runs import catalog

Row = tuple[float | None, float | None]


def replay(branch: Branch, wanted: Collection[int] | None = None) -> tuple[dict[int, bytes], dict[int, Row]]:
    """The packed states, of all steps or of those `wanted`, and the losses of all steps, of a branch's course."""
    legs, first = branch.course.legs, branch.start.step
    state = RunState.unpack(branch.start.packed) if branch.start.packed else None
    trainer = Trainer(check_config(branch.course.first, catalog()), state=state)
    states: dict[int, bytes] = {}
    rows: dict[int, Row] = {}
    for step in range(first, branch.head + 1):
        if step > first:
            rows[step] = train(trainer, branch.course, step - 1)
        for leg in legs[1:]:
            if leg.step == step and leg.config:
                trainer.configure(check_config(leg.config, catalog()))
        if wanted is None or step in wanted:
            states[step] = trainer.state.pack()
    return states, rows


def train(trainer: Trainer, course: Course, step: int) -> Numbers:
    """Make the step after `step` as the course has it: by itself or in a stack, be it joined with nobody."""
    if not course.find_joined(step):
        trainer.state = trainer.state.copy()  # in the memory of a stack, the same numbers may add up otherwise
        return trainer.step(course.find_player(step)).read()
    (losses,) = Joined([trainer]).advance()
    assert isinstance(losses, Numbers), losses
    return losses
