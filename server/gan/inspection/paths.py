"""A generator that answers velocities, told with the numbers of a moment: places, times, and the way of a sample.

Shape letters: N examples, D coordinates of a point.
A place on the way is s = (x_t, t), its time beside it; in lab units it is u_t.
"""

from __future__ import annotations

from server.gan.inspection import snippets
from server.gan.inspection.answers import Formula
from server.gan.inspection.formulas import name_point, tell_lab_units
from server.gan.inspection.moments import Moment, Told
from server.gan.inspection.squares import Answer, tell_answer, tell_price, tell_slope
from server.gan.worked import number_vector, write_number, write_vector

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
    opening: Formula = {
        "latex": rf"v = v(s), \quad s = ({name_point(moment.trainer)}_t, t)",
        "latex_numbers": f"v{write_vector(moment.asked[moment.row].tolist())}"
        f" = {write_vector(moment.known['velocity'][moment.row].tolist())}",
        "meaning": "The generator reads the place and the time, and answers how fast to go, and which way.",
    }
    return tell_answer(moment, _describe_velocity(moment), "s", opening)


def tell_velocity_price(moment: Moment) -> Told:
    """Tell what one velocity costs, and what all cost on average."""
    trainer = moment.trainer
    opening: Formula = {
        "latex": f"w = {name_point(trainer)} - z",
        "latex_numbers": f"w = {write_vector(trainer.loss.aim(moment.known)[moment.row].tolist())}",
        "meaning": "The velocity that takes this noise to this real point, in a time of 1.",
    }
    return tell_price(moment, _describe_velocity(moment), opening)


def tell_velocity_slope(moment: Moment, told: Told) -> list[Formula]:
    """Tell how the loss grows as this velocity changes: nothing stands between the two."""
    return [tell_slope(moment, told, _describe_velocity(moment))]


def _describe_velocity(moment: Moment) -> Answer:
    return Answer(
        "velocity",
        "v",
        "w",
        SQUARE.format(point=name_point(moment.trainer)),
        "How far the velocity is from the one that goes straight there.",
        "The slope comes straight from the loss: it leads from the wanted velocity to the answered one.",
    )


def list_stops(moment: Moment) -> list[tuple[str, str, list[float]]]:
    """List where a sample is on its way, each by name, what it is, and its numbers."""
    way = moment.trainer.follow_points(moment.known["z"])
    return [(f"step {i}", "where it is then, on its way", places[moment.row].tolist()) for i, places in enumerate(way)]


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
