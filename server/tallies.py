"""Counters and histograms that take next to nothing to count, for what happens hundreds of times a second.

Those of the Prometheus library take a lock and half a dozen calls each: they made a tenth of what a frame costs the
web process. These belong to one event loop, and become the library's when somebody looks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class Tally:
    """A number that only grows; `tally.count += 1` counts."""

    def __init__(self) -> None:
        self.count = 0


class Spread:
    """How often something had which size: `edges` are the buckets' upper ends, ascending."""

    def __init__(self, edges: Sequence[float]) -> None:
        self.edges = edges
        self._counts = [0] * (len(edges) + 1)
        self._sum = 0.0

    def observe(self, size: float) -> None:
        """Count one of that size."""
        self._counts[bisect_left(self.edges, size)] += 1
        self._sum += size

    def describe(self, name: str, documentation: str) -> Metric:
        """Give it as Prometheus has it: each bucket with all that is smaller, too."""
        ends = [*map(floatToGoString, self.edges), "+Inf"]
        counted = list(zip(ends, accumulate(self._counts), strict=True))
        return HistogramMetricFamily(name, documentation, buckets=counted, sum_value=self._sum)


class Tallies(Collector):
    """All of them, by name, for a registry to ask."""

    def __init__(self) -> None:
        self._spreads: list[tuple[str, str, Spread]] = []
        self._tallies: list[tuple[str, str, str, Mapping[str, Tally]]] = []

    def count(self, name: str, documentation: str) -> Tally:
        """Make a counter."""
        tally = Tally()
        self._tallies.append((name, documentation, "", {"": tally}))
        return tally

    def count_each(self, name: str, documentation: str, label: str, values: Sequence[str]) -> list[Tally]:
        """Make a counter for each value of a label."""
        tallies = {value: Tally() for value in values}
        self._tallies.append((name, documentation, label, tallies))
        return list(tallies.values())

    def spread(self, name: str, documentation: str, edges: Sequence[float]) -> Spread:
        """Make a histogram."""
        spread = Spread(edges)
        self._spreads.append((name, documentation, spread))
        return spread

    def collect(self) -> Iterable[Metric]:
        """Give what was counted until now."""
        for name, documentation, label, tallies in self._tallies:
            family = CounterMetricFamily(name, documentation, labels=[label] if label else [])
            for value, tally in tallies.items():
                family.add_metric([value] if label else [], tally.count)
            yield family
        for name, documentation, spread in self._spreads:
            yield spread.describe(name, documentation)
