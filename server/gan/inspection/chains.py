"""The chain rule of the generator's backward phase: how its loss grows as a generated point moves.

Shape letters: N examples. A point as the discriminator sees it, where a technique changes it, is written with a tilde.
Vectors have as many numbers as a point has coordinates D, per lab unit.
"""

from __future__ import annotations

from torch import Tensor

from server.gan.inspection.answers import Formula
from server.gan.inspection.company import (
    Term,
    explain_terms,
    list_terms,
    number_slopes,
    write_chain,
    write_terms,
)
from server.gan.inspection.formulas import name_point
from server.gan.inspection.moments import Moment, Told
from server.gan.inspection.penalties import GAME, PaidSlope, tell_penalty_slope
from server.gan.techniques.base import InputTechnique
from server.gan.worked import number_vector, write_number, write_vector

LOSS = r"\partial L_G"


def tell_chain(moment: Moment, told: Told) -> list[Formula]:
    """Tell how the slope passes back from the scores to the point, by what stands between: one formula for each."""
    terms, view = list_terms(moment), moment.measure_view()
    told.numbers |= number_slopes(terms)
    paid = tell_penalty_slope(moment, told)
    if view is None:
        return [_tell_judged(moment, terms, name_point(moment.trainer), _read_slope(moment, told), paid)]
    seen = [sum(one.loss_slope * one.number_slope[axis] for one in terms) for axis in range(len(view))]
    told.numbers |= number_vector("seen_slope", seen)
    judged = _tell_judged(moment, terms, _name_seen(moment), seen, PaidSlope())
    judged["meaning"] += " The tilde marks the point as the discriminator sees it."
    return [judged, _tell_view(moment, told, view, seen, paid)]


def tell_direct_slope(moment: Moment, told: Told) -> list[Formula]:
    """Tell how a loss grows as this point moves, as a whole: no discriminator stands between, or one that moves too."""
    slope, paid = _read_slope(moment, told), tell_penalty_slope(moment, told)
    point = name_point(moment.trainer)
    left = _write_slope(point)
    latex, numbers = left, f"{left} = {write_vector(slope)}"
    meaning = "The slope comes straight from the loss, through no discriminator: all pairs of this point add up."
    if moment.trainer.craft.foresight:
        meaning = (
            "The slope of the whole look ahead: through the score of this point, and through every step that the"
            " discriminator would take because of it."
        )
    if paid.latex:
        game = [whole - part for whole, part in zip(slope, paid.slope, strict=True)]
        told.numbers |= number_vector("game_slope", game)
        latex = rf"{left} = \frac{{\partial {GAME}}}{{\partial {point}}}{paid.latex}"
        numbers = f"{left} = {write_vector(game)}{paid.latex_numbers} = {write_vector(slope)}"
        meaning += paid.meaning
    return [{"latex": latex, "latex_numbers": numbers, "meaning": meaning}]


def _tell_judged(moment: Moment, terms: list[Term], point: str, slope: list[float], paid: PaidSlope) -> Formula:
    """Tell how the slope passes back through the discriminator, to the `point` that it reads."""
    left = _write_slope(point)
    meaning = "The slope passes back through the discriminator: the way that makes the loss grow fastest."
    if why := explain_terms(moment):
        meaning += f" All the ways add up, for {why}."
    return {
        "latex": f"{left} = {write_chain(moment, LOSS, point)}{paid.latex}",
        "latex_numbers": f"{left} = {write_terms(terms)}{paid.latex_numbers} = {write_vector(slope)}",
        "meaning": f"{meaning}{paid.meaning}",
    }


def _tell_view(moment: Moment, told: Told, view: Tensor, seen: list[float], paid: PaidSlope) -> Formula:
    """Tell how the slope passes back from the point as it is seen to the point itself, by the Jacobian (D, D)."""
    back = view.T.tolist()
    for i, row in enumerate(view.tolist(), 1):
        told.numbers |= {f"jacobian_{i}{j}": value for j, value in enumerate(row, 1)}
    point, tilde = name_point(moment.trainer), _name_seen(moment)
    left, jacobian = _write_slope(point), rf"\frac{{\partial {tilde}}}{{\partial {point}}}"
    matrix = r" \\ ".join(" & ".join(write_number(number) for number in row) for row in back)
    labels = " and ".join(unit.label for unit in moment.trainer.craft if isinstance(unit, InputTechnique))
    product = rf"\begin{{pmatrix}} {matrix} \end{{pmatrix}} \cdot {write_vector(seen)}"
    explained = "A row of the matrix holds how both coordinates that are seen grow with one of the point's own."
    if len(back) == 1:
        explained = "The number before the slope tells how what is seen grows with the point."
    return {
        "latex": rf"{left} = \left({jacobian}\right)^{{\top}} \cdot {_write_slope(tilde)}{paid.latex}",
        "latex_numbers": f"{left} = {product}{paid.latex_numbers} = {write_vector(_read_slope(moment, told))}",
        "meaning": f"Then it passes back through what {labels} did to the point. {explained}{paid.meaning}",
    }


def _read_slope(moment: Moment, told: Told) -> list[float]:
    """Read how the player's whole loss grows as the point moves, and put it among the numbers."""
    slope: list[float] = moment.known["slope"][moment.row].tolist()
    told.numbers |= number_vector("slope", slope)
    return slope


def _name_seen(moment: Moment) -> str:
    return rf"\tilde{{{name_point(moment.trainer)}}}"


def _write_slope(point: str) -> str:
    return rf"\frac{{{LOSS}}}{{\partial {point}}}"
