"""A generator that rebuilds real points from their codes, told with the numbers of a moment: codes, and samples too.

Shape letters: N examples, Z latent dimensions.
"""

from __future__ import annotations

import torch

from server.gan.codes import draw_near, fit_normal, project
from server.gan.inspection import snippets
from server.gan.inspection.answers import Formula
from server.gan.inspection.formulas import name_point, tell_lab_units
from server.gan.inspection.moments import Moment, Told
from server.gan.inspection.squares import Answer, tell_answer, tell_price, tell_slope
from server.gan.worked import SHOWN_COORDINATES, number_vector, write_number, write_vector


def tell_code(moment: Moment, told: Told) -> None:
    """Tell which code this real point has now."""
    code = moment.known["codes"][moment.row].tolist()
    told.formula.append(
        {
            "latex": r"z_i \in \mathbb{R}^Z, \quad \lVert z_i \rVert \le 1",
            "latex_numbers": f"z_i = {write_vector(code)}",
            "meaning": "Each real point has a code of its own. It is no draw: it is learned, as the weights are.",
        }
    )
    told.numbers |= number_vector("code", code[:SHOWN_COORDINATES])


def tell_rebuilt(moment: Moment) -> Told:
    """Tell what the generator makes of a code: a neuron of its first layer, one of its last, the point."""
    point, code = (moment.known[name][moment.row].tolist() for name in ("rebuilt", "codes"))
    answer = _describe_rebuilt(moment)
    opening: Formula = {
        "latex": f"{answer.symbol} = G(z_i)",
        "latex_numbers": f"{answer.symbol} = G{write_vector(code)} = {write_vector(point)}",
        "meaning": "The generator makes a point of the code: it is to be the one that the code belongs to.",
    }
    return tell_answer(moment, answer, "z_i", opening)


def tell_rebuilt_price(moment: Moment) -> Told:
    """Tell what one rebuilt point costs, and what all cost on average."""
    answer = _describe_rebuilt(moment)
    wanted = moment.trainer.loss.aim(moment.known)[moment.row].tolist()
    opening: Formula = {
        "latex": answer.wanted,
        "latex_numbers": f"{answer.wanted} = {write_vector(wanted)}",
        "meaning": "The real point that was to be rebuilt.",
    }
    return tell_price(moment, answer, opening)


def tell_rebuilt_slope(moment: Moment, told: Told) -> list[Formula]:
    """Tell how the loss grows as the rebuilt point moves, and where that takes the code, which pays alone for it."""
    formula = [tell_slope(moment, told, _describe_rebuilt(moment))]
    if "code_slope" not in moment.known:
        return formula
    slope, code = moment.known["code_slope"][moment.row], moment.known["codes"][moment.row]
    rate, count = float(moment.trainer.config.loss.values["rate"]), moment.count  # type: ignore[arg-type]  # checked
    twice = (moment.known["codes"] == code).all(-1)
    whole = moment.known["code_slope"][twice].sum(0)
    after = project((code - rate * count * whole).unsqueeze(0))[0].tolist()
    again = "" if int(twice.sum()) == 1 else " This point is in the batch more than once, and the code goes by the sum."
    told.numbers |= {**number_vector("code_slope", slope.tolist()), **number_vector("code_after", after)}
    went = f"{write_vector(code.tolist())} - {write_number(rate * count)} \\cdot {write_vector(whole.tolist())}"
    formula.append(
        {
            "latex": r"z_i' = \Pi \left( z_i - \eta_z N \frac{\partial L_G}{\partial z_i} \right)",
            "latex_numbers": rf"z_i' = \Pi \left( {went} \right) = {write_vector(after)}",
            "meaning": "The code goes against its own slope, and back to the unit ball if it left it (that is what"
            f" Π stands for).{again}",
        }
    )
    return formula


def tell_fitted(moment: Moment) -> Told:
    """Tell how a sample comes of its noise: this is spread as the codes are, and goes through the generator."""
    trainer, row, z = moment.trainer, moment.row, moment.known["z"]
    codes = trainer.codes
    assert codes is not None, "the loss has codes"
    (mean, _), latent = fit_normal(codes), draw_near(codes, z)[row].tolist()
    inner, published = moment.known["x_fake"][row].tolist(), moment.show("x_fake")[row].tolist()
    told = Told(moment.subject, snippets.write_sampling(trainer, row))
    told.formula = [
        {
            "latex": r"z' = \bar z + L z, \quad L L^\top = \operatorname{cov} z_i",
            "latex_numbers": f"z' = {write_vector(mean[0].tolist())} + L {write_vector(z[row].tolist())}"
            f" = {write_vector(latent)}",
            "meaning": "Noise for which no point has a code: it is drawn of the normal law that has the mean and the"
            " spread of all codes.",
        },
        {
            "latex": r"G(z')",
            "latex_numbers": f"G{write_vector(latent)} = {write_vector(inner)}",
            "meaning": "The generator makes the sample of it. It was taught its answers at the codes alone.",
        },
        *tell_lab_units(trainer, inner, published),
    ]
    told.numbers |= number_vector("x", published)
    return told


def list_stops(moment: Moment) -> list[tuple[str, str, list[float]]]:
    """List what a sample is made of, by name, what it is, and its numbers."""
    codes = moment.trainer.codes
    assert codes is not None, "the loss has codes"
    with torch.no_grad():
        latent = draw_near(codes, moment.known["z"])[moment.row].tolist()
    return [("z'", "the noise, spread as the codes are", latent)]


def _describe_rebuilt(moment: Moment) -> Answer:
    point = name_point(moment.trainer)
    return Answer(
        "rebuilt",
        rf"\hat{{{point}}}",
        point,
        rf"\lVert G(z_i) - {point}_i \rVert^2",
        "How far the rebuilt point is from the real one.",
        "The slope comes straight from the loss: it leads from the real point to the rebuilt one.",
    )
