"""How far colours lie apart, for eyes with all cones and for eyes without one kind of them.

Colours are triples of red, green and blue from 0 to 255. Distances are Euclidean in OKLab (Ottosson 2020), where
black and white are 1 apart. Eyes without a kind of cone are simulated by Machado, Oliveira and Fernandes (2009),
severity 1, on linear light; contrast is that of WCAG 2.2.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

EYES: dict[str, Vector] = {
    "all cones": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
TO_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def linearize(colour: Sequence[int]) -> Vector:
    """A colour's light, each channel from 0 to 1."""
    share = np.asarray(colour, dtype=np.float64) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def find_distance(one: Sequence[int], other: Sequence[int], eyes: str) -> float:
    """How different two colours look to eyes of a kind of `EYES`."""
    seen = [np.clip(EYES[eyes] @ linearize(colour), 0, 1) for colour in (one, other)]
    first, second = (TO_OKLAB @ np.cbrt(TO_CONES @ light) for light in seen)
    return float(np.linalg.norm(first - second))


def find_contrast(one: Sequence[int], other: Sequence[int]) -> float:
    """The ratio of two colours' luminances, from 1 to 21."""
    low, high = sorted(float(TO_LUMINANCE @ linearize(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)
