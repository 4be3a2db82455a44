"""The regularizers: what the players pay besides their losses, one family a module; a menu has them in this order."""

from server.gan.regularizers import gradients, scores, weights, samples, features, histories, memories, fields  # isort: skip  # noqa: F401  # importing a family registers it
from server.gan.regularizers.base import (
    REGULARIZERS,
    Critic,
    FeatureRegularizer,
    FieldRegularizer,
    HistoryRegularizer,
    MemoryRegularizer,
    Regularizer,
    SampleRegularizer,
)

__all__ = [
    "REGULARIZERS",
    "Critic",
    "FeatureRegularizer",
    "FieldRegularizer",
    "HistoryRegularizer",
    "MemoryRegularizer",
    "Regularizer",
    "SampleRegularizer",
]
