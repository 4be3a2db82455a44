"""Training without a browser: contestants in processes of their own take turns, so that the machine's moods hit all."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from server.engine.spawn import MEMORY_TUNING
from tests.tools.lab import ROOT


@dataclass(frozen=True)
class Team:
    """Contestants that train at the same time, `runs` runs and `threads` each; together one row of the table."""

    name: str
    kind: str
    runs: int
    size: int = 1
    threads: int = 1


@dataclass(frozen=True)
class Rate:
    """Steps a second of all runs together: by the clock, and by the time that processors gave to them.

    On a machine that others use too, only the second compares code; the first is what a user sees.
    """

    wall: float
    cpu: float


@dataclass(frozen=True)
class Player:
    """A team's processes, waiting for their turn."""

    team: Team
    processes: Sequence["subprocess.Popen[str]"]

    def take_turn(self, seconds: float) -> Rate:
        """Train for `seconds`."""
        for process in self.processes:
            assert process.stdin, "started with a pipe"
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
        turns = [tuple(map(float, read_line(process).split())) for process in self.processes]
        return Rate(
            wall=sum(self.team.runs * steps / wall for steps, wall, _ in turns),
            cpu=sum(self.team.runs * steps / cpu for steps, _, cpu in turns),
        )


@contextmanager
def open_players(teams: Sequence[Team], config: Mapping[str, Any]) -> Iterator[list[Player]]:
    """Start every contestant with the workers' environment, and wait until all are ready."""
    with ExitStack() as stack:
        players = [
            Player(team, [stack.enter_context(open_process(team, config)) for _ in range(team.size)]) for team in teams
        ]
        for process in (process for player in players for process in player.processes):
            read_line(process)
        yield players


@contextmanager
def open_process(team: Team, config: Mapping[str, Any]) -> Iterator["subprocess.Popen[str]"]:
    """Start one contestant; it ends when its stdin is closed."""
    command = [sys.executable, "-m", "tests.bench.contestant", team.kind]
    command += [str(team.runs), str(team.threads), json.dumps(config)]
    environment = {**os.environ, **MEMORY_TUNING, "OMP_NUM_THREADS": str(team.threads)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def read_line(process: "subprocess.Popen[str]") -> str:
    """Read what a contestant says next; it must say something."""
    assert process.stdout, "started with a pipe"
    line = process.stdout.readline()
    assert line, f"a contestant ended with exit code {process.wait()}"
    return line
