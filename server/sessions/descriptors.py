"""How many more files and sockets this process may have: a lab that has none left cannot even say that it is full."""

from __future__ import annotations

import sys
from pathlib import Path

OPEN = Path("/proc/self/fd")
RESERVE = 16
"""For pages that come back, requests, and the workers that take the place of others."""


def has_spare_descriptors() -> bool:
    """Tell whether there is room for one more session beside the reserve; where the system does not say, there is."""
    if sys.platform == "win32" or not OPEN.exists():
        return True
    import resource  # there is none on Windows

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most == resource.RLIM_INFINITY or most - sum(1 for _ in OPEN.iterdir()) > RESERVE
