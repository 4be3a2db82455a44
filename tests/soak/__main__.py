"""Lets random clients and random faults loose on a real lab; ends with 1, and says what broke, if a promise was broken.

`python -m tests.soak [--seconds 600] [--clients 6] [--seed N]`
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.soak.plan import draw_plan
from tests.soak.trial import soak_lab


def read_arguments() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="tests.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600.0, help="how long")
    parser.add_argument("--clients", type=int, default=6, help="how many at once")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="repeats a plan")
    return parser.parse_args()


def main() -> int:
    """Soak a lab of its own; gives the exit code."""
    arguments, console = read_arguments(), Console(highlight=False, soft_wrap=True)
    plan = draw_plan(arguments.seed, arguments.clients, arguments.seconds)
    console.print(plan.describe(), markup=False)
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(soak_lab(Path(folder), plan))
    console.print(report.describe(), markup=False)
    console.print("nothing broke" if not report.wrong else f"{len(report.wrong)} promises were broken")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
