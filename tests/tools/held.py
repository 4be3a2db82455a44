"""What a process holds of the machine, by /proc: resident memory and open descriptors."""

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


def list_children(process: int) -> list[int]:
    """List the processes that a process has started and that have not ended."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = status.parent.name, status.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(rest[1]) == process and rest[0] != "Z":
            found.append(int(number))
    return sorted(found)
