"""Real workers: every step that was trained can be gone back to, exactly, and left in another direction."""

import os
import random
import signal
from typing import Any

import pytest

from server.engine.pool import Pool
from server.gan.config import RunConfig, check_config
from server.gan.trainer import Trainer
from tests.tools.sessions import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")
SMALL: dict[str, Any] = {
    "generator": {"hidden_layers": 1, "width": 8},
    "discriminator": {"hidden_layers": 1, "width": 8},
    "batch_size": 8,
}
CHANGES: list[dict[str, Any]] = [
    {"d_updates": 2},
    {"d_updates": 2, "g_optimizer": {"name": "adam", "learning_rate": 0.01}},
    {"d_updates": 2, "loss": {"name": "least_squares"}},
    {"d_optimizer": {"name": "rmsprop"}},
    {"d_optimizer": {"name": "rmsprop", "learning_rate": 0.0001}},
    {"d_optimizer": {"name": "sgd"}},
    {"d_optimizer": {"name": "adam"}, "g_updates": 2},
    {"batch_size": 16},
    {"batch_size": 8},
    {"loss": {"name": "mmd"}, "d_updates": 2},
]


def train_plainly(configs: list[RunConfig], apart: int, wanted: set[int], last: int) -> dict[int, bytes]:
    """The states at the wanted steps of a run whose config changes after every `apart` steps."""
    trainer = Trainer(configs[0])
    states = {}
    for step in range(last + 1):
        if step and step % apart == 0 and step // apart < len(configs):
            trainer.configure(configs[step // apart])
        if step in wanted:
            states[step] = trainer.state.pack()
        trainer.step()
    return states


@pytest.mark.timeout(600)  # ten thousand steps here, and as many in the worker
async def test_seeking_lands_on_every_step_of_a_long_run_with_ten_changes_bit_for_bit(pool: Pool) -> None:
    configs = [SMALL | change for change in ({}, *CHANGES)]
    desk = Desk(pool, SMALL)
    for number, config in enumerate(configs):
        if number:
            await desk.do("Configure", config=config)
        await desk.play_to(10_000 if number == len(CHANGES) else 900 * (number + 1))
    assert (desk.status.first, desk.status.head) == (0, 10_000)
    wanted = set(random.Random(4).sample(range(10_001), 189)) | {900 * number for number in range(11)}
    states = train_plainly([check_config(one, pool.catalog) for one in configs], 900, wanted, 10_000)
    for step in random.Random(5).sample(sorted(wanted), len(wanted)):
        await desk.do("Seek", step=step)
        assert (desk.status.step, desk.status.state) == (step, "paused")
        assert desk.state == states[step], step
    assert len(wanted) >= 199
    assert len(desk.session.branches.describe()) == 1
    desk.session.close()


async def test_a_change_in_the_past_begins_a_branch_and_both_histories_stay(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=40)
    ending = desk.state
    await desk.do("Seek", step=10)
    await desk.do("Configure", config=SMALL | {"d_updates": 2})
    await desk.do("Step", count=5)
    first, second = desk.session.branches.describe()
    assert (first.number, first.head, second.parent, second.forked_at) == (1, 40, 1, 10)
    assert (desk.status.step, desk.status.head, desk.marks) == (15, 15, [(10, "changed")])
    await desk.do("Switch", branch=1)
    assert (desk.status.step, desk.status.head, desk.session.config.d_updates, desk.marks) == (10, 40, 1, [])
    await desk.do("Seek", step=40)
    assert desk.state == ending
    await desk.do("Switch", branch=2)
    assert (desk.status.step, desk.session.config.d_updates) == (15, 2)
    desk.session.close()


async def test_playing_in_the_past_repeats_what_was_and_stops_where_the_record_ends(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=7)
    await desk.do("Step", player="discriminator", count=3)
    await desk.do("Configure", config=SMALL | {"g_updates": 2})
    await desk.play_to(30)
    ending, rows = desk.state, len(desk.session.timeline)
    await desk.do("Seek", step=4)
    assert desk.session.config.g_updates == 1
    await desk.do("Play")
    await desk.rest()
    assert (desk.status.step, desk.state, len(desk.session.timeline)) == (30, ending, rows)
    assert desk.status.reason is not None
    assert "here the record ends" in desk.status.reason
    assert desk.session.config.g_updates == 2
    await desk.do("Step")
    assert (desk.status.step, desk.status.head) == (31, 31)
    assert desk.marks == [(7, "discriminator alone"), (10, "changed"), (30, "stopped by itself")]
    desk.session.close()


async def test_back_goes_by_steps_and_by_phases_to_the_beginning(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=2)
    for _ in range(3):
        await desk.do("Advance")
    seen = []
    for _ in range(5):
        await desk.do("Back", by="phase")
        phase = desk.status.phase
        seen.append((desk.status.step, phase and (phase.player, phase.name)))
    assert seen == [
        (2, ("discriminator", "generate")),
        (2, ("discriminator", "sample")),
        (2, None),
        (1, ("generator", "backward")),
        (1, ("generator", "loss")),
    ]
    for step in (1, 0):
        await desk.do("Back")
        assert (desk.status.step, desk.status.phase, desk.status.state) == (step, None, "paused")
    assert "the run begins here" in await desk.refuse("Back")
    desk.session.close()


async def test_a_run_that_diverged_goes_back_and_on_with_a_lower_rate(pool: Pool) -> None:
    desk = Desk(pool, SMALL | {"loss": {"name": "least_squares"}, "d_optimizer": {"name": "sgd"}})
    await desk.do("Step", count=20)
    wild = {"loss": {"name": "least_squares"}, "d_optimizer": {"name": "sgd", "learning_rate": 10.0}}
    await desk.do("Configure", config=SMALL | wild)
    await desk.do("Play")
    await desk.rest()
    assert desk.status.state == "failed"
    broke = desk.status.head
    await desk.do("Seek", step=15)
    assert (desk.status.state, desk.status.failure) == ("paused", None)
    await desk.do("Configure", config=SMALL | {"loss": {"name": "least_squares"}})
    await desk.do("Step", count=30)
    assert (desk.status.step, desk.status.state) == (45, "paused")
    assert [branch.head for branch in desk.session.branches.describe()] == [broke, 45]
    desk.session.close()


async def test_a_new_run_keeps_the_one_before(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=12)
    ending = desk.state
    await desk.do("Reset", seed=5)
    await desk.do("Reset")
    assert [branch.name for branch in desk.session.branches.describe()] == ["Run 1", "Run 3"]
    await desk.do("Switch", branch=1)
    assert (desk.status.step, desk.state, desk.session.config.seed) == (12, ending, 0)
    desk.session.close()


async def test_who_goes_back_before_a_branch_is_there_goes_back_in_that_branch(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=20)
    await desk.do("Seek", step=10)
    given = [desk.begin("Configure", config=SMALL | {"g_updates": 2}), desk.begin("Seek", step=4)]
    assert [(await desk.answer(number))["type"] for number in given] == ["done", "done"]
    assert (desk.status.step, desk.status.head, desk.session.branches.current.number) == (4, 10, 2)
    given = [desk.begin("Configure", config=SMALL | {"d_updates": 2}), desk.begin("Back"), desk.begin("Reset")]
    answers = [await desk.answer(number) for number in given]
    assert [answer["type"] for answer in answers] == ["done", "done", "done"]
    facts = [(one.number, one.parent, one.forked_at, one.head) for one in desk.session.branches.describe()]
    assert facts == [(1, None, 0, 20), (2, 1, 10, 10), (3, 2, 4, 4), (4, None, 0, 0)]
    desk.session.close()


async def test_what_cannot_be_gone_to_is_refused_in_words(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=3)
    assert await desk.refuse("Seek", step=4) == "seek: expected a step from 0 to 3, got 4"
    assert await desk.refuse("Switch", branch=7) == "branch: expected one of 1, got 7"
    assert "switch to another first" in await desk.refuse("Delete", branch=1)
    assert desk.status.step == 3
    desk.session.close()


async def test_a_worker_that_does_not_know_the_run_brings_it_back_where_it_stands_in_its_past(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=7)
    await desk.do("Configure", config=SMALL | {"g_optimizer": {"name": "sgd"}})
    await desk.do("Step", count=7)
    ending = desk.state
    await desk.do("Seek", step=5)
    desk.session._run.resume()  # as from a worker that does not know it
    await desk.do("Play")
    await desk.rest()
    assert (desk.status.step, desk.state) == (14, ending)
    desk.session.close()


async def test_a_worker_killed_on_the_way_to_another_time_loses_nothing(pool: Pool) -> None:
    desk = Desk(pool, SMALL)
    await desk.do("Step", count=300)
    ending = desk.state
    ways: list[list[tuple[str, dict[str, Any]]]] = [
        [("Seek", {"step": 100})],
        [("Configure", {"config": SMALL | {"d_optimizer": {"name": "sgd"}}}), ("Step", {"count": 5})],
        [("Switch", {"branch": 1}), ("Seek", {"step": 300})],
    ]
    for way in ways:
        given = [desk.begin(kind, **fields) for kind, fields in way]
        os.kill(pool.process_ids[0], signal.SIGKILL)
        assert [(await desk.answer(number))["type"] for number in given] == ["done"] * len(given)
    assert (desk.status.step, desk.state) == (300, ending)
    facts = [(one.number, one.parent, one.forked_at, one.head) for one in desk.session.branches.describe()]
    assert facts == [(1, None, 0, 300), (2, 1, 100, 105)]
    desk.session.close()


async def test_a_discriminator_that_takes_no_part_is_not_stepped_and_the_steps_around_are_repeated(pool: Pool) -> None:
    desk = Desk(pool, SMALL | {"loss": {"name": "energy"}})
    refusal = await desk.refuse("Step", player="discriminator", count=1)
    assert "expected a loss with a discriminator for it to learn, got energy" in refusal
    for _ in range(2):
        await desk.do("Advance")
    await desk.do("Step", count=3)
    ending = desk.state
    await desk.do("Configure", config=SMALL)
    await desk.do("Step", player="discriminator", count=2)
    assert (desk.status.step, desk.status.d_updates, desk.status.g_updates) == (5, 2, 3)
    await desk.do("Seek", step=3)
    assert desk.state == ending
    desk.session.close()
