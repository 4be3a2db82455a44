"""Formulas as an inspection tells them: in symbols, with numbers, and in a sentence.

Shape letters: N examples, I inputs and O outputs of a layer.
In a network h is a neuron's sum and a what its activation makes of it; the first layer's inputs are z or the point.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log1p

import torch
from torch import Tensor

from server.gan.activations import Activation
from server.gan.datasets import LAB_HALF_EXTENT
from server.gan.inspection.answers import Formula
from server.gan.inspection.summaries import count_layers, name_layer
from server.gan.networks import Network, Trace
from server.gan.phases import Learner
from server.gan.trainer import Trainer
from server.gan.worked import Line, write_number, write_numbers, write_symbols, write_vector

WRITTEN_OUT = 4
"""A sum of at most so many products is written out."""


@dataclass(frozen=True)
class Notation:
    """How a network's formulas are written: its `letter`, what goes `into` it, a name for each of its `outputs`."""

    letter: str
    into: str
    outputs: tuple[str, ...]

    def mark(self, layer: int) -> str:
        """Write which layer a symbol belongs to, counted from 0: (G1) is the generator's first."""
        return mark_layer(self.letter, layer)


def notate(trainer: Trainer, network: Learner) -> Notation:
    """Choose the letters of a network; a point with more beside it has a capital one."""
    point = name_point(trainer)
    if network == "generator":
        return Notation("G", "z", list_coordinates(trainer))
    return Notation("D", point.upper() if trainer.craft.widens else point, ("d",))


def name_point(trainer: Trainer) -> str:
    """Name a point as the networks have it: u in lab units where they are not the published ones, x."""
    return "x" if trainer.source.box.is_lab else "u"


def list_coordinates(trainer: Trainer) -> tuple[str, ...]:
    """Name the coordinates of a point as the networks have it."""
    return tuple(f"{name_point(trainer)}_{i}" for i in range(1, trainer.source.data_dimension + 1))


def mark_layer(letter: str, layer: int) -> str:
    """Write which layer of which network a symbol belongs to; the layer is counted from 0."""
    return f"^{{({letter}{layer + 1})}}"


def tell_lab_units(trainer: Trainer, point: Sequence[float], published: Sequence[float]) -> list[Formula]:
    """Tell how a point of the networks' units becomes one of the page's, where they differ."""
    if trainer.source.box.is_lab:
        return []
    centre, half_extent = trainer.source.box
    scale = write_number(half_extent / LAB_HALF_EXTENT)
    numbers = rf"{write_vector(centre)} + {scale} \cdot {write_vector(point)}"
    return [
        {
            "latex": r"x = c + \frac{r}{3}\, u",
            "latex_numbers": f"x = {numbers} = {write_vector(published)}",
            "meaning": "The networks work in lab units u, in which every data set is equally large; the page shows x.",
        }
    ]


def tell(line: Line, symbols: Mapping[str, str], numbers: Mapping[str, float]) -> Formula:
    """Write a line in symbols, and again with numbers and what comes out."""
    left, right = symbols[line.result], write_numbers(line.template, numbers)
    return {
        "latex": f"{left} = {write_symbols(line.template, symbols)}",
        "latex_numbers": f"{left} = {right} = {write_number(numbers[line.result])}",
        "meaning": line.meaning,
    }


def tell_neuron(
    network: Network, parts: list[Tensor], trace: Trace, layer: int, row: int, notation: Notation
) -> tuple[list[Formula], dict[str, float]]:
    """Work out one neuron of a layer for one example: its sum, and what its activation makes of it.

    Of a hidden layer it is the neuron with the largest sum, of the output layer the first.
    """
    last = layer == count_layers(network) - 1
    sums = trace.sums[layer][row]
    neuron = 0 if last else int(sums.argmax())
    inputs, column = trace.inputs[layer][row].tolist(), parts[2 * layer][:, neuron].tolist()
    numbers = {"sum": sums[neuron].item(), "bias": parts[2 * layer + 1][neuron].item()}
    symbols = _name_symbols(network, layer, neuron, len(inputs), notation)
    line = _describe_sum(layer, inputs, column, numbers, f"{name_layer(network, layer)}, neuron {neuron + 1}")
    activation = network.output if last else network.activation
    if last and activation is None:
        symbols["sum"] = notation.outputs[neuron]
    elif last:
        symbols["activation"] = notation.outputs[neuron]
    told = [tell(line, symbols, numbers)]
    if activation is not None:
        values = trace.outputs[row] if last else activation.function(sums)
        numbers["activation"] = values[neuron].item()
        told.append(tell(describe_activation(activation), symbols, numbers))
        if network.norm and not last:
            numbers |= {"normed": trace.inputs[layer + 1][row, neuron].item(), "square": values.square().mean().item()}
            told.append(tell(PIXEL_NORM, symbols, numbers))
    return told, {**numbers, "neuron": neuron + 1}


def describe_activation(activation: Activation) -> Line:
    """Give an activation's line: its formula, with the neuron's sum for h."""
    return Line("activation", re.sub(r"\bh\b", "<sum>", activation.formula), activation.help)


def explain_functions(template: str, numbers: Mapping[str, float]) -> list[Formula]:
    """Explain sp and sigma where a template uses them, with the number that stands in the first of them."""
    told = []
    for function, (line, value) in FUNCTIONS.items():
        found = re.search(re.escape(function) + r"\((-?)<(\w+)>(?: - <(\w+)>)?\)", template)
        if found:
            h = -numbers[found[2]] if found[1] else numbers[found[2]]
            h -= numbers[found[3]] if found[3] else 0.0
            inner = {"h": h, "value": value(h)}
            formula = tell(line, {"h": "h", "value": f"{function}(h)"}, inner)
            formula["latex_numbers"] = formula["latex_numbers"].replace("(h)", f"({write_number(h)})", 1)
            told.append(formula)
    return told


def softplus(h: float) -> float:
    """Compute ln(1 + e^h) without overflow."""
    return max(h, 0.0) + log1p(exp(-abs(h)))


def sigmoid(h: float) -> float:
    """Compute 1 / (1 + e^-h) without overflow."""
    return 1 / (1 + exp(-h)) if h >= 0 else exp(h) / (1 + exp(h))


SIGMOID = Line("value", r"\frac{1}{1 + e^{-<h>}}", "The sigmoid turns a score into a probability between 0 and 1.")
SOFTPLUS = Line(
    "value", r"\ln(1 + e^{<h>})", "Softplus: nearly 0 for a very negative number, nearly h for a large one."
)
PIXEL_NORM = Line(
    "normed",
    r"\frac{<activation>}{\sqrt{<square> + 10^{-8}}}",
    "Pixel norm: the answer is divided by the root of the mean square of all the layer's answers to this example.",
)
FUNCTIONS = {r"\mathrm{sp}": (SOFTPLUS, softplus), r"\sigma": (SIGMOID, sigmoid)}


def _describe_sum(layer: int, inputs: list[float], column: list[float], numbers: dict[str, float], who: str) -> Line:
    """Give the line of a neuron's sum, and put its quantities among the numbers."""
    meaning = f"{who[0].upper()}{who[1:]}: every input times its weight, added up, and the neuron's bias on top."
    if len(inputs) > WRITTEN_OUT:
        numbers["dot"] = torch.dot(torch.tensor(inputs).double(), torch.tensor(column).double()).item()
        return Line("sum", "<dot> + <bias>", meaning)
    for i, (value, weight) in enumerate(zip(inputs, column, strict=True), 1):
        numbers |= {f"input_{i}": value, f"weight_{i}": weight}
    products = (rf"<input_{i}> \cdot <weight_{i}>" for i in range(1, len(inputs) + 1))
    return Line("sum", " + ".join((*products, "<bias>")), meaning)


def name_answers(network: Network, notation: Notation, layer: int) -> str:
    """Name what a hidden layer hands on: with a hat where something stands behind its activation.

    Behind the last one, where points are compared, it is c: the answers, and how like its company the point is.
    """
    if network.crowd and layer == len(network.sizes) - 3:
        return "c" + notation.mark(layer)
    return (r"\hat{a}" if network.norm else "a") + notation.mark(layer)


def name_entry(vector: str, number: str) -> str:
    """Name an entry of a vector, which may have an index of its own: `z_{1}`, and `z_{k,1}` of `z_k`."""
    name, _, index = vector.partition("_")
    return f"{name}_{{{index},{number}}}" if index else f"{vector}_{{{number}}}"


def _name_symbols(network: Network, layer: int, neuron: int, inputs: int, notation: Notation) -> dict[str, str]:
    at = notation.mark(layer)
    into = notation.into if layer == 0 else name_answers(network, notation, layer - 1)
    symbols = {f"input_{i}": name_entry(into, str(i)) for i in range(1, inputs + 1)}
    symbols |= {f"weight_{i}": f"W{at}_{{{i},{neuron + 1}}}" for i in range(1, inputs + 1)}
    products = rf"\sum_{{j=1}}^{{{inputs}}} {name_entry(into, 'j')} \cdot W{at}_{{j,{neuron + 1}}}"
    return symbols | {
        "dot": products,
        "bias": f"b{at}_{{{neuron + 1}}}",
        "sum": f"h{at}_{{{neuron + 1}}}",
        "activation": f"a{at}_{{{neuron + 1}}}",
        "normed": rf"\hat{{a}}{at}_{{{neuron + 1}}}",
        "square": rf"\overline{{a{at} \cdot a{at}}}",
    }
