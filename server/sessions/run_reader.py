"""Reads the branches of a run file, having checked that the parts of each fit each other.

Shape letters: N rows of losses, M rows of metrics, K metrics.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from server.engine.course import Course, Leg, Made
from server.engine.remote import START, Place
from server.engine.reports import Position
from server.errors import FileError
from server.gan.config import Catalog, RunConfig, restarts
from server.gan.model_file import COUNTERS, MOST_COUNT, check_arrays
from server.gan.tensor_file import Arrays
from server.protocol.events import MetricRow, Verdict
from server.sessions.branches import Branch
from server.sessions.run_content import DERIVED, ToldBranch, ToldLeg
from server.sessions.snapshots import Snapshots
from server.sessions.timeline import MOST_METRIC_ROWS, MOST_ROWS, Timeline

MOST_STEPS_AGAIN = 1_000_000
"""So many steps may have to be trained again at most, from the nearest state, to stand where a branch stands."""


class Reader:
    """Reads branches from a file's arrays, and sees to it that each array is read."""

    def __init__(self, arrays: Arrays, configs: Sequence[RunConfig], catalog: Catalog) -> None:
        self._arrays, self._configs, self._catalog = dict(arrays), configs, catalog
        self._plain = [config.to_json() for config in configs]
        self._indices = {id(plain): index for index, plain in enumerate(self._plain)}
        self._states: dict[int, Arrays] = {}
        self._packed: dict[int, bytes] = {}
        self._fitting: set[tuple[int, int]] = set()
        for name in [name for name in self._arrays if name.startswith("states.")]:
            self._sort_in(name)

    def _sort_in(self, name: str) -> None:
        _, number, tensor = (*name.split(".", 2), "")[:3]
        if not number.isdecimal() or len(number) > 8 or str(int(number)) != number:
            raise FileError(f"expected states by their numbers, got {name[:60]!r}")
        state = self._states.setdefault(int(number), {})
        assert isinstance(state, dict), "states are made here"
        state[tensor] = self._arrays.pop(name)

    def check_rest(self) -> None:
        """Check that nothing is in the file that no branch has.

        Raises:
            FileError: something is.
        """
        rest = [*self._arrays, *(f"states.{number}" for number in self._states if number not in self._packed)]
        if rest:
            raise FileError(f"expected what the branches have, got {rest[0][:60]!r} too")

    def number_states(self) -> dict[bytes, int]:
        """Give the states that branches have by now, with their numbers."""
        return {packed: number for number, packed in self._packed.items()}

    def read_branch(self, told: ToldBranch) -> Branch:
        """Read one branch.

        Raises:
            FileError: its parts do not fit each other; the text names it.
        """
        try:
            return self._read_branch(told)
        except FileError as error:
            raise FileError(f"branch {told.number}: {error}") from None

    def _read_branch(self, told: ToldBranch) -> Branch:
        start = START if told.start is None else self._read_start(told.start, told.legs[0])
        self._check_frame(told, start.step)
        course = self._read_course(told, start.step)
        branch = Branch(
            number=told.number,
            name=told.name,
            parent=told.parent,
            forked_at=told.forked_at,
            start=start,
            course=course,
            position=told.position,
            head=told.head,
            timeline=self._read_timeline(told, start.step),
            snapshots=self._read_snapshots(told, start.step, course),
            is_deleted=told.deleted,
        )
        for step in (branch.position.step, branch.head):
            if step - branch.find_place(Position(step=step)).step > MOST_STEPS_AGAIN:
                raise FileError(f"expected a state at most {MOST_STEPS_AGAIN:,} steps before step {step:,}")
        return branch

    def _check_frame(self, told: ToldBranch, first: int) -> None:
        """Check that the branch's places follow each other, and that it leaves an older one."""
        if told.parent is not None and told.parent >= told.number:
            raise FileError(f"parent: expected a number before {told.number}, got {told.parent}")
        if not first <= told.forked_at <= told.head:
            raise FileError(f"forked_at: expected a step from {first} to {told.head}, got {told.forked_at}")
        if not first <= told.position.step <= told.head:
            raise FileError(f"position: expected a step from {first} to {told.head}, got {told.position.step}")
        for name in ("d_updates", "g_updates"):
            if not 0 <= getattr(told.position, name) <= MOST_COUNT:
                raise FileError(f"position.{name}: expected a whole number from 0 to {MOST_COUNT}")

    def _read_course(self, told: ToldBranch, first: int) -> Course:
        """Read the legs, if they follow each other from `first`, and their configs are of one run."""
        steps = [leg.step for leg in told.legs]
        if steps[0] != first or steps[-1] > told.head or any(one > other for one, other in pairwise(steps)):
            raise FileError(f"legs: expected steps from {first} to {told.head}, in order")
        if told.legs[-1].player != "both":
            raise FileError(f"legs: expected both players to learn in the end, got the {told.legs[-1].player} alone")
        if told.legs[-1].joined or told.legs[-1].program:
            raise FileError(
                "legs: expected eager steps by itself in the end, got steps joined with others, or compiled"
            )
        used = list(dict.fromkeys(leg.config for leg in told.legs if leg.config is not None))
        if told.legs[0].config is None or any(index >= len(self._configs) for index in used):
            raise FileError(f"legs: expected a config at first, and those of {len(self._configs)} that there are")
        if any(restarts(self._configs[used[0]], self._configs[index]) for index in used):
            raise FileError("legs: expected configs of one run, got one that begins a new run")
        course = Course(
            Leg(
                leg.step,
                leg.player,
                None if leg.config is None else self._plain[leg.config],
                Made(leg.joined, leg.program),
            )
            for leg in told.legs
        )
        most = self._count_phases(course, told.position.step, told.head)
        if not 0 <= told.position.phases <= max(0, most - 1):
            raise FileError(f"position.phases: expected a number under {most}, got {told.position.phases}")
        return course

    def _count_phases(self, course: Course, step: int, head: int) -> int:
        """Count the phases of the step after `step`."""
        config = self._configs[self._find_config(course, step)]
        player = course.find_player(step) if step < head else "both"
        return len(config.phases) * sum(config.count_updates(player).values())

    def _find_config(self, course: Course, step: int) -> int:
        """Give the index of the config that a run has at `step`, after what changed there."""
        return self._indices[id(course.find_config(step))]

    def _read_start(self, index: int, leg: ToldLeg) -> Place:
        """Read the model at which a run began; its first config is that leg's."""
        if leg.config is None or leg.config >= len(self._configs):
            raise FileError("legs: expected a config at first")
        packed = self._read_state(index, leg.config)
        step, d_updates, g_updates = (int(self._states[index][name]) for name in COUNTERS[:3])
        return Place(packed, step, Position(step=step, d_updates=d_updates, g_updates=g_updates), is_start=True)

    def _read_snapshots(self, told: ToldBranch, first: int, course: Course) -> Snapshots:
        snapshots, before = Snapshots(), first - 1
        for step, index in told.snapshots:
            if not before < step <= told.head:
                raise FileError(f"snapshots: expected steps from {first} to {told.head}, in order")
            packed = self._read_state(index, self._find_config(course, step))
            if int(self._states[index]["step"]) != step:
                raise FileError(f"states.{index}: expected the state at step {step}")
            snapshots.put(step, packed)
            before = step
        return snapshots

    def _read_state(self, index: int, config: int) -> bytes:
        """Give a packed state, having made sure that it is one of that config."""
        state = self._states.get(index, {})
        if (index, config) not in self._fitting:
            try:
                check_arrays(state, self._configs[config], self._catalog)
            except FileError as error:
                raise FileError(f"states.{index}: {error}") from None
            self._fitting.add((index, config))
        if index not in self._packed:
            self._packed[index] = save({name: np.asarray(tensor, order="C") for name, tensor in state.items()})
        return self._packed[index]

    def _read_timeline(self, told: ToldBranch, first: int) -> Timeline:
        steps = self._take(told, "steps", np.int64, MOST_ROWS)
        losses = [self._take(told, name, np.float64, MOST_ROWS, (len(steps),)) for name in ("d_loss", "g_loss")]
        scored = self._take(told, "metrics.steps", np.int64, MOST_METRIC_ROWS)
        values = self._take(told, "metrics.values", np.float64, MOST_METRIC_ROWS, (len(scored), len(told.metrics)))
        for ascending in (steps, scored):
            inside = not len(ascending) or (first <= ascending[0] and ascending[-1] <= told.head)
            if not inside or (np.diff(ascending) < 0).any():
                raise FileError(f"scalars: expected steps from {first} to {told.head}, in order")
        for event in told.events:
            if isinstance(event, DERIVED) or not 0 <= getattr(event, "step", 0) <= told.head:
                raise FileError(f"events: expected what happened up to step {told.head}, got {event.type}")
            if isinstance(event, Verdict) and not first <= event.began_at <= told.head:
                raise FileError(f"began_at: expected a step from {first} to {told.head}, got {event.began_at}")
        rows = [
            MetricRow(step=step, values=dict(zip(told.metrics, map(_read_score, scores), strict=True)))
            for step, scores in zip(scored.tolist(), values.tolist(), strict=True)
        ]
        columns = (array("q", steps.tolist()), array("d", losses[0].tolist()), array("d", losses[1].tolist()))
        return Timeline.restore(columns, rows, told.events, told.strides)

    def _take(
        self, told: ToldBranch, name: str, dtype: type[np.generic], most: int, shape: tuple[int, ...] | None = None
    ) -> NDArray[Any]:
        """Take an array of a branch: at most `most` rows, of a shape where that is known, finite or not a number."""
        found = self._arrays.pop(f"branches.{told.number}.{name}", None)
        if found is None or found.dtype != dtype or found.ndim != len(shape or (0,)) or len(found) > most:
            raise FileError(f"{name}: expected at most {most} rows of {dtype.__name__}")
        if shape is not None and found.shape != shape:
            raise FileError(f"{name}: expected shape {list(shape)}, got {list(found.shape)}")
        if np.isinf(found).any():
            raise FileError(f"{name}: expected finite numbers")
        return found


def _read_score(score: float) -> float | None:
    return score if isfinite(score) else None
