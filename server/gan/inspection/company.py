"""What is told of a discriminator that reads more than a point: what it reads of a sample, and all that pulls at it.

Shape letters: N examples, D coordinates of a point. What is read of a point x is called X, or U in lab units.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.inspection.answers import Formula
from server.gan.inspection.formulas import list_coordinates, name_point, notate
from server.gan.inspection.moments import Moment, Sort
from server.gan.worked import number_vector, write_number, write_vector


class Term(NamedTuple):
    """A way by which the loss depends on a sample: how it grows with a number, and that with the sample's place (D)."""

    loss_slope: float
    number_slope: list[float]


def tell_company(moment: Moment, sort: Sort) -> list[Formula]:
    """Tell what the discriminator reads of a sample where that is more than the point; nothing where it is not."""
    craft = moment.trainer.craft
    company, row = craft.company, moment.seen(sort)[moment.row].tolist()
    if not craft.widens:
        return []
    whole, point = notate(moment.trainer, "discriminator").into, name_point(moment.trainer)
    if craft.encoder:
        latex = rf"{whole} = ({point}, E({point}))" if sort == "real" else rf"{whole} = (G(z), z)"
        noise = "the noise that the encoder answers it with" if sort == "real" else "the noise that it is made of"
        meaning = f"The discriminator reads a pair: the sample, and beside it {noise}. The score is that of the pair."
    elif craft.level:
        latex = rf"{whole} = ({', '.join(list_coordinates(moment.trainer))}, \ell)"
        meaning = f"Beside the sample the discriminator reads a number: {craft.level.level}, by the most there may be."
    elif company and company.packs:
        count = len(row) // moment.trainer.source.data_dimension
        latex = rf"{whole} = ({point}_i, \dots, {point}_{{i+{count - 1}}})"
        meaning = f"The discriminator reads {count} points side by side: this sample and the {count - 1} after it,"
        meaning += " around the end. The score is that of them all."
    else:
        latex = f"{whole} = ({', '.join(list_coordinates(moment.trainer))}, s)"
        meaning = "Beside the sample the discriminator reads s, the spread of all the samples of its sort."
    return [{"latex": latex, "latex_numbers": f"{whole} = {write_vector(row)}", "meaning": meaning}]


def tell_crowd(moment: Moment, entered: Tensor) -> list[Formula]:
    """Tell what stands beside the features that enter the last layer (N, H + K), where points are compared."""
    network = moment.trainer.discriminator
    if not network.crowd:
        return []
    notation, layer = notate(moment.trainer, "discriminator"), len(network.sizes) - 3
    answers = entered[moment.row, network.sizes[-2] :].tolist()
    meaning = "How like the others of its sort this sample is to each kernel, on average: from 0, far away from all, to"
    meaning += " 1, all in one place. It stands behind what the last hidden layer answers."
    left = rf"c{notation.mark(layer)} = (a{notation.mark(layer)}, o)"
    o = r"o_k = \frac{1}{N - 1} \sum_{j \ne i} e^{-\lVert M_{i,k} - M_{j,k} \rVert_1}"
    return [{"latex": rf"{left}, \quad {o}", "latex_numbers": f"o = {write_vector(answers)}", "meaning": meaning}]


def list_terms(moment: Moment) -> list[Term]:
    """List what pulls at this moment's generated sample: its own score first, then those that it is company in.

    With packs these are the scores of the packs before its own; else the spread is one, for the scores of all. Where
    points are compared it is in the scores of all others, which are added up.
    """
    if moment.trainer.craft.compares:
        return _measure_crowd(moment)
    slopes, company = moment.known["fake_logit_gradient"].tolist(), moment.trainer.craft.company
    terms = [Term(slopes[row], slope) for row, slope in moment.measure_score_slopes()]
    return [*terms, _measure_spread(moment)] if company and not company.packs else terms


def explain_terms(moment: Moment) -> str:
    """Say why more than its own score pulls at a sample; nothing where only that does."""
    company = moment.trainer.craft.company
    if moment.trainer.craft.compares:
        return "all others of its sort are compared with the sample, and their scores move with it"
    if not company:
        return ""
    if not company.packs:
        return "the sample is part of the spread s, which is in every score"
    return f"the sample stands in {_count_pack(moment)} packs"


def write_terms(terms: Sequence[Term], sign: str = "") -> str:
    """Write the sum of the products of every term, each with a `sign` before it."""
    numbers = [write_number(one.loss_slope) for one in terms]
    signed = [f"{sign}({number})" if sign else number for number in numbers]
    products = (rf"{number} \cdot {write_vector(one.number_slope)}" for number, one in zip(signed, terms, strict=True))
    return (" " if sign else " + ").join(products)


def write_chain(moment: Moment, loss: str, point: str) -> str:
    """Write the chain rule from the loss to the point: through its own score, and through those it is company in."""
    company = moment.trainer.craft.company
    own = rf"\frac{{{loss}}}{{\partial d}} \cdot \nabla d({point})"
    if moment.trainer.craft.compares:
        rest = rf"\sum_{{j \ne i}} \frac{{{loss}}}{{\partial d_j}} \cdot \nabla_{{{point}}} d_j"
        return rf"\left({own} + {rest}\right)"
    if not company:
        return own
    if not company.packs:
        return rf"\left({own} + \frac{{{loss}}}{{\partial s}} \cdot \nabla s({point})\right)"
    whole = rf"\sum_{{k=0}}^{{{_count_pack(moment) - 1}}}"
    return rf"{whole} \frac{{{loss}}}{{\partial d_{{i-k}}}} \cdot \nabla_{{{point}}} d_{{i-k}}"


def number_slopes(terms: Sequence[Term]) -> dict[str, float]:
    """Name the numbers of the slopes: those of the sample's own score first, then those of each further term."""
    numbers: dict[str, float] = {}
    for place, (_, slope) in enumerate(terms, 1):
        end = "" if place == 1 else f"_term_{place}"
        numbers |= {f"{name}{end}": value for name, value in number_vector("score_slope", slope).items()}
    return numbers


def _count_pack(moment: Moment) -> int:
    """Count the points of a pack."""
    return moment.seen("fake").shape[-1] // moment.trainer.source.data_dimension


def _measure_crowd(moment: Moment) -> list[Term]:
    """Measure what pulls at the sample by its own score, and what by all others', their slopes added up."""
    network, weights, seen = moment.network("discriminator"), moment.weights("discriminator"), moment.seen("fake")
    loss_slopes = moment.known["fake_logit_gradient"].detach().unsqueeze(-1)
    own = torch.zeros_like(loss_slopes)
    own[moment.row] = 1
    trace = network.trace(weights, seen)
    score, rest = (
        network.input_gradient(weights, trace, share)[moment.row].tolist() for share in (own, loss_slopes * (1 - own))
    )
    # The rest is a slope of the loss already: the factor before it is the share of one example.
    count = len(seen)
    return [Term(loss_slopes[moment.row].item(), score), Term(1 / count, [value * count for value in rest])]


def _measure_spread(moment: Moment) -> Term:
    """Measure how the mean loss grows with the spread that all scores read, and that with this sample's place."""
    network, weights, seen = moment.network("discriminator"), moment.weights("discriminator"), moment.seen("fake")
    upstream = moment.known["fake_logit_gradient"].detach().unsqueeze(-1)
    slopes = network.input_gradient(weights, network.trace(weights, seen), upstream)
    points = seen[:, :-1].clone().requires_grad_()
    (slope,) = torch.autograd.grad(moment.trainer.craft.read(points)[0, -1], points)
    return Term(slopes[:, -1].sum().item(), slope[moment.row].tolist())
