"""The catalogue: all registries as plain data, for the page, the command line and the checks of a config."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from server.gan import config
from server.gan.datasets import DATASETS
from server.gan.latents import LATENTS
from server.gan.losses import LOSSES
from server.gan.metrics import METRICS
from server.gan.monitor.symptoms import SYMPTOMS
from server.gan.networks import ACTIVATIONS
from server.gan.optimizers import OPTIMIZERS
from server.gan.presets import PRESETS
from server.gan.registry import Registry

REGISTRIES: dict[str, Registry[Any]] = {
    "datasets": DATASETS,
    "latents": LATENTS,
    "activations": ACTIVATIONS,
    "losses": LOSSES,
    "optimizers": OPTIMIZERS,
    "metrics": METRICS,
    "symptoms": SYMPTOMS,
}


def build_catalog() -> dict[str, Any]:
    """Give every unit's facts, the presets, and how a config is made, as JSON can hold them."""
    catalog: dict[str, Any] = {kind: registry.describe() for kind, registry in REGISTRIES.items()}
    catalog |= {kind: [] for kind in config.LIST_SECTIONS.values()}  # lists in a config whose units are to come
    catalog["run"] = {
        "numbers": [asdict(number) for number in config.RUN_NUMBERS],
        "network": [asdict(number) for number in config.NETWORK_NUMBERS],
        "output": {"type": "choice", **asdict(config.OUTPUTS)},
        "restarting": list(config.RESTARTING),
        "sections": {key: kind for key, (kind, _) in config.UNIT_SECTIONS.items()},
        "defaults": config.check_config({}, catalog).to_json(),
    }
    catalog["presets"] = [preset.describe(catalog) for preset in PRESETS.values()]
    return catalog
