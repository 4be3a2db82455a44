"""Measures the lab beside a plain PyTorch loop of the same mathematics, in one run, and prints a table.

`python -m tests.bench [--quick] [--no-browser] [--json PATH]`
"""

import argparse
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from server.gan.compiled.machine import find_compiler
from server.settings import count_cores
from tests.bench.browser import Pace, open_session, play_for
from tests.bench.classroom import SESSIONS, Lesson, give_lesson, open_class
from tests.bench.races import Rate, Team, open_players
from tests.bench.seeking import measure_seeks
from tests.tools.lab import ROOT

CONFIGS: Mapping[str, Mapping[str, Any]] = {
    "14 wide": {"generator": {"width": 14}, "discriminator": {"width": 14}},
    "64 wide": {},
}
RUNS = 32
PLAIN = "a plain PyTorch loop"
JAX = "the same in JAX, a jitted scan"
LESSON_TURNS = 5
"""A class plays so many times as long as a contestant's turn: its clients have to come in first."""
HAS_JAX = find_spec("jax") is not None
HEADINGS = (
    *("steps/s", "times the plain loop (all rounds)", "the same by CPU time", "painted frames/s each"),
    *("95 % of /healthz", "click to step, 50 / 95 %", "memory"),
)
SESSION = "one browser session, end to end"
CLASS = f"{SESSIONS} playing sessions, end to end"


@dataclass(frozen=True)
class Measurement:
    """One row: medians over the rounds, the time within which 95 of 100 /healthz were answered, each round's pace.

    Of a class, `frames_per_second` are the middle session's, `clicks` are the milliseconds from click to painted step
    within which 50 and 95 of 100 were, and `memory` are the bytes of all processes.
    """

    name: str
    rounds: tuple[float, ...]
    steps_per_cpu_second: float | None = None
    frames_per_second: float | None = None
    health_p95: float | None = None
    clicks: tuple[float, float] | None = None
    memory: int | None = None

    @property
    def steps_per_second(self) -> float:
        """The middle round's."""
        return median(self.rounds)


def list_teams(cores: int) -> list[Team]:
    """Give who trains: the plain loop, JAX where it is, one run, stacks on one core, and as many stacks as cores.

    One run and stacks train compiled too, where there is a compiler.
    """
    share = -(-RUNS // cores)
    compiles = shutil.which(find_compiler()) is not None
    one = [Team("one run here, compiled", "one compiled", 1)] if compiles else []
    stack = [Team(f"{RUNS} runs in a stack, one core, compiled", "stack compiled", RUNS)] if compiles else []
    spread = f"{share * cores} runs in {cores} stacks, {cores} cores"
    stacks = [Team(f"{spread}, compiled", "stack compiled", share, cores)] if compiles else []
    return [
        Team(PLAIN, "plain", 1),
        *([Team(JAX, "jax", 1)] if HAS_JAX else []),
        Team("one run here", "one", 1),
        *one,
        *[Team(f"{runs} runs in a stack, one core", "stack", runs) for runs in (8, RUNS, 64)],
        *stack,
        Team(f"{RUNS} runs in a stack, {cores} cores", "stack", RUNS, threads=cores),
        Team(spread, "stack", share, cores),
        *stacks,
    ]


def measure_config(config: Mapping[str, Any], rounds: int, seconds: float, browser: bool) -> Iterator[Measurement]:
    """Let everybody take a turn in each round, and give one row each."""
    with ExitStack() as stack:
        players = stack.enter_context(open_players(list_teams(count_cores()), config))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        page = stack.enter_context(open_session(folder / "page", config)) if browser else None
        lab = stack.enter_context(open_class(folder / "class"))
        turns: dict[str, list[Rate]] = {player.team.name: [] for player in players}
        paces: list[Pace] = []
        lessons: list[Lesson] = []
        for _ in track(range(rounds), "measuring", console=Console(stderr=True), transient=True):
            for player in players:
                turns[player.team.name].append(player.take_turn(seconds))
            if page:
                paces.append(play_for(page, seconds))
            lessons.append(give_lesson(lab, config, LESSON_TURNS * seconds))
    for name, rates in turns.items():
        yield Measurement(name, tuple(rate.wall for rate in rates), median(rate.cpu for rate in rates))
    if paces:
        frames, health = median(pace.frames for pace in paces), [each for pace in paces for each in pace.health]
        steps = tuple(pace.steps for pace in paces)
        yield Measurement(SESSION, steps, frames_per_second=frames, health_p95=quantiles(health, n=20)[-1])
    yield sum_up_lessons(lessons)


def sum_up_lessons(lessons: Sequence[Lesson]) -> Measurement:
    """Give the row of a class.

    Raises: AssertionError where something went wrong for one of its clients.
    """
    figures = [lesson.figures for lesson in lessons]
    assert not any(each.errors for each in figures), [each.errors for each in figures]
    clicks = [each.click_to_step for each in figures if each.click_to_step]
    return Measurement(
        CLASS,
        tuple(each.steps for each in figures),
        frames_per_second=median(each.frames_each.middle for each in figures if each.frames_each),
        health_p95=median(each.healthz.p95 for each in figures if each.healthz),
        clicks=(median(each.p50 for each in clicks), median(each.p95 for each in clicks)) if clicks else None,
        memory=max(lesson.memory for lesson in lessons),
    )


def tell_ratio(row: Measurement, plain: Measurement) -> str:
    """Give how many times the plain loop's steps of the same round a row makes: the middle round, and all of them."""
    ratios = [mine / its for mine, its in zip(row.rounds, plain.rounds, strict=True)]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def make_table(title: str, rows: list[Measurement]) -> Table:
    """Give a table with each row's ratio to the plain loop, by the clock and by the processor's time."""
    table = Table("", title=title, title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    plain = rows[0]
    for row in rows:
        by_cpu = (row.steps_per_cpu_second or 0) / (plain.steps_per_cpu_second or 1)
        table.add_row(
            row.name,
            f"{row.steps_per_second:,.0f}",
            tell_ratio(row, plain),
            f"{by_cpu:.2f}" if row.steps_per_cpu_second else "",
            f"{row.frames_per_second:.1f}" if row.frames_per_second is not None else "",
            f"{row.health_p95:.0f} ms" if row.health_p95 is not None else "",
            "{:.0f} / {:.0f} ms".format(*row.clicks) if row.clicks else "",
            f"{row.memory >> 20:,} MB" if row.memory else "",
        )
    return table


def read_arguments() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a rough answer in some minutes")
    parser.add_argument("--no-browser", action="store_true", help="leave the browser session out")
    parser.add_argument("--json", type=Path, default=ROOT / ".artifacts" / "bench.json", help="where the numbers go")
    return parser.parse_args()


def main() -> None:
    """Measure every config, print a table each, and write the numbers."""
    arguments = read_arguments()
    rounds, seconds = (3, 1.0) if arguments.quick else (9, 2.0)
    console = Console(width=150 if not sys.stdout.isatty() else None)
    if not HAS_JAX:
        console.print("without the row of JAX: it is not installed (`pip install '.[bench]'` brings it)")
    results: dict[str, Any] = {}
    for name, config in CONFIGS.items():
        rows = list(measure_config(config, rounds, seconds, not arguments.no_browser))
        results[name] = [asdict(row) | {"steps_per_second": row.steps_per_second} for row in rows]
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
