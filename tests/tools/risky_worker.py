"""A worker that the process of every capture is lost in, as `python -m tests.tools.risky_worker` with a worker's words.

It captures after a moment of play, so that its runs have made steps by then.
"""

import os
import sys
from collections.abc import Callable

import torch
from torch import Tensor

from server.engine.spawn import inherit_socket
from server.engine.worker.loop import Worker
from server.gan.compiled.captures import Captures
from server.gan.compiled.foundry import Foundry
from server.gan.compiled.graphs import Compute

PATIENCE_SECONDS = 0.2
EXIT_CODE = 3


def break_down(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
    """Capture what is computed on a device whose driver takes the process down."""
    os._exit(EXIT_CODE)


def main(place: str, device: str, frames_per_second: str, *words: str) -> None:
    """Serve, as `server.engine.worker` does."""
    torch.set_num_threads(1)
    compiles = words[-1] == "yes"
    makers = {"cpu": lambda: Captures(break_down, note_risk=foundry.note_risk)} if compiles else {}
    foundry: Foundry = Foundry(None, compiles, PATIENCE_SECONDS, makers=makers)
    Worker(inherit_socket(place), device, float(frames_per_second), foundry).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
