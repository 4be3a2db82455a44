"""A generator that answers velocities, told with the numbers of a moment: places, times, and the way of a sample.

Shape letters: N examples, D coordinates of a point.
A place on the way is s = (x_t, t), its time beside it; in lab units it is u_t.
"""

from __future__ import annotations

from server.gan.inspection import snippets
from server.gan.inspection.answers import Formula
from server.gan.inspection.formulas import Notation, name_point, tell, tell_lab_units, tell_neuron
from server.gan.inspection.moments import Moment, Told
from server.gan.inspection.penalties import GAME, find_penalties, tell_penalties
from server.gan.inspection.summaries import count_layers
from server.gan.worked import Line, number_vector, write_number, write_vector

SQUARE = r"\lVert v - ({point} - z) \rVert^2"


def tell_times(moment: Moment, told: Told) -> None:
    """Tell which time was drawn for this pair of noise and data, and where on the way between the two that is."""
    point, time = name_point(moment.trainer), moment.known["times"][moment.row].item()
    place = moment.known["places"][moment.row].tolist()
    z, x = (moment.known[name][moment.row].tolist() for name in ("z", "x_real"))
    ways = rf"{write_number(1 - time)} \cdot {write_vector(z)} + {write_number(time)} \cdot {write_vector(x)}"
    told.formula += [
        {
            "latex": r"t \sim \mathcal{U}(0, 1)",
            "latex_numbers": f"t = {write_number(time)}",
            "meaning": "A time is drawn for every pair of noise and data, from 0 for the noise to 1 for the data.",
        },
        {
            "latex": rf"{point}_t = (1 - t) \cdot z + t \cdot {point}",
            "latex_numbers": rf"{point}_t = {ways} = {write_vector(place)}",
            "meaning": "On the straight way from the one to the other this place is reached at that time.",
        },
    ]
    told.numbers |= {"t": time, **number_vector("place", place)}


def tell_velocity(moment: Moment) -> Told:
    """Tell which velocity the generator answers at a place: a neuron of its first layer, one of its last, all of it."""
    trainer, network, row = moment.trainer, moment.network("generator"), moment.row
    weights = moment.weights("generator")
    trace = network.trace(weights, trainer.loss.read(moment.known))
    velocity = moment.known["velocity"][row].tolist()
    told = Told(moment.subject, snippets.write_velocity(trainer))
    told.formula.append(
        {
            "latex": rf"v = v(s), \quad s = ({name_point(trainer)}_t, t)",
            "latex_numbers": f"v{write_vector(trace.inputs[0][row].tolist())} = {write_vector(velocity)}",
            "meaning": "The generator reads the place and the time, and answers how fast to go, and which way.",
        }
    )
    told.numbers |= number_vector("velocity", velocity)
    notation = Notation("G", "s", tuple(f"v_{i}" for i in range(1, len(velocity) + 1)))
    for layer in dict.fromkeys((0, count_layers(network) - 1)):
        formula, numbers = tell_neuron(network, weights, trace, layer, row, notation)
        told.formula += formula
        told.numbers |= {f"layer_{layer + 1}_{name}": value for name, value in numbers.items()}
    return told


def tell_velocity_price(moment: Moment) -> Told:
    """Tell what one velocity costs, and what all cost on average."""
    trainer, row, known = moment.trainer, moment.row, moment.known
    square, point = SQUARE.format(point=name_point(trainer)), name_point(trainer)
    velocity, wanted = known["velocity"].detach()[row], trainer.loss.aim(known)[row]
    told = Told(moment.subject, snippets.write_loss(trainer, "generator"))
    told.numbers = {
        **number_vector("velocity", velocity.tolist()),
        **number_vector("wanted", wanted.tolist()),
        "per_example": known["per_example"][row].item(),
        "sum": known["per_example"].sum().item(),
        "N": len(known["per_example"]),
        "loss": known["g_loss"].item(),
        "game": known["per_example"].mean().item(),
    }
    penalised = bool(find_penalties(moment))
    name, symbol = ("game", GAME) if penalised else ("loss", "L_G")
    squares = (rf"(<velocity_{i}> - <wanted_{i}>)^2" for i in range(1, len(velocity) + 1))
    one = Line("per_example", " + ".join(squares), "How far the velocity is from the one that goes straight there.")
    mean = Line(name, r"\frac{<sum>}{<N>}", "The mean over the batch: the generator lowers it.")
    symbols = {"per_example": r"\ell_i", "sum": rf"\sum_{{i=1}}^{{N}} {square}", "N": "N", name: symbol}
    for i in range(1, len(velocity) + 1):
        symbols |= {f"velocity_{i}": f"v_{i}", f"wanted_{i}": f"w_{i}"}
    told.formula = [
        {
            "latex": f"w = {point} - z",
            "latex_numbers": f"w = {write_vector(wanted.tolist())}",
            "meaning": "The velocity that takes this noise to this real point, in a time of 1.",
        },
        tell(one, symbols, told.numbers),
        tell(mean, symbols, told.numbers),
        *(tell_penalties(moment, told) if penalised else ()),
    ]
    return told


def tell_velocity_slope(moment: Moment, told: Told) -> list[Formula]:
    """Tell how the loss grows as this velocity changes: nothing stands between the two."""
    slope = moment.known["velocity_slope"][moment.row].tolist()
    velocity = moment.known["velocity"].detach()[moment.row].tolist()
    wanted, count = moment.trainer.loss.aim(moment.known)[moment.row].tolist(), moment.count
    told.numbers |= number_vector("slope", slope)
    left = r"\frac{\partial L_G}{\partial v}"
    numbers = rf"\frac{{2}}{{{count}}} \cdot ({write_vector(velocity)} - {write_vector(wanted)})"
    return [
        {
            "latex": rf"{left} = \frac{{2}}{{N}} \cdot (v - w)",
            "latex_numbers": f"{left} = {numbers} = {write_vector(slope)}",
            "meaning": "The slope comes straight from the loss: it leads from the wanted velocity to the answered one.",
        }
    ]


def tell_way(moment: Moment) -> Told:
    """Tell how a sample comes of its noise: the first midpoint step, and where it is after the last."""
    trainer, row, z = moment.trainer, moment.row, moment.known["z"]
    way = [places[row].tolist() for places in trainer.follow_points(z)]
    steps, point = len(way) - 1, name_point(trainer)
    published = moment.show("x_fake")[row].tolist()
    told = Told(moment.subject, snippets.write_sampling(trainer, row))
    middle = rf"{point}_t + \tfrac{{h}}{{2}} v({point}_t, t)"
    gone = [after - before for before, after in zip(way[0], way[1], strict=True)]
    told.formula = [
        {
            "latex": rf"{point}_{{t+h}} = {point}_t + h \cdot v\!\left({middle}, t + \tfrac{{h}}{{2}}\right),"
            rf" \quad h = \tfrac{{1}}{{{steps}}}",
            "latex_numbers": f"{point}_{{h}} = {write_vector(way[0])} + {write_vector(gone)} = {write_vector(way[1])}",
            "meaning": "The first step begins at the noise. It goes by the velocity in its middle, which is nearer to"
            " that of the whole step than the one at its beginning.",
        },
        {
            "latex": f"G(z) = {point}_1",
            "latex_numbers": f"{point}_1 = {write_vector(way[-1])}",
            "meaning": f"After {steps} such steps the time is 1: this is the sample.",
        },
        *tell_lab_units(trainer, way[-1], published),
    ]
    told.numbers |= number_vector("x", published)
    return told
