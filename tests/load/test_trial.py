"""`ganlab load` against a real lab, with a real socket."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from server.errors import LoadError
from server.load.client import Client
from server.load.roles import come_back, go_back, step_by_hand
from server.load.trial import Plan, assign_roles, find_socket, try_lab
from tests.tools.lab import ROOT, Lab, open_lab


def run_load(*options: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a user does."""
    command: Sequence[str] = [sys.executable, "-m", "server", "load", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


async def test_players_a_stepper_and_watchers_are_served_and_nothing_goes_wrong(running_lab: Lab) -> None:
    figures = await try_lab(running_lab.url, Plan(clients=10, seconds=6.0, watchers=3))
    assert figures.errors == {}
    assert figures.clients == 13
    assert figures.steps > 0
    assert figures.steps_each is not None
    assert 0 < figures.steps_each.least <= figures.steps_each.middle <= figures.steps_each.most
    assert figures.click_to_step is not None
    assert figures.frame_age is not None
    assert figures.healthz is not None
    assert figures.megabytes > 0


async def test_a_client_goes_back_and_on_and_comes_back_to_its_run_with_every_row(running_lab: Lab) -> None:
    client, chance = Client(find_socket(running_lab.url), {"seed": 5}, 0.02), random.Random(1)
    await client.open()
    session = client.session
    await client.command("step", count=30)
    await client.command("play")
    await go_back(client, chance)
    await come_back(client, chance)
    await client.command("pause")
    await client.paint(lambda step: step >= 30)
    await client.close()
    assert client.session == session
    assert len(client.record.seeks) == len(client.record.returns) == 1
    assert client.record.steps >= 30
    assert client.record.errors == {}


async def test_the_time_in_which_a_run_played_without_its_page_counts_as_its_steps_do(running_lab: Lab) -> None:
    client = Client(find_socket(running_lab.url), {"seed": 6}, 0.02)
    await client.open()
    await client.command("play", rate=20.0)
    for _ in range(3):
        await asyncio.sleep(0.2)
        await client.drop()
        await asyncio.sleep(1.0)
        await client.open()
    reached = client.step
    assert reached >= 10
    await client.paint(lambda step: step > reached)
    await client.command("pause")
    await client.close()
    assert client.record.steps >= reached
    assert client.record.steps / client.record.playing < 1.5 * 20.0


def test_one_client_in_ten_steps_by_hand_and_one_of_fewer() -> None:
    steppers = {clients: assign_roles(clients).count(step_by_hand) for clients in (1, 2, 9, 10, 19, 20, 300)}
    assert steppers == {1: 0, 2: 1, 9: 1, 10: 1, 19: 1, 20: 2, 300: 30}


async def test_what_the_lab_refuses_is_told_in_its_words(running_lab: Lab) -> None:
    client = Client(find_socket(running_lab.url), {"batch_size": 0}, 0.02)
    with pytest.raises(LoadError, match="batch_size: expected"):
        await client.open()
    await client.close()
    client = Client(find_socket(running_lab.url), {}, 0.02)
    await client.open()
    with pytest.raises(LoadError, match="switch refused: branch: expected"):
        await client.command("switch", branch=7)
    await client.close()


@pytest.mark.parametrize("goes", ["killed", "in order"])
async def test_who_waits_when_the_lab_goes_away_is_told_at_once(tmp_path: Path, goes: str) -> None:
    with open_lab(tmp_path, ["--workers", "1"]) as lab:
        client = Client(find_socket(lab.url), {}, 0.02)
        await client.open()
        waiting = asyncio.create_task(client.paint(lambda step: step > 9))
        staying = asyncio.create_task(client.stay())
        await client.command("step")
        (lab.process.kill if goes == "killed" else lab.process.terminate)()
        async with asyncio.timeout(20):
            for what in (waiting, staying, client.paint(lambda step: step > 9), client.command("step")):
                with pytest.raises(LoadError, match="expected it open"):
                    await what
        (noted,) = client.record.errors
        assert noted.startswith("a connection was closed by the lab: ")
        await client.close()


def test_the_command_prints_the_figures_as_one_object(running_lab: Lab) -> None:
    run = run_load(running_lab.url, "--clients", "2", "--seconds", "3", "--set", "data.name=line", "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    figures = json.loads(run.stdout)
    assert figures["clients"] == 2
    assert figures["errors"] == {}
    assert set(figures["frame_age"]) == {"count", "p50", "p95", "p99"}


def test_a_full_lab_is_told_and_the_command_ends_with_1(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANLAB_MAX_SESSIONS", "1")
    with open_lab(tmp_path_factory.mktemp("full"), ["--workers", "1"]) as lab:
        run = run_load(lab.url, "--clients", "2", "--seconds", "3")
    assert run.returncode == 1
    assert "the lab is full" in " ".join(run.stdout.split())


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ftp://127.0.0.1", "somewhere"])
def test_where_no_lab_is_one_line_says_so(url: str) -> None:
    run = run_load(url, "--clients", "1", "--seconds", "1")
    assert run.returncode == 1
    assert run.stdout == ""
    assert "expected" in run.stderr
    assert "Traceback" not in run.stderr
