"""A run as a Jupyter notebook: the script's sections as cells, with formulas, and pictures at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from server.gan.config import Catalog, RunConfig
from server.gan.export.script import Change, render

SECTION = "# %% "


def write_notebook(config: RunConfig, steps: int, catalog: Catalog, changes: Sequence[Change] = ()) -> str:
    """Write the notebook (nbformat 4.5, JSON) of a run, as `write_script` writes its script."""
    _, *sections = render("notebook", config, steps, catalog, changes).split(SECTION)
    notebook = {
        "cells": [cell for number, section in enumerate(sections) for cell in _make_cells(number, section)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _make_cells(number: int, section: str) -> Iterator[dict[str, Any]]:
    """Give the two cells of a section: its heading with the comment under it, and its code."""
    title, *lines = section.splitlines()
    words = list(takewhile(lambda line: line.startswith("#"), lines))
    level = "##" if number else "#"
    text = "\n".join([f"{level} {title}", "", *(line.removeprefix("#").removeprefix(" ") for line in words)])
    yield {"cell_type": "markdown", "id": f"text-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
    code = "\n".join(lines[len(words) :]).strip("\n")
    yield {
        "cell_type": "code",
        "id": f"code-{number}",
        "metadata": {},
        "source": code.splitlines(keepends=True),
        "execution_count": None,
        "outputs": [],
    }
