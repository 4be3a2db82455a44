"""The generator's turn where an encoder learns with it: the discriminator judges points together with their noise.

Shape letters: N examples, D coordinates of a point, Z latent dimensions; leading axes are runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from server.gan.craft import Craft
from server.gan.losses import Loss
from server.gan.networks import Network, Trace
from server.gan.phases import NetworkName
from server.gan.verdicts import Verdict, pull_mean


class Pairs(NamedTuple):
    """Real points (..., N, D) with the encoder's answers (..., N, Z), generated ones with the noise that made them."""

    x_real: Tensor
    z_real: Tensor
    x_fake: Tensor
    z: Tensor


def pair_up(points: Tensor, z: Tensor) -> Tensor:
    """Put noise (..., N, Z) beside points (..., N, D): (..., N, D + Z)."""
    return torch.cat((points, z), -1)


def price_pairs(craft: Craft, loss: Loss, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Compute what generator and encoder pay together (..., N): a pair of each a row."""
    assert craft.encoder, "only an encoder makes pairs of real points"
    generator: Tensor = loss(real_logits, fake_logits).generator
    encoder: Tensor = craft.encoder(loss, real_logits)
    return generator + encoder


class Encoded(Protocol):
    """A run with an encoder: what is asked of its trainer."""

    craft: Craft
    loss: Loss
    generator: Network
    discriminator: Network
    encoder: Network | None

    def weights(self, network: NetworkName) -> list[Tensor]:
        """Give the weights and biases that a network computes with."""

    def encode(self, points: Tensor) -> Trace:
        """Let the encoder answer points (..., N, D) with noise (..., N, Z)."""


def reconstruct(run: Encoded, points: Tensor) -> Tensor:
    """Give G(E(x)) for points x (..., N, D), in lab units."""
    return run.generator(run.weights("generator"), run.encode(points).outputs)


def judge_pairs(run: Encoded, weights: list[Tensor], pairs: Pairs, answers: Trace) -> tuple[dict[str, Tensor], Verdict]:
    """Let the discriminator of these weights classify the pairs that the generator made, and the encoder by `answers`.

    Gives the scores by name, and the verdict. Of the slopes that it passes on the way, `z_real_slope` (..., N, Z) is
    that at the encoder's answers, and `encoder_gradient` (..., P) that at its parameters.
    """
    craft, loss, network, encoder = run.craft, run.loss, run.discriminator, run.encoder
    assert encoder, "only an encoder makes pairs of real points"
    count, size = pairs.x_real.shape[-2:]
    trace = craft.judge(weights, pair_up(pairs.x_real, pairs.z_real), pair_up(pairs.x_fake, pairs.z).detach())
    logits = trace.outputs.squeeze(-1).requires_grad_()
    real_logits, fake_logits = torch.split_with_sizes(logits, (count, count), -1)
    per_example = price_pairs(craft, loss, real_logits, fake_logits)

    def pull() -> tuple[Mapping[str, Tensor], Tensor]:
        upstream = pull_mean(per_example, logits)
        slopes = network.input_gradient(weights, trace, upstream.unsqueeze(-1))
        of_real, of_fake = torch.split_with_sizes(slopes, (count, count), -2)
        real, fake = torch.split_with_sizes(upstream, (count, count), -1)
        passed = {"real_logit_gradient": real, "fake_logit_gradient": fake, "z_real_slope": of_real[..., size:]}
        pulled = encoder.parameter_gradient(run.weights("encoder"), answers, passed["z_real_slope"])
        return {**passed, "encoder_gradient": pulled}, of_fake[..., :size]

    return {"real_logits": real_logits, "fake_logits": fake_logits}, Verdict(per_example, pull)
