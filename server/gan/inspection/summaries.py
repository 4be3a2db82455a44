"""Tensors in short: range, first rows and histogram, and the layers of a network seen that way.

Shape letters: P parameters, I inputs and O outputs of a layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from server.gan.inspection.answers import Histogram, LayerSummary, Number, ParameterSummary, TensorSummary, View
from server.gan.networks import Network

SHOWN_ROWS, SHOWN_COLUMNS = 5, 4
BINS = 16


def summarise_tensor(name: str, what: str, tensor: Tensor, unit: str = "") -> TensorSummary:
    """Summarise a tensor of a phase; its numbers that are not finite are left out of range, mean and histogram."""
    values = read_values(tensor)
    finite = values[np.isfinite(values)]
    return {
        "name": name,
        "what": what,
        "unit": unit,
        "shape": list(values.shape),
        "minimum": float(finite.min()) if finite.size else None,
        "maximum": float(finite.max()) if finite.size else None,
        "mean": float(finite.mean()) if finite.size else None,
        "rows": _show_rows(values),
        "histogram": _count_values(finite) if values.ndim else None,
    }


def summarise_layers(network: Network, views: Mapping[View, Tensor]) -> list[LayerSummary]:
    """Summarise vectors (P) over a network's parameters, layer by layer."""
    split = {view: [read_values(part) for part in network.split(vector)] for view, vector in views.items()}
    return [
        {
            "name": name_layer(network, layer),
            "weight": {view: _summarise_parameter(parts[2 * layer]) for view, parts in split.items()},
            "bias": {view: _summarise_parameter(parts[2 * layer + 1]) for view, parts in split.items()},
        }
        for layer in range(count_layers(network))
    ]


def count_layers(network: Network) -> int:
    """Count a network's layers, the output layer among them."""
    return len(network.sizes) - 1


def name_layer(network: Network, layer: int) -> str:
    """Name a layer, counted from 0, in words."""
    return "output layer" if layer == count_layers(network) - 1 else f"hidden layer {layer + 1}"


def measure_layers(network: Network, vector: Tensor) -> list[float]:
    """Give the Euclidean norm of each layer's part of a vector (Q): weight, bias and scales together.

    What compares points stands before the last layer, and counts as a part of it.
    """
    parts, count = network.split(vector), 2 * count_layers(network)
    layers = [list(pair) for pair in zip(parts[:count:2], parts[1:count:2], strict=True)]
    layers[-1] += parts[count:]
    for layer, scale in zip(layers, network.split_scales(vector), strict=False):  # the first layers may have scales
        layer.append(scale)
    return [float(np.linalg.norm([np.linalg.norm(read_values(part)) for part in layer])) for layer in layers]


def read_values(tensor: Tensor) -> NDArray[np.float64]:
    """Give a tensor's numbers in double precision, in which every one of them is exact."""
    return tensor.detach().cpu().numpy().astype(np.float64)


def clean_numbers(values: Mapping[str, float]) -> dict[str, Number]:
    """Put None in place of every number that is not finite."""
    return {name: value if isfinite(value) else None for name, value in values.items()}


def clean_list(values: Iterable[float]) -> list[Number]:
    """Put None in place of every number that is not finite."""
    return [value if isfinite(value) else None for value in map(float, values)]


def note_gaps(tensors: Mapping[str, Tensor]) -> list[str]:
    """Say in words which tensors hold numbers that are not finite, and how many."""
    gaps = {name: int((~np.isfinite(read_values(tensor))).sum()) for name, tensor in tensors.items()}
    return [
        f"{name}: {gap} of {tensors[name].numel()} numbers are infinite or not a number"
        for name, gap in gaps.items()
        if gap
    ]


def _summarise_parameter(values: NDArray[np.float64]) -> ParameterSummary:
    finite = values[np.isfinite(values)]
    norm = float(np.linalg.norm(values))
    return {
        "shape": list(values.shape),
        "norm": norm if isfinite(norm) else None,
        "minimum": float(finite.min()) if finite.size else None,
        "maximum": float(finite.max()) if finite.size else None,
        "rows": _show_rows(values),
        "histogram": _count_values(finite),
    }


def _show_rows(values: NDArray[np.float64]) -> list[list[Number]]:
    table = values.reshape(len(values), -1) if values.ndim else values.reshape(1, 1)
    return [clean_list(row) for row in table[:SHOWN_ROWS, :SHOWN_COLUMNS].tolist()]


def _count_values(finite: NDArray[np.float64]) -> Histogram | None:
    """Count values in bins of equal width; where all are equal there is one bin, without width."""
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        return {"edges": [low, high], "counts": [int(finite.size)]}
    counts, edges = np.histogram(finite, BINS, (low, high))
    return {"edges": edges.tolist(), "counts": counts.tolist()}
