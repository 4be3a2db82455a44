"""Read-only looks at a run, or at several of one kind: the arrays of a frame, as `server.protocol.frames` lists them.

Shape letters: `...` is the axis of several runs, absent for a single one; M generated and N real samples, D coordinates
of a point, S cells a side of the surface, K lines a side of the warp. A surface is (S, S), or of points on the line
(1, S).
A look draws from its own purposes and leaves the run's state alone, so training is the same whatever is looked at.
Points, gradients and densities are in published units; scores are logits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from server.gan.beside import stand_beside
from server.gan.config import RunConfig
from server.gan.craft import Seen
from server.gan.datasets import DATASETS
from server.gan.encoding import reconstruct
from server.gan.foresight import Foreseen, foresee
from server.gan.networks import Trace
from server.gan.optimum import find_optimum
from server.gan.refinement import refine_samples
from server.gan.trainer import Trainer
from server.gan.views import average_density, find_top, lay_cells, lay_noise

FINER = 3
"""A side of the view has so many times as many cells on the line."""


@dataclass(frozen=True)
class Sizes:
    """How fine the pictures are: `generated` M, `real` N, `surface` S in the plane, `warp` K."""

    generated: int = 250
    real: int = 450
    surface: int = 40
    warp: int = 21


LADDER = (Sizes(), Sizes(generated=120, surface=24, warp=15), Sizes(generated=60, surface=16, warp=11))
"""The sizes of a page's frames, from the full ones down; the samples of each are the first of those of the one before.

Real samples stay as many as they are, because a page is sent them once.
"""
STREAMS = 40
"""So many samples are shown on their way."""
Probe = Callable[[Trainer, Sizes], dict[str, Tensor]]


def probe_layers(
    trainer: Trainer, layers: Collection[str], sizes: Sizes = Sizes(), fixed: bool = True
) -> dict[str, np.ndarray]:
    """Give the arrays of `layers`, float32; without `fixed`, only those that change while a run trains."""
    arrays: dict[str, Tensor] = {}
    for layer in layers:
        for probes, wanted in ((_FIXED, fixed), (_CHANGING, True)):
            if wanted and layer in probes:
                arrays |= probes[layer](trainer, sizes)
    return {name: _give_out(array) for name, array in arrays.items()}


def probe_together(
    trainers: Sequence[Trainer], layers: Collection[str], sizes: Sizes = Sizes()
) -> list[dict[str, np.ndarray]]:
    """Give what `probe_layers` does without `fixed`, of each of several single runs of one kind (`find_kind`).

    Most of it is computed at once: the numbers are the same but for the rounding of their last digits.
    """
    beside = stand_beside(trainers)
    told: list[dict[str, np.ndarray]] = [{} for _ in trainers]
    for layer in layers:
        if goes_one_by_one(layer, beside.config):
            for trainer, arrays in zip(trainers, told, strict=True):
                arrays |= probe_layers(trainer, (layer,), sizes, fixed=False)
        elif layer in _CHANGING:
            for name, together in _CHANGING[layer](beside, sizes).items():
                for arrays, array in zip(told, _give_out(together), strict=True):
                    arrays[name] = array
    return told


def goes_one_by_one(layer: str, config: RunConfig) -> bool:
    """Whether each of several runs is looked at by itself: points are counted, or its own numbers and memory read."""
    return layer == "optimum" or (layer == "d_gradients" and bool(config.regularizers))


def _give_out(array: Tensor) -> np.ndarray:
    return array.detach().to("cpu", torch.float32).contiguous().numpy()


def probe_box(config: RunConfig) -> tuple[float, float, float, float]:
    """Give the view (x0, x1, y0, y1) of a run's data, in published units.

    Above the line stands what is known of its places: y goes from 0 up to a probability density, per published unit.
    """
    (x, *above), half = DATASETS[config.data.name].box(config.data.values)
    if not above:
        return x - half, x + half, 0.0, find_top(config)
    return x - half, x + half, above[0] - half, above[0] + half


def probe_noise(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show the fixed noise that the generated samples come from."""
    return {"z": draw_fixed_latent(trainer, sizes)[..., :2]}


def probe_moving_noise(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show the noise of the present, where its means are trained."""
    return {} if trainer.source.means is None else probe_noise(trainer, sizes)


def probe_real(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show a fixed sample of the data."""
    return {"x_real": trainer.source.from_lab(draw_fixed_data(trainer, sizes))}


def probe_renewed(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show the real points of the present, where they change while a run trains."""
    return probe_real(trainer, sizes) if trainer.craft.renewal else {}


def probe_generated(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show where the generator sends the fixed noise now."""
    return {"x_fake": trainer.generate(draw_fixed_latent(trainer, sizes))}


def probe_averaged(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show where the averaged generator sends the fixed noise, if the run keeps one."""
    average = trainer.craft.find_average(trainer.state.tensors)
    if average is None:
        return {}
    weights = trainer.split_used("generator", average, trainer.state)
    points = trainer.make_points(draw_fixed_latent(trainer, sizes), weights)
    return {"x_averaged": trainer.source.from_lab(points)}


@torch.no_grad()
def probe_reconstructed(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show what the generator makes of the noise that the encoder answers real samples with, or of their codes."""
    if trainer.codes is not None:
        return {"x_reconstructed": trainer.source.from_lab(trainer.rebuild()[..., : sizes.real, :])}
    if not trainer.encoder:
        return {}
    return {"x_reconstructed": trainer.source.from_lab(reconstruct(trainer, draw_fixed_data(trainer, sizes)))}


@torch.no_grad()
def probe_encoded(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show the noise that the encoder answers real samples with, if the run trains one."""
    return {"z_real": trainer.encode(draw_fixed_data(trainer, sizes)).outputs[:, :2]} if trainer.encoder else {}


def probe_streams(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show the ways of the first generated samples from their noise, where they do not come of it at once."""
    with torch.no_grad():
        way = trainer.follow_points(draw_fixed_latent(trainer, sizes)[..., :STREAMS, :])
    return {"streams": trainer.source.from_lab(torch.stack(way, -2))} if len(way) > 1 else {}


def probe_refined(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show the samples that the run's technique of drawing takes, if it has one, by the same draws at every step."""
    points = refine_samples(trainer, sizes.generated, trainer.source.draws("refined"))
    return {} if points is None else {"x_refined": trainer.source.from_lab(points)}


def probe_predictions(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show how the discriminator scores the fixed real and the generated samples, where it is trained to."""
    if not trainer.loss.is_game:
        return {}
    return {
        "real_logits": trainer.score(draw_fixed_data(trainer, sizes)),
        "fake_logits": trainer.score(_generate(trainer, sizes), draw_fixed_latent(trainer, sizes)),
    }


def probe_surface(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show the discriminator's score at the centre of every cell of the view.

    Where it sees points in company, a place is scored among generated samples: what the generator's own points would
    score there. Where it judges pairs, beside the noise that the encoder answers the place with, as a real point would
    be. A discriminator that nobody trains is not shown.
    """
    if not trainer.loss.is_game:
        return {}
    return {"surface": _shape_view(trainer, _judge_view(trainer, sizes).outputs, sizes)}


def probe_warp_noise(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show the lattice of noise whose cells are all equally likely, where the law of the noise has one."""
    noise = lay_noise(trainer, sizes.warp)
    return {} if noise is None else {"warp_noise": noise}


def probe_warp(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show where the generator sends that lattice; further latent dimensions stay at their median."""
    noise, quantile = lay_noise(trainer, sizes.warp), trainer.source.latent.quantile
    if noise is None or quantile is None:
        return {}
    middle = quantile(torch.tensor(0.5))
    z = middle.expand(*noise.shape[:-1], trainer.source.dimension).clone()
    z[..., : noise.shape[-1]] = noise
    points = trainer.generate(z.flatten(0, -2))
    return {"warp": points.reshape(*points.shape[:-2], *noise.shape[:-1], points.shape[-1])}


def probe_gradients(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show -dL_G/dx of each generated sample's own loss: where it should move to lower it.

    This follows the chosen loss, not the slope of the discriminator alone. A sample in company is pulled
    by the losses of all whose scores it is in. Where no sample is priced, as the generator answers something else,
    there is none.
    """
    if not trainer.loss.makes_points:
        return {}
    x_fake = _generate(trainer, sizes).requires_grad_()
    if trainer.craft.foresight:
        slope = sizes.generated * foresee_fixed(trainer, sizes).verdict.pull()[1]
        return {"gradients": -slope * _measure_unit(trainer)}
    if trainer.loss.is_game:
        real_logits = trainer.score(draw_fixed_partners(trainer, sizes))
        fake_logits = trainer.score(x_fake, draw_fixed_latent(trainer, sizes))
        per_example = trainer.loss(real_logits, fake_logits).generator
    else:
        per_example = trainer.price_answers(draw_fixed_data(trainer, sizes)[..., : sizes.generated, :], x_fake)
    (slope,) = torch.autograd.grad(per_example.sum(), x_fake)
    return {"gradients": -slope * _measure_unit(trainer)}


def foresee_fixed(trainer: Trainer, sizes: Sizes) -> Foreseen:
    """Look at what a generator that looks ahead makes of the samples that are looked at, each beside a real one."""
    x_real, x_fake = draw_fixed_partners(trainer, sizes), _generate(trainer, sizes).requires_grad_()
    return foresee(trainer, Seen(x_real), Seen(x_fake), x_fake)


def _measure_unit(trainer: Trainer) -> Tensor:
    """Give how many lab units a published unit is along each axis (D)."""
    zero = torch.zeros(trainer.source.data_dimension, device=trainer.device)
    return trainer.source.to_lab(zero + 1) - trainer.source.to_lab(zero)


def probe_surface_change(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show how the discriminator's scores would change with a small step against its loss's gradient.

    The directional derivative of the score along -dL_D/dphi, scaled so that its largest magnitude is 1.
    """
    if not trainer.loss.is_game:
        return {}
    discriminator, weights = trainer.discriminator, trainer.weights("discriminator")
    real = trainer.pair(draw_fixed_partners(trainer, sizes))
    fake = trainer.pair(_generate(trainer, sizes), draw_fixed_latent(trainer, sizes))
    trace = trainer.craft.judge(weights, real, fake)
    logits = trace.outputs.squeeze(-1).requires_grad_()
    sorts = logits.split_with_sizes((real.shape[-2], fake.shape[-2]), -1)
    (upstream,) = torch.autograd.grad(trainer.loss(*sorts).discriminator.mean(-1).sum(), logits)
    penalties = trainer.penalise(real, fake, trainer.source.draws)
    drawn = {"z": draw_fixed_latent(trainer, sizes), "x_real": draw_fixed_partners(trainer, sizes)}
    penalties = trainer.field.price("discriminator", penalties, trainer.state, drawn)
    gradient = trainer.slope_discriminator(weights, trace, upstream.unsqueeze(-1), penalties)
    downhill = discriminator.split(trainer.push_to_weights("discriminator", -gradient))
    change = _shape_view(trainer, discriminator.tangent(weights, _judge_view(trainer, sizes), downhill), sizes)
    largest = change.abs().amax((-2, -1), keepdim=True)
    return {"surface_change": change / largest.clamp_min(torch.finfo(change.dtype).tiny)}


def probe_density(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show the data's probability density, averaged over each cell of the view, where its law is known."""
    density = average_density(trainer.config, count_cells(trainer.config, sizes))
    return {} if density is None else {"density": density}


def probe_optimum(trainer: Trainer, sizes: Sizes) -> dict[str, Tensor]:
    """Show what the best discriminator would score at every cell, and how far the run's own is from it."""
    density = average_density(trainer.config, count_cells(trainer.config, sizes))
    view = trainer.source.data.box(trainer.config.data.values)
    optimum = None if density is None else find_optimum(trainer, density, view)
    return {} if optimum is None else {"optimal_surface": optimum.surface, "optimal_gap": optimum.gap.view(1)}


_FIXED: dict[str, Probe] = {
    "noise": probe_noise,
    "real": probe_real,
    "warp": probe_warp_noise,
    "density": probe_density,
}
_CHANGING: dict[str, Probe] = {
    "noise": probe_moving_noise,
    "real": probe_renewed,
    "generated": probe_generated,
    "averaged": probe_averaged,
    "refined": probe_refined,
    "reconstructed": probe_reconstructed,
    "encoded": probe_encoded,
    "predictions": probe_predictions,
    "surface": probe_surface,
    "optimum": probe_optimum,
    "warp": probe_warp,
    "streams": probe_streams,
    "gradients": probe_gradients,
    "d_gradients": probe_surface_change,
}


def draw_fixed_latent(trainer: Trainer, sizes: Sizes) -> Tensor:
    """Give the latents (..., M, Z) of the generated samples that are looked at: the same at every step.

    Around means that are trained each keeps its mean and how far it is from that, and moves with it.
    """
    return trainer.place(draw_fixed_noise(trainer, sizes))


def draw_fixed_noise(trainer: Trainer, sizes: Sizes) -> Tensor:
    """Give what is random of these latents: the same at every step, whatever is trained."""
    # Another count would be another draw: fewer are the first of the full number.
    count = max(sizes.generated, LADDER[0].generated)
    return trainer.source.look_at_latent(count)[..., : sizes.generated, :]


def draw_fixed_data(trainer: Trainer, sizes: Sizes) -> Tensor:
    """Give the real points (..., N, D) that are looked at, in lab units: the same at every step.

    Where a run learns from finitely many points they are these, all of them if there is room; a technique may replace
    them on the way.
    """
    if trainer.known is not None:
        return trainer.known[..., : sizes.real, :]
    return trainer.source.look_at_data(max(sizes.real, sizes.generated))[..., : sizes.real, :]


def draw_fixed_partners(trainer: Trainer, sizes: Sizes) -> Tensor:
    """Give a real point (..., M, D) beside every generated sample looked at; where they are few, they come again."""
    points = draw_fixed_data(trainer, sizes)
    return points[..., torch.arange(sizes.generated, device=points.device) % points.shape[-2], :]


@torch.no_grad()
def _generate(trainer: Trainer, sizes: Sizes) -> Tensor:
    """Generated points (..., M, D) in lab units."""
    return trainer.make_points(draw_fixed_latent(trainer, sizes))


def _judge_view(trainer: Trainer, sizes: Sizes) -> Trace:
    """Let the discriminator score the view's cells, or these beside each group of others in turn."""
    weights = trainer.weights("discriminator")
    cells = lay_cells(trainer, count_cells(trainer.config, sizes))
    if trainer.craft.compares:
        return trainer.craft.judge(weights, cells, others=[_generate(trainer, sizes)])
    if not trainer.craft.company:
        return trainer.craft.judge(weights, trainer.pair(cells.expand(*weights[0].shape[:-2], -1, -1)))
    groups = trainer.craft.group_others(_generate(trainer, sizes))
    others = [places.repeat_interleave(len(cells), 0) for places in groups.unbind(1)]
    return trainer.craft.judge(weights, cells.repeat(len(groups), 1), others=others)


def _shape_view(trainer: Trainer, scores: Tensor, sizes: Sizes) -> Tensor:
    """Lay scores out as the view's cells (..., S, S) or (..., 1, S).

    That is the mean over the groups that a cell is scored beside.
    Scores of the company that the cells are compared with stand behind theirs.
    """
    rows = 1 if trainer.source.data_dimension == 1 else sizes.surface
    scores = scores[: len(scores) - sizes.generated] if trainer.craft.compares else scores
    runs = () if trainer.single else (trainer.runs,)
    return scores.view(*runs, -1, rows, count_cells(trainer.config, sizes)).mean(-3)


def count_cells(config: RunConfig, sizes: Sizes) -> int:
    """Count the cells S of a side of the view: on the line there is room for finer ones."""
    return sizes.surface * (FINER if config.data_dimension == 1 else 1)
