"""A clock that is wrong: what time it is depends, for a lab and its workers, on what a file says."""

from collections.abc import Mapping
from pathlib import Path

# Python runs this before anything else.
SKEWED = """
import pathlib, time
told = pathlib.Path(__file__).with_name("seconds")
real = time.time
def skewed():
    return real() + float(told.read_text())
time.time = skewed
"""


class SkewedClock:
    """The clock of the lab that is started with `environment`; right until it jumps."""

    def __init__(self, folder: Path) -> None:
        """Lay it out in a folder that is not there yet."""
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(SKEWED)
        self.environment: Mapping[str, str] = {"PYTHONPATH": str(folder)}
        self._told = folder / "seconds"
        self.jump(0)

    def jump(self, seconds: float) -> None:
        """Be wrong by so many seconds from now on."""
        made = self._told.with_name("made")
        made.write_text(str(seconds))
        made.replace(self._told)  # a process that looks just now sees the one or the other
