"""Building a program: trace, compile, and prove that it trains as the eager trainer does, before anyone may use it."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch._inductor import aoti_compile_and_package
from torch.fx import GraphModule

from server.gan.compiled.keys import Unfit, find_key
from server.gan.compiled.programs import CODE, REFUSAL, Program
from server.gan.compiled.proof import compare, compare_slots
from server.gan.compiled.tracing import trace_step
from server.gan.config import RunConfig
from server.gan.stacks import STACK_UNIT
from server.gan.trainer import Trainer


class Step(nn.Module):
    """A graph as the module that the compiler takes."""

    def __init__(self, graph: GraphModule) -> None:
        super().__init__()
        self._graph = graph

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """Compute a step."""
        return tuple(self._graph(*given))


def build_program(configs: RunConfig | Sequence[RunConfig], cache: Path, machine: Sequence[str] = ()) -> Path:
    """Build the program of such runs, or the reason why there is none, in the folder of its key below `cache`.

    The folder comes into being as a whole; `machine` as in `find_key`.

    Raises:
        Unfit: there is none, and the folder says so.
    """
    if not isinstance(configs, RunConfig):
        configs = configs[:STACK_UNIT]
    trainer = Trainer(configs)
    folder = cache / find_key(trainer, machine)
    with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as made:
        place = Path(made) / "made"
        place.mkdir(mode=0o700)  # whatever the umask: what is in there is executed
        try:
            compile_step(configs, place)
            program = Program.load(place)
            compare(configs, program)
            compare_slots(configs, program)
        except Unfit as refusal:
            refuse(folder, str(refusal))
            raise
        put_away(place, folder)
    return folder


def refuse(folder: Path, reason: str) -> None:
    """Keep the reason why there is no program in the place where it would be."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="building-") as made:
        place = Path(made) / "made"
        place.mkdir(mode=0o700)
        (place / REFUSAL).write_text(reason, encoding="utf-8")
        put_away(place, folder)


def put_away(made: Path, folder: Path) -> None:
    """Give what was made its place, as a whole, even where the power fails now."""
    for path in (*made.iterdir(), made):
        write_through(path)
    made.rename(folder)
    write_through(folder.parent)


def write_through(path: Path) -> None:
    """Have a file, or what a folder names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def compile_step(configs: RunConfig | Sequence[RunConfig], place: Path) -> None:
    """Compile a step of such runs into an empty folder.

    Raises:
        Unfit: it cannot be traced.
        RuntimeError: the compiler failed.
    """
    graph, examples, signature = trace_step(configs)
    with torch.no_grad():
        exported = torch.export.export(Step(graph), tuple(examples))
        package = aoti_compile_and_package(
            exported, package_path=str(place / "step.pt2"), inductor_configs={"cpp.threads": 1}
        )
    with zipfile.ZipFile(package) as files:
        (code,) = [name for name in files.namelist() if name.endswith(".so")]
        (place / CODE).write_bytes(files.read(code))
    Path(package).unlink()
    signature.write(place)
