"""`ganlab load`: tries a running lab with many clients."""

import asyncio
import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from uvicorn.loops.auto import auto_loop_factory

from server.gan.assignments import assign
from server.load.figures import list_lines
from server.load.trial import Plan, try_lab


def load_lab(
    url: str,
    clients: int,
    seconds: float,
    watchers: int,
    frames_per_second: float,
    assignments: Iterable[str],
    seed: int,
    as_json: bool,
) -> bool:
    """Try the lab at `url` and write the figures to stdout; returns whether nothing went wrong.

    Raises:
        ConfigError: an assignment is none.
        LoadError: there is no lab at `url`.
    """
    config: dict[str, Any] = {}
    for assignment in assignments:
        config = assign(config, assignment)
    plan = Plan(clients, seconds, watchers, frames_per_second, config, seed)
    # A quick event loop where there is one: the clients share their machine with the lab that they try.
    status = Console(stderr=True).status(f"{clients} clients for {seconds:g} s")
    with status, asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        figures = runner.run(try_lab(url, plan))
    if as_json:
        sys.stdout.write(json.dumps(figures.to_json()) + "\n")
    else:
        table = Table.grid(padding=(0, 2))
        for line in list_lines(figures):
            table.add_row(*line)
        Console().print(table)
    return not figures.errors
