"""What helps: for each symptom the changes of a config that would, best first, as far as there is room for them.

They need no restart, so that each can be tried from a step before it went wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from server.gan.config import RunConfig, UnitConfig
from server.gan.optimizers import OPTIMIZERS
from server.gan.techniques import TECHNIQUES

PLAYERS = ("discriminator", "generator")
RATE = "learning_rate"
FACTOR = 10
LOWEST_RATE = 1e-5
MORE_UPDATES = 5
MOST_REMEDIES = 2
FLAT_GAMMA = 1.0
"""With this weight R1 leaves a discriminator too flat to single out points."""
STEADY_LOSS = "non_saturating"
"""A loss that goes on pulling where the discriminator is sure."""


class Remedy(NamedTuple):
    """A change of the config: what a button says, and new values by dotted key."""

    label: str
    changes: dict[str, Any]


Remedies = Callable[[RunConfig], tuple[Remedy, ...]]


def strengthen_discriminator(config: RunConfig) -> tuple[Remedy, ...]:
    """Let the discriminator keep up, by the rates or, where those are apart already, by more updates.

    Its rate rises where it is below its optimizer's default, and never above that.
    """
    lower = lower_high(config)
    remedies = [*lower, *give_generator_one_update(config)]
    d_rate, g_rate = read_rate(config.d_optimizer), read_rate(config.g_optimizer)
    if not lower and d_rate < FACTOR * g_rate:
        quick = max(d_rate, read_default(config.d_optimizer))
        slow = max(LOWEST_RATE, min(g_rate, divide_rate(quick)))
        remedies.append(_set_rates("Let the discriminator learn faster than the generator", config, quick, slow))
    if not remedies and config.d_updates < MORE_UPDATES and config.rounds == 1:
        label = f"Give the discriminator {MORE_UPDATES} updates a step instead of {config.d_updates}"
        remedies.append(Remedy(label, {"d_updates": MORE_UPDATES}))
    return tuple(remedies[:MOST_REMEDIES])


def revive_gradient(config: RunConfig) -> tuple[Remedy, ...]:
    """Let the generator feel a pull again: by a weaker discriminator, or by a loss that pulls where it is sure."""
    label = f"Give the discriminator 1 update a step instead of {config.d_updates}"
    fewer = (Remedy(label, {"d_updates": 1}),) if config.d_updates > 1 else ()
    steady = Remedy("Use the non-saturating loss", {"loss.name": STEADY_LOSS})
    other = (steady,) if config.loss.name != STEADY_LOSS else ()
    return (*fewer, *slow_down("discriminator", config), *other)[:MOST_REMEDIES]


def calm_generator(config: RunConfig) -> tuple[Remedy, ...]:
    """Let the generator take fewer or smaller steps, so that the discriminator has time to follow."""
    slower = lower_high(config) or slow_down("generator", config)
    return give_generator_one_update(config) + slower


def flatten_memory(config: RunConfig) -> tuple[Remedy, ...]:
    """Keep the discriminator from islands around its few points: by a penalty on steepness, or by moved copies."""
    strong = {"name": "r1", "gamma": FLAT_GAMMA}
    others = [unit.to_json() for unit in config.regularizers if unit.name != "r1"]
    gammas = [unit.values["gamma"] for unit in config.regularizers if unit.name == "r1"]
    remedies = []
    if all(gamma < FLAT_GAMMA for gamma in gammas):  # type: ignore[operator]  # it is a number
        remedies.append(Remedy(f"Use R1 with gamma {FLAT_GAMMA:g}", {"regularizers": [*others, strong]}))
    techniques = [unit.to_json() for unit in config.techniques]
    fits = config.loss.name in TECHNIQUES["ada"].goes_with["loss"]
    if fits and all(unit["name"] != "ada" for unit in techniques):
        remedies.append(Remedy("Use adaptive augmentation (ADA)", {"techniques": [*techniques, {"name": "ada"}]}))
    return tuple(remedies)


def give_generator_one_update(config: RunConfig) -> tuple[Remedy, ...]:
    """Give the generator one update a step, where it has more."""
    label = f"Give the generator 1 update a step instead of {config.g_updates}"
    return (Remedy(label, {"g_updates": 1}),) if config.g_updates > 1 else ()


def lower_high(config: RunConfig) -> tuple[Remedy, ...]:
    """Lower both learning rates to a tenth, where both are far above their optimizers' defaults.

    Where the discriminator's alone is, lower that; a generator's that is too high is lowered by whatever else helps.
    """
    if not _is_high(config.d_optimizer):
        return ()
    return slow_both(config) if _is_high(config.g_optimizer) else slow_down("discriminator", config)


def slow_down(player: str, config: RunConfig) -> tuple[Remedy, ...]:
    """Lower a player's learning rate to a tenth, where it is not the lowest already."""
    rate = read_rate(_optimizer(player, config))
    lower = divide_rate(rate)
    label = f"Lower the {player}'s learning rate from {rate:g} to {lower:g}"
    return (Remedy(label, {f"{player[0]}_optimizer.{RATE}": lower}),) if lower < rate else ()


def slow_both(config: RunConfig) -> tuple[Remedy, ...]:
    """Lower both learning rates to a tenth, or that which is not the lowest already; the generator's if it is alone."""
    learning = PLAYERS if config.is_game else ("generator",)
    lower = [remedy for player in learning for remedy in slow_down(player, config)]
    if len(lower) < len(PLAYERS):
        return tuple(lower)
    rates = (divide_rate(read_rate(_optimizer(player, config))) for player in PLAYERS)
    return (_set_rates("Lower both learning rates", config, *rates),)


def read_rate(optimizer: UnitConfig) -> float:
    """Give an optimizer's learning rate."""
    return float(optimizer.values[RATE])  # type: ignore[arg-type]  # every optimizer has one, and it is a number


def read_default(optimizer: UnitConfig) -> float:
    """Give the learning rate that an optimizer begins with."""
    return next(float(p.default) for p in OPTIMIZERS[optimizer.name].parameters if p.key == RATE)  # type: ignore[arg-type]  # as above


def divide_rate(rate: float) -> float:
    """Give a tenth of a rate, as it is written, or the lowest rate there is."""
    return max(LOWEST_RATE, float(f"{rate / FACTOR:.6g}"))


def _is_high(optimizer: UnitConfig) -> bool:
    return read_rate(optimizer) > FACTOR * read_default(optimizer)


def _optimizer(player: str, config: RunConfig) -> UnitConfig:
    return config.d_optimizer if player == "discriminator" else config.g_optimizer


def _set_rates(words: str, config: RunConfig, d_rate: float, g_rate: float) -> Remedy:
    """Set both rates; the label says both, and the changes hold what is new."""
    wanted = {f"{player[0]}_optimizer.{RATE}": rate for player, rate in zip(PLAYERS, (d_rate, g_rate), strict=True)}
    now = {f"{player[0]}_optimizer.{RATE}": read_rate(_optimizer(player, config)) for player in PLAYERS}
    label = f"{words}: discriminator {d_rate:g}, generator {g_rate:g}"
    return Remedy(label, {key: rate for key, rate in wanted.items() if rate != now[key]})
