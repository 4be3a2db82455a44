"""`ganlab export`: a run as a script or a notebook of plain PyTorch, which trains as the lab does."""

import sys
from collections.abc import Iterable
from pathlib import Path

from server.commands.configs import read_config
from server.gan.catalog import build_catalog
from server.gan.export.notebook import write_notebook
from server.gan.export.script import write_script
from server.gan.model_file import write_file


def export_run(
    preset: str | None,
    file: Path | None,
    assignments: Iterable[str],
    steps: int,
    as_notebook: bool,
    output: Path | None = None,
) -> None:
    """Write the run of `steps` steps to `output`, or to stdout.

    Raises:
        ConfigError: the config or an assignment is wrong.
        FileError: the file cannot be read as a config, or the output cannot be written.
    """
    write = write_notebook if as_notebook else write_script
    text = write(read_config(preset, file, assignments), steps, build_catalog())
    if output is None:
        sys.stdout.write(text)
    else:
        write_file(output, text.encode())
