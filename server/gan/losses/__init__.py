"""The losses: what the players pay, one family a module, in the order of a menu."""

from server.gan.losses import (  # isort: skip  # noqa: F401  # importing a family registers it
    classic,
    critics,
    relativistic,
    divergences,
    samples,
    paths,
    codes,
    couplings,
    ganlab,
)
from server.gan.losses.base import LOSSES, AdversarialLoss, LoneLoss, Loss, SampleLoss

__all__ = ["LOSSES", "AdversarialLoss", "LoneLoss", "Loss", "SampleLoss"]
