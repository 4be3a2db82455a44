"""What a branch must have been: its course trained once more, by the trainer alone."""

from __future__ import annotations

from collections.abc import Collection

from server.engine.course import Course
from server.gan.compiled.foundry import Foundry
from server.gan.config import check_config
from server.gan.joined import Joined
from server.gan.phases import Numbers
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.sessions.branches import Branch
from server.settings import find_cache
from tests.tools.runs import catalog

Row = tuple[float | None, float | None]
FOUNDRY = Foundry(find_cache() / "compiled", builds=False)
"""What a lab on this machine has compiled."""


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
    made = course.find_made(step)
    if not made.joined:
        trainer.state = trainer.state.copy()  # in the memory of a stack, the same numbers may add up otherwise
        program = FOUNDRY.recall(trainer, made.program) if made.program else None
        alone = program.step(trainer) if program else trainer.step(course.find_player(step))
        assert alone, "a step that was made is made again"
        return alone.read()
    joined = Joined([trainer])
    program = FOUNDRY.recall(joined, made.program) if made.program else None
    (losses,) = (program and joined.advance_by(program)) or joined.advance()
    assert isinstance(losses, Numbers), losses
    return losses
