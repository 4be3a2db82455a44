"""Lessons of the smallest game: a critic that is a plane, and a generator that can only move, turn and stretch.

Each player's downhill is a quarter turn from the other's, so plain steps go around the balance and never to it
(Mescheder, Geiger, Nowozin, "Which Training Methods for GANs do actually Converge?", 2018). With the rate h, steps at
the same time lengthen the distance by sqrt(1 + h^2) each; steps in turn keep it; what damps the turning shortens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.gan.claims import Claim, Relation
from server.gan.preset import Preset

SIMULTANEOUS: Mapping[str, Any] = {"name": "simultaneous"}


def _game(optimizer: str = "sgd", **changes: Any) -> dict[str, Any]:
    rule = {"name": optimizer, "learning_rate": 0.1}
    return {
        "data": {"name": "points", "points": [[0.0, 0.0]], "noise": 0.3},
        "generator": {"hidden_layers": 0},
        "discriminator": {"hidden_layers": 0},
        "loss": {"name": "wasserstein"},
        "d_optimizer": rule,
        "g_optimizer": rule,
        "batch_size": 512,
        "techniques": [SIMULTANEOUS],
        **changes,
    }


def _claim(relation: Relation, bound: float) -> Claim:
    return Claim("imbalance", relation, bound, 500)


GAMES = (
    Preset(
        "game",
        "The smallest game: outward",
        "One blob of data, no hidden layers, and plain steps of both players at the same time.",
        "The surface is a plane that tilts; the generated cloud runs after it in circles, wider and wider.",
        _game(),
        claims=(_claim("at least", 5),),
    ),
    Preset(
        "game_in_turn",
        "The smallest game: in turn",
        "The same game, but the generator answers to the plane as the discriminator has just tilted it.",
        "The cloud goes around the data on and on: the circle gets neither wider nor smaller.",
        _game(techniques=[]),
        claims=(_claim("at least", 0.5), _claim("at most", 2)),
    ),
    Preset(
        "game_optimistic",
        "The smallest game: optimism",
        "The same game, but each player adds to its slope how the slope has just turned.",
        "The circle becomes a spiral: the cloud comes to rest on the data, and the plane lies flat.",
        _game("omd"),
        claims=(_claim("at most", 0.3),),
    ),
    Preset(
        "game_extragradient",
        "The smallest game: extragradient",
        "The same game, but both players look a step ahead, and take from there the slopes that they move by.",
        "The circle becomes a spiral: whoever knows where the other goes does not run past it.",
        _game(techniques=[{"name": "extragradient"}]),
        claims=(_claim("at most", 0.3),),
    ),
    Preset(
        "game_lookahead",
        "The smallest game: lookahead",
        "The same game, but every five steps both players go back half of the way that they came.",
        "A part of a circle, cut off by its chord, again and again: the cloud winds down onto the data.",
        _game(techniques=[SIMULTANEOUS, {"name": "lookahead", "k": 5, "alpha": 0.5}]),
        claims=(_claim("at most", 0.3),),
    ),
    Preset(
        "game_r1",
        "The smallest game: R1",
        "The same game, but a steep plane costs the discriminator something.",
        "The plane gives in before the cloud has overshot: both are at rest after some two hundred steps.",
        _game(regularizers=[{"name": "r1", "gamma": 0.3}]),
        claims=(_claim("at most", 0.2),),
    ),
    Preset(
        "game_consensus",
        "The smallest game: consensus",
        "The same game, but both players pay for how steep it is for either of them.",
        "No circle any more: within some fifty steps the cloud is on the data, and the plane lies flat.",
        _game(regularizers=[{"name": "consensus", "gamma": 1.0}]),
        claims=(_claim("at most", 0.2),),
    ),
    Preset(
        "game_history",
        "The smallest game: memory",
        "The same game, but both players pay for being far from the mean of all that they have been.",
        "The cloud is drawn towards the middle of the circle it has made, which is where the data are.",
        _game(regularizers=[{"name": "historical_averaging", "weight": 0.1}]),
        claims=(_claim("at most", 0.3),),
    ),
)
