"""The soak: a short one leaves nothing broken, and its checks see what would be."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from server.sessions.run_file import write_run
from tests.soak.checks import check_branch, check_run
from tests.soak.life import TINY
from tests.soak.plan import Fault, draw_plan
from tests.soak.trial import Report, check_words, soak_lab, wait_until_gone
from tests.tools.held import count_unburied, list_family, needs_proc
from tests.tools.lockstep import LockstepDesk


@needs_proc
@pytest.mark.timeout(400)
async def test_random_clients_and_random_faults_break_no_promise(tmp_path: Path) -> None:
    report = await soak_lab(tmp_path, draw_plan(seed=1, clients=3, seconds=25.0))
    assert report.wrong == []
    assert min(report.faults, report.lives, report.steps, len(report.health)) > 0


def test_a_plan_is_repeated_by_its_seed() -> None:
    plan = draw_plan(5, 4, 100.0)
    assert plan == draw_plan(5, 4, 100.0)
    assert plan != draw_plan(6, 4, 100.0)
    assert {fault for _, fault in plan.faults} == {*get_args(Fault)}


def make_desk() -> LockstepDesk:
    """A run of six steps, the rate changed at the third."""
    desk = LockstepDesk(TINY)
    desk.do("Step", count=3)
    desk.do("Configure", config=TINY | {"g_optimizer": {"learning_rate": 0.002}})
    desk.do("Step", count=3)
    return desk


def test_a_true_run_passes_and_a_lost_change_or_step_is_named() -> None:
    content = write_run(make_desk().session.branches)
    assert check_run(content, [0.002], head=6) == []
    assert check_run(content, [0.003], head=6) == ["an acknowledged change is lost: the rate 0.003"]
    assert check_run(content, [], head=7) == [
        "the status says that the run was trained to step 7, and its file to step 6"
    ]
    assert "cannot be read" in check_run(content[:-1], [], head=6)[0]


def test_a_state_or_a_loss_that_is_not_that_of_a_plain_replay_is_named() -> None:
    branch = make_desk().session.branches.current
    first, last = branch.snapshots.packed[0], branch.snapshots.steps[-1]
    assert check_branch(branch) == []
    branch.snapshots.put(last, first)
    assert f"the state of step {last} is not that of a plain replay" in check_branch(branch)[0]
    branch.timeline.columns[1][2] += 1e-6
    assert "the losses of step 3 and 0 more are others" in check_branch(branch)[1]


def test_a_disk_whose_trouble_is_not_over_and_an_unexpected_error_in_the_log_are_named() -> None:
    full, well = "[error    ] sessions cannot be kept: disk is full", "[warning  ] sessions can be kept again"
    for lines, wrong in (
        ([], []),
        ([full, well], []),
        ([full, well, full], ["sessions cannot be kept although the disk is well again"]),
        (["[error    ] a mistake"], ["the log: [error    ] a mistake"]),
    ):
        report = Report()
        check_words(lines, report)
        assert report.wrong == wrong


@needs_proc
def test_a_process_that_outlives_who_started_it_is_found() -> None:
    before = list_family(os.getpid())
    with subprocess.Popen(["sh", "-c", "sleep 600 & echo; wait"], stdout=subprocess.PIPE) as shell:
        assert shell.stdout
        shell.stdout.readline()
        started = list_family(os.getpid()) - before
        (child,) = (process for process in started if process.number != shell.pid)
        shell.kill()
        assert os.waitid(os.P_PID, shell.pid, os.WEXITED | os.WNOWAIT)
        assert count_unburied(os.getpid()) == 1
    assert {process for process in started if process.is_alive()} == {child}
    assert started.isdisjoint(list_family(os.getpid()))
    os.kill(child.number, signal.SIGKILL)
    assert asyncio.run(wait_until_gone(started)) == set()
