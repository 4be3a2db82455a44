"""Starting a worker process, and handing it its end of a socket pair: by inheritance, or on Windows through stdin."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from server.settings import Settings, find_cache

MODULE = "server.engine.worker"
# Measured: with glibc's defaults, training in stacks gives freed memory back to the system and faults it in again
# at every step.
MEMORY_TUNING = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    "MALLOC_TOP_PAD_": str(64 << 20),
}


def start_worker(settings: Settings) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a worker process; returns it and our end of the socket pair, not blocking.

    Raises:
        OSError: the system gives no process or no socket.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        ours.setblocking(False)
        try:
            return _start_process(theirs, list_options(settings)), ours
        except OSError:
            ours.close()
            raise


def list_options(settings: Settings) -> list[str]:
    """Give what a worker is told of the settings when it starts."""
    try:
        cache = str(find_cache().absolute() / "compiled")
    except RuntimeError:  # nobody knows where this user is at home
        cache = ""
    compiling = [cache, "yes" if settings.compile else "no"]
    return [settings.device, str(settings.frames_per_second), settings.log_level, settings.log_form, *compiling]


def _start_process(theirs: socket.socket, options: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", MODULE]
    home = Path(__file__).parents[2]  # where `server` is: python looks for modules there first
    environment = {**os.environ, **MEMORY_TUNING, "OMP_NUM_THREADS": "1"}
    if sys.platform == "win32":
        process = subprocess.Popen([*command, "stdin", *options], env=environment, cwd=home, stdin=subprocess.PIPE)
        assert process.stdin, "started with a pipe"
        with process.stdin as pipe:
            pipe.write(theirs.share(process.pid))
        return process
    number = theirs.fileno()
    return subprocess.Popen(
        [*command, str(number), *options], env=environment, cwd=home, stdin=subprocess.DEVNULL, pass_fds=[number]
    )


def inherit_socket(place: str) -> socket.socket:
    """Take the worker's end of the socket pair: `place` is a descriptor's number, or "stdin" on Windows."""
    if sys.platform == "win32":
        return socket.fromshare(sys.stdin.buffer.read())
    inherited = socket.socket(fileno=int(place))
    with inherited:
        return inherited.dup()  # of the lowest number that is free here: `select` takes none above a thousand
