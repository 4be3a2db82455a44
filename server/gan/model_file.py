"""A saved model: one safetensors file with a run's state, its config, its step and its last scalars.

The tensors are those of a packed state, so the engine takes the file as it is; what they must be follows from the
config, and is checked before anybody trusts them.
No torch here: the web process imports this module.
Shape letters: P parameters of a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

from server.errors import ConfigError, FileError
from server.gan.config import Catalog, NetworkConfig, RunConfig, check_config
from server.gan.tensor_file import Arrays, Kind, read_tensors, write_tensors

MOST_BYTES = 16 << 20
"""More than the largest networks take, with two memories of each for Adam."""
KIND = Kind("saved model", "ganlab-model", 1, MOST_BYTES, 4 << 20, frozenset({"F32", "I64"}))
MOST_COUNT = 2**53
COUNTERS = ("step", "d_updates", "g_updates", "d_optimizer_steps", "g_optimizer_steps")
PLAYERS = {"d": "discriminator", "g": "generator"}


@dataclass(frozen=True, slots=True)
class Model:
    """A run at one moment: `arrays` are its packed state's tensors and counters, `scalars` its last losses."""

    config: RunConfig
    arrays: Arrays
    scalars: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def counters(self) -> dict[str, int]:
        """The step, and how often each player and its optimizer were updated."""
        return {name: int(self.arrays[name]) for name in COUNTERS}

    @property
    def packed(self) -> bytes:
        """The state as `RunState.unpack` and the engine take it."""
        return save({name: np.asarray(array, order="C") for name, array in self.arrays.items()})


def build_model(config: RunConfig, packed: bytes, scalars: Mapping[str, float | None] | None = None) -> Model:
    """Make a model of a config and a state that `RunState.pack` packed."""
    return Model(config, load(packed), scalars or {})


def write_model(model: Model) -> bytes:
    """Give the model as the bytes of a file; equal models give equal bytes."""
    told = {
        "config": model.config.to_json(),
        "step": model.counters["step"],
        "seed": model.config.seed,
        "scalars": dict(model.scalars),
    }
    return write_tensors(KIND, told, model.arrays)


def write_file(file: Path, content: bytes) -> None:
    """Write a file.

    Raises:
        FileError: it cannot be written.
    """
    try:
        file.write_bytes(content)
    except OSError as error:
        raise FileError(f"{file}: cannot be written: {error.strerror}") from None


def read_model(content: bytes, catalog: Catalog) -> Model:
    """Read what `write_model` wrote.

    Raises:
        FileError: it is not a saved model, or its parts do not fit each other.
    """
    told, arrays = read_tensors(KIND, content)
    try:
        config = check_config(told.get("config"), catalog)
    except ConfigError as error:
        raise FileError(f"the model's config: {error}") from None
    check_arrays(arrays, config, catalog)
    if told.get("step") != int(arrays["step"]):
        raise FileError(f"expected a model at step {int(arrays['step'])}, got one that says step {told.get('step')!r}")
    return Model(config, arrays, _read_scalars(told.get("scalars")))


def check_arrays(arrays: Arrays, config: RunConfig, catalog: Catalog) -> None:
    """Check that the arrays are a state of the config.

    Raises:
        FileError: one is missing, has another shape or type, is not finite or beyond what a run reaches; the text names
            it.
    """
    expected = expect_shapes(config, catalog)
    for name in dict.fromkeys((*COUNTERS, *expected, *arrays)):
        if name not in arrays:
            raise FileError(f"expected a saved model, got a file without {name}")
        array = arrays[name]
        if name in COUNTERS:
            if array.dtype != np.int64 or array.shape != () or not 0 <= int(array) <= MOST_COUNT:
                raise FileError(f"{name}: expected a whole number from 0 to {MOST_COUNT}")
        elif name not in expected:
            raise FileError(f"expected the parts of the model that its config describes, got {name[:60]!r} too")
        elif array.dtype != np.float32 or array.shape != expected[name]:
            raise FileError(
                f"{name}: expected float32 of shape {list(expected[name])}, got {array.dtype} of {list(array.shape)}"
            )
        elif not np.isfinite(array).all():
            raise FileError(f"{name}: expected finite numbers, got some that are infinite or not a number")
    for name, (least, most) in _list_limits(config, catalog).items():
        if not least <= (number := float(arrays[name][0])) <= most:
            raise FileError(f"{name}: expected a number from {least} to {most}, got {number:g}")


def _list_limits(config: RunConfig, catalog: Catalog) -> dict[str, tuple[float, float]]:
    """Give the least and the most of each number that a technique remembers, by its name in a state."""
    known = {facts["key"]: facts["limits"] for facts in catalog["techniques"]}
    return {
        f"technique.{unit.name}.{slot}": tuple(ends)
        for unit in config.techniques
        for slot, ends in known[unit.name].items()
    }


def expect_shapes(config: RunConfig, catalog: Catalog) -> dict[str, tuple[int]]:
    """Give the shape of each array of a state: the networks' parameters (P,), and what the units remember."""
    slots = {facts["key"]: facts["slots"] for facts in catalog["optimizers"]}
    counts = count_parameters(config)
    shapes = {network: (count,) for network, count in counts.items()}
    for player, network in PLAYERS.items():
        names = slots[getattr(config, f"{player}_optimizer").name]
        shapes |= {f"{player}_optimizer.{name}": shapes[network] for name in names}
        if player == "g" and config.encoder:
            shapes |= {f"g_optimizer.encoder.{name}": shapes["encoder"] for name in names}
        if player == "g" and (count := _count_centres(config, catalog)):
            shapes |= {"means": (count,), **{f"g_optimizer.means.{name}": (count,) for name in names}}
    return shapes | _expect_extras(config, catalog, {name: shapes[name] for name in PLAYERS.values()})


def _count_centres(config: RunConfig, catalog: Catalog) -> int:
    """Count the coordinates of the noise's centres, where a run trains them: 0 where it does not."""
    latent, values = (
        next(unit for unit in catalog["latents"] if unit["key"] == config.latent.name),
        config.latent.values,
    )
    return int(values["components"]) * int(values["dimension"]) if latent["learned_code"] else 0  # type: ignore[arg-type]  # checked


def _expect_extras(config: RunConfig, catalog: Catalog, networks: Mapping[str, tuple[int]]) -> dict[str, tuple[int]]:
    """Give the shapes of what regularizers and techniques remember."""
    regularizers = {facts["key"]: facts for facts in catalog["regularizers"]}
    slots = {facts["key"]: facts["slots"] for facts in catalog["techniques"]}
    neurons = config.discriminator.hidden_layers * config.discriminator.width + 1
    hidden = config.generator.hidden_layers * config.generator.width
    points = int(config.data.values["size"]) * config.data_dimension  # type: ignore[arg-type]  # checked
    sizes = {**networks, "d_neurons": (neurons,), "g_neurons": (hidden,), "number": (1,), "data": (points,)}
    shapes: dict[str, tuple[int]] = {}
    for unit in config.regularizers:
        for name in regularizers[unit.name]["averages"]:
            shapes |= {f"regularizer.{unit.name}.{name}{end}": (1,) for end in ("", "_weight")}
        for name in regularizers[unit.name]["histories"]:
            shapes |= {f"regularizer.{unit.name}.{name}": networks[name], f"regularizer.{unit.name}.{name}_count": (1,)}
    read = config.data_dimension + config.discriminator.beside
    for unit in config.regularizers:
        if length := regularizers[unit.name].get("remembers"):
            for player in regularizers[unit.name]["players"]:
                name = f"regularizer.{unit.name}.{player}"
                shapes |= {name: (length * read,), f"{name}_count": (1,)}
    for unit in config.techniques:
        shapes |= {f"technique.{unit.name}.{slot}": sizes[source] for slot, source in slots[unit.name].items()}
    return shapes


def count_parameters(config: RunConfig) -> dict[str, int]:
    """Count what each network of a run trains, an encoder too where there is one, and the codes of its data."""
    latent, point = int(config.latent.values["dimension"]), config.data_dimension  # type: ignore[arg-type]  # checked
    counts = {
        "generator": _count_network(config.generator, latent, point),
        "discriminator": _count_network(config.discriminator, point, 1),
    }
    if config.encoder:
        counts["encoder"] = _count_network(config.encoder, point, latent)
    if config.has_codes:
        counts["codes"] = int(config.data.values["size"]) * latent  # type: ignore[arg-type]  # checked
    return counts


def _count_network(network: NetworkConfig, inputs: int, outputs: int) -> int:
    """Count a perceptron's weights and biases, its neurons' scales and what compares points, where it has such."""
    sizes = network.list_sizes(inputs, outputs)
    plain = sum((i + 1) * o for i, o in pairwise(sizes)) + sum(sizes[1 : network.scaled + 1])
    kernels, size = network.crowd or (0, 0)
    return plain + kernels * (outputs + sizes[-2] * size)


def _read_scalars(given: object) -> dict[str, float | None]:
    if not isinstance(given, dict) or not set(given) <= {"d_loss", "g_loss"}:
        raise FileError("scalars: expected the last d_loss and g_loss")
    for name, value in given.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value)):
            raise FileError(f"scalars.{name}: expected a finite number")
    return given
