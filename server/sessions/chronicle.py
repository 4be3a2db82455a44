"""What is told of a session's present branch: events in its history, of which all its pages are notified."""

from __future__ import annotations

from server.engine.configs import Plain
from server.engine.course import Course
from server.protocol.events import Configured, Floors, Mark, Noticed, Tree, Verdict
from server.protocol.messages import Player
from server.sessions.audience import Audience
from server.sessions.branches import Branches
from server.sessions.requests import Changes
from server.sessions.timeline import UNNUMBERED, Timeline


class Chronicle:
    """Adds events, each with its revision, to the history of the present branch."""

    def __init__(self, branches: Branches, readers: Audience) -> None:
        self.revision = 1
        self._branches, self._readers = branches, readers

    @property
    def timeline(self) -> Timeline:
        """The history of the present branch."""
        return self._branches.current.timeline

    def carry_on(self, newest: int, revision: int, config: Plain, restarted: bool) -> None:
        """Tell the present branch's history from now on, after event number `newest` of another."""
        self.revision = revision
        self.timeline.carry_on(newest, revision)
        self.note_config(config, restarted)
        self.note_tree()

    def note_config(self, config: Plain, restarted: bool = False) -> None:
        """Tell the run's config as it is now."""
        self._add(Configured(event=UNNUMBERED, config=dict(config), revision=self.revision, restarted=restarted))

    def note_tree(self) -> None:
        """Tell the branches as they are now."""
        branches = self._branches
        self._add(
            Tree(
                event=UNNUMBERED,
                revision=self.revision,
                generation=branches.generation,
                current=branches.current.number,
                branches=branches.describe(),
            )
        )

    def note_floors(self, values: dict[str, float]) -> None:
        """Tell what a perfect generator would score."""
        self._add(Floors(event=UNNUMBERED, revision=self.revision, values=values))

    def note_alone(self, player: Player, course: Course) -> None:
        """Mark where a player has begun to learn alone, if that is not marked yet."""
        begun, text = course.find_alone(player), f"{player} alone"
        if begun is not None and (begun, text) not in self.timeline.list_marks():
            self.add_mark(text, begun)

    def note_forgotten(self, names: list[str], step: int) -> None:
        """Mark that branches made room for this one, if any did."""
        if names:
            self.add_mark(f"forgotten to make room: {', '.join(names)}", step)

    def add_mark(self, text: str, step: int, changes: Changes | None = None) -> None:
        """Tell something that the user did at a step."""
        self._add(Mark(event=UNNUMBERED, step=step, revision=self.revision, text=text, changes=changes or {}))

    def note_verdict(self, noticed: Noticed) -> None:
        """Tell what the monitor has noticed, unless it was told already and no setting was changed since.

        A worker that is given a run again knows nothing of what was told of it before.
        """
        for event in reversed(self.timeline.events):
            if isinstance(event, Mark) and event.changes:
                break
            if isinstance(event, Verdict) and event.kind == noticed.kind:
                return
        self._add(Verdict(event=UNNUMBERED, revision=self.revision, **dict(noticed)))

    def _add(self, event: Configured | Floors | Mark | Verdict | Tree) -> None:
        self.timeline.add_event(event)
        self._readers.notify()
