"""How large a run may be in this lab, whatever the catalogue allows: the operator's limits, checked at every door."""

from __future__ import annotations

from server.errors import ConfigError
from server.gan.config import NETWORKS, RunConfig
from server.gan.model_file import count_parameters
from server.settings import Settings
from server.telemetry import Telemetry


class Limits:
    """The limits of `settings`; what they refuse is counted."""

    def __init__(self, settings: Settings, telemetry: Telemetry) -> None:
        self._most_parameters, self._most_points = settings.max_parameters, settings.max_batch
        self._telemetry = telemetry

    def check(self, config: RunConfig) -> None:
        """Let a run in.

        Raises:
            ConfigError: it is larger than this lab allows.
        """
        if config.batch_size > self._most_points:
            self._refuse("batch_size", f"expected at most {self._most_points:,} in this lab, got {config.batch_size:,}")
        counts = count_parameters(config)
        if (total := sum(counts.values())) > self._most_parameters:
            larger = max(NETWORKS, key=lambda name: counts[name])  # an encoder is as wide as the generator
            allowed = f"at most {self._most_parameters:,} parameters in all networks together in this lab"
            self._refuse(f"{larger}.width", f"expected {allowed}, got {total:,}; fewer neurons or layers make it less")

    def _refuse(self, key: str, message: str) -> None:
        self._telemetry.refusals.labels(key.rpartition(".")[2]).inc()
        raise ConfigError(key, message)
