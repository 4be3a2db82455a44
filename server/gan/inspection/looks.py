"""The samples that are drawn on the page, as a phase would know them: what an inspection at rest tells of.

Shape letters: M generated and N real samples, D coordinates of a point, Z latent dimensions, P parameters.
They come from the same draws as in `server.gan.probes`, so sample i here is dot i there; a loss pairs the first M of
the real ones with the generated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from server.gan.encoding import Pairs, judge_pairs
from server.gan.inspection.moments import NOISE_OF, Moment
from server.gan.phases import Learner
from server.gan.probes import (
    Sizes,
    draw_fixed_data,
    draw_fixed_noise,
    draw_fixed_partners,
    foresee_fixed,
    probe_layers,
)
from server.gan.trainer import Trainer
from server.gan.verdicts import compare, pull_mean

WHOSE = "drawn on the page"
PAGE = Sizes()
"""How many samples the page draws."""


def look_at_noise(trainer: Trainer, sizes: Sizes) -> Moment:
    """Look at z (M, Z) alone."""
    return _make_moment(trainer, "generator", _draw_noise(trainer, sizes))


def look_at_data(trainer: Trainer, sizes: Sizes) -> Moment:
    """Look at x_real (N, D) alone."""
    return _make_moment(trainer, "discriminator", {"x_real": draw_fixed_data(trainer, sizes)})


def look_at_scores(trainer: Trainer, sizes: Sizes) -> Moment:
    """Look at z, x_fake, x_real (N, D), and how the discriminator scores both, whatever the loss makes of it."""
    known = {**_generate(trainer, sizes), **_encode(trainer, draw_fixed_data(trainer, sizes))}
    for sort, noise in NOISE_OF.items():
        known[f"{sort}_logits"] = trainer.score(known[f"x_{sort}"], known.get(noise))
    return _make_moment(trainer, "discriminator", known)


def look_at_making(trainer: Trainer, sizes: Sizes) -> Moment:
    """Look at what the generator's network reads and answers."""
    return (look_at_scores if trainer.loss.makes_points else look_at_answers)(trainer, sizes)


def look_at_discriminator(trainer: Trainer, sizes: Sizes) -> Moment:
    """Look at what an update of the discriminator would know, if these samples were its batch."""
    known = {**_encode(trainer, draw_fixed_partners(trainer, sizes)), **_generate(trainer, sizes)}
    weights = trainer.weights("discriminator")
    count = sizes.generated
    real, fake = (trainer.pair(known[f"x_{sort}"], known.get(noise)).detach() for sort, noise in NOISE_OF.items())
    trace = trainer.craft.judge(weights, real, fake)
    logits = trace.outputs.squeeze(-1).requires_grad_()
    known["real_logits"], known["fake_logits"] = torch.split_with_sizes(logits, (count, count))
    per_example = trainer.loss(known["real_logits"], known["fake_logits"]).discriminator
    upstream = pull_mean(per_example, logits)
    known["real_logit_gradient"], known["fake_logit_gradient"] = torch.split_with_sizes(upstream, (count, count))
    penalties = trainer.penalise(real, fake, trainer.source.draws)
    penalties = trainer.field.price("discriminator", penalties, trainer.state, known)
    known["gradient"] = trainer.slope_discriminator(weights, trace, upstream.unsqueeze(-1), penalties)
    known |= {"per_example": per_example.detach(), **penalties.named}
    known["d_loss"] = penalties.add_loss(per_example.detach().mean())
    return _make_moment(trainer, "discriminator", known)


def look_at_generator(trainer: Trainer, sizes: Sizes, row: int = 0) -> Moment:
    """Look at what an update of the generator would know, if these samples were its batch; and at the needles."""
    if not trainer.loss.makes_points:
        return look_at_answers(trainer, sizes, row)
    known = _generate(trainer, sizes)
    weights = trainer.weights("generator")
    trace = trainer.generator.trace(weights, trainer.craft.lead(known["z"]))
    scoring = trainer.state
    if trainer.encoder:
        known |= _judge_pairs(trainer, sizes, known)
    elif trainer.craft.foresight:
        foreseen = foresee_fixed(trainer, sizes)
        slope = foreseen.verdict.pull()[1]
        known |= {**foreseen.logits, "per_example": foreseen.verdict.per_example.detach(), "slope": slope}
        scoring = foreseen.state
    elif trainer.loss.is_game:
        known |= _judge(trainer, sizes, known["x_fake"])
    else:
        known |= _compare(trainer, sizes, known["x_fake"])
    needles = torch.from_numpy(probe_layers(trainer, ("gradients",), sizes)["gradients"])
    if trainer.regularization.compares or trainer.craft.foresight:
        known["x_real"] = draw_fixed_partners(trainer, sizes)
    penalties = trainer.penalise_generator(known, trainer.weights_at(scoring, "discriminator"))
    held = trainer.regularization.price_history("generator", trainer.state.tensors)
    held = trainer.field.price("generator", held, trainer.state, known)
    g_loss = held.add_loss(penalties.add_loss(known["per_example"].mean()))
    known |= {**penalties.named, **held.named, "g_loss": g_loss, "gradients": needles}
    known["slope"] = penalties.add_gradient(known["slope"])
    gradient = trainer.generator.parameter_gradient(weights, trace, known["slope"])
    known["gradient"] = held.add_gradient(trainer.pull_to_parameters("generator", gradient))
    known |= trainer.pull_noise(trace, known["slope"], known.get("chosen"))
    return replace(_make_moment(trainer, "generator", known, row), scoring=scoring)


def look_at_answers(trainer: Trainer, sizes: Sizes, row: int = 0) -> Moment:
    """Look at what an update of a generator that answers no points would know, if these were its batch."""
    known = {**_generate(trainer, sizes), **_ask(trainer, sizes)}
    known |= trainer.loss.pose(known, trainer.source.draws)
    weights = trainer.weights("generator")
    trace = trainer.generator.trace(weights, trainer.ask(known, weights))
    verdict = compare(trainer.price_answers, trainer.loss.aim(known), trace.outputs)
    slope = verdict.pull()[1]
    known |= {trainer.loss.answers: trace.outputs, trainer.loss.slope: slope}
    if trainer.loss.has_codes:
        known["code_slope"] = trainer.generator.input_gradient(weights, trace, slope)
    held = trainer.regularization.price_history("generator", trainer.state.tensors)
    known |= {"per_example": verdict.per_example.detach(), **held.named}
    known["g_loss"] = held.add_loss(known["per_example"].mean())
    gradient = trainer.generator.parameter_gradient(weights, trace, slope)
    known["gradient"] = held.add_gradient(trainer.pull_to_parameters("generator", gradient))
    return _make_moment(trainer, "generator", known, row)


def _judge(trainer: Trainer, sizes: Sizes, x_fake: Tensor) -> dict[str, Tensor]:
    """Look at how the discriminator scores these points, what that costs, and how it is passed back to them."""
    known, scoring = {}, trainer.weights("discriminator")
    scores = trainer.craft.judge(scoring, x_fake)
    logits = known["fake_logits"] = scores.outputs.squeeze(-1).requires_grad_()
    if trainer.loss.pairs:
        known["real_logits"] = trainer.score(draw_fixed_partners(trainer, sizes))
    per_example = trainer.loss(known.get("real_logits", logits), logits).generator
    upstream = pull_mean(per_example, logits)
    slope = trainer.craft.pull_to_points(scoring, scores, upstream.unsqueeze(-1))
    return {**known, "per_example": per_example.detach(), "fake_logit_gradient": upstream, "slope": slope}


def _judge_pairs(trainer: Trainer, sizes: Sizes, made: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Look at how the discriminator scores what generator and encoder made, what that costs, and how it is passed back.

    The page's real samples are the encoder's, one beside each generated one.
    """
    x_real = draw_fixed_partners(trainer, sizes)
    answers = trainer.encode(x_real)
    pairs = Pairs(x_real, answers.outputs, made["x_fake"], made["z"])
    logits, verdict = judge_pairs(trainer, trainer.weights("discriminator"), pairs, answers)
    passed, slope = verdict.pull()
    return {
        "x_real": x_real,
        "z_real": answers.outputs,
        **logits,
        **passed,
        "per_example": verdict.per_example.detach(),
        "slope": slope,
    }


def _compare(trainer: Trainer, sizes: Sizes, x_fake: Tensor) -> dict[str, Tensor]:
    """Look at what these points cost beside real ones, and how that grows as they move."""
    x_real = draw_fixed_data(trainer, sizes)[: sizes.generated]
    verdict = compare(trainer.price_answers, x_real, x_fake)
    return {"x_real": x_real, "per_example": verdict.per_example.detach(), "slope": verdict.pull()[1]}


def _encode(trainer: Trainer, x_real: Tensor) -> dict[str, Tensor]:
    return {"x_real": x_real, **({"z_real": trainer.encode(x_real).outputs} if trainer.encoder else {})}


def _ask(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Give a real point beside every sample, where points have codes with its own."""
    if trainer.known is None or not trainer.loss.has_codes:
        return {"x_real": draw_fixed_partners(trainer, sizes)}
    return trainer.recall(torch.arange(sizes.generated) % min(sizes.real, trainer.known.shape[-2]))


def _generate(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    noise = _draw_noise(trainer, sizes)
    return {**noise, "x_fake": trainer.make_points(noise["z"])}


def _draw_noise(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Draw the noise, as an update does."""
    return trainer.name_noise(draw_fixed_noise(trainer, sizes))


def _make_moment(trainer: Trainer, player: Learner, known: Mapping[str, Tensor], row: int = 0) -> Moment:
    assert trainer.single, "a look is at a single run"
    return Moment(trainer, player, trainer.state, known, WHOSE, row)
