"""What may stand between a network's hidden layers, behind their activations.

Shape letters: N examples, O neurons of a layer; leading axes are runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import Tensor

EPSILON = 1e-8


class Norm(NamedTuple):
    """A change of what the neurons of a layer answer, `function` (..., N, O) -> (..., N, O), for each example alone.

    `pull` is (upstream, answers) -> upstream times the slopes there. They are the same both ways, from a neuron to
    another and back, so that a tangent goes by it as a gradient does.
    """

    function: Callable[[Tensor], Tensor]
    pull: Callable[[Tensor, Tensor], Tensor]


def pixel_norm(answers: Tensor) -> Tensor:
    """What a hidden layer of the generator answers to an example is brought to one size: no example is ever louder."""
    return answers * _measure(answers)


def pull_pixel_norm(upstream: Tensor, answers: Tensor) -> Tensor:
    """Multiply by the slopes r (1 - b b^T / O), for r = 1 / root mean square of the answers, and b = r answers."""
    size = _measure(answers)
    normed = answers * size
    return size * (upstream - normed * (upstream * normed).mean(-1, keepdim=True))


def _measure(answers: Tensor) -> Tensor:
    """Give one over the root mean square of each example's answers (..., N, 1)."""
    return (answers.square().mean(-1, keepdim=True) + EPSILON).rsqrt()


NORMS: Mapping[str, Norm] = {"pixel": Norm(pixel_norm, pull_pixel_norm)}
"""By the name that a network's config has for it."""
