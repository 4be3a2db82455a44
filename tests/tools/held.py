"""What a process holds of the machine, by /proc: resident memory, open descriptors, and other processes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE_BYTES = 4096

needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells what a process holds by /proc")


@dataclass(frozen=True)
class Held:
    """Resident bytes and open descriptors."""

    memory: int
    descriptors: int

    @classmethod
    def of(cls, process: int) -> "Held":
        """Look at a process."""
        folder = Path("/proc") / str(process)
        pages = int((folder / "statm").read_text().split()[1])
        return cls(pages * PAGE_BYTES, sum(1 for _ in (folder / "fd").iterdir()))


def weigh_all(processes: Iterable[int]) -> int:
    """The bytes that processes take together: what they share counts once, and ended ones take none."""
    shares = 0
    for process in processes:
        try:
            told = (Path("/proc") / str(process) / "smaps_rollup").read_text()
        except OSError:
            continue
        shares += sum(int(line.split()[1]) << 10 for line in told.splitlines() if line.startswith("Pss:"))
    return shares


@dataclass(frozen=True)
class Process:
    """A process, which no later one of the same number is: `started` tells them apart."""

    number: int
    started: int

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return any(one.process == self and one.state != "Z" for one in _list_processes())


@dataclass(frozen=True)
class _Entry:
    process: Process
    parent: int
    state: str


def list_family(process: int) -> set[Process]:
    """List the processes that a process has started, those that they have started, and so on; ended ones are none."""
    entries = _list_processes()
    found, numbers = set[Process](), {process}
    while more := [one for one in entries if one.parent in numbers and one.process not in found and one.state != "Z"]:
        found.update(one.process for one in more)
        numbers.update(one.process.number for one in more)
    return found


def list_children(process: int) -> list[int]:
    """List the processes that a process has started and that have not ended."""
    return sorted(one.process.number for one in _list_processes() if one.parent == process and one.state != "Z")


def count_unburied(process: int) -> int:
    """Count the processes that a process has started, that have ended, and whose end it has not taken in."""
    return sum(one.parent == process and one.state == "Z" for one in _list_processes())


def _list_processes() -> list[_Entry]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            facts = status.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        found.append(_Entry(Process(int(status.parent.name), int(facts[19])), int(facts[1]), facts[0]))
    return found
