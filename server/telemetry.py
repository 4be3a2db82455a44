"""What an operator sees from outside: counters and histograms of one lab, in the format that Prometheus reads.

Whoever does a thing counts it here; what can be asked at any time (how many sessions are open) is asked when somebody
looks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

from server.tallies import Spread, Tallies

MEDIA_TYPE = CONTENT_TYPE_LATEST
LAG_SECONDS = 0.1
"""So often is the event loop's lag measured."""
SHORT = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 2.0, 4.0)
"""Buckets in seconds for what should take milliseconds."""


class Telemetry:
    """The counters of one lab; each has a registry of its own, so that two labs in a process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._tallies = Tallies()
        self.registry.register(self._tallies)
        self.steps = self._tallies.count("ganlab_steps", "Steps that runs have trained.")
        self.frames = self._tallies.count("ganlab_frames", "Frames that workers have made.")
        self.sent_texts, self.sent_frames = self._tallies.count_each(
            "ganlab_sent_bytes", "Bytes sent over websockets.", "kind", ("text", "frame")
        )
        self.worker_restarts = Counter(
            "ganlab_worker_restarts", "Workers that were lost and replaced.", registry=self.registry
        )
        self.refusals = Counter(
            "ganlab_refusals", "What was refused because a limit was reached.", ["limit"], registry=self.registry
        )
        self.slices = self._time("ganlab_slice_seconds", "How long a worker gave one run before the next one's turn.")
        self.credit_waits = self._time(
            "ganlab_credit_wait_seconds", "From a frame's sending until its page granted the next one."
        )
        self.loop_lag = self._time("ganlab_loop_lag_seconds", "How late the web process's event loop was.")

    def _time(self, name: str, documentation: str) -> Spread:
        return self._tallies.spread(name, documentation, SHORT)

    def ask(self, name: str, documentation: str, find: Callable[[], float]) -> None:
        """Have a number asked for whenever somebody looks."""
        Gauge(name, documentation, registry=self.registry).set_function(find)

    def ask_each(self, name: str, documentation: str, label: str, find: Mapping[str, Callable[[], float]]) -> None:
        """Have numbers asked for, one for each value of a label."""
        gauge = Gauge(name, documentation, [label], registry=self.registry)
        for value, one in find.items():
            gauge.labels(value).set_function(one)

    def tell(self) -> bytes:
        """Give all of it as text of MEDIA_TYPE."""
        return generate_latest(self.registry)

    async def watch_loop(self) -> None:
        """Measure how late the event loop is, until cancelled."""
        while True:
            due = time.monotonic() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self.loop_lag.observe(max(0.0, time.monotonic() - due))
