"""Measures the lab beside a plain PyTorch loop of the same mathematics, in one run, and prints a table.

`python -m tests.bench [--quick] [--no-browser] [--json PATH]`
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from server.settings import count_cores
from tests.bench.browser import Pace, open_session, play_for
from tests.bench.races import Rate, Team, open_players
from tests.bench.seeking import measure_seeks
from tests.tools.lab import ROOT

LARGE_NETWORK = {"hidden_layers": 3, "width": 128}
CONFIGS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "large": {"generator": LARGE_NETWORK, "discriminator": LARGE_NETWORK, "batch_size": 512},
}
RUNS = 32
PLAIN = "a plain PyTorch loop"
SESSION = "one browser session, end to end"


@dataclass(frozen=True)
class Measurement:
    """One row: medians over the rounds, the time within which 95 of 100 /healthz were answered, each round's pace."""

    name: str
    steps_per_second: float
    steps_per_cpu_second: float | None
    frames_per_second: float | None
    health_p95: float | None
    rounds: tuple[float, ...]


def list_teams(cores: int) -> list[Team]:
    """Give who trains: the plain loop, one run, a stack on one core, and as many stacks as cores."""
    share = -(-RUNS // cores)
    return [
        Team(PLAIN, "plain", 1),
        Team("one run here", "one", 1),
        Team(f"{RUNS} runs in a stack, one core", "stack", RUNS),
        Team(f"{RUNS} runs in a stack, {cores} cores", "stack", RUNS, threads=cores),
        Team(f"{share * cores} runs in {cores} stacks, {cores} cores", "stack", share, cores),
    ]


def measure_config(config: Mapping[str, Any], rounds: int, seconds: float, browser: bool) -> Iterator[Measurement]:
    """Let everybody take a turn in each round, and give one row each."""
    with ExitStack() as stack:
        players = stack.enter_context(open_players(list_teams(count_cores()), config))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        page = stack.enter_context(open_session(folder, config)) if browser else None
        turns: dict[str, list[Rate]] = {player.team.name: [] for player in players}
        paces: list[Pace] = []
        for _ in track(range(rounds), "measuring", console=Console(stderr=True), transient=True):
            for player in players:
                turns[player.team.name].append(player.take_turn(seconds))
            if page:
                paces.append(play_for(page, seconds))
    for name, rates in turns.items():
        walls = tuple(rate.wall for rate in rates)
        yield Measurement(name, median(walls), median(rate.cpu for rate in rates), None, None, walls)
    if paces:
        steps = tuple(pace.steps for pace in paces)
        frames, health = median(pace.frames for pace in paces), [each for pace in paces for each in pace.health]
        yield Measurement(SESSION, median(steps), None, frames, quantiles(health, n=20)[-1], steps)


def make_table(title: str, rows: list[Measurement]) -> Table:
    """Give a table with each row's ratio to the plain loop, by the clock and by the processor's time."""
    table = Table("", title=title, title_justify="left")
    for heading in ("steps/s", "times the plain loop", "the same by CPU time", "painted frames/s", "95 % of /healthz"):
        table.add_column(heading, justify="right")
    plain = rows[0]
    for row in rows:
        by_cpu = (row.steps_per_cpu_second or 0) / (plain.steps_per_cpu_second or 1)
        table.add_row(
            row.name,
            f"{row.steps_per_second:,.0f}",
            f"{row.steps_per_second / plain.steps_per_second:.2f}",
            f"{by_cpu:.2f}" if row.steps_per_cpu_second else "",
            f"{row.frames_per_second:.1f}" if row.frames_per_second is not None else "",
            f"{row.health_p95:.0f} ms" if row.health_p95 is not None else "",
        )
    return table


def read_arguments() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a rough answer in about a minute")
    parser.add_argument("--no-browser", action="store_true", help="leave the browser session out")
    parser.add_argument("--json", type=Path, default=ROOT / ".artifacts" / "bench.json", help="where the numbers go")
    return parser.parse_args()


def main() -> None:
    """Measure every config, print a table each, and write the numbers."""
    arguments = read_arguments()
    rounds, seconds = (3, 1.0) if arguments.quick else (9, 2.0)
    console = Console(width=110 if not sys.stdout.isatty() else None)
    results: dict[str, Any] = {}
    for name, config in CONFIGS.items():
        rows = list(measure_config(config, rounds, seconds, not arguments.no_browser))
        results[name] = [asdict(row) for row in rows]
        console.print(make_table(f"{name}: {json.dumps(config) if config else 'every setting as it comes'}", rows))
    going = measure_seeks(2_000 if arguments.quick else 10_000, 50)
    console.print(
        f"going to a random step of {going.steps:,} (defaults): {going.median:.0f} ms in the middle, 95 % within "
        f"{going.p95:.0f} ms; {going.snapshots} snapshots of {going.megabytes:.1f} MB together\n"
    )
    machine = {"cores": count_cores(), "python": platform.python_version(), "torch": version("torch")}
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(
        json.dumps(
            {"machine": machine, "rounds": rounds, "seconds": seconds, "configs": results, "seeks": asdict(going)},
            indent=2,
        )
        + "\n"
    )
    console.print(f"the numbers are in {arguments.json}")


if __name__ == "__main__":
    main()
