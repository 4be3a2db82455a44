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
