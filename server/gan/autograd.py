"""Autograd, where its own front door costs more than the work."""

from __future__ import annotations

import torch
from torch import Tensor


def pull_back(outputs: Tensor, inputs: Tensor, weights: Tensor) -> Tensor:
    """Give the gradient of the weighted sum of `outputs` with respect to `inputs`.

    What torch.autograd.grad does, less its check of the shapes, which takes as long as the work does on so few numbers
    and imports sympy: half a second and 35 MB for every worker.
    """
    engine = torch.autograd.Variable._execution_engine
    (gradient,) = engine.run_backward(
        (outputs,), (weights,), keep_graph=False, create_graph=False, inputs=(inputs,), accumulate_grad=False
    )
    assert gradient is not None, "the outputs depend on the inputs"
    return gradient
