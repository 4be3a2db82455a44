"""Who tells of a generator that answers no samples in training: by the name of what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from server.gan.inspection import codes, couplings, paths
from server.gan.inspection.answers import Formula
from server.gan.inspection.moments import Moment, Told


class Tellers(NamedTuple):
    """Tell the answers, what they cost, its slope, and how a sample comes of its noise; `stops` list its way."""

    answer: Callable[[Moment], Told]
    price: Callable[[Moment], Told]
    slope: Callable[[Moment, Told], list[Formula]]
    sample: Callable[[Moment], Told]
    stops: Callable[[Moment], list[tuple[str, str, list[float]]]]


LONE: Mapping[str, Tellers] = {
    "velocity": Tellers(
        paths.tell_velocity, paths.tell_velocity_price, paths.tell_velocity_slope, paths.tell_way, paths.list_stops
    ),
    "coupling": Tellers(
        couplings.tell_coupling,
        couplings.tell_likelihood,
        couplings.tell_coupling_slope,
        couplings.tell_passage,
        paths.list_stops,
    ),
    "rebuilt": Tellers(
        codes.tell_rebuilt, codes.tell_rebuilt_price, codes.tell_rebuilt_slope, codes.tell_fitted, codes.list_stops
    ),
}


def find_tellers(moment: Moment) -> Tellers:
    """Find those of the moment's loss, whose generator answers no samples."""
    return LONE[moment.trainer.loss.answers]
