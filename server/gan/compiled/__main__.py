"""Build a program: `python -m server.gan.compiled CACHE`, with the runs as a line of JSON on stdin.

`server.gan.compiled.workshop` starts it. It ends when stdin does, so that it never outlives who wanted it.
"""

import fcntl
import json
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

NICENESS = 19


def end_with(stream: int) -> None:
    """End the process as soon as the other end of a pipe is closed."""
    os.read(stream, 1)
    os._exit(1)


def main(cache: Path) -> int:
    """Build what is asked for, unless it was built while others were; 1 where there is no such program."""
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


def build(order: dict[str, object], cache: Path) -> int:
    """Build the program of an order."""
    # Here, because the compiler reads its environment when it is imported.
    import torch

    from server.gan.catalog import build_catalog
    from server.gan.compiled.building import build_program
    from server.gan.compiled.keys import Unfit, find_key
    from server.gan.compiled.workshop import forget_oldest, is_settled
    from server.gan.config import check_config
    from server.gan.trainer import Trainer

    torch.set_num_threads(1)
    catalog = build_catalog()
    listed = [check_config(config, catalog) for config in order["configs"]]  # type: ignore[attr-defined]  # a list
    configs = listed[0] if order["single"] else listed
    folder = cache / find_key(Trainer(configs))
    if is_settled(folder):
        return 0
    shutil.rmtree(folder, ignore_errors=True)
    forget_oldest(cache)
    try:
        build_program(configs, cache)
    except Unfit:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
