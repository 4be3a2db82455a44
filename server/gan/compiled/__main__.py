"""Build a program: `python -m server.gan.compiled CACHE`, with the runs as a line of JSON on stdin.

`server.gan.compiled.workshop` starts it, as the first of a process group. The group ends when stdin does, or when it
takes too long: a compiler never outlives who wanted it, and none holds up all others for ever.
"""

import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

NICENESS = 19


def end_with(stream: int) -> None:
    """End the builder as soon as the other end of a pipe is closed."""
    os.read(stream, 1)
    end()


def end_after(seconds: float, say_why: Callable[[str], None]) -> None:
    """End the builder where it still builds after so many seconds, and say so before."""

    def give_up() -> None:
        try:
            say_why(f"its compiler was not done after {seconds:g} s")
        finally:
            end()

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()


def end() -> None:
    """End this process and the compiler that it has started."""
    os.killpg(0, signal.SIGKILL)


def main(cache: Path) -> int:
    """Build what is asked for, unless it was built while others were; 1 where there is no such program."""
    assert os.getpgrp() == os.getpid(), "a builder ends all of its process group"
    os.nice(NICENESS)
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with, args=(sys.stdin.fileno(),), daemon=True).start()
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in (*cache.glob("inductor-*"), *cache.glob("building-*")):  # by one that was ended
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="inductor-") as scratch:
            # The compiler's own cache is of pickles: it is nobody's after this.
            os.environ["TORCHINDUCTOR_CACHE_DIR"] = scratch
            return build(order, cache)


def build(order: dict[str, Any], cache: Path) -> int:
    """Build the program of an order."""
    # Here, because the compiler reads its environment when it is imported.
    import torch

    from server.gan.catalog import build_catalog
    from server.gan.compiled.building import build_program, refuse
    from server.gan.compiled.keys import Unfit, find_key
    from server.gan.compiled.workshop import forget_oldest, is_settled
    from server.gan.config import check_config
    from server.gan.trainer import Trainer

    torch.set_num_threads(1)
    catalog = build_catalog()
    listed = [check_config(config, catalog) for config in order["configs"]]
    configs = listed[0] if order["single"] else listed
    folder = cache / find_key(Trainer(configs), order["machine"])
    if is_settled(folder):
        return 0
    shutil.rmtree(folder, ignore_errors=True)
    forget_oldest(cache)
    # A wait for the lock is none of it.
    end_after(order["seconds"], lambda reason: refuse(folder, reason))
    try:
        build_program(configs, cache, order["machine"])
    except Unfit:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
