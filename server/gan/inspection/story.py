"""The story of one generated sample: from its noise through both networks to the loss, and where it moves next.

Shape letters: M generated samples, Z latent dimensions, O outputs of a layer.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from server.errors import CommandError
from server.gan.datasets import LAB_HALF_EXTENT
from server.gan.inspection import snippets
from server.gan.inspection.answers import Formula, NodeName, SampleStory, Stage, Vector
from server.gan.inspection.company import (
    Term,
    explain_terms,
    list_terms,
    number_slopes,
    tell_company,
    tell_crowd,
    write_chain,
    write_terms,
)
from server.gan.inspection.comparisons import MEANS, tell_direct_needle
from server.gan.inspection.formulas import SIGMOID, name_answers, notate, sigmoid, tell, tell_lab_units, tell_neuron
from server.gan.inspection.lone import find_tellers
from server.gan.inspection.looks import PAGE, look_at_generator
from server.gan.inspection.moments import Moment
from server.gan.inspection.moves import Move, Underway, try_move, write_move
from server.gan.inspection.slopes import tell_own_slope
from server.gan.inspection.summaries import clean_list, clean_numbers, count_layers, name_layer
from server.gan.inspection.tellers import LOGIT_SYMBOLS, tell_loss
from server.gan.networks import Network, Trace
from server.gan.phases import Learner
from server.gan.probes import Sizes
from server.gan.registry import show
from server.gan.trainer import Trainer
from server.gan.worked import number_vector, write_number, write_vector

PUBLISHED = "published units"
LATER = (
    "the generator learns from the discriminator as it would be some steps later: the score and its layers are those"
)
SHOWN_STEPS = 21
"""At most so many places of a sample's way are listed."""
SCORE_WORDS = {
    "probability": "The score as a probability: how sure the discriminator is that the sample is real.",
    "target": "The discriminator is taught to answer {real:g} for real and {fake:g} for generated samples.",
    "relative": "Only differences mean something: the higher of two scores is the more real one.",
}
"""Kind of score -> what it says; with the numbers of the loss's own."""


def tell_sample(trainer: Trainer, index: int, sizes: Sizes = PAGE, within: Underway | None = None) -> SampleStory:
    """Tell the story of the `index`-th generated sample drawn on the page (from 0); `sizes` are the page's.

    The generator's next update is tried on a copy: the run itself stays as it is. `within`: the step it stands in.

    Raises:
        CommandError: there is no such sample.
    """
    if not 0 <= index < sizes.generated:
        raise CommandError(f"sample: expected a whole number from 0 to {sizes.generated - 1}, got {show(index)}")
    moment = look_at_generator(trainer, sizes, index)
    known, tried = moment.known, try_move(moment, within)
    move = tried if isinstance(tried, Move) else None
    logit = known["fake_logits"][index].item() if "fake_logits" in known else None
    needle = _read_needle(moment)
    return {
        "kind": "sample",
        "step": trainer.state.step,
        "index": index,
        "z": clean_list(known["z"][index].tolist()),
        "point": clean_list(moment.show("x_fake")[index].tolist()),
        "logit": None if logit is None else clean_list([logit])[0],
        "probability": None if logit is None or not trainer.loss.has_probability else clean_list([sigmoid(logit)])[0],
        "loss": clean_list([known["per_example"][index].item()])[0] if needle else None,
        "needle": clean_list(needle) if needle else None,
        "moved": clean_list(move.to) if move else None,
        "first_order": clean_list(move.first_order) if move and move.first_order else None,
        "stages": _tell_stages(moment, move),
        "notes": [
            *([LATER] if trainer.craft.foresight else []),
            *moment.notes,
            *([] if isinstance(tried, Move) else [tried]),
        ],
    }


def _tell_stages(moment: Moment, move: Move | None) -> list[Stage]:
    point, needle = moment.show("x_fake")[moment.row].tolist(), _read_needle(moment)
    moved = [_tell_move(moment, point, move)] if move else []
    if needle is None:
        return [_tell_noise(moment), _tell_arrival(moment, point), *moved]
    return [
        _tell_noise(moment),
        *_tell_layers(moment, "generator", moment.noise),
        _tell_point(moment, point),
        *(_tell_judgement(moment) if moment.trainer.loss.is_game else ()),
        _tell_loss(moment),
        _tell_needle(moment, needle),
        *moved,
    ]


def _read_needle(moment: Moment) -> list[float] | None:
    """Read the sample's needle; none where no generated point is priced, and so no sample has a loss of its own."""
    needles = moment.known.get("gradients")
    return None if needles is None else list(needles[moment.row].tolist())


def _tell_noise(moment: Moment) -> Stage:
    z = moment.known["z"][moment.row].tolist()
    formula: Formula = {
        "latex": moment.trainer.source.latent.formula,
        "latex_numbers": f"z = {write_vector(z)}",
        "meaning": "The noise that this sample is made of; it stays the same while the generator learns.",
    }
    code = f"{snippets.write_latent(moment.trainer, moment.count)}\nz[{moment.row}]"
    numbers = number_vector("z", z)
    return _make_stage("noise", "noise", "Noise", [formula], [_show("z", "the noise", z)], numbers, code)


def _tell_judgement(moment: Moment) -> list[Stage]:
    """Tell what the discriminator makes of the sample."""
    score = _tell_score(moment, moment.known["fake_logits"][moment.row].item())
    return [*_tell_layers(moment, "discriminator", moment.seen("fake")), score]


def _tell_layers(moment: Moment, name: Learner, points: Tensor) -> list[Stage]:
    """Tell what passes through every layer of a network; points are in lab units."""
    network, weights = moment.network(name), moment.weights(name)
    trace = network.trace(weights, points)
    return [_tell_layer(moment, name, network, weights, trace, layer) for layer in range(count_layers(network))]


def _tell_layer(
    moment: Moment, name: Learner, network: Network, weights: list[Tensor], trace: Trace, layer: int
) -> Stage:
    row, notation = moment.row, notate(moment.trainer, name)
    formula, numbers = tell_neuron(network, weights, trace, layer, row, notation)
    last = layer == count_layers(network) - 1
    into = notation.into if layer == 0 else name_answers(network, notation, layer - 1)
    company = tell_company(moment, "fake") if name == "discriminator" and layer == 0 else []
    crowd = tell_crowd(moment, trace.inputs[layer]) if name == "discriminator" and last else []
    vectors = [
        _show(into, "the point, with more beside" if company else "what comes in", trace.inputs[layer][row].tolist()),
        _show(f"h{notation.mark(layer)}", "the sum of each neuron", trace.sums[layer][row].tolist()),
    ]
    activation = network.output if last else network.activation
    if activation is not None:
        values = trace.outputs[row] if last else activation.function(trace.sums[layer][row])
        vectors.append(_show(f"a{notation.mark(layer)}", f"after {activation.label}", values.tolist()))
        if network.norm and not last:
            normed = trace.inputs[layer + 1][row].tolist()
            vectors.append(_show(name_answers(network, notation, layer), "after pixel norm", normed))
    code = snippets.write_layer(moment.trainer, name, layer, row, squashes=activation is not None)
    title = f"{name[0].upper()}{name[1:]}, {name_layer(network, layer)}"
    return _make_stage(f"{name}-{layer + 1}", name, title, [*company, *crowd, *formula], vectors, numbers, code)


def _tell_point(moment: Moment, point: list[float]) -> Stage:
    inner = moment.known["x_fake"][moment.row].tolist()
    z = write_vector(moment.noise[moment.row].tolist())
    formula: Formula = {
        "latex": "x = G(z)",
        "latex_numbers": f"x = G{z} = {write_vector(point)}",
        "meaning": "The sample: the point that the generator makes of this noise.",
    }
    numbers = number_vector("x", point)
    vectors = [_show("x", "the sample", point, PUBLISHED)]
    formulas = [formula, *tell_lab_units(moment.trainer, inner, point)]
    shown = snippets.write_published(moment.trainer, f"x_fake[{moment.row}]")
    code = f"{snippets.write_generate(moment.trainer, 'generator')}\n{shown}"
    return _make_stage("sample", "generated", "Sample", formulas, vectors, numbers, code)


def _tell_arrival(moment: Moment, point: list[float]) -> Stage:
    """Tell the way from the noise to the sample, where the generator learns other answers."""
    tellers = find_tellers(moment)
    told, unit = tellers.sample(moment), "lab units" if moment.trainer.loss.moves_noise else ""
    vectors = [_show(name, what, values, unit) for name, what, values in tellers.stops(moment)]
    shown = [*vectors[:SHOWN_STEPS], _show("x", "the sample", point, PUBLISHED)]
    return _make_stage("sample", "generated", "Sample", told.formula, shown, told.numbers, told.code)


def _tell_score(moment: Moment, logit: float) -> Stage:
    score = moment.trainer.loss.extra["score"]
    meaning = SCORE_WORDS[score["kind"]].format(**score)
    numbers, code = {"logit": logit}, f"{snippets.write_classify(moment.trainer, 'fake')}\nfake_logits[{moment.row}]"
    if score["kind"] == "probability":
        numbers["probability"] = sigmoid(logit)
        inner = {"h": logit, "value": numbers["probability"]}
        formula = tell(SIGMOID, {"h": "d(G(z))", "value": r"\sigma(d(G(z)))"}, inner)
        formula["meaning"] = meaning
        code += f", torch.sigmoid(fake_logits[{moment.row}])"
    else:
        shown = f"d(G(z)) = {write_number(logit)}"
        formula = {"latex": "d(G(z))", "latex_numbers": shown, "meaning": meaning}
    return _make_stage("score", "predictions-generated", "Score", [formula], [], numbers, code)


def _tell_loss(moment: Moment) -> Stage:
    told, trainer = tell_loss(moment), moment.trainer
    shown = {"loss", "per_example", *LOGIT_SYMBOLS, *MEANS}
    numbers = {name: value for name, value in told.numbers.items() if name in shown}
    code = "\n".join([*snippets.write_pairs(trainer, moment.count), told.code, "g_loss"])
    return _make_stage("loss", "g-loss", "Loss", told.formula, [], numbers, code)


def _tell_whole_needle(moment: Moment, needle: list[float]) -> Stage:
    """Tell the needle where no one score passes it back."""
    vectors = [_show("-N ∂L_G/∂x", "the needle", needle, "per published unit")]
    code = snippets.write_needle(moment.trainer, moment.row)
    formulas = [tell_direct_needle(needle, bool(moment.trainer.craft.foresight))]
    return _make_stage("gradient", "g-gradients", "Gradient", formulas, vectors, number_vector("needle", needle), code)


def _tell_needle(moment: Moment, needle: list[float]) -> Stage:
    if moment.trainer.craft.foresight or not moment.trainer.loss.is_game:
        return _tell_whole_needle(moment, needle)
    count, per_unit = moment.count, LAB_HALF_EXTENT / moment.trainer.source.box.half_extent
    terms = [
        Term(one.loss_slope * count, [value * per_unit for value in one.number_slope]) for one in list_terms(moment)
    ]
    own = terms[0].loss_slope
    factor, loss, name = "-", r"\partial \ell", "-∂ℓ/∂x"
    meaning = "The needle: against the slope of this sample's own loss, so the way that would lower it fastest."
    if moment.trainer.loss.couples:
        factor, loss, name = "-N ", r"\partial L_G", "-N ∂L_G/∂x"
        meaning = "The needle: against the slope of the whole loss, because this sample is in every price by the mean."
    elif why := explain_terms(moment):
        factor, loss, name = "-N ", r"\partial L_G", "-N ∂L_G/∂x"
        meaning = f"The needle: against the slope of the whole loss, because {why}."
    left = rf"{factor}\frac{{{loss}}}{{\partial x}}"
    formula: Formula = {
        "latex": rf"{left} = {factor}{write_chain(moment, loss, 'x')}",
        "latex_numbers": f"{left} = {write_terms(terms, '-')} = {write_vector(needle)}",
        "meaning": meaning,
    }
    numbers = {"loss_per_score": own, **number_vector("needle", needle), **number_slopes(terms)}
    vectors = [_show(name, "the needle", needle, "per published unit")]
    code = snippets.write_needle(moment.trainer, moment.row)
    formulas = [*tell_own_slope(moment, "fake", own), formula]
    return _make_stage("gradient", "g-gradients", "Gradient", formulas, vectors, numbers, code)


def _tell_move(moment: Moment, point: Sequence[float], move: Move) -> Stage:
    real = [b - a for a, b in zip(point, move.to, strict=True)]
    first = {0: "", 1: " The discriminator makes its update first."}
    turns = first.get(move.before, f" The discriminator makes its {move.before} updates first.")
    if move.ahead:
        turns = f" Before it both players look ahead, and the slope is taken there.{turns}"
    moves = moment.trainer.source.means is not None
    noise = "The same noise, as far from its centre as before," if moves else "The same noise"
    moved: Formula = {
        "latex": r"x' = G_{\theta + \Delta\theta}(z)",
        "latex_numbers": f"x' = {write_vector(point)} + {write_vector(real)} = {write_vector(move.to)}",
        "meaning": f"{noise} after the generator's next update, tried on a copy of the run.{turns} "
        "The weights move for all samples at once, so one sample need not follow its own needle.",
    }
    vectors = [
        _show("x'", "where the next update takes it", move.to, PUBLISHED),
        _show("x'-x", "how far it moves", real, PUBLISHED),
    ]
    numbers = number_vector("moved", move.to)
    code = write_move(moment, move)
    if move.first_order is None:
        return _make_stage("move", "generator", "Move", [moved], vectors, numbers, code)
    expected = [b - a for a, b in zip(point, move.first_order, strict=True)]
    predicted: Formula = {
        "latex": r"x' - x \approx \frac{\partial G(z)}{\partial \theta} \cdot \Delta\theta",
        "latex_numbers": rf"{write_vector(real)} \approx {write_vector(expected)}",
        "meaning": "What the slope of the generator foretells; it is exact only for very small updates.",
    }
    vectors.append(_show("foretold", "how far the slope says that it moves", expected, PUBLISHED))
    numbers |= number_vector("first_order", move.first_order)
    return _make_stage("move", "generator", "Move", [moved, predicted], vectors, numbers, code)


def _show(name: str, what: str, values: Sequence[float], unit: str = "") -> Vector:
    return {"name": name, "what": what, "unit": unit, "values": clean_list(values)}


def _make_stage(
    key: str,
    node: NodeName,
    title: str,
    formula: list[Formula],
    vectors: list[Vector],
    numbers: dict[str, float],
    code: str,
) -> Stage:
    return {
        "key": key,
        "node": node,
        "title": title,
        "formula": formula,
        "vectors": vectors,
        "numbers": clean_numbers(numbers),
        "code": code,
    }
