"""A drawing of one's own: the law of GAN Lab's brush, its box, and what is refused of it (P10, F21)."""

from itertools import pairwise
from math import dist

import pytest
import torch

from server.errors import ConfigError
from server.gan.config import describe_changes
from server.gan.datasets import DATASETS, UNIT_SQUARE
from server.gan.datasets.given import FACE, SPACING
from server.gan.randomness import draws_for
from tests.tools.runs import make_config

DRAWING = DATASETS["drawing"]
STROKE = ((0.2, 0.3), (0.5, 0.3), (0.8, 0.3))


def test_p10_a_position_is_chosen_uniformly_and_blurred_by_a_fiftieth_of_the_square() -> None:
    noise = make_config("data.name=drawing").data.values["noise"]
    points = DRAWING(60_000, draws_for(0, 0, "test"), points=STROKE, noise=noise)
    for place in STROKE:
        near = points[(points - torch.tensor(place)).norm(dim=-1) < 0.15]
        assert len(near) == pytest.approx(20_000, abs=600)
        assert near.std(0).tolist() == pytest.approx([0.02, 0.02], rel=0.03)


def test_p10_a_drawing_is_seen_where_it_was_drawn_and_not_moved_to_the_middle() -> None:
    corner = {"points": ((0.1, 0.1),), "noise": 0.02, "units": "lab"}
    assert DRAWING.box(corner) == UNIT_SQUARE


def test_the_default_drawing_has_as_many_positions_on_a_stroke_as_the_stroke_is_long() -> None:
    gaps = [dist(one, other) for one, other in pairwise(FACE)]
    assert sum(gap > 1.2 * SPACING for gap in gaps) == 3
    assert all(gap > 0.8 * SPACING for gap in gaps)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([], "data.points: expected a list of 1 to 20000 points, got a list of 0"),
        ([[0.5, 0.5], [1.5, 0.5]], "data.points.1.0: expected a number from 0 to 1, got 1.5"),
        ([[0.5, -0.1]], "data.points.0.1: expected a number from 0 to 1, got -0.1"),
        ([[0.5]], "data.points.0: expected two numbers, got a list of 1"),
        ([[0.5, float("nan")]], "data.points.0.1: expected a number from 0 to 1, got nan"),
    ],
)
def test_a_drawing_that_cannot_be_is_refused_in_words(points: list[list[float]], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make_config(data={"name": "drawing", "points": points})
    assert str(refused.value) == words


def test_f21_another_seed_keeps_the_drawing() -> None:
    config = make_config(data={"name": "drawing", "points": [list(place) for place in STROKE]})
    assert config.with_seed(7).data.values["points"] == STROKE


def test_a_change_of_the_drawing_counts_its_positions_and_does_not_list_them() -> None:
    one, other = (make_config(data={"name": "drawing", "points": [[x, 0.5]]}) for x in (0.25, 0.75))
    assert describe_changes(one, other) == {"data.points": ("1 point", "1 point")}
