"""The techniques: changes of how the networks are trained, one sort a module; a menu has them in this order."""

from server.gan.techniques import steps, weights, inputs  # isort: skip  # noqa: F401  # importing a sort registers it
from server.gan.techniques.base import TECHNIQUES, Technique

__all__ = ["TECHNIQUES", "Technique"]
