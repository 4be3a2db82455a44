"""The generator's turn where it looks ahead: the discriminator that it learns from is the one of some steps later.

Shape letters: N examples of a sort, D coordinates of a point, Q numbers that the discriminator trains; leading axes are
runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from server.gan.craft import Craft, Seen
from server.gan.losses import Loss
from server.gan.networks import Affine, Network
from server.gan.state import RunState
from server.gan.verdicts import Verdict, pull_mean


class Farsighted(Protocol):
    """A run whose generator looks ahead: what is asked of its trainer."""

    craft: Craft
    loss: Loss
    discriminator: Network
    state: RunState


class Foreseen(NamedTuple):
    """The state with the discriminator as it would be, what that one makes of both sorts of points, and the verdict.

    The logits are each (..., N), by name.
    """

    state: RunState
    logits: Mapping[str, Tensor]
    verdict: Verdict


def foresee(run: Farsighted, real: Seen, fake: Seen, x_fake: Tensor) -> Foreseen:
    """Let the discriminator take steps that are not kept, and find what generated points cost under the one they make.

    `real` and `fake` are what it sees, both in all steps; `x_fake` (..., N, D) are the points that `fake` comes of, a
    leaf. They cost -L_D, the price of the real points with it: that too depends on them, through the steps.
    """
    craft, network, tensors = run.craft, run.discriminator, run.state.tensors

    def score(parameters: Tensor) -> tuple[Tensor, ...]:
        weights = network.split(craft.shape("discriminator", parameters, tensors))
        logits = network.trace(weights, points, Affine.apply).outputs.squeeze(-1)
        return torch.split_with_sizes(logits, (x_fake.shape[-2],) * 2, -1)

    def play(parameters: Tensor) -> Tensor:
        prices: Tensor = run.loss(*score(parameters)).discriminator
        return prices.mean(-1).sum()  # no run is in another's slope

    with torch.enable_grad():
        points = torch.cat([craft.read(one) for one in (real, fake)], -2)
        later = craft.look_ahead(play, tensors["discriminator"].detach().requires_grad_())
        real_logits, fake_logits = score(later)
        per_example = -run.loss(real_logits, fake_logits).discriminator
    logits = {"real_logits": real_logits.detach(), "fake_logits": fake_logits.detach()}
    state = run.state._replace(tensors={**tensors, "discriminator": later.detach()})
    return Foreseen(state, logits, Verdict(per_example, lambda: ({}, pull_mean(per_example, x_fake))))
