"""Starts the real lab as a user would, on a free port, and stops it as an operator would."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[2]
OPENING = re.compile(r"The lab is open at (http://\S+)")
# Generous, because a busy machine with two cores needs several seconds to import torch in every worker.
START_SECONDS = 90.0
STOP_SECONDS = 20.0


@dataclass
class Lab:
    """A running lab: where it is, its process, and what it has said so far; `link` is the address that it printed."""

    process: subprocess.Popen[str]
    url: str = ""
    link: str = ""
    lines: list[str] = field(default_factory=list)

    def read_output(self, opened: threading.Event) -> None:
        """Collect what the process prints until it ends; set `opened` when the address is known, or never will be."""
        assert self.process.stdout, "the lab is started with a pipe for its output"
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if not self.url and (match := OPENING.search(line)):
                self.link = match.group(1)
                self.url = self.link.partition("#")[0]
                opened.set()
        opened.set()


@contextmanager
def open_lab(
    data_dir: Path, options: Sequence[str] = (), environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Lab]:
    """The lab at `lab.url`, ready to train, with more in its environment; it is stopped on the way out.

    Raises: AssertionError with the lab's last lines when it does not open, or does not become ready, in time.
    """
    command = [
        sys.executable,
        "-m",
        "server",
        "serve",
        "--port",
        "0",
        "--no-browser",
        "--data-dir",
        str(data_dir),
    ]
    process = subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    lab = Lab(process)
    opened = threading.Event()
    reader = threading.Thread(target=lab.read_output, args=(opened,), daemon=True)
    reader.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        opened.wait(START_SECONDS)
        assert lab.url, describe_failure(lab, "the lab did not say where it is open")
        assert wait_ready(lab, deadline), describe_failure(lab, "the lab did not become ready")
        yield lab
    finally:
        stop_process(process)
        reader.join(STOP_SECONDS)
        if process.stdout:
            process.stdout.close()


def wait_ready(lab: Lab, deadline: float) -> bool:
    """Ask /readyz until it says yes, the process ends, or the deadline has passed."""
    pause = threading.Event()
    while time.monotonic() < deadline and lab.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{lab.url.rstrip('/')}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return True
        except urllib.error.HTTPError as refusal:
            refusal.close()
        except OSError:
            pass
        pause.wait(0.1)
    return False


def count_open(lab: Lab) -> dict[str, int]:
    """Count the lab's open sessions, and the runs that its workers have."""
    with urllib.request.urlopen(f"{lab.url}metrics", timeout=60) as answer:
        told = answer.read().decode()
    return {name: int(count) for name, count in re.findall(r"^ganlab_(sessions|runs) (\d+)", told, re.MULTILINE)}


def stop_process(process: subprocess.Popen[str]) -> None:
    """Ask the process to end, and end it where it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def describe_failure(lab: Lab, what: str) -> str:
    """One sentence and the lab's last lines."""
    said = "\n".join(lab.lines[-30:]) or "(it printed nothing)"
    return f"{what}; exit code {lab.process.poll()}; its last lines:\n{said}"
