"""A node of the overview at rest: what it holds now, for the very samples that are drawn on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from server.errors import CommandError
from server.gan.inspection import snippets
from server.gan.inspection.answers import NodeInspection, NodeName
from server.gan.inspection.looks import (
    PAGE,
    look_at_data,
    look_at_discriminator,
    look_at_generator,
    look_at_making,
    look_at_noise,
    look_at_scores,
)
from server.gan.inspection.moments import Moment, Told
from server.gan.inspection.summaries import summarise_layers
from server.gan.inspection.tellers import tell_answer, tell_classify, tell_draws, tell_generate, tell_loss
from server.gan.inspection.updates import tell_backward
from server.gan.probes import Sizes
from server.gan.registry import show
from server.gan.trainer import Trainer
from server.gan.worked import write_number

NOT_A_BATCH = "these are the samples drawn on the page; the charts tell of the batches of training, which are others"


class Node(NamedTuple):
    """What a node shows: a look, what is told of it, and which of its tensors; `notes` go with it."""

    look: Callable[[Trainer, Sizes], Moment]
    tell: Callable[[Moment], Told]
    tensors: tuple[str, ...]
    notes: tuple[str, ...] = ()


def inspect_node(trainer: Trainer, node: str, sizes: Sizes = PAGE) -> NodeInspection:
    """Tell what a node of the overview holds at this state of a single run; `sizes` are those of the page's pictures.

    Raises:
        CommandError: there is no such node, or it is of a discriminator that takes no part, or of no encoder.
    """
    for name, facts in NODES.items():
        if name == node:
            if name in OF_DISCRIMINATOR and not trainer.loss.is_game:
                raise CommandError(f"node: expected one that takes part with the loss {trainer.loss.label}, got {name}")
            if name == "encoder" and not trainer.encoder:
                raise CommandError(f"node: expected one of this run, which trains no encoder, got {name}")
            moment = facts.look(trainer, sizes)
            answer = facts.tell(moment).answer(moment, [each for each in facts.tensors if each in moment.known])
            answer["notes"] += facts.notes
            return {**answer, "kind": "node", "step": trainer.state.step, "node": name}
    raise CommandError(f"node: expected one of {', '.join(NODES)}, got {show(node)}")


def tell_generator(moment: Moment) -> Told:
    """Tell the generator's layers, and how they turn noise into a sample."""
    trainer, told = moment.trainer, tell_generate(moment)
    told.layers = summarise_layers(trainer.generator, {"now": moment.state.tensors["generator"]})
    told.code = snippets.write_network("generator", trainer.generator, trainer.config.generator)
    return told


def tell_encoder(moment: Moment) -> Told:
    """Tell the encoder's layers, and what it answers a real sample with."""
    encoder, config = moment.trainer.encoder, moment.trainer.config.encoder
    assert encoder, "a run without an encoder has no such node"
    assert config, "an encoder has its shape from the config"
    layers = summarise_layers(encoder, {"now": moment.state.tensors["encoder"]})
    code = snippets.write_network("encoder", encoder, config)
    return Told(moment.subject, f"{code}\nz_real = encoder(x_real)", [tell_answer(moment)], layers=layers)


def tell_discriminator(moment: Moment) -> Told:
    """Tell the discriminator's layers, how they score samples, and what a technique remembers on the way."""
    trainer, told = moment.trainer, tell_classify(moment)
    for unit, slot, value in trainer.craft.list_told(moment.state.tensors):
        meaning = f"{unit.label}: {unit.tells[slot]}."
        told.formula.append({"latex": slot, "latex_numbers": f"{slot} = {write_number(value)}", "meaning": meaning})
        told.numbers[f"{unit.key}_{slot}"] = value
    told.layers = summarise_layers(trainer.discriminator, {"now": moment.state.tensors["discriminator"]})
    told.code = snippets.write_network("discriminator", trainer.discriminator, trainer.config.discriminator)
    return told


OF_DISCRIMINATOR: tuple[NodeName, ...] = (
    *("discriminator", "predictions-real", "predictions-generated", "d-loss", "d-gradients"),
)
"""What a loss without a discriminator leaves without a meaning."""
NODES: Mapping[NodeName, Node] = {
    "noise": Node(look_at_noise, tell_draws, ("z",)),
    "generator": Node(
        look_at_making, tell_generator, ("z", "places", "times", "velocity", "coupling", "codes", "rebuilt", "x_fake")
    ),
    "real": Node(look_at_data, tell_draws, ("x_real",)),
    "generated": Node(look_at_scores, tell_generate, ("x_fake",)),
    "encoder": Node(look_at_scores, tell_encoder, ("x_real", "z_real")),
    "discriminator": Node(look_at_scores, tell_discriminator, ("real_logits", "fake_logits")),
    "predictions-real": Node(look_at_scores, lambda moment: tell_classify(moment, ["real"]), ("real_logits",)),
    "predictions-generated": Node(look_at_scores, lambda moment: tell_classify(moment, ["fake"]), ("fake_logits",)),
    "d-loss": Node(look_at_discriminator, tell_loss, ("per_example", "d_loss"), (NOT_A_BATCH,)),
    "g-loss": Node(look_at_generator, tell_loss, ("per_example", "g_loss"), (NOT_A_BATCH,)),
    "d-gradients": Node(
        look_at_discriminator,
        tell_backward,
        ("real_logit_gradient", "fake_logit_gradient", "gradient"),
        (NOT_A_BATCH,),
    ),
    "g-gradients": Node(
        look_at_generator,
        tell_backward,
        (
            *("gradients", "fake_logit_gradient", "slope", "velocity_slope", "coupling_slope", "rebuilt_slope"),
            *("code_slope", "gradient"),
        ),
        (NOT_A_BATCH,),
    ),
}
