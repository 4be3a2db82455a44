"""The regularizers: what a discriminator pays besides its loss, one family a module; a menu has them in this order."""

from server.gan.regularizers import gradients, scores, weights  # isort: skip  # noqa: F401  # importing a family registers it
from server.gan.regularizers.base import REGULARIZERS, Critic, Regularizer

__all__ = ["REGULARIZERS", "Critic", "Regularizer"]
