"""What machine code depends on besides what it computes: the processor and the compiler."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

CPU_FACTS = Path("/proc/cpuinfo")
SECONDS = 10.0
"""A compiler that does not tell its version in this time is another one than one that does."""


def find_compiler() -> str:
    """Give the name of the compiler that torch asks for."""
    return os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")


@cache
def describe_machine() -> tuple[str, ...]:
    """Give the kind of processor with all that it can do, and the compiler with its version.

    The compiler writes for the very processor that it runs on: on another one the code may not run at all.
    """
    return platform.machine(), read_flags(), ask_compiler(find_compiler())


def read_flags() -> str:
    """Give the processor's model and what it can do, where the system tells."""
    try:
        told = CPU_FACTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    first = told.split("\n\n", 1)[0]
    return "\n".join(re.findall(r"^(?:model name|flags|Features|CPU part)\s*:.*$", first, re.MULTILINE))


def ask_compiler(name: str) -> str:
    """Give what a compiler says of itself; its name alone where it says nothing."""
    try:
        asked = subprocess.run([name, "--version"], capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return name
    return f"{name}: {asked.stdout}"
