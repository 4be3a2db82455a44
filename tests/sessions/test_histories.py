"""Random histories: whatever is done in whatever order, each branch is what a plain replay of its own deeds gives."""

import asyncio
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from server.engine.pool import Pool
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.sessions.branches import Branches
from server.sessions.run_file import read_run, write_run
from tests.tools.engine import open_pool
from tests.tools.runs import make_config
from tests.tools.sessions import Desk

TINY: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 4},
    "discriminator": {"hidden_layers": 1, "width": 4},
    "batch_size": 4,
}
LIVE: list[dict[str, Any]] = [
    {},
    {"d_updates": 2},
    {"g_optimizer": {"name": "sgd"}},
    {"d_optimizer": {"name": "adam", "learning_rate": 0.01}, "loss": {"name": "least_squares"}},
]
PHASES = 6
BOTH, D, G = "both", "discriminator", "generator"
Deed = tuple[str, Any]
"""One thing that was done to a run: it began with a seed, was given one of the LIVE settings, or made a step."""


@cache
def replay(deeds: tuple[Deed, ...]) -> RunState:
    """The state after these deeds, by the trainer alone."""
    *before, (kind, what) = deeds
    if kind == "begin":
        return Trainer(make_config(**TINY, seed=what)).state
    seed = deeds[0][1]
    live = [LIVE[number] for deed, number in before if deed == "live"][-1:] or [{}]
    trainer = Trainer(make_config(**TINY | live[0], seed=seed), state=replay(tuple(before)))
    if kind == "live":
        trainer.configure(make_config(**TINY | LIVE[what], seed=seed))
    else:
        trainer.step(what)
    return trainer.state


class Told:
    """A branch as it must be: its deeds, and where it stands."""

    def __init__(self, deeds: list[Deed], marks: list[tuple[int, str]]) -> None:
        self.deeds, self.marks = deeds, marks
        self.step, self.phases = self.head, 0

    @property
    def head(self) -> int:
        """The newest step."""
        return sum(kind == "step" for kind, _ in self.deeds)

    def until(self, step: int) -> list[Deed]:
        """The deeds up to a step, with what was changed there."""
        kept, steps = [], 0
        for kind, what in self.deeds:
            steps += kind == "step"
            if steps > step:
                break
            kept.append((kind, what))
        return kept

    @property
    def live(self) -> int:
        """Which of the LIVE settings it has where it stands."""
        live: list[int] = [0, *(what for kind, what in self.until(self.step) if kind == "live")]
        return live[-1]

    @property
    def player(self) -> str:
        """Who learns in the next step."""
        steps = [str(what) for kind, what in self.deeds if kind == "step"]
        return steps[self.step] if self.step < self.head else BOTH

    @property
    def num_phases(self) -> int:
        """The phases of the next step."""
        updates = {D: LIVE[self.live].get("d_updates", 1), G: 1}
        return PHASES * (sum(updates.values()) if self.player == BOTH else 1)

    def go_on(self) -> None:
        """Make the next step, as it was or anew."""
        if self.step == self.head:
            self.deeds.append(("step", BOTH))
        self.step, self.phases = self.step + 1, 0

    def cut(self) -> "Told":
        """What a change leaves of it, as a branch."""
        cut = Told(self.until(self.step), [mark for mark in self.marks if mark[0] <= self.step])
        cut.phases = self.phases
        return cut


class Histories(RuleBasedStateMachine):
    """A session, and beside it what must be true of it."""

    pool: Pool
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.desk = self.wait(self.open())
        self.branches = {1: Told([("begin", 0)], [])}
        self.deleted: set[int] = set()
        self.current, self.newest = 1, 1

    async def open(self) -> Desk:
        desk = Desk(self.pool, TINY)
        await desk.do("Pause")  # so that the run is there
        return desk

    def wait(self, deed: Any) -> Any:
        return self.loop.run_until_complete(deed)

    @property
    def now(self) -> Told:
        return self.branches[self.current]

    def leave_record(self) -> None:
        """What a change does first."""
        if self.now.step < self.now.head:
            branch = self.now.cut()
            self.newest += 1
            self.branches[self.newest] = branch
            self.current = self.newest

    def finish_step(self) -> None:
        if self.now.phases:
            player = self.now.player
            if self.now.step == self.now.head and player == BOTH:
                self.now.deeds.append(("step", BOTH))
            self.now.step, self.now.phases = self.now.step + 1, 0

    @rule(count=st.integers(1, 4))
    def train(self, count: int) -> None:
        self.wait(self.desk.do("Step", count=count))
        for _ in range(count):
            self.now.go_on()

    @rule(more=st.integers(1, 3))
    def play(self, more: int) -> None:
        now = self.now
        until = now.step + more
        stops_at = min(until, now.head) if now.step < now.head else until
        self.wait(self.desk.play_to(until))
        while now.step < stops_at:
            now.go_on()
        if stops_at == until:
            now.marks.append((until, "stopped by itself"))

    @rule(player=st.sampled_from([D, G]), count=st.integers(1, 2))
    def train_alone(self, player: str, count: int) -> None:
        walked = self.now.player if self.now.phases else None
        self.leave_record()
        now = self.now
        self.wait(self.desk.do("Step", player=player, count=count))
        if walked:
            now.deeds.append(("step", walked))
        now.deeds.extend([("step", player)] * count)
        now.step, now.phases = now.head, 0
        alone = list(takewhile(lambda deed: deed == ("step", player), reversed(now.deeds)))
        if (mark := (now.step - len(alone), f"{player} alone")) not in now.marks:
            now.marks.append(mark)

    @rule(number=st.integers(0, len(LIVE) - 1))
    def change(self, number: int) -> None:
        if number == self.now.live:
            return
        walked = self.now.player if self.now.phases else None
        self.leave_record()
        now = self.now
        self.wait(self.desk.do("Configure", config=TINY | LIVE[number] | {"seed": now.deeds[0][1]}))
        if walked:
            now.deeds.append(("step", walked))
        now.step, now.phases = now.head, 0
        now.deeds.append(("live", number))
        now.marks.append((now.step, "changed"))

    @rule(count=st.integers(1, 8))
    def advance(self, count: int) -> None:
        for _ in range(count):
            self.wait(self.desk.do("Advance"))
            self.now.phases += 1
            if self.now.phases == self.now.num_phases:
                self.now.go_on()

    @rule(where=st.floats(0, 1))
    def seek(self, where: float) -> None:
        self.now.step, self.now.phases = round(where * self.now.head), 0
        self.wait(self.desk.do("Seek", step=self.now.step))

    @precondition(lambda self: self.now.step or self.now.phases)
    @rule(by=st.sampled_from(["step", "phase"]))
    def go_back(self, by: str) -> None:
        now = self.now
        self.wait(self.desk.do("Back", by=by))
        if now.phases:
            now.phases = now.phases - 1 if by == "phase" else 0
        else:
            now.step -= 1
            now.phases = now.num_phases - 1 if by == "phase" else 0

    @rule(where=st.floats(0, 1))
    def switch(self, where: float) -> None:
        there = sorted(set(self.branches) - self.deleted)
        self.current = there[round(where * (len(there) - 1))]
        self.wait(self.desk.do("Switch", branch=self.current))

    @rule(where=st.floats(0, 1))
    def delete_and_perhaps_undo(self, where: float) -> None:
        others = sorted(set(self.branches) - {self.current})
        if others:
            number = others[round(where * (len(others) - 1))]
            back = number in self.deleted
            self.wait(self.desk.do("Restore" if back else "Delete", branch=number))
            self.deleted ^= {number}

    @rule(seed=st.integers(0, 2))
    def begin_anew(self, seed: int) -> None:
        live = self.now.live
        before = self.now
        self.wait(self.desk.do("Reset", seed=seed))
        if before.head == 0 and not any(f.parent == self.current for f in self.desk.session.branches.describe()):
            del self.branches[self.current]
        self.newest += 1
        self.current = self.newest
        self.branches[self.current] = Told([("begin", seed)], [(0, "new seed")])
        self.now.deeds += [("live", live)] if live else []

    @invariant()
    def the_lab_is_where_it_must_be(self) -> None:
        now, status = self.now, self.desk.status
        assert (status.step, status.head, status.first) == (now.step, now.head, 0)
        assert self.desk.session._run.position.phases == now.phases
        assert status.state == ("stepping" if now.phases else "paused")
        assert self.desk.state == replay(tuple(now.until(now.step))).pack()
        assert self.desk.marks == now.marks

    @invariant()
    def no_branch_is_lost(self) -> None:
        tree = {facts.number: (facts.head, facts.deleted) for facts in self.desk.session.branches.describe()}
        assert tree == {number: (told.head, number in self.deleted) for number, told in self.branches.items()}
        assert self.desk.session.branches.current.number == self.current

    def teardown(self) -> None:
        content = write_run(self.desk.session.branches)
        again = Branches(1 << 25)
        again.adopt(*read_run(content, self.pool.catalog))
        assert write_run(again) == content
        self.desk.session.close()


@pytest.fixture
def machine() -> Iterator[type[Histories]]:
    """The state machine, on a pool of its own."""
    Histories.loop = asyncio.new_event_loop()
    context = open_pool()
    Histories.pool = Histories.loop.run_until_complete(context.__aenter__())
    yield Histories
    Histories.loop.run_until_complete(context.__aexit__(None, None, None))
    Histories.loop.close()


def test_a_hundred_random_histories_are_plain_replays(machine: type[Histories]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=100,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
