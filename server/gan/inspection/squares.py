"""What the generator answers where nobody judges, and its squared distance from what it is to answer: told in numbers.

Shape letters: N examples, D coordinates of a point.
"""

from __future__ import annotations

from typing import NamedTuple

from server.gan.inspection import snippets
from server.gan.inspection.answers import Formula
from server.gan.inspection.formulas import Notation, tell, tell_neuron
from server.gan.inspection.moments import Moment, Told
from server.gan.inspection.penalties import GAME, find_penalties, tell_penalties
from server.gan.inspection.summaries import count_layers
from server.gan.worked import Line, number_vector, write_vector


class Answer(NamedTuple):
    """How an answer is written: its name in a phase, the symbols of it and of what it is to be, and their distance.

    `whole` is the squared distance in LaTeX, of an example; `price` and `slope` are what is said of the two.
    """

    name: str
    symbol: str
    wanted: str
    whole: str
    price: str
    slope: str


def tell_answer(moment: Moment, answer: Answer, into: str, opening: Formula) -> Told:
    """Tell what the generator answers: the `opening`, a neuron of its first layer, and one of its last."""
    trainer, network, row = moment.trainer, moment.network("generator"), moment.row
    weights = moment.weights("generator")
    trace = network.trace(weights, moment.asked)
    values = moment.known[answer.name][row].tolist()
    told = Told(moment.subject, snippets.write_answers(trainer), [opening], number_vector(answer.name, values))
    notation = Notation("G", into, tuple(f"{answer.symbol}_{i}" for i in range(1, len(values) + 1)))
    for layer in dict.fromkeys((0, count_layers(network) - 1)):
        formula, numbers = tell_neuron(network, weights, trace, layer, row, notation)
        told.formula += formula
        told.numbers |= {f"layer_{layer + 1}_{name}": value for name, value in numbers.items()}
    return told


def tell_price(moment: Moment, answer: Answer, opening: Formula) -> Told:
    """Tell what one answer costs, after the `opening`, and what all cost on average."""
    trainer, row, known = moment.trainer, moment.row, moment.known
    answered, wanted = known[answer.name].detach()[row], trainer.loss.aim(known)[row]
    told = Told(moment.subject, snippets.write_loss(trainer, "generator"))
    told.numbers = {
        **number_vector(answer.name, answered.tolist()),
        **number_vector("wanted", wanted.tolist()),
        "per_example": known["per_example"][row].item(),
        "sum": known["per_example"].sum().item(),
        "N": len(known["per_example"]),
        "loss": known["g_loss"].item(),
        "game": known["per_example"].mean().item(),
    }
    penalised = bool(find_penalties(moment))
    name, symbol = ("game", GAME) if penalised else ("loss", "L_G")
    squares = (rf"(<{answer.name}_{i}> - <wanted_{i}>)^2" for i in range(1, len(answered) + 1))
    one = Line("per_example", " + ".join(squares), answer.price)
    mean = Line(name, r"\frac{<sum>}{<N>}", "The mean over the batch: the generator lowers it.")
    symbols = {"per_example": r"\ell_i", "sum": rf"\sum_{{i=1}}^{{N}} {answer.whole}", "N": "N", name: symbol}
    for i in range(1, len(answered) + 1):
        symbols |= {f"{answer.name}_{i}": f"{answer.symbol}_{i}", f"wanted_{i}": f"{answer.wanted}_{i}"}
    told.formula = [
        opening,
        tell(one, symbols, told.numbers),
        tell(mean, symbols, told.numbers),
        *(tell_penalties(moment, told) if penalised else ()),
    ]
    return told


def tell_slope(moment: Moment, told: Told, answer: Answer) -> Formula:
    """Tell how the loss grows as this answer changes: nothing stands between the two."""
    loss, row = moment.trainer.loss, moment.row
    slope = moment.known[loss.slope][row].tolist()
    answered = moment.known[answer.name].detach()[row].tolist()
    wanted, count = loss.aim(moment.known)[row].tolist(), moment.count
    told.numbers |= number_vector("slope", slope)
    left = rf"\frac{{\partial L_G}}{{\partial {answer.symbol}}}"
    numbers = rf"\frac{{2}}{{{count}}} \cdot ({write_vector(answered)} - {write_vector(wanted)})"
    return {
        "latex": rf"{left} = \frac{{2}}{{N}} \cdot ({answer.symbol} - {answer.wanted})",
        "latex_numbers": f"{left} = {numbers} = {write_vector(slope)}",
        "meaning": answer.slope,
    }
