"""A run's history: scalars for the charts, and what the user did, each event with its number.

Numbers are counted from 1 over the whole session. A page says which number it has seen last, and is sent what came
after it; so a page that reads slowly gets fewer, longer messages, and nothing is kept for it in the meantime.
Memory is bounded: beyond MOST_ROWS rows the newest stay whole, and of the older ones every second, fourth, eighth
step is kept, the same over the whole run, so that a chart never loses its beginning.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from math import isnan, nan
from typing import Any

from server.protocol.events import Configured, Floors, Mark, MetricRow, Scalars, Tree, Verdict

MOST_ROWS = 20_000
MOST_METRIC_ROWS = 4_000
MOST_MARKS = 1_000
UNNUMBERED = 0
"""The number of an event that is not in a timeline yet."""

Kept = Configured | Floors | Mark | Verdict | Tree
LASTING = (Mark, Verdict)
"""Events of a step, all of which are kept; of the other kinds there is the newest one only."""
Event = Kept | Scalars


class Timeline:
    """The history of one branch, as it is sent in the present revision."""

    def __init__(self) -> None:
        self.newest = 0
        self.revision = 1
        self._begun_at = 0
        self._numbers, self._steps = array("q"), array("q")
        self._d_loss, self._g_loss = array("d"), array("d")
        self._metrics: list[tuple[int, MetricRow]] = []
        self._row_stride = self._metric_stride = 1
        self._events: list[Kept] = []

    def __len__(self) -> int:
        return len(self._steps)

    @classmethod
    def restore(
        cls,
        columns: tuple[array[int], array[float], array[float]],
        metrics: Iterable[MetricRow],
        events: Iterable[Kept],
        strides: tuple[int, int],
    ) -> Timeline:
        """Have a history again that was kept: see `columns`, `metrics`, `events` and `strides`."""
        restored = cls()
        restored._steps, restored._d_loss, restored._g_loss = columns
        restored._numbers = array("q", [restored.newest] * len(restored._steps))
        restored._metrics = [(restored.newest, row) for row in metrics]
        restored._row_stride, restored._metric_stride = strides
        for event in events:
            restored.add_event(event)
        return restored

    @property
    def columns(self) -> tuple[array[int], array[float], array[float]]:
        """The steps, and their losses; not a number where a player did not play."""
        return self._steps, self._d_loss, self._g_loss

    @property
    def metrics(self) -> list[MetricRow]:
        """The metrics of the steps that were scored."""
        return [row for _, row in self._metrics]

    @property
    def events(self) -> tuple[Kept, ...]:
        """What is kept beside the rows, in order."""
        return tuple(self._events)

    @property
    def strides(self) -> tuple[int, int]:
        """Of which steps the older rows are kept: losses, metrics."""
        return self._row_stride, self._metric_stride

    def carry_on(self, newest: int, revision: int) -> None:
        """Be sent whole, after event number `newest`, to the pages that show another history so far."""
        self.revision, self._begun_at, self.newest = revision, newest + 1, newest + 1
        self._numbers = array("q", [self.newest] * len(self._numbers))
        self._metrics = [(self.newest, row) for _, row in self._metrics]
        events, self._events = self._events, []
        for event in events:
            self.add_event(event.model_copy(update={"revision": revision}))

    def cut(self, step: int) -> Timeline:
        """Give the history up to `step`, for a branch that leaves there."""
        cut = Timeline()
        cut.newest, cut.revision, cut._begun_at = self.newest, self.revision, self._begun_at
        end = bisect_right(self._steps, step)
        cut._numbers, cut._steps = self._numbers[:end], self._steps[:end]
        cut._d_loss, cut._g_loss = self._d_loss[:end], self._g_loss[:end]
        cut._metrics = [(number, row) for number, row in self._metrics if row.step <= step]
        cut._row_stride, cut._metric_stride = self._row_stride, self._metric_stride
        cut._events = [event for event in self._events if not isinstance(event, LASTING) or event.step <= step]
        return cut

    def add_event(self, event: Kept) -> None:
        """Give the event its number and add it; of all but what lasts, only the newest of its kind is kept."""
        self.newest += 1
        event = event.model_copy(update={"event": self.newest})
        if not isinstance(event, LASTING):
            self._events = [one for one in self._events if type(one) is not type(event)]
        self._events.append(event)
        lasting = sum(isinstance(one, LASTING) for one in self._events)
        if lasting > MOST_MARKS:
            self._events.remove(next(one for one in self._events if isinstance(one, LASTING)))

    def add_rows(
        self,
        steps: tuple[int, ...],
        d_loss: tuple[float | None, ...],
        g_loss: tuple[float | None, ...],
        metrics: tuple[MetricRow, ...],
    ) -> None:
        """Add rows of scalars, in order; together they are one event."""
        self.newest += 1
        self._numbers.extend([self.newest] * len(steps))
        self._steps.extend(steps)
        self._d_loss.extend([nan if loss is None else loss for loss in d_loss])
        self._g_loss.extend([nan if loss is None else loss for loss in g_loss])
        self._metrics.extend([(self.newest, row) for row in metrics])
        if len(self._steps) > MOST_ROWS:
            kept, self._row_stride = choose_kept(self._steps, MOST_ROWS, self._row_stride)
            self._numbers, self._steps = (array("q", (c[i] for i in kept)) for c in (self._numbers, self._steps))
            self._d_loss, self._g_loss = (array("d", (c[i] for i in kept)) for c in (self._d_loss, self._g_loss))
        if len(self._metrics) > MOST_METRIC_ROWS:
            scored = [row.step for _, row in self._metrics]
            kept, self._metric_stride = choose_kept(scored, MOST_METRIC_ROWS, self._metric_stride)
            self._metrics = [self._metrics[i] for i in kept]

    def list_marks(self) -> list[tuple[int, str]]:
        """Give the step and the text of each mark."""
        return [(event.step, event.text) for event in self._events if isinstance(event, Mark)]

    def find_losses(self, step: int) -> dict[str, float | None]:
        """Give the losses of a step, as far as they are known."""
        if step not in self._steps:
            return {}
        row = self._steps.index(step)
        d_loss, g_loss = _read_losses(array("d", (self._d_loss[row], self._g_loss[row])))
        return {"d_loss": d_loss, "g_loss": g_loss}

    def describe_scalars(self) -> dict[str, Any]:
        """Give all rows as plain data: steps and losses by columns, and the metrics row by row."""
        return {
            "steps": self._steps.tolist(),
            "d_loss": _read_losses(self._d_loss),
            "g_loss": _read_losses(self._g_loss),
            "metrics": [row.model_dump() for _, row in self._metrics],
        }

    def resume_after(self, seen: int) -> int:
        """Give the number after which a page that has seen `seen` goes on; 0: from the beginning."""
        return seen if self._begun_at <= seen <= self.newest else 0

    def list_after(self, seen: int) -> Iterator[Event]:
        """Give what came after number `seen`, in order; rows that follow each other come as one message."""
        later = sorted((event for event in self._events if event.event > seen), key=lambda event: event.event)
        for event in later:
            yield from self._list_rows(seen, event.event - 1)
            yield event
            seen = event.event
        yield from self._list_rows(seen, self.newest)

    def _list_rows(self, after: int, until: int) -> Iterator[Scalars]:
        first, last = bisect_right(self._numbers, after), bisect_right(self._numbers, until)
        metrics = tuple(row for _, row in self._metrics[self._find_metric(after) : self._find_metric(until)])
        if first < last or metrics:
            yield Scalars(
                event=until,
                revision=self.revision,
                steps=tuple(self._steps[first:last]),
                d_loss=_read_losses(self._d_loss[first:last]),
                g_loss=_read_losses(self._g_loss[first:last]),
                metrics=metrics,
            )

    def _find_metric(self, number: int) -> int:
        return bisect_right(self._metrics, number, key=lambda numbered: numbered[0])


def choose_kept(steps: Sequence[int], most: int, stride: int) -> tuple[list[int], int]:
    """Choose which of the ascending `steps` to keep, by index: at most three quarters of `most`.

    The newest quarter of `most` stays whole; of the older ones the multiples of a stride, doubled until they are few.
    """
    tail = len(steps) - most // 4
    while len(kept := [i for i in range(tail) if steps[i] % stride == 0]) > most // 2:
        stride *= 2
    return [*kept, *range(tail, len(steps))], stride


def _read_losses(column: array[float]) -> tuple[float | None, ...]:
    return tuple([None if isnan(loss) else loss for loss in column])
