"""What helps: for each symptom the changes of a config that would, best first, as far as there is room for them.

They need no restart, so that each can be tried from a step before it went wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from server.gan.config import RunConfig, UnitConfig

RATE = "learning_rate"
FACTOR = 10
LOWEST_RATE = 1e-5
MORE_UPDATES = 5
MOST_REMEDIES = 2
STEADY_LOSS = "non_saturating"
"""A loss that goes on pulling where the discriminator is sure."""


class Remedy(NamedTuple):
    """A change of the config: what a button says, and new values by dotted key."""

    label: str
    changes: dict[str, Any]


Remedies = Callable[[RunConfig], tuple[Remedy, ...]]


def strengthen_discriminator(config: RunConfig) -> tuple[Remedy, ...]:
    """Let the discriminator keep up, by the rates or, where those are apart already, by more updates."""
    remedies = []
    if config.g_updates > 1:
        remedies.append(Remedy("Give the generator one update a step", {"g_updates": 1}))
    d_rate, g_rate = read_rate(config.d_optimizer), read_rate(config.g_optimizer)
    if d_rate < FACTOR * g_rate:
        slow = max(LOWEST_RATE, max(d_rate, g_rate) / FACTOR)
        changes = {f"d_optimizer.{RATE}": FACTOR * slow, f"g_optimizer.{RATE}": slow}
        remedies.append(Remedy("Let the discriminator learn ten times as fast as the generator", changes))
    if not remedies and config.d_updates < MORE_UPDATES:
        label = f"Give the discriminator {MORE_UPDATES} updates a step"
        remedies.append(Remedy(label, {"d_updates": MORE_UPDATES}))
    return tuple(remedies)


def revive_gradient(config: RunConfig) -> tuple[Remedy, ...]:
    """Let the generator feel a pull again: by a loss whose pull does not die, or by a weaker discriminator."""
    fewer = (Remedy("Give the discriminator one update a step", {"d_updates": 1}),) if config.d_updates > 1 else ()
    steady = Remedy("Use the non-saturating loss", {"loss.name": STEADY_LOSS})
    other = (steady,) if config.loss.name != STEADY_LOSS else ()
    return (*fewer, *slow_down("discriminator", config), *other)[:MOST_REMEDIES]


def calm_generator(config: RunConfig) -> tuple[Remedy, ...]:
    """Let the generator take fewer or smaller steps, so that the discriminator has time to follow."""
    fewer = (Remedy("Give the generator one update a step", {"g_updates": 1}),) if config.g_updates > 1 else ()
    return fewer + slow_down("generator", config)


def slow_down(player: str, config: RunConfig) -> tuple[Remedy, ...]:
    """Lower a player's learning rate to a tenth, where it is not the lowest already."""
    rate = read_rate(getattr(config, f"{player[0]}_optimizer"))
    lower = max(LOWEST_RATE, rate / FACTOR)
    return (_set_rate(player, "Lower", lower),) if lower < rate else ()


def slow_both(config: RunConfig) -> tuple[Remedy, ...]:
    """Lower either player's learning rate."""
    return slow_down("discriminator", config) + slow_down("generator", config)


def read_rate(optimizer: UnitConfig) -> float:
    """Give an optimizer's learning rate."""
    return float(optimizer.values[RATE])  # type: ignore[arg-type]  # every optimizer has one, and it is a number


def _set_rate(player: str, verb: str, rate: float) -> Remedy:
    return Remedy(f"{verb} the {player}'s learning rate to {rate:g}", {f"{player[0]}_optimizer.{RATE}": rate})
