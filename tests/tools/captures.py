"""What tests of captured graphs have in common: devices that capture wrongly, and who asks until it is made.

The device that captures rightly is `tests.tools.compiled.call_again`.
"""

from collections.abc import Callable

from torch import Tensor

from server.gan.compiled.captures import Captures
from server.gan.compiled.graphs import Compute
from server.gan.compiled.programs import Program
from server.gan.trainer import Trainer
from tests.tools.compiled import CONFIG, call_again

PARTS = 9
"""A program is made in fewer."""
WIDE = [CONFIG.with_seed(seed) for seed in range(16)]


def read_once(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
    """A device that takes what it read while it captured for what it is to compute with."""
    return compute(), lambda: None


def refuse(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
    """A device on which a capture fails on its way."""
    raise RuntimeError("operation not permitted when stream is capturing\nand much more")


def find_captured(captures: Captures, trainer: Trainer) -> Program | None:
    """What who asks again and again is given at last."""
    return next((program for _ in range(PARTS) if (program := captures.find(trainer))), None)


def lean(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
    """A device that gives other last digits in the middle of several steps."""
    outputs, replay = call_again(compute)

    def replay_leaning() -> None:
        replay()
        outputs[len(outputs) // 2].mul_(1 + 1e-6)

    return outputs, replay_leaning
