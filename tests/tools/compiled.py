"""What tests of compiled steps have in common: a small run, a stack, and what the compiler asks of a test."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from torch import Tensor

from server.gan.compiled.building import build_program
from server.gan.compiled.graphs import Compute
from server.gan.compiled.machine import find_compiler
from server.settings import find_cache
from tests.tools.runs import make_config

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
CONFIG = make_config(*SMALL)
STACK = [CONFIG.with_seed(seed) for seed in range(3)]
needs_compiler = pytest.mark.skipif(not shutil.which(find_compiler()), reason="there is no C++ compiler")
# The tests that use what `build_programs` gives stay in the process that has built it.
shares_programs = pytest.mark.xdist_group("programs")
COMPILING = [
    # A compiler takes a quarter of a minute for a step, and many times that on a machine that others use too.
    pytest.mark.timeout(600),
    # The compiler's own code, as it is imported and used.
    *(pytest.mark.filterwarnings(f"ignore::{kind}Warning") for kind in ("Future", "Deprecation", "User")),
]
"""The marks of a test in which something is compiled."""


def call_again(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
    """Capture what is computed by computing it again, in the buffers that a device's graph would have."""
    outputs = compute()

    def replay() -> None:
        for place, computed in zip(outputs, [one.clone() for one in compute()], strict=True):
            place.copy_(computed)

    return outputs, replay


@cache
def build_programs(home: Path) -> Path:
    """Build the programs of CONFIG and of STACK where a lab keeps its own whose XDG_CACHE_HOME is `home`; only once.

    Returns the folder of programs. A test that changes what is in it makes a copy.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        folder = find_cache() / "compiled"
    folder.mkdir(mode=0o700, parents=True)
    for configs in (CONFIG, STACK):
        build_program(configs, folder)
    return folder
