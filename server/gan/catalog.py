"""The catalogue: all registries as plain data, for the page, the command line and the checks of a config."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from server.gan import config
from server.gan.activations import ACTIVATIONS
from server.gan.datasets import DATASETS
from server.gan.initialisation import INITS
from server.gan.latents import LATENTS
from server.gan.losses import LOSSES
from server.gan.metrics import METRICS
from server.gan.monitor.symptoms import SYMPTOMS
from server.gan.optimizers import OPTIMIZERS
from server.gan.presets import PRESETS
from server.gan.registry import Registry
from server.gan.regularizers import REGULARIZERS
from server.gan.techniques import TECHNIQUES

REGISTRIES: dict[str, Registry[Any]] = {
    "datasets": DATASETS,
    "latents": LATENTS,
    "activations": ACTIVATIONS,
    "inits": INITS,
    "losses": LOSSES,
    "regularizers": REGULARIZERS,
    "techniques": TECHNIQUES,
    "optimizers": OPTIMIZERS,
    "metrics": METRICS,
    "symptoms": SYMPTOMS,
}


def build_catalog() -> dict[str, Any]:
    """Give every unit's facts, the presets, and how a config is made, as JSON can hold them."""
    catalog: dict[str, Any] = {kind: registry.describe() for kind, registry in REGISTRIES.items()}
    catalog["run"] = {
        "numbers": [asdict(number) for number in config.RUN_NUMBERS],
        "network": [asdict(number) for number in config.NETWORK_NUMBERS],
        "output": {"type": "choice", **asdict(config.OUTPUTS)},
        "init": {"type": "choice", **asdict(config.describe_init(catalog["inits"]))},
        "init_gain": {"type": "number", **asdict(config.INIT_GAIN)},
        "restarting": list(config.RESTARTING),
        "sections": {key: kind for key, (kind, _) in config.UNIT_SECTIONS.items()},
        "defaults": config.check_config({}, catalog).to_json(),
    }
    catalog["presets"] = [preset.describe(catalog) for preset in PRESETS.values()]
    return catalog
