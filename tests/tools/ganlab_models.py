"""Models in GAN Lab's file format, made up for a test, and its arithmetic by numpy alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.tools.lab import ROOT

REAL_MODELS = ROOT.parent / "shared" / "data" / "ganlab_models"
"""Models that its own save button wrote, where somebody has put them."""


@dataclass
class Saved:
    """What its two files hold; change any of it, then write it."""

    topology: dict[str, Any]
    weights: dict[str, np.ndarray]
    paths: list[str] = field(default_factory=lambda: ["./saved.weights.bin"])

    def manifest(self) -> dict[str, Any]:
        """The JSON file's content."""
        listed = [{"name": n, "shape": list(w.shape), "dtype": "float32"} for n, w in self.weights.items()]
        return {"modelTopology": self.topology, "weightsManifest": [{"paths": self.paths, "weights": listed}]}

    def content(self) -> bytes:
        """The file of weights."""
        return b"".join(weight.astype("<f4").tobytes() for weight in self.weights.values())

    def write(self, folder: Path) -> Path:
        """Write both files; gives the JSON's."""
        (folder / "saved.weights.bin").write_bytes(self.content())
        file = folder / "saved.json"
        file.write_text(json.dumps(self.manifest()))
        return file


def make_saved(noise: str = "2D Uniform", g_layers: int = 1, d_layers: int = 2, **changes: Any) -> Saved:
    """A model with random weights; its n layers are n + 1."""
    generator = np.random.default_rng(5)
    size, g_width, d_width = int(noise[0]), 5, 7
    weights = {
        f"{prefix}-{2 * layer + part}": generator.normal(0, 0.7, shape)
        for prefix, sizes in (
            ("d", [2, *[d_width] * (d_layers + 1), 1]),
            ("g", [size, *[g_width] * (g_layers + 1), 2]),
        )
        for layer in range(len(sizes) - 1)
        for part, shape in enumerate([(sizes[layer], sizes[layer + 1]), (sizes[layer + 1],)])
    }
    config = {
        "selectedNoiseType": noise, "noiseSize": size,
        "numGeneratorLayers": g_layers, "numDiscriminatorLayers": d_layers,
        "numGeneratorNeurons": g_width, "numDiscriminatorNeurons": d_width,
        "dLearningRate": 0.1, "gLearningRate": 0.03, "dOptimizerType": "SGD", "gOptimizerType": "SGD",
        "lossType": "Log loss", "kDSteps": 3, "kGSteps": 1,
    }  # fmt: skip
    return Saved({"shape_name": "Ring", "iter_count": 812, "config": config | changes}, weights)


def read_saved(file: Path) -> Saved:
    """Read a real model."""
    whole = json.loads(file.read_text())
    listed = whole["weightsManifest"][0]["weights"]
    numbers = np.frombuffer(file.with_suffix(".weights.bin").read_bytes(), "<f4")
    ends = np.cumsum([int(np.prod(facts["shape"])) for facts in listed])
    pieces = np.split(numbers, ends[:-1])
    weights = {facts["name"]: piece.reshape(facts["shape"]) for facts, piece in zip(listed, pieces, strict=True)}
    return Saved(whole["modelTopology"], weights)


def compute_sums(weights: Mapping[str, np.ndarray], prefix: str, points: Any) -> np.ndarray:
    """The last sums of a network of ReLU layers, in float64."""
    parts = [weights[f"{prefix}-{i}"].astype(np.float64) for i in range(sum(n.startswith(prefix) for n in weights))]
    values = np.asarray(points, dtype=np.float64)
    for layer in range(0, len(parts), 2):
        values = (np.maximum(values, 0) if layer else values) @ parts[layer] + parts[layer + 1]
    return values


def generate(saved: Saved, z: Any) -> np.ndarray:
    """G(z) as GAN Lab computes it."""
    return np.asarray(np.tanh(compute_sums(saved.weights, "g", z)))


def classify(saved: Saved, x: Any) -> np.ndarray:
    """D(x) as GAN Lab computes it."""
    return np.asarray(1 / (1 + np.exp(-compute_sums(saved.weights, "d", x)[:, 0])))
