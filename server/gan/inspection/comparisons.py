"""A loss without a discriminator, told with the numbers of a moment: what is averaged over pairs of points.

Shape letters: N generated examples, M real ones.
"""

from __future__ import annotations

from functools import partial

from server.gan.inspection import snippets
from server.gan.inspection.answers import Formula
from server.gan.inspection.formulas import tell
from server.gan.inspection.moments import Moment, Told
from server.gan.inspection.penalties import GAME, find_penalties, tell_penalties
from server.gan.losses import SampleLoss
from server.gan.losses.samples import compare_samples
from server.gan.worked import Line, write_number, write_vector

MEANS = {
    "near_fake": (
        r"\frac{{1}}{{N - 1}} \sum_{{j \ne i}} {}",
        ("y_i", "y_j"),
        "The mean over the pairs of this generated point y with the others.",
    ),
    "near_real": (
        r"\frac{{1}}{{M}} \sum_{{j=1}}^{{M}} {}",
        ("x_j", "y_i"),
        "The mean over its pairs with the real points.",
    ),
    "near_data": (
        r"\frac{{1}}{{M (M - 1)}} \sum_{{j \ne l}} {}",
        ("x_j", "x_l"),
        "The mean over the pairs of real points: the same for all, and nothing that the generator can change.",
    ),
}
"""Mean -> what is averaged, over which pairs, and what that says."""
SYMBOLS = {"near_fake": r"\overline{m}_i", "near_real": r"\overline{m}^{\text{real}}_i", "near_data": r"\overline{m}_0"}


def tell_comparison(moment: Moment) -> Told:
    """Tell what one generated point costs beside the real ones, and what all cost on average."""
    trainer, known, row = moment.trainer, moment.known, moment.row
    loss = trainer.loss
    assert isinstance(loss, SampleLoss), "the loss compares samples"
    measure = partial(loss.measure, **trainer.config.loss.values)
    near = compare_samples(known["x_real"], known["x_fake"].detach(), measure)
    told = Told(moment.subject, snippets.write_loss(trainer, "generator"))
    told.numbers = {
        "near_fake": near.fake[row].item(),
        "near_real": near.real[row].item(),
        "near_data": near.data[0].item(),
        "per_example": known["per_example"][row].item(),
        "sum": known["per_example"].sum().item(),
        "N": len(known["per_example"]),
        "loss": known["g_loss"].item(),
        "game": known["per_example"].mean().item(),
    }
    told.formula = [_tell_mean(name, loss.pair, told.numbers[name]) for name in MEANS]
    one = Line("per_example", loss.g_parts[0], "What this generated point costs the generator.")
    penalised = bool(find_penalties(moment))
    name, symbol = ("game", GAME) if penalised else ("loss", "L_G")
    mean = Line(name, r"\frac{<sum>}{<N>}", "The mean over all generated points: the generator lowers it.")
    symbols = {**SYMBOLS, "per_example": r"\ell_i", "sum": r"\sum_{i=1}^{N} \ell_i", "N": "N", name: symbol}
    told.formula += [tell(one, symbols, told.numbers), tell(mean, symbols, told.numbers)]
    if penalised:
        told.formula += tell_penalties(moment, told)
    return told


def _tell_mean(name: str, pair: str, value: float) -> Formula:
    average, (a, b), meaning = MEANS[name]
    left = SYMBOLS[name]
    return {
        "latex": f"{left} = {average.format(pair.format(a=a, b=b))}",
        "latex_numbers": f"{left} = {write_number(value)}",
        "meaning": meaning,
    }


def tell_direct_needle(needle: list[float], looks_ahead: bool) -> Formula:
    """Tell the needle of a point that is in every price, and whose slope is that of the loss as a whole."""
    meaning = "The needle: away from other generated points and towards real ones, as far as the loss sees them."
    if looks_ahead:
        meaning = (
            "The needle: against the slope of the loss, with all that the discriminator would do about this point."
        )
    left = r"-N \frac{\partial L_G}{\partial x}"
    return {
        "latex": left,
        "latex_numbers": f"{left} = {write_vector(needle)}",
        "meaning": meaning,
    }
