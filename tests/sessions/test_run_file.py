"""A saved run is read as it was written, to the last bit, and goes back in time as before; others are refused."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from server.engine.course import Made
from server.engine.pool import Pool
from server.errors import FileError
from server.gan.model_file import build_model
from server.gan.tensor_file import KEY
from server.protocol.events import Floors, Mark, MetricRow, Verdict
from server.sessions.branches import Branch, Branches
from server.sessions.run_content import KIND, MOST_BYTES
from server.sessions.run_file import read_run, write_run
from server.sessions.snapshots import Snapshots
from tests.tools.branches import make_branches
from tests.tools.runs import catalog
from tests.tools.sessions import Desk

SMALL: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 4},
    "discriminator": {"hidden_layers": 1, "width": 4},
    "batch_size": 8,
}
FASTER = SMALL | {"d_optimizer": {"name": "rmsprop", "learning_rate": 0.01}}


async def grow_tree(desk: Desk) -> None:
    """Two runs; the first has a branch at step 40, which stands at step 55 of 70, after a player alone."""
    await desk.do("Reset", seed=3)
    await desk.do("Step", count=60)
    await desk.do("Seek", step=40)
    await desk.do("Configure", config=FASTER | {"seed": 3})
    await desk.do("Step", count=10)
    await desk.do("Step", player="generator", count=5)
    await desk.do("Step", count=15)
    number = desk.session.branches.current.number
    await desk.do("Rename", branch=number, name="a higher rate")
    await desk.do("Reset", seed=4)
    await desk.do("Step", count=5)
    await desk.do("Switch", branch=number)
    await desk.do("Seek", step=55)


def open_run(pool: Pool, content: bytes) -> Desk:
    """A page of a new session, in which a run file was opened."""
    desk = Desk(pool, SMALL)
    desk.session.open_tree(*read_run(content, pool.catalog))
    return desk


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def written(pool: Pool) -> bytes:
    """A tree of branches as a file."""
    desk = Desk(pool, SMALL)
    await grow_tree(desk)
    content = write_run(desk.session.branches)
    desk.session.close()
    return content


def describe(branch: Branch) -> dict[str, Any]:
    """All that a branch is, as plain data."""
    return {
        **branch.describe().model_dump(),
        "position": branch.position,
        "start": branch.start,
        "legs": branch.course.legs,
        "scalars": branch.timeline.describe_scalars(),
        "marks": branch.timeline.list_marks(),
        "snapshots": list(zip(branch.snapshots.steps, branch.snapshots.packed, strict=True)),
    }


@pytest.mark.asyncio(loop_scope="module")
async def test_a_tree_of_branches_is_read_as_it_was_written(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await grow_tree(desk)
    branches, current = read_run(write_run(desk.session.branches), pool.catalog)
    assert current == desk.session.branches.current.number
    assert list(map(describe, branches)) == list(map(describe, desk.session.branches))
    assert [branch.name for branch in branches] == ["Run 2", "a higher rate", "Run 4"]
    desk.session.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_file_survives_save_load_save_byte_for_byte(pool: Pool, written: bytes) -> None:
    desk = open_run(pool, written)
    await desk.do("Pause")
    assert write_run(desk.session.branches) == written
    desk.session.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_an_opened_run_stands_where_it_was_and_goes_back_to_the_same_states(pool: Pool, written: bytes) -> None:
    before = Desk(pool, SMALL)
    await grow_tree(before)
    desk = open_run(pool, written)
    await desk.do("Pause")
    for status in (before.status, desk.status):
        assert (status.step, status.first, status.head, status.state) == (55, 0, 70, "paused")
    assert desk.marks == before.marks == [(0, "new seed"), (40, "changed"), (50, "generator alone")]
    for step in (0, 7, 40, 41, 52, 55, 69, 70):
        await before.do("Seek", step=step)
        await desk.do("Seek", step=step)
        assert desk.state == before.state, step
        assert desk.session.config == before.session.config
    for one in (before, desk):
        await one.do("Switch", branch=2)
        await one.do("Seek", step=60)
        await one.do("Step", count=3)
    assert desk.state == before.state
    for one in (before, desk):
        one.session.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_with_steps_of_a_program_from_elsewhere_is_opened_and_goes_back_all_the_same(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Reset", seed=3)
    await desk.do("Step", count=20)
    branch = desk.session.branches.current
    for joined, step in ((False, 5), (True, 12)):
        branch.course.note_made(step, 4, Made(joined, "0123456789abcdef" * 2))
    opened = open_run(pool, write_run(desk.session.branches))
    await opened.do("Pause")
    assert opened.session.branches.current.course.legs == branch.course.legs
    await opened.do("Seek", step=18)
    assert (opened.status.step, opened.status.head, opened.status.state) == (18, 20, "paused")
    for one in (desk, opened):
        one.session.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_an_opened_run_grows_new_branches_and_tells_its_page_all_of_it(pool: Pool, written: bytes) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=2)
    desk.session.open_tree(*read_run(written, pool.catalog))
    await desk.do("Configure", config=SMALL | {"seed": 3})
    revision = desk.session.revision
    tree = [one for one in desk.told if one["type"] == "tree" and one["revision"] == revision][-1]
    assert [(one["number"], one["parent"]) for one in tree["branches"]] == [(2, None), (3, 2), (4, None), (5, 3)]
    assert tree["current"] == 5
    rows = [one for one in desk.told if one["type"] == "scalars" and one["revision"] == revision]
    assert [step for one in rows for step in one["steps"]] == list(range(1, 56))
    desk.session.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_that_stands_inside_a_step_is_opened_there(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=4)
    for _ in range(5):
        await desk.do("Advance")
    again = open_run(pool, write_run(desk.session.branches))
    await again.do("Pause")
    assert again.status.state == "stepping"
    assert (again.status.step, again.status.phase) == (4, desk.status.phase)
    for one in (desk, again):
        await one.do("Step")
    assert again.state == desk.state
    for one in (desk, again):
        one.session.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_that_began_at_a_model_begins_there_again(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=6)
    model = build_model(desk.session.config, desk.state)
    desk.session.begin_at(model, "model loaded")
    await desk.do("Step", count=3)
    ending = desk.state
    again = open_run(pool, write_run(desk.session.branches))
    await again.do("Seek", step=6)
    assert again.state == model.packed
    assert "from 6 to 9" in await again.refuse("Seek", step=5)
    await again.do("Seek", step=9)
    assert again.state == ending
    for one in (desk, again):
        one.session.close()


# What is refused -----------------------------------------------------------------------------------------------------


def take_apart(content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a file tells of itself, and its arrays."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(json.loads(content[8 : 8 + length])["__metadata__"][KEY]), dict(load(content))


def put_together(told: dict[str, Any], arrays: dict[str, Any]) -> bytes:
    """A file that tells this."""
    return save(arrays, {KEY: json.dumps(told)})


def branch_of(told: dict[str, Any]) -> dict[str, Any]:
    """The branch that stands in the past."""
    return next(branch for branch in told["branches"] if branch["number"] == 3)


def in_branch(**values: Any) -> Callable[[Any, Any], object]:
    """A damage: the branch with other facts."""
    return lambda told, arrays: branch_of(told).update(values)


def in_array(name: str, change: Callable[[Any], Any]) -> Callable[[Any, Any], object]:
    """A damage: another array."""
    return lambda told, arrays: arrays.update({name: change(arrays[name])})


def spoil(array: Any, value: float) -> Any:
    spoiled = array.copy()
    spoiled[0] = value
    return spoiled


DAMAGES: dict[str, tuple[Callable[[Any, Any], object], str]] = {
    "other format": (lambda t, a: t.update(format="ganlab-model"), "expected a saved run, got another format"),
    "later version": (lambda t, a: t.update(version=2), "version 1 or before, got version 2 of a newer lab"),
    "no version": (lambda t, a: t.pop("version"), "version 1, got one without a version"),
    "unknown field": (lambda t, a: t.update(colour="red"), "colour: "),
    "no branches": (lambda t, a: t.update(branches=[]), "branches: "),
    "a thousand branches": (lambda t, a: t.update(branches=t["branches"] * 400), "branches: "),
    "a branch twice": (lambda t, a: t["branches"].append(t["branches"][0]), "expected at most 20000 rows"),
    "present one unknown": (lambda t, a: t.update(current=9), "current: expected a branch that is there"),
    "present one deleted": (in_branch(deleted=True), "current: expected a branch that is there"),
    "its own parent": (in_branch(parent=3), "branch 3: parent: expected a number before 3"),
    "parents in a circle": (in_branch(parent=4), "branch 3: parent: expected a number before 3"),
    "no name": (in_branch(name="  "), r"branches\.1\.name"),
    "half a character": (in_branch(name="\ud800"), "another file or a damaged one"),
    "forked nowhere": (in_branch(forked_at=71), "branch 3: forked_at: expected a step from 0 to 70"),
    "stands nowhere": (in_branch(position={"step": 71}), "branch 3: position: expected a step from 0 to 70"),
    "stands before": (in_branch(position={"step": -1}), "branch 3: position: expected a step from 0 to 70"),
    "phases": (in_branch(position={"step": 55, "phases": 12}), r"position\.phases: expected a number under 12"),
    "head beyond all": (in_branch(head=2**40), "expected a state at most 1,000,000 steps before"),
    "head beyond all counting": (in_branch(head=2**53), r"branches\.1\.head: Input should be less than"),
    "number beyond all counting": (in_branch(number=2**53), r"branches\.1\.number: Input should be less than"),
    "one player in the end": (
        lambda t, a: branch_of(t)["legs"][-1].update(player="generator"),
        "branch 3: legs: expected both players to learn in the end",
    ),
    "a program in the end": (
        lambda t, a: branch_of(t)["legs"][-1].update(program="0" * 32),
        "branch 3: legs: expected eager steps by itself in the end",
    ),
    "a program somewhere on the disk": (
        lambda t, a: branch_of(t)["legs"][0].update(program="../" * 10 + "ab"),
        r"branches\.1\.legs\.0\.program",
    ),
    "more changes than there is room for": (
        lambda t, a: branch_of(t).update(legs=branch_of(t)["legs"] * 4096),
        r"branches\.1\.legs: Tuple should have at most 4096 items",
    ),
    "head before": (in_branch(head=9), "branch 3: forked_at"),
    "legs out of order": (lambda t, a: branch_of(t)["legs"].reverse(), "branch 3: legs: expected"),
    "no legs": (in_branch(legs=[]), r"branches\.1\.legs"),
    "no config": (lambda t, a: branch_of(t)["legs"][0].update(config=None), "branch 3: legs: expected a config"),
    "no such config": (lambda t, a: branch_of(t)["legs"][0].update(config=99), "branch 3: legs: expected a config"),
    "config of another run": (lambda t, a: branch_of(t)["legs"][1].update(config=2), "one that begins a new run"),
    "unknown player": (lambda t, a: branch_of(t)["legs"][0].update(player="me"), r"branches\.1\.legs\.0\.player"),
    "wild config": (lambda t, a: t["configs"][0].update(batch_size=10**9), r"configs\.0: batch_size: expected"),
    "wild later config": (lambda t, a: t["configs"][1].update(colour=1), r"configs\.1: colour: unknown key"),
    "config is a list": (lambda t, a: t.update(configs=[[]]), r"configs\.0"),
    "event of another kind": (lambda t, a: branch_of(t)["events"][0].update(type="wish"), r"branches\.1\.events\.0"),
    "event from later": (lambda t, a: branch_of(t)["events"][-1].update(step=71), "branch 3: events: expected"),
    "too many events": (lambda t, a: branch_of(t).update(events=branch_of(t)["events"] * 999), r"branches\.1\.events"),
    "derived event": (
        lambda t, a: branch_of(t)["events"].append(
            {"type": "tree", "event": 0, "revision": 0, "generation": 0, "current": 1, "branches": []}
        ),
        "branch 3: events: expected what happened",
    ),
    "snapshots out of order": (lambda t, a: branch_of(t)["snapshots"].reverse(), "branch 3: snapshots: expected"),
    "state of another step": (
        in_array("states.0.step", lambda a: np.array(a + 1)),
        r"states\.0: expected the state at step",
    ),
    "no such state": (lambda t, a: branch_of(t)["snapshots"][0].__setitem__(1, 999), r"states\.999: expected"),
    "stride of nothing": (in_branch(strides=[0, 1]), r"branches\.1\.strides"),
    "weights not a number": (in_array("states.0.generator", lambda a: spoil(a, np.nan)), "expected finite numbers"),
    "weights of another shape": (in_array("states.0.generator", lambda a: a[:-1]), "expected float32 of shape"),
    "no weights": (lambda t, a: a.pop("states.0.generator"), r"states\.0: .* without generator"),
    "a state too many": (lambda t, a: a.update({"states.777.x": np.zeros(1)}), r"states\.777' too"),
    "an array too many": (lambda t, a: a.update(secret=np.zeros(1)), "'secret' too"),
    "a state without number": (lambda t, a: a.update({"states.x.y": np.zeros(1)}), "states by their numbers"),
    "rows out of order": (in_array("branches.3.steps", lambda a: a[::-1].copy()), "scalars: expected steps from 0"),
    "rows beyond": (in_array("branches.3.steps", lambda a: a + 1), "scalars: expected steps from 0 to 70"),
    "infinite loss": (in_array("branches.3.d_loss", lambda a: spoil(a, np.inf)), "d_loss: expected finite numbers"),
    "fewer losses": (in_array("branches.3.d_loss", lambda a: a[1:]), "d_loss: expected shape"),
    "rows of another type": (in_array("branches.3.steps", lambda a: a.astype(np.float64)), "steps: expected at most"),
    "too many rows": (in_array("branches.3.steps", lambda a: np.zeros(20_001, np.int64)), "at most 20000 rows"),
    "no rows": (lambda t, a: a.pop("branches.3.steps"), "steps: expected at most"),
    "whole images": (lambda t, a: a.update(x=np.zeros(3, np.uint8)), "expected numbers of type F32, F64, I64, got U8"),
}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_run_whose_parts_do_not_fit_is_refused_in_words(written: bytes, damage: str) -> None:
    change, words = DAMAGES[damage]
    told, arrays = take_apart(written)
    assert read_run(put_together(told, arrays), catalog())
    change(told, arrays)
    with pytest.raises(FileError, match=words):
        read_run(put_together(told, arrays), catalog())


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_not_a_run_is_refused(written: bytes) -> None:
    told, arrays = take_apart(written)
    endless = json.dumps(told).replace('"batch_size": 8', '"batch_size": 1e9999', 1)
    numbers = save(arrays, {KEY: endless})
    for content in (b"", b"PK\x03\x04", written[:-1], written[:200], written + b"x", b"\xff" * 64, numbers):
        with pytest.raises(FileError, match="expected a saved run"):
            read_run(content, catalog())
    with pytest.raises(FileError, match="at most"):
        read_run(bytes(MOST_BYTES + 1), catalog())
    header = KIND.most_header_bytes + 1
    with pytest.raises(FileError, match="expected a saved run"):
        read_run(header.to_bytes(8, "little") + bytes(header), catalog())


@pytest.mark.asyncio(loop_scope="module")
async def test_a_changed_byte_is_refused_or_still_a_whole_run(written: bytes) -> None:
    length = int.from_bytes(written[:8], "little")

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(st.one_of(st.integers(0, 8 + length), st.integers(0, len(written) - 1)), st.integers(0, 255))
    def change(place: int, value: int) -> None:
        changed = bytearray(written)
        changed[place] = value
        try:
            branches, current = read_run(bytes(changed), catalog())
        except FileError:
            return
        opened = Branches(1 << 25)
        opened.adopt(branches, current)
        assert opened.current.first <= opened.current.position.step <= opened.current.head
        assert read_run(write_run(opened), catalog())[1] == current

    change()


@pytest.mark.parametrize("began_at", [-1, 1_000_000])
def test_a_finding_that_began_outside_its_branch_is_refused(began_at: int) -> None:
    branches = make_branches(3)
    branches.current.snapshots = Snapshots()
    head = branches.current.head
    verdict = Verdict(
        event=0, revision=7, kind="collapse", began_at=began_at, step=head, evidence={}, sentence="", remedies=()
    )
    branches.current.timeline.add_event(verdict)
    with pytest.raises(FileError, match=f"began_at: expected a step from 0 to {head}, got {began_at}"):
        read_run(write_run(branches), catalog())


def test_branches_that_are_adopted_are_another_generation() -> None:
    branches = make_branches(3)
    branches.current.snapshots = Snapshots()
    before = branches.generation
    branches.adopt(*read_run(write_run(branches), catalog()))
    assert branches.generation == before + 1


def test_every_kind_of_event_is_kept_in_its_order() -> None:
    branches = make_branches(3)
    verdict = Verdict(event=0, revision=7, kind="collapse", began_at=9, step=12, evidence={}, sentence="", remedies=())
    mark = Mark(event=0, revision=7, step=12, text="changed", changes={"loss.name": ("minimax", ["a", 1, None])})
    floors = Floors(event=0, revision=7, values={"grid_kl": 0.1})
    for event in (mark, verdict, floors, mark):
        branches.current.timeline.add_event(event)
    branches.current.snapshots = Snapshots()
    ((branch,), _) = read_run(write_run(branches), catalog())
    assert [event.type for event in branch.timeline.events] == ["mark", "verdict", "floors", "mark"]
    branch.timeline.carry_on(40, 3)
    assert [(event.event, event.revision) for event in branch.timeline.events] == [(42, 3), (43, 3), (44, 3), (45, 3)]
    assert branch.timeline.events[0].model_dump() == {**mark.model_dump(), "event": 42, "revision": 3}


def test_scores_that_are_not_defined_stay_so() -> None:
    branches = make_branches(0)
    rows = (MetricRow(step=0, values={"modes20": None, "grid_kl": 0.5}),)
    branches.current.timeline.add_rows((), (), (), rows)
    ((branch,), _) = read_run(write_run(branches), catalog())
    assert branch.timeline.metrics == list(rows)
