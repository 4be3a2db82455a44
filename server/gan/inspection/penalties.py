"""What the regularizers cost a player, told with the numbers of a moment.

Shape letters: N examples, D coordinates of a point.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from server.gan.inspection.answers import Formula
from server.gan.inspection.formulas import name_point, tell
from server.gan.inspection.moments import Moment, Price, Told, find_price
from server.gan.inspection.summaries import read_values
from server.gan.worked import Line, number_vector, write_number, write_vector

GAME = r"L_{\text{game}}"
"""A player's loss before any penalty."""


class PaidSlope(NamedTuple):
    """How the penalties grow as a generated point moves (D), per lab unit, and what that adds to a formula.

    It is added in symbols, with numbers, and in a sentence; where there are no penalties, nothing is.
    """

    slope: Sequence[float] = ()
    latex: str = ""
    latex_numbers: str = ""
    meaning: str = ""


def find_penalties(moment: Moment) -> dict[str, Price]:
    """Find the penalties that are in the player's loss at this moment, by the name of their tensors."""
    units = {name: find_price(name) for name in moment.known}
    return {name: unit for name, unit in units.items() if unit is not None}


def tell_penalties(moment: Moment, told: Told) -> list[Formula]:
    """Tell what each penalty costs on average, and that the player's loss is the sum of the game and them."""
    units = find_penalties(moment)
    symbols = {name: rf"P_{{\text{{{unit.label}}}}}" for name, unit in units.items()}
    formulas = [_tell_penalty(moment, told, name, unit, symbols[name]) for name, unit in units.items()]
    terms = " + ".join(f"<{name}>" for name in ("game", *units))
    whole = Line("loss", terms, f"The {moment.player} lowers the loss of the game and the penalties together.")
    loss = f"L_{moment.player[0].upper()}"
    return [*formulas, tell(whole, {**symbols, "game": GAME, "loss": loss}, told.numbers)]


def tell_penalty_slope(moment: Moment, told: Told) -> PaidSlope:
    """Tell what penalties add to the slope of this moment's generated point."""
    if not moment.trainer.regularization.prices_samples:
        return PaidSlope()
    known = moment.known
    penalties = moment.trainer.penalise_generator(known, moment.weights("discriminator"), moment.see)
    slope = penalties.add_gradient(torch.zeros_like(known["x_fake"]))[moment.row].tolist()
    told.numbers |= number_vector("penalty_slope", slope)
    latex = rf" + \frac{{\partial P}}{{\partial {name_point(moment.trainer)}}}"
    return PaidSlope(slope, latex, f" + {write_vector(slope)}", " What the penalties cost adds a slope of its own.")


def _tell_penalty(moment: Moment, told: Told, name: str, unit: Price, symbol: str) -> Formula:
    values = read_values(moment.known[name])
    total, count, mean = values.sum().item(), values.size, values.mean().item()
    told.numbers |= {name: mean, f"{name}_sum": total}
    quotient = rf"\frac{{{write_number(total)}}}{{{count}}} = " if count > 1 else ""
    return {
        "latex": f"{symbol} = {unit.formula}",
        "latex_numbers": f"{symbol} = {quotient}{write_number(mean)}",
        "meaning": unit.help,
    }
