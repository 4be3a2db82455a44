"""The losses: what the two players pay for the discriminator's logits, one family a module, in the order of a menu."""

from server.gan.losses import (  # isort: skip  # noqa: F401  # importing a family registers it
    classic,
    critics,
    relativistic,
    divergences,
    ganlab,
)
from server.gan.losses.base import LOSSES, AdversarialLoss, Loss

__all__ = ["LOSSES", "AdversarialLoss", "Loss"]
