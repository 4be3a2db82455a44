"""The optimizers: how a player's weights follow a gradient, one family a module, in the order of a menu.

Each agrees with torch.optim's optimizer of the same name, or with pytorch_optimizer's where torch.optim has none.
"""

from server.gan.optimizers import steps, adaptive  # isort: skip  # noqa: F401  # importing a family registers it
from server.gan.optimizers.base import OPTIMIZERS, Optimizer, start_slots

__all__ = ["OPTIMIZERS", "Optimizer", "start_slots"]
