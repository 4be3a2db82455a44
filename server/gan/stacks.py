"""Which runs train together, and how wide a stack is."""

from __future__ import annotations

import json

from server.gan.config import RunConfig
from server.gan.optimizers import OPTIMIZERS
from server.gan.regularizers import REGULARIZERS
from server.gan.techniques import TECHNIQUES

STACK_UNIT = 8
"""Stacks are padded to a multiple of this: then the arithmetic depends on neither the width nor the slot."""


def structure(config: RunConfig) -> str:
    """Give what runs must share to train in one stack: everything but the seed and the live numbers."""
    plain = config.to_json()
    del plain["seed"]
    for registry, units in (
        (OPTIMIZERS, [plain["d_optimizer"], plain["g_optimizer"]]),
        (REGULARIZERS, plain["regularizers"]),
        (TECHNIQUES, plain["techniques"]),
    ):
        for unit in units:
            for parameter in registry[unit["name"]].parameters:
                if getattr(parameter, "live", False):
                    del unit[parameter.key]
    return json.dumps(plain, sort_keys=True)
