"""The phases from sample to loss, told with the numbers of a moment.

Shape letters: N examples, Z latent dimensions.
What a layer summed on the way is computed again, by the same operation on the same numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from torch import Tensor

from server.gan.export.snippets import turn_scores
from server.gan.inspection import snippets
from server.gan.inspection.answers import Formula
from server.gan.inspection.codes import tell_code
from server.gan.inspection.company import tell_company
from server.gan.inspection.comparisons import tell_comparison
from server.gan.inspection.formulas import (
    SIGMOID,
    explain_functions,
    name_point,
    notate,
    sigmoid,
    tell,
    tell_lab_units,
    tell_neuron,
)
from server.gan.inspection.lone import find_tellers
from server.gan.inspection.moments import Moment, Sort, Told
from server.gan.inspection.paths import tell_times
from server.gan.inspection.penalties import GAME, find_penalties, tell_penalties
from server.gan.inspection.summaries import count_layers, read_values
from server.gan.networks import Trace
from server.gan.worked import SHOWN_COORDINATES, Line, number_vector, write_symbols, write_vector

LOGIT_SYMBOLS = {
    "real_logit": "d(x)",
    "fake_logit": "d(G(z))",
    "mean_real_logit": r"\overline{d}_{\text{real}}",
    "mean_fake_logit": r"\overline{d}_{\text{fake}}",
}
EACH_LOGIT = {**LOGIT_SYMBOLS, "real_logit": "d(x_i)", "fake_logit": "d(G(z_i))"}
"""The symbols inside a sum over the examples."""
SAMPLE_WORDS: dict[Sort, str] = {"real": "real", "fake": "generated"}


def tell_draws(moment: Moment, names: Collection[str] = ("x_real", "z", "times", "codes")) -> Told:
    """Tell which real samples and which noise were drawn; and for which time, or which codes they have."""
    trainer, count = moment.trainer, moment.count
    told, lines = Told(moment.subject, ""), []
    if "x_real" in names and "x_real" in moment.known:
        point = moment.show("x_real")[moment.row].tolist()
        told.formula.append(
            _tell_vector(r"x \sim p_{\text{data}}", "x", point, "Real samples are drawn from the data.")
        )
        told.numbers |= number_vector("x", point)
        lines.append(snippets.write_data(trainer, count))
    if "z" in names and "z" in moment.known:
        z = moment.known["z"][moment.row].tolist()
        meaning = "Noise is drawn: the random numbers that the generator turns into samples."
        told.formula.append(_tell_vector(trainer.source.latent.formula, "z", z, meaning))
        told.numbers |= number_vector("z", z[:SHOWN_COORDINATES])
        lines.append(snippets.write_latent(trainer, count))
    if "times" in names and "times" in moment.known:
        tell_times(moment, told)
        lines.append(snippets.write_times(trainer))
    if "codes" in names and "codes" in moment.known:
        tell_code(moment, told)
        lines.append(snippets.write_codes(trainer))
    told.code = "\n".join(lines)
    return told


def tell_generate(moment: Moment) -> Told:
    """Tell how the generator turns noise into a sample: a neuron of its first layer, one of its last, the point."""
    if not moment.trainer.loss.makes_points:
        tellers = find_tellers(moment)
        return (tellers.answer if moment.trainer.loss.answers in moment.known else tellers.sample)(moment)
    trainer, network, z = moment.trainer, moment.network("generator"), moment.noise
    weights, row = moment.weights("generator"), moment.row
    trace = network.trace(weights, z)
    point, published = moment.known["x_fake"][row].tolist(), moment.show("x_fake")[row].tolist()
    told = Told(moment.subject, snippets.write_generate(trainer, moment.player, drawn="level_fake" in moment.known))
    left = f"G{write_vector(z[row].tolist())}"
    told.formula.append(
        {
            "latex": "x = G(z, t)" if trainer.craft.shared else "x = G(z)",
            "latex_numbers": f"x = {left} = {write_vector(published)}",
            "meaning": "The generator turns the noise into a point.",
        }
    )
    told.numbers |= number_vector("x", published)
    for layer in dict.fromkeys((0, count_layers(network) - 1)):
        formula, numbers = tell_neuron(network, weights, trace, layer, row, notate(trainer, "generator"))
        told.formula += formula
        told.numbers |= {f"layer_{layer + 1}_{name}": value for name, value in numbers.items()}
    told.formula += tell_lab_units(trainer, point, published)
    if "z_real" in moment.known:
        told.formula.append(tell_answer(moment))
        told.code += "\nz_real = encoder(x_real)"
    return told


def tell_classify(moment: Moment, sorts: Collection[Sort] = ("real", "fake")) -> Told:
    """Tell how the discriminator scores a sample of each sort, and what it answers on average."""
    shown = [sort for sort in sorts if f"{sort}_logits" in moment.known]
    told = Told(moment.subject, snippets.write_classify(moment.trainer, *shown, drawn="level_fake" in moment.known))
    if moment.scoring and moment.trainer.craft.foresight:
        told.code = snippets.write_foresight(moment.trainer).rpartition("\n")[0]
    for sort in shown:
        logits = moment.known[f"{sort}_logits"].detach()
        told.formula += tell_company(moment, sort)
        told.formula += _tell_score(moment, told, sort, logits)
    for sort in shown:
        logits = moment.known[f"{sort}_logits"].detach()
        formula, numbers = _tell_mean_score(sort, logits)
        told.formula.append(formula)
        told.numbers |= {f"{sort}_total": numbers["sum"], f"{sort}_mean": numbers["mean"]}
    return told


def tell_loss(moment: Moment) -> Told:
    """Tell what one example costs, and what all cost on average."""
    if not moment.trainer.loss.is_game:
        return (tell_comparison if moment.trainer.loss.makes_points else find_tellers(moment).price)(moment)
    player, letter = moment.player, moment.player[0]
    fake_logits = moment.known["fake_logits"].detach()
    real_logits = moment.known.get("real_logits", fake_logits).detach()
    loss = moment.trainer.loss(real_logits, fake_logits)
    if player == "discriminator":
        templates, parts = moment.trainer.loss.d_parts, loss.discriminator_parts
    else:
        templates, parts = moment.trainer.loss.g_parts, loss.generator_parts
        if moment.trainer.craft.foresight:
            templates = tuple(turn_sign(part) for part in moment.trainer.loss.d_parts)
            parts = [-part for part in loss.discriminator_parts]
        if encoder := moment.trainer.craft.encoder:
            templates = (*templates, *(turn_scores(part, "<fake_logit>", "<real_logit>") for part in templates))
            parts = [*parts, encoder(moment.trainer.loss, real_logits)]
    row, told = moment.row, Told(moment.subject, snippets.write_loss(moment.trainer, player))
    told.numbers |= {"N": len(fake_logits), "loss": moment.known[f"{letter}_loss"].item()}
    told.numbers |= {"per_example": moment.known["per_example"][row].item(), "fake_logit": fake_logits[row].item()}
    assert len({name_part(template) for template in templates}) == len(templates), "each part prices another thing"
    whole = " + ".join(templates).replace("+ -", "- ")
    _read_logits(whole, {"real": real_logits, "fake": fake_logits}, row, told)
    for template, part in zip(templates, parts, strict=True):
        told.numbers[f"{name_part(template)}_sum"] = read_values(part).sum().item()
        told.numbers[f"{name_part(template)}_mean"] = read_values(part).mean().item()
    one = Line("per_example", whole, "What one example costs: the worse its score suits the player, the more.")
    told.formula.append(tell(one, {**LOGIT_SYMBOLS, "per_example": r"\ell"}, told.numbers))
    told.formula += explain_functions(whole, told.numbers)
    if not find_penalties(moment):
        told.formula.append(_tell_mean_loss("loss", f"L_{letter.upper()}", templates, told))
        return told
    told.numbers["game"] = read_values(moment.known["per_example"]).mean().item()
    told.formula += [_tell_mean_loss("game", GAME, templates, told), *tell_penalties(moment, told)]
    return told


def turn_sign(template: str) -> str:
    """Give a part of a loss, a single term, with its sign turned."""
    return template.removeprefix("-") if template.startswith("-") else f"-{template}"


def name_part(template: str) -> str:
    """Name a part of a loss after what it prices: the real example, the generated one, or the pair."""
    sorts = [sort for sort in ("real", "fake") if f"<{sort}_logit>" in template]
    return sorts[0] if len(sorts) == 1 else "pair"


def _tell_vector(latex: str, symbol: str, vector: list[float], meaning: str) -> Formula:
    return {"latex": latex, "latex_numbers": f"{symbol} = {write_vector(vector)}", "meaning": meaning}


def tell_answer(moment: Moment) -> Formula:
    """Tell what the encoder answers a real sample with."""
    point, answer = (moment.known[name][moment.row].tolist() for name in ("x_real", "z_real"))
    name = name_point(moment.trainer)
    return {
        "latex": f"E({name})",
        "latex_numbers": f"E{write_vector(point)} = {write_vector(answer)}",
        "meaning": "The encoder goes the other way: it answers a real sample with noise.",
    }


def _tell_score(moment: Moment, told: Told, sort: Sort, logits: Tensor) -> list[Formula]:
    """Tell the score of the first sample of a sort, and its probability where it is one."""
    network, weights = moment.network("discriminator"), moment.weights("discriminator")
    trace = network.trace(weights, moment.seen(sort))
    scores = logits.unsqueeze(-1)
    trace = Trace(trace.inputs, [*trace.sums[:-1], scores], scores)  # the phase's own scores
    symbol = LOGIT_SYMBOLS[f"{sort}_logit"]
    notation = replace(notate(moment.trainer, "discriminator"), outputs=(symbol,))
    last = count_layers(network) - 1
    formula, numbers = tell_neuron(network, weights, trace, last, moment.row, notation)
    told.numbers |= {f"{sort}_output_{name}": value for name, value in numbers.items()}
    told.numbers[f"{sort}_logit"] = logits[moment.row].item()
    if moment.trainer.loss.has_probability:
        inner = {"h": logits[moment.row].item(), "value": sigmoid(logits[moment.row].item())}
        told.numbers[f"{sort}_probability"] = inner["value"]
        formula.append(tell(SIGMOID, {"h": symbol, "value": rf"\sigma({symbol})"}, inner))
    return formula


def _tell_mean_score(sort: Sort, logits: Tensor) -> tuple[Formula, dict[str, float]]:
    values = read_values(logits)
    numbers = {"sum": values.sum().item(), "N": len(values), "mean": values.mean().item()}
    whole = rf"\sum_{{i=1}}^{{N}} {EACH_LOGIT[f'{sort}_logit']}"
    symbols = {"sum": whole, "N": "N", "mean": LOGIT_SYMBOLS[f"mean_{sort}_logit"]}
    line = Line("mean", r"\frac{<sum>}{<N>}", f"The mean score of the {len(values)} {SAMPLE_WORDS[sort]} samples.")
    return tell(line, symbols, numbers), numbers


def _read_logits(template: str, logits: Mapping[Sort, Tensor], row: int, told: Told) -> None:
    """Put the scores that a template names among the numbers, and tell their means where it names those."""
    for sort, scores in logits.items():
        if f"<{sort}_logit>" in template:
            told.numbers[f"{sort}_logit"] = scores[row].item()
        if f"<mean_{sort}_logit>" in template:
            formula, numbers = _tell_mean_score(sort, scores)
            told.formula.append(formula)
            told.numbers[f"mean_{sort}_logit"] = numbers["mean"]


def _tell_mean_loss(name: str, symbol: str, templates: tuple[str, ...], told: Told) -> Formula:
    """Tell the mean over examples, the sum of each part apart."""
    parts = [name_part(template) for template in templates]
    terms = [f"({template})" if template.startswith("-") else template for template in templates]
    sums = {
        part: rf"\sum_{{i=1}}^{{N}} {write_symbols(term, EACH_LOGIT)}" for part, term in zip(parts, terms, strict=True)
    }
    line = Line(
        name,
        " + ".join(rf"\frac{{<{part}_sum>}}{{<N>}}" for part in parts),
        "The mean over all examples is the loss that the player lowers."
        if name == "loss"
        else "The mean over all examples is what the game costs; penalties come on top.",
    )
    return tell(line, {name: symbol, "N": "N", **{f"{part}_sum": text for part, text in sums.items()}}, told.numbers)
