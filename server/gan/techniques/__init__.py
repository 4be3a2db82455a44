"""The techniques: changes of how networks are trained or drawn from, one sort a module, in the order of a menu."""

from server.gan.techniques import (  # isort: skip  # noqa: F401  # importing a sort registers it
    steps,
    foresight,
    retraining,
    weights,
    reparametrisation,
    layers,
    batches,
    directions,
    inputs,
    augmentation,
    diffusion,
    tempering,
    company,
    crowds,
    encoders,
    rates,
    sampling,
)
from server.gan.techniques.base import TECHNIQUES, Technique

__all__ = ["TECHNIQUES", "Technique"]
