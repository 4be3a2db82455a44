"""Models that GAN Lab saved: a JSON file with the configuration and the shapes, a file of little-endian float32.

Format read from what its save button writes (poloclub/ganlab, `demo/ganlab.ts` and the models it ships).
Its "n hidden layers" are n + 1: one from the input, n more of the same width, then the output. The generator ends in a
hyperbolic tangent, the discriminator in a sigmoid, which is in our losses; both work on the unit square, in the data's
own units. Neither an optimizer's memory nor a drawn distribution is in its files.
No torch here: the web process imports this module.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.errors import ConfigError, FileError
from server.gan.config import Catalog, NetworkConfig, RunConfig, check_config
from server.gan.model_file import COUNTERS, Model, check_arrays, expect_shapes

MOST_MANIFEST_BYTES = 64 << 10
MOST_WEIGHTS_BYTES = 4 << 20
MOST_STEP = 2**40
BATCH_SIZE = 150
DATASETS = {"line": "line", "gaussians": "gaussians", "ring": "ring", "disjoint": "disjoint"}
LATENTS = {"Uniform": "unit_uniform", "Gaussian": "truncated"}
LOSSES = {"Log loss": "ganlab_log", "LeastSq loss": "ganlab_least_squares"}
OPTIMIZERS: Mapping[str, Mapping[str, Any]] = {
    "SGD": {"name": "sgd"},
    "Adam": {"name": "adam", "beta1": 0.9, "beta2": 0.999},
}


def read_ganlab_files(file: Path, catalog: Catalog) -> Model:
    """Read a model from its JSON file and the weights beside it, whatever folder the JSON says they are in.

    Raises:
        FileError: one of them cannot be read, or is not what it claims to be.
    """
    manifest = _read_bounded(file, MOST_MANIFEST_BYTES)
    try:
        name = find_weights_name(manifest)
        return read_ganlab_model(manifest, _read_bounded(file.parent / name, MOST_WEIGHTS_BYTES), catalog)
    except FileError as error:
        raise FileError(f"{file.name}: {error}") from None


def find_weights_name(manifest: bytes) -> str:
    """Give the name of the file with the weights, without any folder.

    Raises:
        FileError: this is not a GAN Lab model, or its weights have no name.
    """
    _, group = _read_manifest(manifest)
    paths = group.get("paths")
    if not isinstance(paths, list) or len(paths) != 1 or not isinstance(paths[0], str):
        raise FileError("weightsManifest.0.paths: expected one path")
    name: str = re.split(r"[/\\]", paths[0])[-1]
    if name in ("", ".", "..") or "\0" in name or len(name) > 200:
        raise FileError("weightsManifest.0.paths: expected the name of a file")
    return name


def read_ganlab_model(manifest: bytes, weights: bytes, catalog: Catalog) -> Model:
    """Make a run of the two files' contents, at the model's own step.

    Raises:
        FileError: they are not a GAN Lab model, or do not fit each other.
    """
    topology, group = _read_manifest(manifest)
    config = read_config(topology, catalog)
    step = _whole("modelTopology.iter_count", topology.get("iter_count"), MOST_STEP)
    latent = config.latent.values["dimension"]
    shapes = {
        **_list_shapes("d", config.discriminator, 2, 1),
        **_list_shapes("g", config.generator, int(latent), 2),  # type: ignore[arg-type]  # a checked number
    }
    pieces = _cut_weights(group.get("weights"), weights, shapes)
    arrays: dict[str, NDArray[np.generic]] = {
        "discriminator": np.concatenate([pieces[name].ravel() for name in shapes if name.startswith("d-")]),
        "generator": np.concatenate([pieces[name].ravel() for name in shapes if name.startswith("g-")]),
    }
    for name, shape in expect_shapes(config, catalog).items():
        arrays.setdefault(name, np.zeros(shape, np.float32))
    counts = (step, step * config.d_updates, step * config.g_updates, 0, 0)
    for name, count in zip(COUNTERS, counts, strict=True):
        arrays[name] = np.array(count, np.int64)
    check_arrays(arrays, config, catalog)
    return Model(config, arrays)


def read_config(topology: Mapping[str, Any], catalog: Catalog) -> RunConfig:
    """Translate GAN Lab's configuration.

    Raises:
        FileError: a setting is missing, or has a value that GAN Lab's page cannot give it.
    """
    given = topology.get("config")
    if not isinstance(given, dict):
        raise FileError("modelTopology.config: expected an object")
    shape = topology.get("shape_name")
    data = DATASETS.get(shape.lower()) if isinstance(shape, str) else None
    if data is None:
        known = ", ".join(DATASETS)
        raise FileError(f"modelTopology.shape_name: expected one of {known}; a drawing is not in the file")
    size = _whole("noiseSize", given.get("noiseSize"), 2)
    noise = {f"{size}D {kind}": latent for kind, latent in LATENTS.items()}
    plain = {
        "data": {"name": data, "units": "published"},
        "latent": {"name": _pick("selectedNoiseType", given, noise), "dimension": size},
        "generator": {**_network(given, "Generator"), "output": "tanh"},
        "discriminator": _network(given, "Discriminator"),
        "loss": {"name": _pick("lossType", given, LOSSES)},
        "d_optimizer": {**_pick("dOptimizerType", given, OPTIMIZERS), "learning_rate": given.get("dLearningRate")},
        "g_optimizer": {**_pick("gOptimizerType", given, OPTIMIZERS), "learning_rate": given.get("gLearningRate")},
        "d_updates": given.get("kDSteps"),
        "g_updates": given.get("kGSteps"),
        "batch_size": BATCH_SIZE,
    }
    try:
        return check_config(plain, catalog)
    except ConfigError as error:
        raise FileError(f"modelTopology.config: {error}") from None


def _network(given: Mapping[str, Any], network: str) -> dict[str, Any]:
    layers = _whole(f"num{network}Layers", given.get(f"num{network}Layers"), 5)
    width = _whole(f"num{network}Neurons", given.get(f"num{network}Neurons"), 100)
    return {"hidden_layers": layers + 1, "width": width, "activation": "relu"}


def _list_shapes(prefix: str, network: NetworkConfig, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    """Give the shape of each of a network's arrays, in the order of its layers: weight (I, O), bias (O)."""
    sizes = (inputs, *[network.width] * network.hidden_layers, outputs)
    shapes = [shape for i, o in pairwise(sizes) for shape in ((i, o), (o,))]
    return {f"{prefix}-{i}": shape for i, shape in enumerate(shapes)}


def _cut_weights(
    listed: object, weights: bytes, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, NDArray[np.float32]]:
    """Cut the file of weights into the arrays that the manifest lists, in its order."""
    if not isinstance(listed, list) or len(listed) != len(shapes):
        raise FileError(f"weightsManifest.0.weights: expected a list of {len(shapes)} arrays")
    expected_bytes = 4 * sum(int(np.prod(shape)) for shape in shapes.values())
    if len(weights) != expected_bytes:
        raise FileError(f"expected {expected_bytes} bytes of weights, got {len(weights)}")
    pieces: dict[str, NDArray[np.float32]] = {}
    offset = 0
    for facts in listed:
        name = facts.get("name") if isinstance(facts, dict) else None
        if not isinstance(name, str) or name not in shapes or name in pieces:
            raise FileError(f"weightsManifest.0.weights: expected each of {', '.join(shapes)} once")
        if set(facts) != {"name", "shape", "dtype"} or facts["dtype"] != "float32":
            raise FileError(f"weightsManifest.0.weights: {name}: expected plain float32 numbers")
        if facts["shape"] != list(shapes[name]):
            raise FileError(f"weightsManifest.0.weights: {name}: expected the shape {list(shapes[name])}")
        count = int(np.prod(shapes[name]))
        pieces[name] = np.frombuffer(weights, "<f4", count, offset).astype(np.float32).reshape(shapes[name])
        offset += 4 * count
    return pieces


def _read_manifest(manifest: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the model's description and its one group of weights."""
    if len(manifest) > MOST_MANIFEST_BYTES:
        raise FileError(f"expected at most {MOST_MANIFEST_BYTES} bytes of JSON, got {len(manifest)}")
    try:
        whole = json.loads(manifest)
    except (ValueError, RecursionError):
        raise FileError("expected the JSON that GAN Lab saves, got something else or a part of it") from None
    topology = whole.get("modelTopology") if isinstance(whole, dict) else None
    groups = whole.get("weightsManifest") if isinstance(whole, dict) else None
    if not isinstance(topology, dict):
        raise FileError("modelTopology: expected GAN Lab's description of a model")
    if not isinstance(groups, list) or len(groups) != 1 or not isinstance(groups[0], dict):
        raise FileError("weightsManifest: expected one group of weights")
    return topology, groups[0]


def _read_bounded(file: Path, most: int) -> bytes:
    """Read a whole file, if it is one and not too large."""
    try:
        facts = file.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise FileError(f"{file.name}: expected a file")
        if facts.st_size > most:
            raise FileError(f"{file.name}: expected at most {most} bytes, got {facts.st_size}")
        with file.open("rb") as stream:
            return stream.read(most + 1)
    except OSError as error:
        raise FileError(f"{file.name}: cannot be read: {error.strerror}") from None


def _whole(key: str, value: object, most: int) -> int:
    least = 1 if key.endswith(("Neurons", "Size")) else 0
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise FileError(f"{key}: expected a whole number from {least} to {most}")
    return value


def _pick(key: str, given: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    value = given.get(key)
    if not isinstance(value, str) or value not in options:
        raise FileError(f"{key}: expected one of {', '.join(options)}")
    return options[value]
