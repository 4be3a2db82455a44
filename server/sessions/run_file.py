"""A saved run: one safetensors file with the tree of its branches, their histories, and chosen states of each.

What a branch was told and who learned in it is JSON in the file's metadata (`run_content`); its scalars are arrays
(`branches.2.steps`), and so are the tensors of each state (`states.0.generator`), which branches share.
Read again, each branch can be gone back to at every step, bit for bit, and is written as the same bytes.
A file comes from anywhere: all of it is checked before any of it is used.
Shape letters: N rows of losses, M rows of metrics, K metrics.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load

from server.engine.configs import ConfigTable
from server.errors import FileError
from server.gan.config import Catalog
from server.gan.tensor_file import Arrays, Told, read_tensors, write_tensors
from server.protocol.events import MetricRow
from server.sessions.branches import Branch, Branches
from server.sessions.run_configs import read_configs
from server.sessions.run_content import DERIVED, KIND, MOST_CONFIGS, Content, ToldBranch, ToldLeg
from server.sessions.run_reader import Reader
from server.sessions.run_states import Chosen, choose_states
from server.sessions.snapshots import Snapshots
from server.sessions.timeline import UNNUMBERED


def write_run(branches: Branches) -> bytes:
    """Give a session's branches as the bytes of a file; where they are too large, deleted ones are left out.

    Raises:
        FileError: they are too large all the same.
    """
    current = branches.current.number
    try:
        return _write(list(branches), current)
    except FileError:
        try:
            return _write([branch for branch in branches if not branch.is_deleted], current)
        except FileError as error:
            raise FileError(f"{error}; delete branches that are not needed") from None


def _write(branches: Sequence[Branch], current: int) -> bytes:
    states: dict[bytes, int] = {}

    def number(packed: bytes) -> int:
        return states.setdefault(packed, len(states))

    told, arrays = tell_run(branches, current, choose_states(branches, current), number)
    for packed, found in states.items():
        arrays |= name_state(found, packed)
    return write_tensors(KIND, told, arrays)


def tell_run(
    branches: Sequence[Branch], current: int, chosen: Chosen, number: Callable[[bytes], int]
) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
    """Give what a file tells of branches, and the arrays of their scalars; a state is told by its `number` alone.

    Raises:
        FileError: there is too much of it to be read again.
    """
    configs = ConfigTable()
    told: list[dict[str, Any]] = []
    arrays: dict[str, NDArray[np.generic]] = {}
    for branch in branches:
        told.append(_describe(branch, chosen[branch.number], configs, number))
        arrays |= _tabulate(branch)
    if len(configs) > MOST_CONFIGS:
        raise FileError(f"saved run: expected at most {MOST_CONFIGS} different settings, got {len(configs)}")
    return {"current": current, "branches": told, "configs": configs.list()}, arrays


def name_state(number: int, packed: bytes) -> dict[str, NDArray[np.generic]]:
    """Give the tensors of a packed state by the names that they have in a file.

    Raises:
        FileError: it is not a packed state.
    """
    try:
        return {f"states.{number}.{name}": tensor for name, tensor in load(packed).items()}
    except (SafetensorError, ValueError, KeyError, TypeError):
        raise FileError(f"states.{number}: expected a packed state, got something else or a damaged one") from None


def _describe(
    branch: Branch, chosen: Snapshots, configs: ConfigTable, number: Callable[[bytes], int]
) -> dict[str, Any]:
    try:
        told = ToldBranch(
            number=branch.number,
            name=branch.name,
            parent=branch.parent,
            forked_at=branch.forked_at,
            head=branch.head,
            position=branch.position,
            deleted=branch.is_deleted,
            start=number(branch.start.packed) if branch.start.packed else None,
            legs=tuple(
                ToldLeg(
                    step=leg.step,
                    player=leg.player,
                    config=configs.find(leg.config) if leg.config else None,
                    joined=leg.made.joined,
                    program=leg.made.program,
                )
                for leg in branch.course.legs
            ),
            snapshots=tuple((step, number(packed)) for step, packed in zip(chosen.steps, chosen.packed, strict=True)),
            events=tuple(
                event.model_copy(update={"event": UNNUMBERED, "revision": 0})
                for event in branch.timeline.events
                if not isinstance(event, DERIVED)
            ),
            metrics=_name_metrics(branch.timeline.metrics),
            strides=branch.timeline.strides,
        )
    except ValidationError as error:
        raise FileError(f"{branch.name}: {_describe_first(error)}") from None
    return told.model_dump(mode="json")


def _name_metrics(rows: Sequence[MetricRow]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for row in rows for name in row.values))


def _tabulate(branch: Branch) -> dict[str, NDArray[np.generic]]:
    """Give a branch's scalars: steps (N,), losses (N,), and metrics' steps (M,) and values (M, K)."""
    rows, names = branch.timeline.metrics, _name_metrics(branch.timeline.metrics)
    steps, d_loss, g_loss = branch.timeline.columns
    values = [[nan if (value := row.values.get(name)) is None else value for name in names] for row in rows]
    columns: dict[str, NDArray[np.generic]] = {
        "steps": np.array(steps, np.int64),
        "d_loss": np.array(d_loss, np.float64),
        "g_loss": np.array(g_loss, np.float64),
        "metrics.steps": np.array([row.step for row in rows], np.int64),
        "metrics.values": np.array(values, np.float64).reshape(len(rows), len(names)),
    }
    return {f"branches.{branch.number}.{name}": column for name, column in columns.items()}


def read_run(content: bytes, catalog: Catalog) -> tuple[list[Branch], int]:
    """Read what `write_run` wrote: the branches, and the number of the present one.

    Raises:
        FileError: it is not a saved run, or its parts do not fit each other.
    """
    return read_told(*read_tensors(KIND, content), catalog)[:2]


def read_told(plain: Told, arrays: Arrays, catalog: Catalog) -> tuple[list[Branch], int, dict[bytes, int]]:
    """Read what `tell_run` told, with the tensors of its states: branches, the present one's number, states' numbers.

    Raises:
        FileError: its parts do not fit each other.
    """
    try:
        told = Content.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        raise FileError(_describe_first(error)) from None
    reader = Reader(arrays, read_configs(told.configs, catalog), catalog)
    branches = [reader.read_branch(branch) for branch in told.branches]
    numbers = [branch.number for branch in branches]
    if any(one >= other for one, other in pairwise(numbers)):
        raise FileError("branches: expected one of each number, in their order")
    if told.current not in (branch.number for branch in branches if not branch.is_deleted):
        raise FileError(f"current: expected a branch that is there, got {told.current}")
    reader.check_rest()
    return branches, told.current, reader.number_states()


def _describe_first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg'][:200]}"
