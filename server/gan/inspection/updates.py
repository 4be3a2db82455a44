"""The phases backward and update, told with the numbers of a moment.

Shape letters: N examples, P parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import sqrt
from typing import NamedTuple

import torch

from server.gan.inspection import snippets
from server.gan.inspection.answers import Formula
from server.gan.inspection.chains import tell_chain, tell_direct_slope
from server.gan.inspection.formulas import mark_layer, tell
from server.gan.inspection.lone import find_tellers
from server.gan.inspection.moments import Moment, Sort, Told
from server.gan.inspection.penalties import find_penalties
from server.gan.inspection.slopes import tell_own_slope
from server.gan.inspection.summaries import count_layers, measure_layers, name_layer, read_values, summarise_layers
from server.gan.inspection.tellers import LOGIT_SYMBOLS, SAMPLE_WORDS
from server.gan.networks import Network
from server.gan.phases import Learner
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from server.gan.worked import Line, write_number

PARAMETER: Mapping[Learner, str] = {"discriminator": r"\phi", "generator": r"\theta"}
"""What a player's weights and biases are called."""
SYMBOLS: Mapping[str, str] = {
    "gradient": "g_t",
    "learning_rate": r"\eta",
    "set_rate": r"\eta_{\text{set}}",
    "factor": "f",
    "epsilon": r"\epsilon",
    "t": "t",
}
"""Those that every optimizer's lines share, whoever learns."""
MOVE = Line("weight", "<weight_before> + <change>", "The change is added to the weight.")
AHEAD = "The change is added to the weight, only to look ahead: this move is taken back."
BACK = "The change is added to the weight as it was before the look ahead."


class Place(NamedTuple):
    """Where a parameter stands in its network, in words and as a symbol."""

    words: str
    symbol: str


def tell_backward(moment: Moment) -> Told:
    """Tell how the loss's slope comes back from the scores to the weights, and how long the gradient is."""
    network, gradient = moment.network(moment.player), moment.known["gradient"]
    told = Told(moment.subject, snippets.write_backward(moment.trainer, moment.player))
    told.layers = summarise_layers(network, {"gradient": gradient})
    sorts: tuple[Sort, ...] = ("real", "fake")
    for sort in sorts:
        if f"{sort}_logit_gradient" in moment.known:
            own = moment.known[f"{sort}_logit_gradient"][moment.row].item() * moment.count
            told.formula += [*tell_own_slope(moment, sort, own), _tell_logit_gradient(moment, told, sort)]
    if "slope" in moment.known:
        judged = moment.trainer.loss.is_game and not moment.trainer.craft.foresight
        tell_slope = tell_chain if judged else tell_direct_slope
        told.formula += tell_slope(moment, told)
    if not moment.trainer.loss.makes_points:
        told.formula += find_tellers(moment).slope(moment, told)
    told.formula.append(_tell_output_bias(moment, told))
    told.formula.append(_tell_norm(moment, told))
    return told


def tell_update(moment: Moment, after: RunState) -> Told:
    """Tell the optimizer's arithmetic for the parameter that it moves most, and every layer before and after."""
    player, change = moment.player, moment.known["change"]
    network, optimizer = moment.network(player), moment.trainer.optimizers[player[0]]
    index = int(change.abs().argmax())
    place, theta = find_place(player, network, index), PARAMETER[player]
    told = Told(place.words, snippets.write_update(moment.trainer, player, moment.state.step))
    told.numbers |= _read_parameter(moment, after, index)
    rate = _find_rate(moment, told)
    for line in optimizer.lines:
        if line.value is not None:
            told.numbers[line.result] = line.value(told.numbers)
    told.formula.append(
        {
            "latex": rf"{theta} = {place.symbol}",
            "latex_numbers": rf"{_name_before(moment)} = {write_number(told.numbers['weight_before'])}",
            "meaning": f"Of all parameters {place.words} moves most now; the others move by the same rule.",
        }
    )
    numbers = [key for unit in moment.trainer.config.regularizers for key in unit.values]
    symbols = {
        **{key: rf"\text{{{key}}}" for key in numbers},
        **SYMBOLS,
        "change": rf"\Delta{theta}",
        "weight": f"{theta}_t",
        **optimizer.symbols,
    }
    symbols["weight_before"] = _name_before(moment)
    symbols["moved"] = rf"{theta}'_t"
    lines = (*rate, *optimizer.lines, *_find_moves(moment, told))
    told.formula += [tell(line, symbols, told.numbers) for line in lines]
    before, moved = (moment.moved_from or moment.state).tensors[player], after.tensors[player]
    told.layers = summarise_layers(network, {"before": before, "step": change, "after": moved})
    told.numbers["change_norm"] = _combine(measure_layers(network, change))
    return told


def _name_before(moment: Moment) -> str:
    """Name the parameter that the change is added to; after a look ahead it is that from before it, an update ago."""
    return f"{PARAMETER[moment.player]}_{{t-{2 if moment.moved_from else 1}}}"


def _find_rate(moment: Moment, told: Told) -> list[Line]:
    """Find what this step makes of the learning rate that is set, where a technique changes it with the steps."""
    craft = moment.trainer.craft
    if not craft.rate:
        return []
    rate, factor = told.numbers["learning_rate"], craft.find_factor(moment.state.step)
    told.numbers |= {"set_rate": rate, "factor": float(factor), "learning_rate": float(rate * factor)}
    meaning = f"{craft.rate.unit.label}: in this step the rate is so many times the one that is set."
    return [Line("learning_rate", r"<factor> \cdot <set_rate>", meaning)]


def _find_moves(moment: Moment, told: Told) -> list[Line]:
    """Find how the change reached the weight: added, and cut off where a regularizer allows it no further."""
    before, change = (torch.tensor(told.numbers[name]) for name in ("weight_before", "change"))
    moved = (before + change).item()
    added = MOVE
    if moment.trainer.config.rounds > 1:
        added = replace(MOVE, meaning=BACK if moment.moved_from else AHEAD)
    if moment.player == "generator" or moved == told.numbers["weight"]:
        return [added]
    told.numbers["moved"] = moved
    cuts = []
    for unit in moment.trainer.config.regularizers:
        if line := REGULARIZERS[unit.name].line:
            told.numbers |= {key: float(value) for key, value in unit.values.items() if isinstance(value, int | float)}
            cuts.append(line)
    return [replace(added, result="moved"), *cuts]


def find_place(player: Learner, network: Network, index: int) -> Place:
    """Find where the `index`-th parameter of a player's vector stands; neurons are counted from 1."""
    part, lengths = 0, [*network.lengths, *network.scales]
    while index >= lengths[part]:
        index -= lengths[part]
        part += 1
    count = len(network.lengths)
    if network.crowd and part == count - 1:
        entry, place = divmod(index, network.shapes[part][1])
        kernel, coordinate = divmod(place, network.crowd.size)
        words = f"the weight from feature {entry + 1} to coordinate {coordinate + 1} of kernel {kernel + 1}"
        return Place(words, f"T_{{{entry + 1},{place + 1}}}")
    layer = part // 2 if part < count else part - count
    at = mark_layer(player[0].upper(), layer)
    if part >= count:
        words = f"the scale of neuron {index + 1} of the {name_layer(network, layer)}"
        return Place(words, f"s{at}_{{{index + 1}}}")
    shape = network.shapes[part]
    if len(shape) == 1:
        words = f"the bias of neuron {index + 1} of the {name_layer(network, layer)}"
        return Place(words, f"b{at}_{{{index + 1}}}")
    entry, neuron = divmod(index, shape[1])
    words = f"the weight from input {entry + 1} to neuron {neuron + 1} of the {name_layer(network, layer)}"
    return Place(words, f"W{at}_{{{entry + 1},{neuron + 1}}}")


def _read_parameter(moment: Moment, after: RunState, index: int) -> dict[str, float]:
    """Read all that the optimizer knows of one parameter, before its update and after."""
    player, letter = moment.player, moment.player[0]
    before, values = moment.state.tensors, moment.trainer.config.d_optimizer.values
    moved = (moment.moved_from or moment.state).tensors[player]
    if player == "generator":
        values = moment.trainer.config.g_optimizer.values
    steps = after.d_optimizer_steps if player == "discriminator" else after.g_optimizer_steps
    numbers = {
        "gradient": moment.known["gradient"][index].item(),
        "change": moment.known["change"][index].item(),
        "weight_before": moved[index].item(),
        "weight": after.tensors[player][index].item(),
        "t": steps,
        "epsilon": moment.trainer.optimizers[letter].epsilon,
        **{key: float(value) for key, value in values.items() if isinstance(value, int | float)},
    }
    for slot in moment.trainer.optimizers[letter].slots:
        name = f"{letter}_optimizer.{slot}"
        numbers |= {f"{slot}_before": before[name][index].item(), slot: after.tensors[name][index].item()}
    return numbers


def _tell_logit_gradient(moment: Moment, told: Told, sort: Sort) -> Formula:
    """Tell how the mean loss grows with the score of the first sample: its own slope, an N-th of it."""
    slope, count = moment.known[f"{sort}_logit_gradient"][moment.row].item(), moment.count
    told.numbers |= {f"{sort}_logit_gradient": slope, "N": count}
    below = rf"\partial {LOGIT_SYMBOLS[f'{sort}_logit']}"
    symbols = {"slope": rf"\frac{{\partial {_loss(moment)}}}{{{below}}}", "own": rf"\frac{{\partial \ell}}{{{below}}}"}
    meaning = f"How the loss grows with the score of this {SAMPLE_WORDS[sort]} sample, one of {count}."
    if moment.trainer.loss.couples:
        symbols["own"] = rf"\frac{{\partial}}{{{below}}} \sum_{{j=1}}^{{N}} \ell_j"
        meaning = f"{meaning[:-1]}; through the mean it is in the price of every example."
    line = Line("slope", r"\frac{1}{<N>} \cdot <own>", meaning)
    return tell(line, {**symbols, "N": "N"}, {"slope": slope, "own": slope * count, "N": count})


def _tell_output_bias(moment: Moment, told: Told) -> Formula:
    """Tell the gradient of the first output's bias: the sum of all examples' slopes there."""
    network, gradient = moment.network(moment.player), moment.known["gradient"]
    at = mark_layer(moment.player[0].upper(), count_layers(network) - 1)
    value = network.split(gradient)[2 * count_layers(network) - 1][0].item()
    told.numbers["output_bias_gradient"] = value
    symbol = rf"\frac{{\partial {_loss(moment)}}}{{\partial b{at}_{{1}}}}"
    priced = find_penalties(moment).values()
    turned = priced if moment.player == "discriminator" else [unit for unit in priced if len(unit.players) > 1]
    names = [name for name in ("real_logit_gradient", "fake_logit_gradient") if name in moment.known]
    if moment.player == "generator":
        asked = moment.known[moment.trainer.loss.slope].shape[-2] // moment.count
        last = "N" if asked == 1 else f"{asked} N"
        terms, numbers = [rf"\sum_{{i=1}}^{{{last}}} \frac{{\partial L_G}}{{\partial h{at}_{{i,1}}}}"], ""
        if turned:
            terms.append(rf"\frac{{\partial P}}{{\partial b{at}_{{1}}}}")
    else:
        places = {"real_logit_gradient": "d(x_i)", "fake_logit_gradient": "d(G(z_i))"}
        terms = [rf"\sum_{{i=1}}^{{N}} \frac{{\partial L_D}}{{\partial {places[name]}}}" for name in names]
        sums = {name: read_values(moment.known[name]).sum().item() for name in names}
        told.numbers |= {f"{name}_sum": value for name, value in sums.items()}
        real, fake = (write_number(value) for value in sums.values())
        numbers = f"{real} + {_bracket(fake)}"
        if turned:
            terms.append(rf"\frac{{\partial P}}{{\partial b{at}_{{1}}}}")
            told.numbers["penalty_bias_gradient"] = rest = value - sum(sums.values())
            numbers += f" + {_bracket(write_number(rest))}"
        numbers += " = "
    return {
        "latex": f"{symbol} = {' + '.join(terms)}",
        "latex_numbers": f"{symbol} = {numbers}{write_number(value)}",
        "meaning": "The bias of the output layer is part of every answer, so it gathers the slopes of all examples"
        f"{', and of the penalties' if turned else ''}.",
    }


def _bracket(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def _tell_norm(moment: Moment, told: Told) -> Formula:
    """Tell how long the gradient is, and how much of it each layer has."""
    network = moment.network(moment.player)
    norms = measure_layers(network, moment.known["gradient"])
    told.numbers |= {f"layer_{layer}_norm": norm for layer, norm in enumerate(norms, 1)}
    told.numbers["gradient_norm"] = _combine(norms)
    line = Line(
        "gradient_norm",
        rf"\sqrt{{{' + '.join(f'<layer_{layer}_norm>^2' for layer in range(1, len(norms) + 1))}}}",
        "How steep the loss is over all weights together; every layer has its share.",
    )
    letter = moment.player[0].upper()
    symbols = {f"layer_{i + 1}_norm": rf"\lVert g{mark_layer(letter, i)} \rVert" for i in range(len(norms))}
    nabla = rf"\nabla_{{{PARAMETER[moment.player]}}} {_loss(moment)}"
    return tell(line, {**symbols, "gradient_norm": rf"\lVert {nabla} \rVert"}, told.numbers)


def _combine(norms: list[float]) -> float:
    return sqrt(sum(norm * norm for norm in norms))


def _loss(moment: Moment) -> str:
    return f"L_{moment.player[0].upper()}"
