"""A coupling flow, told with the numbers of a moment: what the generator answers, the likelihood, the way of a sample.

Shape letters: N examples, K couplings. The answers of a phase stand coupling by coupling, the first one's before all.
"""

from __future__ import annotations

from math import pi

from server.gan.inspection import snippets
from server.gan.inspection.answers import Formula
from server.gan.inspection.formulas import Notation, name_point, tell, tell_lab_units, tell_neuron
from server.gan.inspection.moments import Moment, Told
from server.gan.inspection.penalties import GAME, find_penalties, tell_penalties
from server.gan.inspection.summaries import count_layers
from server.gan.losses.couplings import BOUND, COUPLINGS, couple, read_answers
from server.gan.worked import Line, number_vector, write_number, write_vector


def tell_coupling(moment: Moment) -> Told:
    """Tell what the generator answers to a real point in the first coupling, and where that takes the point."""
    trainer, network, row = moment.trainer, moment.network("generator"), moment.row
    weights, point = moment.weights("generator"), name_point(trainer)
    trace = network.trace(weights, moment.asked)
    answers, place = moment.known["coupling"].detach()[row], moment.known["x_real"][row]
    log_scale, shift = (part.item() for part in read_answers(answers))
    after = couple(place, answers)[0].tolist()
    told = Told(moment.subject, snippets.write_passage(trainer))
    told.formula = [
        {
            "latex": rf"(r, t) = G(q), \quad q = ({point}_1, 1, 0, \ldots)",
            "latex_numbers": f"G{write_vector(trace.inputs[0][row].tolist())} = {write_vector(answers.tolist())}",
            "meaning": "The generator reads the coordinate that the first coupling keeps, and which coupling asks.",
        },
        {
            "latex": rf"s = {BOUND:g} \tanh(r / {BOUND:g})",
            "latex_numbers": rf"s = {BOUND:g} \tanh({write_number(answers[0].item())} / {BOUND:g})"
            f" = {write_number(log_scale)}",
            "meaning": "What it answers first is bounded: the logarithm of how far the other coordinate stretches.",
        },
        {
            "latex": rf"({point}_1, {point}_2) \mapsto ({point}_2 e^s + t, {point}_1)",
            "latex_numbers": rf"({write_number(place[1].item())} \cdot e^{{{write_number(log_scale)}}} +"
            rf" {write_number(shift)}, {write_number(place[0].item())}) = {write_vector(after)}",
            "meaning": "The other coordinate is stretched and shifted; then the two change places.",
        },
    ]
    told.numbers |= {"r": answers[0].item(), "s": log_scale, "t": shift, **number_vector("place", after)}
    notation = Notation("G", "q", ("r", "t"))
    for layer in dict.fromkeys((0, count_layers(network) - 1)):
        formula, numbers = tell_neuron(network, weights, trace, layer, row, notation)
        told.formula += formula
        told.numbers |= {f"layer_{layer + 1}_{name}": value for name, value in numbers.items()}
    return told


def tell_likelihood(moment: Moment) -> Told:
    """Tell what one real point costs, by the noise that it becomes and the log-scales on its way there."""
    trainer, row, known = moment.trainer, moment.row, moment.known
    told = Told(moment.subject, snippets.write_loss(trainer, "generator"))
    place, grown = known["x_real"][row], 0.0
    for answers in known["coupling"].detach().chunk(COUPLINGS, -2):
        place, log_scale = couple(place, answers[row])
        grown += log_scale.item()
    told.numbers = {
        **number_vector("z", place.tolist()),
        "turn": 2 * pi,
        "grown": grown,
        "per_example": known["per_example"][row].item(),
        "sum": known["per_example"].sum().item(),
        "N": len(known["per_example"]),
        "loss": known["g_loss"].item(),
        "game": known["per_example"].mean().item(),
    }
    penalised = bool(find_penalties(moment))
    name, symbol = ("game", GAME) if penalised else ("loss", "L_G")
    price = r"\frac{(<z_1>)^2 + (<z_2>)^2}{2} + \ln(<turn>) - <grown>"
    one = Line("per_example", price, "How unlikely its noise is, and how little the plane is stretched on the way.")
    mean = Line(name, r"\frac{<sum>}{<N>}", "The mean over the batch: the generator lowers it.")
    symbols = {
        "z_1": "z_1",
        "z_2": "z_2",
        "turn": r"2 \pi",
        "grown": rf"\sum_{{k=1}}^{{{COUPLINGS}}} s_k",
        "per_example": r"\ell_i",
        "sum": r"\sum_{i=1}^{N} \ell_i",
        "N": "N",
        name: symbol,
    }
    told.formula = [
        {
            "latex": f"z = G^{{-1}}({name_point(trainer)})",
            "latex_numbers": f"z = {write_vector(place.tolist())}",
            "meaning": "The noise that this real point becomes, after all couplings.",
        },
        tell(one, symbols, told.numbers),
        tell(mean, symbols, told.numbers),
        *(tell_penalties(moment, told) if penalised else ()),
    ]
    return told


def tell_coupling_slope(moment: Moment, told: Told) -> list[Formula]:
    """Tell how the loss grows with what the generator answers in the first coupling."""
    slope = moment.known["coupling_slope"][moment.row].tolist()
    told.numbers |= number_vector("slope", slope)
    left = r"\frac{\partial L_G}{\partial (r, t)}"
    return [
        {
            "latex": left,
            "latex_numbers": f"{left} = {write_vector(slope)}",
            "meaning": "How the loss grows with both answers in the first coupling; what later couplings read hangs on"
            " them too, and that is counted in.",
        }
    ]


def tell_passage(moment: Moment) -> Told:
    """Tell how a sample comes of its noise: the first coupling that is undone, and where it is after the last."""
    trainer, row, point = moment.trainer, moment.row, name_point(moment.trainer)
    way = [places[row].tolist() for places in trainer.follow_points(moment.known["z"])]
    published = moment.show("x_fake")[row].tolist()
    told = Told(moment.subject, snippets.write_sampling(trainer, row))
    told.formula = [
        {
            "latex": r"(b, a) \mapsto (a, (b - t(a)) \, e^{-s(a)})",
            "latex_numbers": rf"{write_vector(way[0])} \mapsto {write_vector(way[1])}",
            "meaning": "A sample goes the other way: each coupling is undone, the last one first. What it kept is still"
            " there, so the generator answers the same again.",
        },
        {
            "latex": f"{point} = G(z)",
            "latex_numbers": f"{point} = {write_vector(way[-1])}",
            "meaning": f"After {COUPLINGS} couplings this is the sample.",
        },
        *tell_lab_units(trainer, way[-1], published),
    ]
    told.numbers |= number_vector("x", published)
    return told
