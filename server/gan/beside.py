"""Several single runs of one kind as they stand at a moment, side by side, so that one look sees them all.

Shape letters: R runs, the leading axis of every tensor.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.gan.codes import CODES
from server.gan.source import Source
from server.gan.state import RunState, stack_tensors
from server.gan.trainer import Trainer

SEEN = ("generator", "discriminator", "means", CODES)
"""What a look reads of a state: nobody learns here."""


def stand_beside(trainers: Sequence[Trainer]) -> Trainer:
    """Give runs that could be joined (`find_kind`) as one stack, made for one look.

    Laws, networks and loss are those of the first run, since they are the same in all. So are the numbers that may
    differ, like rates: who reads those looks at the runs one by one.
    """
    names = [name for name in SEEN if name in trainers[0].state.tensors]
    state = RunState(stack_tensors([trainer.state for trainer in trainers], names))
    source = Source.join_looks([trainer.source for trainer in trainers])
    return trainers[0].stand_for([trainer.config for trainer in trainers], source, state)
