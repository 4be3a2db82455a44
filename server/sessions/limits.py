"""How large a run may be in this lab, whatever the catalogue allows: the operator's limits, checked at every door."""

from __future__ import annotations

from itertools import pairwise

from server.errors import ConfigError
from server.gan.config import NETWORKS, RunConfig
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
        counts = {name: count_parameters(config, name) for name in NETWORKS}
        if (total := sum(counts.values())) > self._most_parameters:
            larger = max(counts, key=lambda name: counts[name])
            allowed = f"at most {self._most_parameters:,} parameters in both networks together in this lab"
            self._refuse(f"{larger}.width", f"expected {allowed}, got {total:,}; fewer neurons or layers make it less")

    def _refuse(self, key: str, message: str) -> None:
        self._telemetry.refusals.labels(key.rpartition(".")[2]).inc()
        raise ConfigError(key, message)


def count_parameters(config: RunConfig, network: str) -> int:
    """Count the weights and biases of a run's network."""
    noise = int(config.latent.values["dimension"])  # type: ignore[arg-type]  # a number, as every latent declares it
    ends = {"generator": (noise, config.data_dimension), "discriminator": (config.data_dimension, 1)}
    sizes = getattr(config, network).list_sizes(*ends[network])
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))
