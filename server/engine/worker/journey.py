"""A run on its way: whole steps, single phases, and along what was recorded, where it went back.

A step that it stands in (`walk`) waits for whichever comes next. Nothing is told twice: steps that were reported
before are made again silently.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from server.engine import reports
from server.engine.configs import Plain
from server.engine.course import EAGERLY, Course, Made
from server.engine.worker.journal import Journal
from server.engine.worker.path import Path
from server.engine.worker.scores import METRIC_STEPS, Scores
from server.engine.worker.walk import Walk
from server.errors import CommandError
from server.gan.compiled.foundry import Foundry
from server.gan.compiled.programs import Program
from server.gan.config import Catalog, RunConfig, check_config
from server.gan.joined import Joined, find_kind
from server.gan.phases import Diverged, Numbers, Player
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.protocol.messages import StepPhase

OPTIMIZERS = ("d_optimizer.", "g_optimizer.")


class Journey:
    """A trainer, the course that it takes, and what it has told of that in `journal`."""

    def __init__(
        self, course: Course, journal: Journal, catalog: Catalog, device: torch.device, foundry: Foundry
    ) -> None:
        self.trainer: Trainer
        self.path: Path
        self.scores: Scores
        self.walk: Walk | None = None
        self._ended: tuple[Walk, RunState, RunConfig] | None = None
        self._kind: tuple[RunConfig, str] | None = None
        self.begin_steps: Callable[[Made], None] = _begin_nothing
        """Called before a step that may be told of, with how it is made."""
        self._alone: Joined | None = None
        self._shares_memory = False
        self._course, self._journal, self._catalog, self._device = course, journal, catalog, device
        self._foundry = foundry

    @property
    def position(self) -> reports.Position:
        """How far the run is."""
        state, phases = self.trainer.state, self.walk.taken if self.walk else 0
        return reports.Position(step=state.step, d_updates=state.d_updates, g_updates=state.g_updates, phases=phases)

    @property
    def step(self) -> int:
        """How many whole steps the run has made."""
        return self.trainer.state.step

    @property
    def whole_state(self) -> RunState:
        """The state after the last whole step."""
        return self.walk.start if self.walk else self.trainer.state

    @property
    def head(self) -> int:
        """The newest step that is recorded."""
        return max(self.path.known_to, self.whole_state.step)

    @property
    def kind(self) -> str:
        """What it must share with other runs to be joined with them; empty where it goes by itself."""
        if self.walk or self.step < self.path.known_to or not self._course.may_vary:
            return ""
        return self._find_kind()

    # Elsewhere on the course ------------------------------------------------------------------------------------

    def stand_at(self, packed: bytes, at_start: bool, known_to: int, seen_to: int) -> None:
        """Stand at a state: see `orders.Open`; step `seen_to`, where it goes from there, was measured before.

        Raises:
            CommandError: it is not a state of the config that the course has there; the run stays where it is.
        """
        state = RunState.unpack(packed) if packed else None
        step, at_start = (state.step, at_start) if state else (0, True)
        plain = self._course.first if at_start else self._course.find_config(step)
        trainer = Trainer(check_config(plain, self._catalog), self._device, state)
        if state:
            check_fit(trainer.state, Trainer(trainer.config, self._device).state)
        self.trainer, self.path = trainer, Path(self._course, step, known_to, at_start)
        self._alone, self.walk, self.scores = None, None, Scores(self._journal, trainer.config, seen_to)
        self._follow_path()

    def repeat_step(self) -> None:
        """Make a recorded step again, silently.

        Raises:
            Diverged: it does not go as it went; the run stands before it.
        """
        self._train(self.path.find_player(self.step), self.path.made)
        self._follow_path()

    def repeat_phases(self, phases: int) -> StepPhase | None:
        """Go so many phases into the next step, silently; returns the one just passed.

        Raises:
            Diverged: as `repeat_step`.
        """
        self.stand_apart()
        self.walk = Walk(self.trainer, self.path.find_player(self.step))
        phase = None
        for _ in range(self.walk.count + phases if phases < 0 else phases):
            phase = self.walk.advance()
        return phase

    def leave_record(self) -> None:
        """Forget what is recorded ahead."""
        step = self.whole_state.step
        self._course = self._course.cut(step)
        self.path = Path(self._course, step)

    # On the way -------------------------------------------------------------------------------------------------

    def change(self, config: Plain) -> None:
        """Give the run another config, which its course has from now on."""
        self._apply(config)
        self._course.note_config(self.step, config)

    def make_step(self, player: Player) -> None:
        """Make a step, or an update of one player; where the run stands inside a step, finish that one.

        Raises:
            Diverged: a number is not finite; the run stands before the step.
        """
        if self.walk:
            self.begin_steps(EAGERLY)
            self.leave_step()
            return
        if player == "both":
            player = self.path.find_player(self.step)
        if self.step < self.path.known_to:
            self.begin_steps(EAGERLY)
            self._note_step(self._train(player, self.path.made), player)
            return
        program = self._foundry.find(self.trainer) if player == "both" and self._course.may_vary else None
        if program is None or not self._make_compiled(program):
            self.begin_steps(EAGERLY)
            self._note_step(self._train(player, EAGERLY), player)

    def _make_compiled(self, program: Program) -> bool:
        """Make a new step by a program; nothing has changed where it cannot."""
        made = Made(program=program.key)
        self.begin_steps(made)
        self.stand_apart()
        losses = program.step(self.trainer)
        if losses:
            self._course.note_made(self.step - 1, 1, made)
            self._note_step(losses.read(), "both")
        return losses is not None

    def take_step(self, losses: Numbers, made: Made) -> None:
        """Take in a step that the run's trainer has made joined with others."""
        self._alone, self._shares_memory = None, True
        self._course.note_made(self.step - 1, 1, made)
        self._note_step(losses, "both")

    def leave_step(self) -> None:
        """Finish the step that the run stands in, if it stands in one.

        Raises:
            Diverged: as `make_step`.
        """
        walk, self.walk = self.walk, None
        if walk:
            walk.finish()
            self._end_walk(walk)

    def take_phase(self) -> StepPhase | None:
        """Go through one phase; the last one ends the step, which is scored like a step by hand.

        Raises:
            Diverged: as `make_step`.
        """
        if not self.walk:
            self.stand_apart()
        walk = self.walk = self.walk or Walk(self.trainer, self.path.find_player(self.step))
        phase = walk.advance()
        if walk.is_over:
            self.walk = None
            self._end_walk(walk)
            self._ended = walk, self.trainer.state, self.trainer.config
            if self.step % METRIC_STEPS:
                self.score()
        return phase

    def find_walk(self) -> Walk:
        """Give the walk whose last phase the run has just passed.

        Raises:
            CommandError: it stands between two steps that nobody walked through.
        """
        if self.walk and self.walk.taken:
            return self.walk
        walk, state, config = self._ended or (None, None, None)
        if walk is None or state is not self.trainer.state or config is not self.trainer.config:
            raise CommandError("phase: expected a run that goes phase by phase; press Next phase first")
        return walk

    def score(self) -> None:
        """Measure the whole step that the run stands at, unless it was measured before."""
        if not self.path.knows(self.step):
            self.scores.measure(self.trainer)

    def _train(self, player: Player, made: Made) -> Numbers:
        """Train one step so; where its program is not here, eagerly."""
        if made.joined and self._find_kind():
            return self._train_joined(made.program)
        self.stand_apart()
        program = self._foundry.recall(self.trainer, made.program) if made.program else None
        losses = program.step(self.trainer) if program else None
        return (losses or self.trainer.step(player)).read()

    def _train_joined(self, key: str) -> Numbers:
        """Train one step as if joined with others, by the program of that key if there is one."""
        if not (self._alone and self._alone.holds([self.trainer])):
            self._alone = Joined([self.trainer])
        self._shares_memory = True
        program = self._foundry.recall(self._alone, key) if key else None
        told = self._alone.advance_by(program) if program else None
        (losses,) = told or self._alone.advance()
        if isinstance(losses, Diverged):
            raise losses
        return losses

    def _find_kind(self) -> str:
        if self._kind is None or self._kind[0] is not self.trainer.config:
            self._kind = self.trainer.config, find_kind(self.trainer)
        return self._kind[1]

    def stand_apart(self) -> None:
        """Have a state that is no part of a stack's, in whose memory the same numbers may add up otherwise.

        Nor is that memory kept, which is as large as the stack.
        """
        self._alone = None
        if self._shares_memory:
            before, self._shares_memory = self.trainer.state, False
            self.trainer.stand_apart()
            if self._ended and self._ended[1] is before:
                self._ended = self._ended[0], self.trainer.state, self._ended[2]

    def _end_walk(self, walk: Walk) -> None:
        """Take in a step that was walked through; one that was made otherwise than eagerly ends as it ended then."""
        if self.path.made != EAGERLY:
            self.trainer.state = walk.start
            self._train(walk.player, self.path.made)
        self._note_step(walk.losses.read(), walk.player)

    def _note_step(self, losses: Numbers, player: Player) -> None:
        if self.path.knows(self.step):
            self._journal.add_step(self.step, None, player)
            self._follow_path()
            return
        self._journal.add_step(self.step, losses, player)
        if player != "both":
            self._course.note_player(self.step - 1, player, 1)
            self.scores.restart_monitor()
        if self.step % METRIC_STEPS == 0:
            self.score()

    def _follow_path(self) -> None:
        for config in self.path.follow(self.step):
            self._apply(config)

    def _apply(self, config: Plain) -> None:
        self.trainer.configure(check_config(config, self._catalog))
        self.scores.configure(self.trainer.config)


def _begin_nothing(made: Made) -> None:
    """Leave it: nobody tells of steps."""


def check_fit(state: RunState, expected: RunState) -> None:
    """Check that a state has the tensors that its config asks for.

    Raises:
        CommandError: one is missing, has another shape, or is an optimizer's that the config does not have.
    """
    for name in sorted({*expected.tensors, *(name for name in state.tensors if name.startswith(OPTIMIZERS))}):
        shapes = [list(one.tensors[name].shape) if name in one.tensors else None for one in (expected, state)]
        if shapes[0] != shapes[1]:
            raise CommandError(f"seek: expected a state of the settings at its step, got another one in {name}")
