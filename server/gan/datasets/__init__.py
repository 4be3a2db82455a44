"""The data sets: laws in the plane or on the line that a generator learns, one family a module, as a menu has them."""

from server.gan.datasets import ganlab, modes, published, curves, circles, areas, numbers, given  # isort: skip  # noqa: F401  # importing a family registers it
from server.gan.datasets.base import (
    COMMON,
    DATASETS,
    LAB_BOX,
    LAB_HALF_EXTENT,
    UNIT_SQUARE,
    Box,
    Dataset,
    DrawPoints,
    Modes,
    from_lab,
    of_law,
    to_lab,
)

__all__ = [
    "COMMON",
    "DATASETS",
    "LAB_BOX",
    "LAB_HALF_EXTENT",
    "UNIT_SQUARE",
    "Box",
    "Dataset",
    "DrawPoints",
    "Modes",
    "from_lab",
    "of_law",
    "to_lab",
]
