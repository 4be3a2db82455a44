"""The data sets: laws in the plane that a generator learns, one family a module; a menu has them in this order."""

from server.gan.datasets import ganlab, modes, published, curves, circles, areas, given  # isort: skip  # noqa: F401  # importing a family registers it
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
