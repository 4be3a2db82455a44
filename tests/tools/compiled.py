"""What tests of compiled steps have in common: a small run, a stack, and what the compiler asks of a test."""

import shutil
from collections.abc import Callable

import pytest
from torch import Tensor

from server.gan.compiled.graphs import Compute
from server.gan.compiled.machine import find_compiler
from tests.tools.runs import make_config

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
CONFIG = make_config(*SMALL)
STACK = [CONFIG.with_seed(seed) for seed in range(3)]
needs_compiler = pytest.mark.skipif(not shutil.which(find_compiler()), reason="there is no C++ compiler")
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
