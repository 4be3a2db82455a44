"""A worker whose process is lost when it captures steps, or later, as it replays them.

`python -m tests.tools.risky_worker` is started with a worker's words. It captures after a moment of play, so that its
runs have made steps by then. RISKY_REPLAYS, in the environment, says how many replays go well; without it none does.
"""

import os
import sys
from collections.abc import Callable
from itertools import count

import torch
from torch import Tensor

from server.engine.spawn import inherit_socket
from server.engine.worker.loop import Worker
from server.gan.compiled.captures import Captures
from server.gan.compiled.foundry import Foundry
from server.gan.compiled.graphs import Compute
from tests.tools.compiled import call_again

PATIENCE_SECONDS = 0.2
EXIT_CODE = 3
REPLAYS = int(os.environ.get("RISKY_REPLAYS", "0"))
replays = count(1)


def break_down(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
    """Capture what is computed on a device whose driver takes the process down, soon or late."""
    if not REPLAYS:
        os._exit(EXIT_CODE)
    outputs, replay = call_again(compute)

    def replay_while_it_goes_well() -> None:
        if next(replays) > REPLAYS:
            os._exit(EXIT_CODE)
        replay()

    return outputs, replay_while_it_goes_well


def main(place: str, device: str, frames_per_second: str, *words: str) -> None:
    """Serve, as `server.engine.worker` does."""
    torch.set_num_threads(1)
    compiles = words[-1] == "yes"
    makers = {"cpu": lambda: Captures(break_down, note_risk=foundry.note_risk)} if compiles else {}
    foundry: Foundry = Foundry(None, compiles, PATIENCE_SECONDS, makers=makers)
    Worker(inherit_socket(place), device, float(frames_per_second), foundry).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
