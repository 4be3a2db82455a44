"""Start a worker: `python -m server.engine.worker SOCKET DEVICE FRAMES_PER_SECOND LOG_LEVEL LOG_FORM CACHE COMPILE`.

CACHE is the folder of compiled steps, COMPILE whether new ones are made: `yes` or `no`.

`server.engine.spawn` does it.
"""

import os
import signal
import sys
from pathlib import Path

import torch

from server.engine import reports
from server.engine.spawn import inherit_socket
from server.engine.wire import pack_envelope
from server.engine.worker.loop import Worker
from server.errors import EngineError
from server.gan.compiled.foundry import Foundry
from server.logs import LogForm, configure_logs

NICENESS = 10


def main(
    place: str, device: str, frames_per_second: str, log_level: str, log_form: LogForm, cache: str, compiles: str
) -> None:
    """Serve until the web process closes the socket, in whichever way it ends."""
    # Ctrl-C and a service manager's stop reach the whole group; the web process says when a worker ends.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    configure_logs(log_level, log_form)
    torch.set_num_threads(1)
    connection = inherit_socket(place)
    try:
        foundry = Foundry(Path(cache) if cache else None, compiles == "yes")
        worker = Worker(connection, device, float(frames_per_second), foundry)
    except EngineError as refusal:
        connection.sendall(pack_envelope(reports.Unable(message=str(refusal)).model_dump_json().encode(), b""))
    else:
        worker.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])  # type: ignore[arg-type]  # the settings have checked them
