"""What is measured of a run at its whole steps: metrics, and what the monitor makes of them.

Metrics are scored at step 0, at every multiple of METRIC_STEPS, and after a step by hand or in slow motion.
Training does not notice.
"""

from __future__ import annotations

from server.engine.worker.journal import Journal
from server.gan.config import RunConfig
from server.gan.metrics import METRICS, evaluate_metrics
from server.gan.monitor.monitor import Monitor
from server.gan.monitor.vitals import read_run
from server.gan.phases import Diverged
from server.gan.trainer import Trainer
from server.protocol.events import MetricRow
from server.protocol.messages import StopBelow

METRIC_STEPS = 50
SCORED = ("grid_kl", "grid_js", "modes20", "high_quality", "ganlab_kl", "ganlab_js")
METRIC_KEYS = tuple(key for key in SCORED if METRICS[key].cost == "cheap")


class Scores:
    """Measures one run from where it stands on, and remembers what it measured last; elsewhere, another one does."""

    def __init__(self, journal: Journal, config: RunConfig, seen_to: int) -> None:
        """Begin where step `seen_to` was measured before, if it was to be."""
        self.measured_at = seen_to
        self._journal = journal
        self._newest: MetricRow | None = None
        self._monitor = Monitor(config)

    def configure(self, config: RunConfig) -> None:
        """Take in that the run goes on with another config."""
        self._monitor.configure(config)

    def restart_monitor(self) -> None:
        """Let the monitor begin anew: what only one player did says nothing of the game."""
        self._monitor.restart()

    def measure(self, trainer: Trainer) -> None:
        """Measure the whole step that the run stands at."""
        values = evaluate_metrics(trainer, METRIC_KEYS)
        self.measured_at = trainer.state.step
        self._newest = MetricRow(step=self.measured_at, values=values)
        self._journal.add_scores(self._newest)
        if self.measured_at % METRIC_STEPS == 0 and self._monitor.judges:
            self._journal.add_verdicts(self._monitor.take(read_run(trainer, values)))

    def note_failure(self, failure: Diverged) -> None:
        """Take in that the run diverged."""
        self._journal.add_verdicts(self._monitor.take_failure(failure.step, failure.player))

    def find_below(self, stop: StopBelow, step: int) -> float | None:
        """Give the metric of a stop condition, if it was measured at `step` and is under the limit."""
        value = self._newest.values.get(stop.metric) if self._newest and self._newest.step == step else None
        return value if value is not None and value < stop.below else None
