"""The lines of PyTorch that do what a phase does, as a student would write them.

What a unit does is the unit's own `code`; here are the lines between. The names are those of the lab's vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.gan.config import NetworkConfig
from server.gan.datasets import LAB_BOX
from server.gan.export.snippets import pick_statements, pick_value, rename
from server.gan.networks import ACTIVATIONS, Network
from server.gan.trainer import Learner, Trainer

CLASSIFY = "{sort}_logits = discriminator(x_{sort}).squeeze(-1)"


def write_latent(trainer: Trainer, count: int) -> str:
    """Give the lines that draw z."""
    return rename(trainer.latent.code, write_values({**trainer.config.latent.values, "count": count}))


def write_data(trainer: Trainer, count: int) -> str:
    """Give the lines that draw x_real, and bring it to the units that training happens in."""
    lines = rename(trainer.data.code, write_values({**trainer.config.data.values, "count": count}))
    (x, y), half_extent = trainer.box
    if trainer.box != LAB_BOX:
        lines += f"\nx_real = 3 * (x_real - torch.tensor([{x:g}, {y:g}])) / {half_extent:g}  # the view becomes [-3, 3]"
    return lines


def write_generate(player: Learner) -> str:
    """Give the lines that compute x_fake; the discriminator's update leaves the generator alone."""
    return "with torch.no_grad():\n    x_fake = generator(z)" if player == "discriminator" else "x_fake = generator(z)"


def write_classify(*sorts: str) -> str:
    """Give the lines that compute the logits of "real" and "fake" samples."""
    return "\n".join(CLASSIFY.format(sort=sort) for sort in sorts)


def write_loss(trainer: Trainer, player: Learner) -> str:
    """Give those lines of the loss that lead to this player's."""
    return pick_statements(trainer.loss.code, f"{player[0]}_loss")


def write_backward(player: Learner) -> str:
    """Give the lines that compute the gradient of a player's loss."""
    return f"{player[0]}_optimizer.zero_grad()\n{player[0]}_loss.backward()"


def write_update(trainer: Trainer, player: Learner) -> str:
    """Give the lines that make a player's optimizer, once, and let it move its network."""
    values = getattr(trainer.config, f"{player[0]}_optimizer").values
    names = {**write_values(values), "optimizer": f"{player[0]}_optimizer", "parameters": f"{player}.parameters()"}
    return f"{rename(trainer.optimizers[player[0]].code, names)}  # once, at the start\n{player[0]}_optimizer.step()"


def write_network(name: Learner, network: Network, config: NetworkConfig) -> str:
    """Give the lines that build a network."""
    activation = pick_value(ACTIVATIONS[config.activation].code)
    layers: list[str] = []
    for inputs, outputs in zip(network.sizes[:-1], network.sizes[1:], strict=True):
        layers += [f"nn.Linear({inputs}, {outputs})", activation]
    layers[-1:] = [pick_value(network.output.code)] if network.output else []
    return "\n".join((f"{name} = nn.Sequential(", *(f"    {layer}," for layer in layers), ")"))


def write_values(values: Mapping[str, Any]) -> dict[str, str]:
    """Write the numbers among a unit's values; a list of points is too long, and stays a name."""
    return {name: repr(value) for name, value in values.items() if not isinstance(value, tuple)}
