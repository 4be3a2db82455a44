"""Branches by themselves, with snapshots that nobody trained."""

from server.engine.course import Course
from server.engine.remote import Place
from server.engine.reports import Position
from server.sessions.branches import Branches
from tests.tools.runs import make_config


def make_branches(*sizes: int, width: int = 300_000) -> Branches:
    """Branches by themselves, each with so many snapshots of `width` bytes, ten steps apart."""
    branches = Branches(1 << 40)
    for number, size in enumerate(sizes):
        place = Place(b"", 0, Position())
        branch = branches.begin(Course.begin(0, make_config().to_json()), place)
        branch.move(Position(step=10 * size))
        for i in range(1, size + 1):
            branch.snapshots.put(10 * i, bytes([number, i % 256, i // 256]) * (width // 3))
    return branches
