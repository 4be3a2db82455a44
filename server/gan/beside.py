"""Several single runs of one kind as they stand at a moment, side by side, so that one look sees them all.

Shape letters: R runs, the leading axis of every tensor.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.gan.codes import CODES
from server.gan.source import SourcesBeside
from server.gan.state import RunState, stack_tensors
from server.gan.trainer import Trainer

SEEN = ("generator", "discriminator", "means", CODES)
"""What a look reads of a state: nobody learns here."""


class Beside(Trainer):
    """Runs that could be joined (`find_kind`), to be looked at and never trained; there is no padding.

    It is made for one look, so it costs little: laws, networks and loss are those of the first run, since they are the
    same in all. So are the numbers that may differ, like rates: who reads those looks at the runs one by one.
    """

    def __init__(self, trainers: Sequence[Trainer]) -> None:
        self.__dict__ |= vars(trainers[0])
        self.single, self.runs = False, len(trainers)
        self.configs = tuple(trainer.config for trainer in trainers)
        self.source = SourcesBeside([trainer.source for trainer in trainers])
        self._views = {}
        names = [name for name in SEEN if name in trainers[0].state.tensors]
        self.state = RunState(stack_tensors([trainer.state for trainer in trainers], names))

    @property
    def width(self) -> int:
        """How many runs the tensors hold."""
        return self.runs
