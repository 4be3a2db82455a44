"""The field of a game: both players' slopes at once, each of its own loss by its own parameters.

Shape letters: N examples, Z latent dimensions, P parameters; `...` are leading axes of independent runs.
Autograd sees through the slopes, so what is made of them has slopes itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from server.gan.craft import Craft, Seen
from server.gan.losses import Loss
from server.gan.networks import Affine, Network
from server.gan.regularization import Penalties, Regularization
from server.gan.state import RunState

See = Callable[..., Seen]
"""(points (..., N, D), sort=) -> what the discriminator sees of "real" or "fake" points."""


@dataclass(frozen=True)
class Field:
    """The two networks, what they play for, and the techniques by which points and weights are changed."""

    loss: Loss
    generator: Network
    discriminator: Network
    craft: Craft
    regularization: Regularization

    def price(
        self,
        player: str,
        penalties: Penalties,
        state: RunState,
        drawn: Mapping[str, Tensor],
        see: See | None = None,
        scored_by: RunState | None = None,
    ) -> Penalties:
        """Add to the `penalties` on a player's parameters what it pays for the field, on the z and x_real of `drawn`.

        The game is that of the networks in `state`; with `scored_by`, the discriminator is the one there.
        """
        if not self.regularization.prices_field:
            return penalties
        tensors = (scored_by or state).tensors
        places = {"generator": state.tensors["generator"], "discriminator": tensors["discriminator"]}
        leaves = {name: vector.detach().requires_grad_() for name, vector in places.items()}
        leaves[player] = penalties.leaf
        with torch.enable_grad():
            used = {
                "generator": self.craft.shape("generator", leaves["generator"], state.tensors),
                "discriminator": self.craft.shape("discriminator", leaves["discriminator"], tensors),
            }
            losses = self._play(used, drawn["z"], drawn["x_real"], see)
            slopes = [torch.autograd.grad(losses[name], leaf, create_graph=True)[0] for name, leaf in leaves.items()]
            prices = self.regularization.price_field(slopes)
        return Penalties({**penalties.parts, **prices}, penalties.leaf, penalties.kept)

    def _play(self, used: Mapping[str, Tensor], z: Tensor, x_real: Tensor, see: See | None) -> dict[str, Tensor]:
        """Give what players lose that compute with `used` (..., P), all runs together: no run is in another's loss."""
        x_fake = self.generator.trace(self.generator.split(used["generator"]), z, Affine.apply).outputs
        seen = [see(x_real, sort="real"), see(x_fake, sort="fake")] if see else [x_real, x_fake]
        weights = self.discriminator.split(used["discriminator"])
        points = torch.cat([self.craft.read(one) for one in seen], -2)
        logits = self.discriminator.trace(weights, points, Affine.apply).outputs.squeeze(-1)
        prices = self.loss(*torch.split_with_sizes(logits, (z.shape[-2],) * 2, -1))
        return {name: getattr(prices, name).mean(-1).sum() for name in used}
